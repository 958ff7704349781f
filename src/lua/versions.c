/* Binds the versions of the libraries that run. */
#include "http/versions.h"

#include "lua/core.h"
#include "lua/userdata.h"

/* versions() -> a table of texts by the library's name. */
static int get_versions(lua_State *L) {
  lua_newtable(L);
  struct sap_version version;
  for (int i = 0; (version = sap_version_of(i)).name != NULL; i++) {
    lua_pushstring(L, version.value);
    lua_setfield(L, -2, version.name);
  }
  return 1;
}

static const luaL_Reg functions[] = {
  { "versions", get_versions },
  { NULL, NULL },
};

void sap_open_versions(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
