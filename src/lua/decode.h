/* Decodes JSON with lua-cjson after the strict scan. */
#ifndef SAP_LUA_DECODE_H
#define SAP_LUA_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "lua/compat.h"

/* Pushes the value, or nil, what is wrong, and how many bytes stand before it; returns how many values that is. An
   integer beyond the host's numbers (64 bits, or 2^53) and a number beyond the range of a double are strings. Members
   that are null are left out, unless they are to be kept; anywhere else null is core.null. An empty list has the
   metatable of lists, so that it is written as one again. */
int sap_decode(lua_State *L, const char *text, size_t len, bool keep_nulls);

/* The same for an answer that comes once: refused where the outermost object has a name twice, and read where only its
   characters are written wrongly. *mended tells of that, see json/repair.h. */
int sap_decode_once(lua_State *L, const char *text, size_t len, bool keep_nulls, unsigned *mended);

/* Pushes the metatable that makes a table a list, also where it is empty. */
void sap_push_list_type(lua_State *L);

/* Appends what was mended, in words, to the list on the top. */
void sap_add_mendings(lua_State *L, unsigned mended);

#endif
