/* The head of an answer, as it goes to Lua. */
#ifndef SAP_LUA_HEAD_H
#define SAP_LUA_HEAD_H

#include "bytes/buffer.h"
#include "bytes/disguise.h"
#include "lua/compat.h"

/* Sets `headers` in the table on the top: name in small letters → value, as they came. */
void sap_set_headers(lua_State *L, const struct sap_buffer *head);

/* The same for a success, whose headers nobody may ever look at. Sets in the table on the top what the platform says in
   its own headers, and `head`, a userdata that core.fill_headers reads into a table, and that is wiped with its
   collection; no secret is in it that its header's name tells. The buffer is not to be read any more. Besides, where it
   is so: `rough`, headers that only Lua can make fit to show, name → value; `repeated`, some that are not ordinary come
   several times. */
void sap_set_kept_head(lua_State *L, struct sap_buffer *head);

struct sap_kept_head;

/* The head at the index, NULL where there is something else. */
const struct sap_kept_head *sap_to_head(lua_State *L, int index);

/* Whether one of the secrets may be in it; names are compared in small letters. */
bool sap_head_may_hold(const struct sap_needles *needles, const struct sap_kept_head *head);

#endif
