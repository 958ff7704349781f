/* Binds the engine and its pools. */
#include <errno.h>
#include <string.h>

#include "http/engine.h"
#include "http/pool.h"
#include "lua/core.h"
#include "lua/transfer.h"
#include "lua/userdata.h"

static const char engine_type[] = "sapanywhere.engine";
static const char pool_type[] = "sapanywhere.pool";

/* More than what libcurl keeps for a pool, which is a multi handle, an easy handle, a connection with its buffers: clients
   that are made and forgotten are collected before their connections become many. Nobody touches these pages. */
enum { POOL_WEIGHT = 256 * 1024 };

static int fail_errno(lua_State *L, int error) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  return 2;
}

/* Engine. */

static int new_engine(lua_State *L) {
  void **handle = sap_push_handle(L, engine_type);
  *handle = sap_engine_new();
  return *handle != NULL ? 1 : luaL_error(L, "not enough memory");
}

static int engine_fd(lua_State *L) {
  struct sap_engine *engine = sap_check_handle(L, 1, engine_type);
  int error = sap_engine_open(engine);
  if (error != 0) return fail_errno(L, error);
  lua_pushinteger(L, engine->commons.reactor.epoll);
  return 1;
}

/* Fills the table at index 2 and returns how many completed and how many events there were; what does not fit into
   memory stays for the next step. */
static int report_done(lua_State *L, struct sap_engine *engine, int error) {
  int count = 0;
  if (error != 0 && error != EINTR) return fail_errno(L, error);
  struct sap_link *done = &engine->commons.done;
  while (!sap_list_is_empty(done)) {
    lua_pushnumber(L, (lua_Number)SAP_TRANSFER(done->next)->id);
    lua_rawseti(L, 2, ++count);
    sap_list_remove(done->next);
  }
  lua_pushinteger(L, count);
  lua_pushinteger(L, (lua_Integer)engine->events);
  return 2;
}

static int engine_alert(lua_State *L) {
  sap_engine_alert(sap_check_handle(L, 1, engine_type));
  return 0;
}

/* engine:step(completed, most): does what is ready, on so many descriptors if given, without waiting. */
static int engine_step(lua_State *L) {
  struct sap_engine *engine = sap_check_handle(L, 1, engine_type);
  int most = (int)luaL_optinteger(L, 3, SAP_READY_PER_STEP);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, most > 0, 3, "must be above 0");
  return report_done(L, engine, sap_engine_step(engine, 0, most));
}

/* engine:wait(completed, seconds): the same, but waits for something to do. */
static int engine_wait(lua_State *L) {
  struct sap_engine *engine = sap_check_handle(L, 1, engine_type);
  int milliseconds = sap_to_milliseconds(luaL_checknumber(L, 3));
  luaL_checktype(L, 2, LUA_TTABLE);
  return report_done(L, engine, sap_engine_step(engine, milliseconds, SAP_READY_PER_STEP));
}

static int engine_close(lua_State *L) {
  struct sap_engine *engine = sap_take_handle(L, engine_type);
  if (engine == NULL) return 0;
  sap_engine_free(engine);
  return 0;
}

/* Pools. */

/* The string stays in the table at `index`, which keeps it while the caller reads it. */
static char *setting(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  char *value = lua_isnil(L, -1) ? NULL : (char *)luaL_checkstring(L, -1);
  lua_pop(L, 1);
  return value;
}

static int new_pool(lua_State *L) {
  struct sap_engine *engine = sap_check_handle(L, 1, engine_type);
  struct sap_settings settings;
  luaL_checktype(L, 2, LUA_TTABLE);
  settings.ca_file = setting(L, 2, "ca_file");
  settings.ca_path = setting(L, 2, "ca_path");
  settings.cert_file = setting(L, 2, "cert_file");
  settings.key_file = setting(L, 2, "key_file");
  settings.proxy = setting(L, 2, "proxy");
  const char *version = setting(L, 2, "min_version");
  settings.tls_1_3 = version != NULL && strcmp(version, "1.3") == 0;
  lua_getfield(L, 2, "one_at_a_time");
  settings.one_at_a_time = lua_toboolean(L, -1);
  lua_getfield(L, 2, "max_connections");
  settings.max_connections = (long)luaL_checkinteger(L, -1);
  void **handle = sap_push_heavy_handle(L, pool_type, POOL_WEIGHT);
  *handle = sap_pool_new(&engine->commons, &settings);
  return *handle != NULL ? 1 : luaL_error(L, "not enough memory");
}

static int pool_close(lua_State *L) {
  struct sap_pool *pool = sap_check_handle(L, 1, pool_type);
  sap_pool_close(pool);
  return 0;
}

static int pool_start(lua_State *L) {
  return sap_start_transfer(L, sap_check_handle(L, 1, pool_type));
}

/* Transfers that still run keep the pool itself. */
static int pool_collect(lua_State *L) {
  struct sap_pool *pool = sap_take_handle(L, pool_type);
  if (pool != NULL) sap_pool_release(pool);
  return 0;
}

/* Types. */

static const luaL_Reg engine_methods[] = {
  { "fd", engine_fd },       { "step", engine_step },     { "wait", engine_wait },
  { "alert", engine_alert }, { "pool", new_pool },        { "close", engine_close },
  { "__gc", engine_close },  { "__close", engine_close }, { NULL, NULL },
};

static const luaL_Reg pool_methods[] = {
  { "start", pool_start },
  { "close", pool_close },
  { "__gc", pool_collect },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "engine", new_engine },
  { NULL, NULL },
};

void sap_open_engine(lua_State *L) {
  sap_make_type(L, engine_type, engine_methods);
  sap_make_type(L, pool_type, pool_methods);
  sap_set_functions(L, functions, 0);
}
