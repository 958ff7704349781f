/* Gives scratch memory to the bindings, owned by the collector from its first moment. */
#include "lua/scratch.h"
#include "bytes/secure.h"

static const char buffer_type[] = "sapanywhere.buffer";

static int collect_buffer(lua_State *L) {
  sap_buffer_free(lua_touserdata(L, 1));
  return 0;
}

/* The metatable is only found once it is complete. */
void sap_open_scratch(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, collect_buffer);
  lua_setfield(L, -2, "__gc");
  lua_setfield(L, LUA_REGISTRYINDEX, buffer_type);
}

struct sap_buffer *sap_push_buffer(lua_State *L) {
  struct sap_buffer *buffer = lua_newuserdata(L, sizeof *buffer);
  buffer->data = NULL;
  buffer->len = buffer->cap = 0;
  luaL_getmetatable(L, buffer_type);
  lua_setmetatable(L, -2);
  return buffer;
}

char *sap_push_scratch(lua_State *L, char *small, size_t small_size, size_t len) {
  if (len > small_size) return lua_newuserdata(L, len);
  lua_pushnil(L);
  return small;
}

int sap_push_and_wipe(lua_State *L, void *bytes, size_t len) {
  lua_pushlstring(L, bytes, len);
  sap_wipe(bytes, len);
  return 1;
}
