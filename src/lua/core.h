/* The openers of the bindings: each adds its functions to the table on the top of the stack and leaves it there. */
#ifndef SAP_LUA_CORE_H
#define SAP_LUA_CORE_H

#include "lua/compat.h"

void sap_open_text(lua_State *L);
void sap_open_json(lua_State *L);
void sap_open_encode(lua_State *L, int cjson); /* the index of a lua-cjson of our own */
void sap_open_secure(lua_State *L);
void sap_open_disguise(lua_State *L);
void sap_open_head(lua_State *L);
void sap_open_engine(lua_State *L);
void sap_open_transfer(lua_State *L);
void sap_open_body(lua_State *L);
void sap_open_alarm(lua_State *L);
void sap_open_seal(lua_State *L);
void sap_open_certificate(lua_State *L);
void sap_open_files(lua_State *L);
void sap_open_process(lua_State *L);
void sap_open_terminal(lua_State *L);
void sap_open_versions(lua_State *L);

#endif
