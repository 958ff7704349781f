/* Decodes JSON with lua-cjson behind the strict scan. */
#ifndef SAP_LUA_JSON_H
#define SAP_LUA_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "lua/compat.h"

/* Pushes the value, or nil, what is wrong, and how many bytes stand before it; returns how many values that is. An
   integer beyond the host's numbers (64 bits, or 2^53) and a number beyond the range of a double are strings. Members
   that are null are left out, unless they are to be kept; anywhere else null is core.null. */
int sap_decode(lua_State *L, const char *text, size_t len, bool keep_nulls);

#endif
