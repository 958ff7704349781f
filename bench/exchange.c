/* What the two programs in C share: the requests of the calls, and the reading of their answers with lua-cjson. */
#include "exchange.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

static const char query[] = "apiKey=key-0123456789abcdef&apiSecret=0123456789abcdef0123456789abcdef"
                            "&callbackUrl=https%3A%2F%2Fwww.mycoolapp.com%2Fauth"
                            "&state=fedcba9876543210fedcba9876543210";

static const char instance[] =
    "{\"element\":{\"key\":\"sapanywhere\"},\"providerData\":{\"code\":\"0123456789abcdef0123456789abcdef\"},"
    "\"configuration\":{\"oauth.callback.url\":\"https://www.mycoolapp.com/auth\","
    "\"oauth.api.key\":\"key-0123456789abcdef\",\"oauth.api.secret\":\"0123456789abcdef0123456789abcdef\"},"
    "\"tags\":[\"eu\"],\"name\":\"my shop\"}";

void give_up(const char *why) {
  fprintf(stderr, "bench: %s\n", why);
  exit(1);
}

struct job read_job(int argc, char **argv) {
  if (argc < 5) give_up("expected CALL COUNT BASE_URL CA_FILE [IN_FLIGHT]");
  struct job job = {
    .creates = strcmp(argv[1], "create_instance") == 0,
    .lists = strcmp(argv[1], "list_customers") == 0,
    .count = atoi(argv[2]),
    .in_flight = argc > 5 ? atoi(argv[5]) : 1,
    .base_url = argv[3],
    .ca_file = strcmp(argv[4], "-") != 0 ? argv[4] : NULL,
  };
  return job;
}

lua_State *new_lua(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, "return require('cjson').decode") != LUA_OK) give_up(lua_tostring(L, -1));
  return L;
}

static size_t take(char *data, size_t one, size_t len, void *context) {
  struct exchange *exchange = context;
  (void)one;
  if (len > exchange->cap - exchange->len) {
    size_t cap = 2 * exchange->cap + len;
    char *grown = realloc(exchange->answer, cap);
    if (grown == NULL) return 0;
    exchange->answer = grown;
    exchange->cap = cap;
  }
  memcpy(exchange->answer + exchange->len, data, len);
  exchange->len += len;
  return len;
}

static void add_header(struct exchange *exchange, const char *line) {
  exchange->headers = curl_slist_append(exchange->headers, line);
}

void prepare(struct exchange *exchange, const struct job *job) {
  char url[1024];
  CURL *easy = exchange->easy;
  if (easy == NULL) {
    exchange->easy = easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    if (job->ca_file != NULL) curl_easy_setopt(easy, CURLOPT_CAINFO, job->ca_file);
  }
  add_header(exchange, "Accept: application/json");
  add_header(exchange, "User-Agent: bench");
  if (job->creates) {
    add_header(exchange, "Content-Type: application/json");
    add_header(exchange, "Authorization: User 0123456789abcdef0123456789abcdef, "
                         "Organization 0123456789abcdef0123456789abcdef");
    snprintf(url, sizeof url, "%s/instances", job->base_url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)(sizeof instance - 1));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, instance);
  } else if (job->lists) {
    add_header(exchange, "Authorization: User 0123456789abcdef0123456789abcdef, "
                         "Element 0123456789abcdef0123456789abcdef");
    snprintf(url, sizeof url, "%s/hubs/ecommerce/customers?pageSize=100", job->base_url);
  } else {
    snprintf(url, sizeof url, "%s/elements/sapanywhere/oauth/url?%s", job->base_url, query);
  }
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
}

/* The value on the top is a right answer. */
static bool is_right(lua_State *L, const struct job *job) {
  if (job->lists) return lua_rawlen(L, -1) == 100;
  bool is_right = lua_getfield(L, -1, job->creates ? "token" : "oauthUrl") == LUA_TSTRING;
  lua_pop(L, 1);
  return is_right;
}

void conclude(struct exchange *exchange, const struct job *job, lua_State *L, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) give_up(curl_easy_strerror(code));
  if (status != 200) give_up("the answer's status is not 200");
  lua_pushvalue(L, -1);
  lua_pushlstring(L, exchange->answer, exchange->len);
  lua_call(L, 1, 1);
  if (!is_right(L, job)) give_up("a wrong answer");
  lua_pop(L, 1);
  exchange->len = 0;
  curl_slist_free_all(exchange->headers);
  exchange->headers = NULL;
}

void dispose(struct exchange *exchange) {
  curl_slist_free_all(exchange->headers);
  curl_easy_cleanup(exchange->easy);
  free(exchange->answer);
}
