/* The few places where Lua 5.1, LuaJIT, 5.2, 5.3 and 5.4 differ for this library. */
#ifndef SAP_LUA_COMPAT_H
#define SAP_LUA_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

/* Whether numbers come as 64-bit integers beside doubles. */
#if LUA_VERSION_NUM >= 503 && LUA_MAXINTEGER == INT64_MAX
#define SAP_HAS_INTEGERS 1
#else
#define SAP_HAS_INTEGERS 0
#endif

/* Adds the functions to the table below the `upvalues` values on the top, which each function gets and the stack
   loses. */
static inline void sap_set_functions(lua_State *L, const luaL_Reg *functions, int upvalues) {
#if LUA_VERSION_NUM >= 502
  luaL_setfuncs(L, functions, upvalues);
#else
  luaL_checkstack(L, upvalues, "too many upvalues");
  for (; functions->name != NULL; functions++) {
    for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -upvalues);
    lua_pushcclosure(L, functions->func, upvalues);
    lua_setfield(L, -(upvalues + 2), functions->name);
  }
  lua_pop(L, upvalues);
#endif
}

/* Whether the running function may yield: 1 or 0, or -1 where this Lua (5.1, 5.2, LuaJIT 2.0) cannot tell. */
#pragma weak lua_isyieldable
LUA_API int lua_isyieldable(lua_State *L);
static inline int sap_can_yield(lua_State *L) {
  return lua_isyieldable != NULL ? lua_isyieldable(L) : -1;
}

/* A number of bytes, which may be more than an integer of this Lua holds. */
static inline void sap_push_size(lua_State *L, uint64_t size) {
#if SAP_HAS_INTEGERS
  lua_pushinteger(L, (lua_Integer)size);
#else
  lua_pushnumber(L, (lua_Number)size);
#endif
}

/* Lets the userdata on the top keep the table at the index. */
static inline void sap_set_companion(lua_State *L, int index) {
  lua_pushvalue(L, index);
#if LUA_VERSION_NUM >= 502
  lua_setuservalue(L, -2);
#else
  lua_setfenv(L, -2);
#endif
}

/* Pushes the number at the index as an integer, where it is whole. */
static inline bool sap_push_as_integer(lua_State *L, int index) {
#if SAP_HAS_INTEGERS
  int is_whole;
  lua_Integer integer = lua_tointegerx(L, index, &is_whole);
  if (is_whole) lua_pushinteger(L, integer);
  return is_whole;
#else
  (void)L;
  (void)index;
  return false;
#endif
}

/* The raw length of a table. */
static inline size_t sap_raw_length(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  return (size_t)lua_rawlen(L, index);
#else
  return lua_objlen(L, index);
#endif
}

#endif
