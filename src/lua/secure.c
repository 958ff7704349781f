/* Random bytes, comparison, HMAC and their notations for Lua; and the time. */
#include <string.h>
#include <time.h>

#include "bytes/base64.h"
#include "bytes/secure.h"
#include "lua/core.h"
#include "lua/scratch.h"

enum { SMALL = 1024, MAX_RANDOM = 256 };

static const char *check_text(lua_State *L, int index, size_t *len) {
  const char *text = luaL_checklstring(L, index, len);
  luaL_argcheck(L, *len <= SAP_BASE64_MAX, index, "too large");
  return text;
}

static size_t check_count(lua_State *L) {
  lua_Integer count = luaL_checkinteger(L, 1);
  luaL_argcheck(L, count >= 0 && count <= MAX_RANDOM, 1, "0 to 256 expected");
  return (size_t)count;
}

static int fail_random(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "the system gives no random bytes");
  return 2;
}

/* random(n): n random bytes, at most 256; or nil and a message. */
static int random_bytes(lua_State *L) {
  char bytes[MAX_RANDOM];
  size_t count = check_count(L);
  return sap_random(bytes, count) == 0 ? sap_push_and_wipe(L, bytes, count) : fail_random(L);
}

static void write_hex(char *out, const char *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    out[2 * i] = digits[(unsigned char)bytes[i] >> 4];
    out[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
  }
}

/* hex(s): two small hexadecimal digits for each byte. */
static int to_hex(lua_State *L) {
  char small[SMALL];
  size_t len;
  const char *text = check_text(L, 1, &len);
  char *out = sap_push_scratch(L, small, sizeof small, 2 * len);
  write_hex(out, text, len);
  return sap_push_and_wipe(L, out, 2 * len);
}

/* random_hex(n): n random bytes in hex; or nil and a message. */
static int random_hex(lua_State *L) {
  char bytes[MAX_RANDOM];
  size_t count = check_count(L);
  if (sap_random(bytes, count) != 0) return fail_random(L);
  char hex[2 * MAX_RANDOM];
  write_hex(hex, bytes, count);
  sap_wipe(bytes, count);
  return sap_push_and_wipe(L, hex, 2 * count);
}

/* equal(a, b): whether the strings are equal, in a time that tells nothing of their content. */
static int is_equal(lua_State *L) {
  size_t alen, blen;
  const char *a = luaL_checklstring(L, 1, &alen), *b = luaL_checklstring(L, 2, &blen);
  lua_pushboolean(L, sap_equal(a, alen, b, blen));
  return 1;
}

/* hmac_sha256(key, message): 32 bytes; or nil and a message. */
static int hmac_sha256(lua_State *L) {
  unsigned char digest[SAP_SHA256_SIZE];
  size_t key_len, len;
  const char *key = luaL_checklstring(L, 1, &key_len), *message = luaL_checklstring(L, 2, &len);
  if (sap_hmac_sha256(key, key_len, message, len, digest) != 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "libcrypto does not do HMAC-SHA256");
    return 2;
  }
  return sap_push_and_wipe(L, digest, sizeof digest);
}

static int encode_with(lua_State *L, size_t (*encode)(char *out, const void *bytes, size_t len)) {
  char small[SMALL];
  size_t len;
  const char *text = check_text(L, 1, &len);
  char *out = sap_push_scratch(L, small, sizeof small, SAP_BASE64_SIZE(len));
  return sap_push_and_wipe(L, out, encode(out, text, len));
}

/* base64(s): the standard alphabet, padded. */
static int to_base64(lua_State *L) {
  return encode_with(L, sap_base64_encode);
}

/* base64url(s): the alphabet for URLs, not padded. */
static int to_base64url(lua_State *L) {
  return encode_with(L, sap_base64url_encode);
}

/* unbase64url(s): the bytes; or nil and a message for what base64url() does not write. */
static int from_base64url(lua_State *L) {
  char small[SMALL];
  size_t len, out_len;
  const char *text = check_text(L, 1, &len);
  char *out = sap_push_scratch(L, small, sizeof small, len);
  if (!sap_base64url_decode(out, &out_len, text, len)) {
    sap_wipe(out, len);
    lua_pushnil(L);
    lua_pushliteral(L, "not base64url");
    return 2;
  }
  return sap_push_and_wipe(L, out, out_len);
}

/* now(): seconds of a clock that nobody sets, as a float. */
static int now(lua_State *L) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  lua_pushnumber(L, (lua_Number)time.tv_sec + (lua_Number)time.tv_nsec / 1e9);
  return 1;
}

static const luaL_Reg functions[] = {
  { "random", random_bytes },
  { "random_hex", random_hex },
  { "hex", to_hex },
  { "equal", is_equal },
  { "hmac_sha256", hmac_sha256 },
  { "base64", to_base64 },
  { "base64url", to_base64url },
  { "unbase64url", from_base64url },
  { "now", now },
  { NULL, NULL },
};

void sap_open_secure(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
