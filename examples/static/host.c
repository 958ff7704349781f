/* A program with a Lua of its own, linked in and not shown to the outside: two states in two threads, each with a client.
 *
 *   make static LUA=lua5.4
 *   cc -I/usr/include/lua5.4 -o host examples/static/host.c build/lua5.4/libsapanywhere.a \
 *     -l:liblua5.4.a $(pkg-config --libs libcurl libcrypto zlib) -lpthread -lm -ldl
 *   LUA_PATH='lua/?.lua;;' ./host script.lua
 *
 * lua-cjson has to be linked in as well: define WITH_CJSON and give its archive. Without it, a shared lua-cjson is found
 * only by a program that shows its Lua (-Wl,-E). A state belongs to one thread at a time. With a libcurl before 7.84 the
 * first call has to be over before a second thread begins one: curl_global_init is not safe among threads there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_sapanywhere_core(lua_State *L);
#ifdef WITH_CJSON
int luaopen_cjson(lua_State *L);
#endif

enum { THREADS = 2 };

static const char *script;

static void *allocate(void *unused, void *block, size_t before, size_t after) {
  (void)unused;
  (void)before;
  if (after != 0) return realloc(block, after);
  free(block);
  return NULL;
}

/* Puts an opener where `require` looks first. Stack: unchanged. */
static void preload(lua_State *L, const char *name, lua_CFunction opener) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, opener);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

/* Runs the script in a state of its own; NULL where it failed. */
static void *run(void *number) {
#if LUA_VERSION_NUM >= 505 /* with a seed for its hash tables */
  lua_State *L = lua_newstate(allocate, NULL, luaL_makeseed(NULL));
#else
  lua_State *L = lua_newstate(allocate, NULL);
#endif
  if (L == NULL) return NULL;
  luaL_openlibs(L);
  preload(L, "sapanywhere.core", luaopen_sapanywhere_core);
#ifdef WITH_CJSON
  preload(L, "cjson", luaopen_cjson);
#endif
  lua_pushinteger(L, *(int *)number);
  lua_setglobal(L, "THREAD");
  int failed = luaL_dofile(L, script);
  if (failed) fprintf(stderr, "thread %d: %s\n", *(int *)number, lua_tostring(L, -1));
  lua_close(L);
  return failed ? NULL : number;
}

int main(int count, char **words) {
  pthread_t threads[THREADS];
  int numbers[THREADS];

  if (count != 2) return fprintf(stderr, "usage: host SCRIPT\n"), 2;
  script = words[1];
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i + 1;
    if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0) return 1;
  }
  int passed = 0;
  for (int i = 0; i < THREADS; i++) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    passed += result != NULL;
  }
  return passed == THREADS ? 0 : 1;
}
