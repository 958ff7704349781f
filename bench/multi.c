/* The floor of many calls at once: libcurl's multi interface, one easy handle for each call in flight. */
#include <stdlib.h>
#include <string.h>

#include "exchange.h"

static CURLM *new_multi(void) {
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1000L);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4000L);
  return multi;
}

static void start(CURLM *multi, struct exchange *exchange, const struct job *job) {
  prepare(exchange, job);
  /* Where it may turn out that one connection carries all, the others wait for that. */
  curl_easy_setopt(exchange->easy, CURLOPT_PIPEWAIT, strncmp(job->base_url, "https", 5) == 0 ? 1L : 0L);
  curl_multi_add_handle(multi, exchange->easy);
}

/* Concludes what is done and starts as many of the remaining ones; returns how many are done. */
static int replace_done(CURLM *multi, const struct job *job, int *left, lua_State *L) {
  CURLMsg *message;
  int done = 0, more;
  while ((message = curl_multi_info_read(multi, &more)) != NULL) {
    struct exchange *exchange = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    curl_multi_remove_handle(multi, exchange->easy);
    conclude(exchange, job, L, code);
    done++;
    if (*left > 0) {
      (*left)--;
      start(multi, exchange, job);
    }
  }
  return done;
}

int main(int argc, char **argv) {
  struct job job = read_job(argc, argv);
  struct exchange *exchanges = calloc((size_t)job.in_flight, sizeof *exchanges);
  int left = job.count, done = 0, running;
  lua_State *L = new_lua();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM *multi = new_multi();
  for (int i = 0; i < job.in_flight && left > 0; i++, left--) start(multi, &exchanges[i], &job);
  while (done < job.count) {
    curl_multi_perform(multi, &running);
    done += replace_done(multi, &job, &left, L);
    if (done < job.count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  for (int i = 0; i < job.in_flight; i++) dispose(&exchanges[i]);
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  lua_close(L);
  return 0;
}
