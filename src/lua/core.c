/* Opens sapanywhere.core: one table with the functions of all bindings, for the Lua rooms of this library only. */
#include "lua/core.h"
#include "lua/scratch.h"

__attribute__((visibility("default"))) int luaopen_sapanywhere_core(lua_State *L);

int luaopen_sapanywhere_core(lua_State *L) {
  sap_open_scratch(L);
  lua_newtable(L);
  sap_open_text(L);
  sap_open_json(L);
  sap_open_secure(L);
  sap_open_disguise(L);
  sap_open_engine(L);
  sap_open_transfer(L);
  sap_open_alarm(L);
  sap_open_seal(L);
  sap_open_files(L);
  sap_open_process(L);
  sap_open_versions(L);
  return 1;
}
