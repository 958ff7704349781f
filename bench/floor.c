/* The floor: libcurl's easy interface with one handle, lua-cjson's decode, and nothing else. */
#include "exchange.h"

int main(int argc, char **argv) {
  struct job job = read_job(argc, argv);
  struct exchange exchange = { 0 };
  lua_State *L = new_lua();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < job.count; i++) {
    prepare(&exchange, &job);
    conclude(&exchange, &job, L, curl_easy_perform(exchange.easy));
  }
  dispose(&exchange);
  curl_global_cleanup();
  lua_close(L);
  return 0;
}
