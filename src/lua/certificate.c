/* Binds the making of keys and certificates. */
#include "bytes/certificate.h"

#include "lua/core.h"
#include "lua/scratch.h"

enum { MAX_EXTENSIONS = 8 };

static int push_pem(lua_State *L, char *pem, int len) {
  if (len >= 0) return sap_push_and_wipe(L, pem, (size_t)len);
  lua_pushnil(L);
  lua_pushliteral(L, "libcrypto refuses to make it");
  return 2;
}

/* make_key(): a private key on the curve P-256, as PEM; or nil and a message. */
static int make_key(lua_State *L) {
  char pem[SAP_PEM_SIZE];
  return push_pem(L, pem, sap_make_key(pem));
}

static struct sap_slice check_slice(lua_State *L, int index) {
  struct sap_slice slice;
  slice.data = luaL_checklstring(L, index, &slice.len);
  return slice;
}

/* Reads the list of pairs of the table at the index; each text stays on the stack as long as it is needed. */
static void check_extensions(lua_State *L, int index, const char *(*extensions)[2]) {
  luaL_checktype(L, index, LUA_TTABLE);
  int count = 0;
  for (; count < MAX_EXTENSIONS; count++) {
    lua_rawgeti(L, index, count + 1);
    if (lua_isnil(L, -1)) break;
    luaL_checktype(L, -1, LUA_TTABLE);
    int pair = lua_gettop(L);
    lua_rawgeti(L, pair, 1);
    lua_rawgeti(L, pair, 2);
    extensions[count][0] = luaL_checkstring(L, -2);
    extensions[count][1] = luaL_checkstring(L, -1);
  }
  extensions[count][0] = NULL;
}

/* make_certificate(key, name, issuer_key, issuer_name, from, to, extensions): a certificate as PEM; or nil and a message.
   The keys are PEM, the times seconds since 1970; the extensions, at most 8, are a list of { name, value }. */
static int make_certificate(lua_State *L) {
  const char *extensions[MAX_EXTENSIONS + 1][2];
  char pem[SAP_PEM_SIZE];
  luaL_checkstack(L, 3 * MAX_EXTENSIONS + 8, NULL);
  check_extensions(L, 7, extensions);
  struct sap_certificate wanted = {
    .key = check_slice(L, 1),
    .name = luaL_checkstring(L, 2),
    .issuer_key = check_slice(L, 3),
    .issuer_name = luaL_checkstring(L, 4),
    .from = (int64_t)luaL_checknumber(L, 5),
    .to = (int64_t)luaL_checknumber(L, 6),
    .extensions = (const char *const(*)[2])extensions,
  };
  return push_pem(L, pem, sap_make_certificate(&wanted, pem));
}

static const luaL_Reg functions[] = {
  { "make_key", make_key },
  { "make_certificate", make_certificate },
  { NULL, NULL },
};

void sap_open_certificate(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
