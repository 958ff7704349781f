/* Gives each input to the function that the Lua file SCRIPT returns. What it raises is a broken promise. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"

int luaopen_sapanywhere_core(lua_State *L);

static void complain(lua_State *L) {
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();

  PROMISE(L != NULL);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_sapanywhere_core);
  lua_setfield(L, -2, "sapanywhere.core");
  lua_pop(L, 1);
  if (luaL_loadfile(L, SCRIPT) || lua_pcall(L, 0, 1, 0)) complain(L);
  return L; /* the function is on the stack, and stays there */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;

  if (L == NULL) L = open_state();
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 0)) complain(L);
  return 0;
}
