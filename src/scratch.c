/* Gives scratch memory to the bindings, owned by the collector from its first moment. */
#include "scratch.h"
#include "secure.h"

/* Its address is the key of the metatable in the registry. */
static const char buffer_key = 'b';

static int collect_buffer(lua_State *L) {
  sap_buffer_free(lua_touserdata(L, 1));
  return 0;
}

void sap_open_scratch(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&buffer_key);
  lua_newtable(L);
  lua_pushcfunction(L, collect_buffer);
  lua_setfield(L, -2, "__gc");
  lua_rawset(L, LUA_REGISTRYINDEX);
}

struct sap_buffer *sap_push_buffer(lua_State *L) {
  struct sap_buffer *buffer = lua_newuserdata(L, sizeof *buffer);

  buffer->data = NULL;
  buffer->len = buffer->cap = 0;
  lua_pushlightuserdata(L, (void *)&buffer_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
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
