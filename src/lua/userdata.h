/* Userdata that are a pointer each, NULL until the object behind it exists and again after its end. */
#ifndef SAP_LUA_USERDATA_H
#define SAP_LUA_USERDATA_H

#include "lua/compat.h"

/* Makes the metatable of a type, which is its own __index. Leaves nothing. */
void sap_make_type(lua_State *L, const char *type, const luaL_Reg *methods);

/* Pushes a userdata of the type and returns its pointer, which is NULL. */
void **sap_push_handle(lua_State *L, const char *type);

/* The same for an object that holds much which Lua does not see: it weighs so many bytes for Lua's collector. */
void **sap_push_heavy_handle(lua_State *L, const char *type, size_t weight);

/* The object at an index; raises when it is of another type, or closed. */
void *sap_check_handle(lua_State *L, int index, const char *type);

/* Takes the object out of the userdata at index 1: NULL when it was taken before. */
void *sap_take_handle(lua_State *L, const char *type);

/* Seconds as libcurl and the kernel count them, rounded up; 0 for what is not above 0. */
int sap_to_milliseconds(lua_Number seconds);

#endif
