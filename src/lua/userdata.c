/* Userdata that are a pointer each, NULL until the object behind it exists and again after its end. */
#include "lua/userdata.h"

#include <limits.h>

void sap_make_type(lua_State *L, const char *type, const luaL_Reg *methods) {
  luaL_newmetatable(L, type);
  sap_set_functions(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void **sap_push_heavy_handle(lua_State *L, const char *type, size_t weight) {
  void **handle = lua_newuserdata(L, sizeof *handle + weight);
  *handle = NULL;
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  return handle;
}

void **sap_push_handle(lua_State *L, const char *type) {
  return sap_push_heavy_handle(L, type, 0);
}

void *sap_check_handle(lua_State *L, int index, const char *type) {
  void **handle = (void **)luaL_checkudata(L, index, type);
  luaL_argcheck(L, *handle != NULL, index, "is closed");
  return *handle;
}

void *sap_take_handle(lua_State *L, const char *type) {
  void **handle = (void **)luaL_checkudata(L, 1, type);
  void *object = *handle;
  *handle = NULL;
  return object;
}

int sap_to_milliseconds(lua_Number seconds) {
  if (!(seconds > 0)) return 0;
  return seconds * 1000 >= INT_MAX ? INT_MAX : (int)(seconds * 1000 + 0.999);
}
