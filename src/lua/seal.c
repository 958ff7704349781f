/* Binds sealing with AES-256-GCM. */
#include "bytes/seal.h"

#include "bytes/secure.h"
#include "lua/core.h"
#include "lua/scratch.h"

enum { SMALL = 4096 };

static struct sap_slice check_slice(lua_State *L, int index) {
  struct sap_slice slice;
  slice.data = luaL_checklstring(L, index, &slice.len);
  luaL_argcheck(L, slice.len <= SAP_SEAL_MAX, index, "too large");
  return slice;
}

static const unsigned char *check_bytes(lua_State *L, int index, size_t expected) {
  size_t len;
  const char *bytes = luaL_checklstring(L, index, &len);
  luaL_argcheck(L, len == expected, index, "of another length");
  return (const unsigned char *)bytes;
}

static struct sap_seal check_seal(lua_State *L) {
  struct sap_seal seal = {
    .key = check_bytes(L, 1, SAP_SEAL_KEY_SIZE),
    .nonce = check_bytes(L, 2, SAP_SEAL_NONCE_SIZE),
    .label = check_slice(L, 3),
  };
  return seal;
}

/* seal(key, nonce, label, text): the sealed text with its tag; or nil and a message. */
static int seal_text(lua_State *L) {
  struct sap_seal seal = check_seal(L);
  struct sap_slice text = check_slice(L, 4);
  char small[SMALL];
  unsigned char *out =
      (unsigned char *)sap_push_scratch(L, small, sizeof small, text.len + SAP_SEAL_TAG_SIZE);
  if (sap_seal(&seal, &text, out) == 0) return sap_push_and_wipe(L, out, text.len + SAP_SEAL_TAG_SIZE);
  sap_wipe(out, text.len);
  lua_pushnil(L);
  lua_pushliteral(L, "libcrypto does not do AES-256-GCM");
  return 2;
}

/* unseal(key, nonce, label, sealed): the text; or nil and a message for what was not sealed with the same three. */
static int unseal_text(lua_State *L) {
  struct sap_seal seal = check_seal(L);
  struct sap_slice sealed = check_slice(L, 4);
  char small[SMALL];
  unsigned char *out = (unsigned char *)sap_push_scratch(L, small, sizeof small, sealed.len);
  if (sap_unseal(&seal, &sealed, out) == 0) return sap_push_and_wipe(L, out, sealed.len - SAP_SEAL_TAG_SIZE);
  lua_pushnil(L);
  lua_pushliteral(L, "not sealed with this key, nonce and label");
  return 2;
}

static const luaL_Reg functions[] = {
  { "seal", seal_text },
  { "unseal", unseal_text },
  { NULL, NULL },
};

void sap_open_seal(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
