/* Scratch memory that an error of Lua can neither leak nor leave readable. */
#ifndef SAP_LUA_SCRATCH_H
#define SAP_LUA_SCRATCH_H

#include "bytes/buffer.h"
#include "lua/compat.h"

/* Must have been called once in this Lua state before the function below. Leaves the stack as it is. */
void sap_open_scratch(lua_State *L);

/* Pushes an empty buffer as a userdata; the collector wipes and frees it, should it not be freed before. */
struct sap_buffer *sap_push_buffer(lua_State *L);

/* Pushes one value, and returns memory for `len` bytes: `small`, where its size is enough, or a userdata. The caller
   wipes it. */
char *sap_push_scratch(lua_State *L, char *small, size_t small_size, size_t len);

/* Pushes the bytes as a string, and wipes where they were. Returns 1, the number of values pushed. */
int sap_push_and_wipe(lua_State *L, void *bytes, size_t len);

#endif
