/* Binds transfers: a request table goes in, a response or a failure comes out. */
#ifndef SAP_LUA_TRANSFER_H
#define SAP_LUA_TRANSFER_H

#include "lua/compat.h"

struct sap_pool;

/* pool:start(request): pushes the transfer, which runs, or is done already when it could not start, and its id. */
int sap_start_transfer(lua_State *L, struct sap_pool *pool);

#endif
