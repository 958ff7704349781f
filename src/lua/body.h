/* Binds the files that bodies come from and go to. */
#ifndef SAP_LUA_BODY_H
#define SAP_LUA_BODY_H

#include "http/sink.h"
#include "http/source.h"
#include "lua/compat.h"

/* What the value at an index holds, NULL for nil; raises for anything else, and for one that is closed. */
struct sap_sink *sap_check_sink(lua_State *L, int index);
struct sap_source *sap_check_source(lua_State *L, int index);

#endif
