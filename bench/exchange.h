/* What the two programs in C share: the requests of the calls, and the reading of their answers with lua-cjson. */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include <stddef.h>

#include <curl/curl.h>
#include <lua.h>

/* One request and its answer, on one easy handle. */
struct exchange {
  CURL *easy;
  struct curl_slist *headers;
  char *answer;
  size_t len, cap;
};

/* What a program is asked for on its command line: CALL COUNT BASE_URL CA_FILE [IN_FLIGHT]. */
struct job {
  int creates, lists; /* create_instance, list_customers, else oauth_url */
  int count, in_flight;
  const char *base_url, *ca_file; /* NULL: what libcurl itself trusts */
};

struct job read_job(int argc, char **argv);

/* Says why on standard error, and exits: what was measured so far is worth nothing. */
void give_up(const char *why);

/* A Lua state with lua-cjson's decode on top of its stack. */
lua_State *new_lua(void);

void prepare(struct exchange *exchange, const struct job *job);

/* Decodes the answer, looks for the entry that must be there, and makes the exchange ready for another request. */
void conclude(struct exchange *exchange, const struct job *job, lua_State *L, CURLcode code);

void dispose(struct exchange *exchange);

#endif
