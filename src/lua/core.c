/* Opens sapanywhere.core: one table with the functions of all bindings, for the Lua rooms of this library only. */
#include "lua/core.h"
#include "http/quirks.h"
#include "lua/scratch.h"

__attribute__((visibility("default"))) int luaopen_sapanywhere_core(lua_State *L);

/* Raises in a Lua, or with a libcurl, that the core is not for; base/open.lua says what to do. */
static void check_host(lua_State *L) {
#if LUA_VERSION_NUM > 501
  luaL_checkversion(L);
#endif
  if (sap_libcurl_is_too_old())
    luaL_error(L, "the libcurl of this machine is too old: 7.68 or newer is needed");
}

int luaopen_sapanywhere_core(lua_State *L) {
  check_host(L);
  sap_open_scratch(L);
  lua_newtable(L);
  sap_open_text(L);
  sap_open_json(L);
  sap_open_secure(L);
  sap_open_disguise(L);
  sap_open_head(L);
  sap_open_engine(L);
  sap_open_transfer(L);
  sap_open_body(L);
  sap_open_alarm(L);
  sap_open_seal(L);
  sap_open_certificate(L);
  sap_open_files(L);
  sap_open_process(L);
  sap_open_terminal(L);
  sap_open_versions(L);
  return 1;
}
