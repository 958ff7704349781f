/* Percent-encoding, query strings and checks of text for Lua. */
#include <string.h>

#include "core.h"
#include "percent.h"
#include "scratch.h"
#include "secure.h"
#include "utf8.h"

enum { SMALL = 1024 };

/* Texts that become larger in C must still have a size there. */
static size_t check_length(lua_State *L, size_t len) {
  if (len > (size_t)1 << 28) luaL_error(L, "text too large to encode");
  return len;
}

/* percent_encode(s): the string with all but unreserved characters as %XX. */
static int percent_encode(lua_State *L) {
  char small[SMALL], *out;
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  out = sap_push_scratch(L, small, sizeof small, 3 * check_length(L, len));
  return sap_push_and_wipe(L, out, sap_percent_encode(out, text, len));
}

/* The string at a position of the list; its value stays alive as an element of the list. */
static const char *list_string(lua_State *L, int list, int position, size_t *len) {
  const char *text;

  lua_rawgeti(L, list, position);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "names and values of a query must be strings");
  text = lua_tolstring(L, -1, len);
  lua_pop(L, 1);
  return text;
}

/* query{ name, value, ... }: "name=value&...", each encoded once. */
static int build_query(lua_State *L) {
  char small[SMALL], *out, *at;
  size_t len, room = 0;
  int count;

  luaL_checktype(L, 1, LUA_TTABLE);
  count = (int)sap_raw_length(L, 1);
  luaL_argcheck(L, count % 2 == 0, 1, "a value for each name expected");
  for (int i = 1; i <= count; i++) {
    list_string(L, 1, i, &len);
    room = check_length(L, room + 3 * check_length(L, len) + 1);
  }
  at = out = sap_push_scratch(L, small, sizeof small, room);
  for (int i = 1; i <= count; i++) {
    const char *text = list_string(L, 1, i, &len);

    at += sap_percent_encode(at, text, len);
    *at++ = i % 2 == 1 ? '=' : '&';
  }
  return sap_push_and_wipe(L, out, count > 0 ? (size_t)(at - out) - 1 : 0);
}

/* Decodes the piece into `scratch` and pushes it; returns false, with nothing pushed, at a malformed escape. */
static bool push_decoded(lua_State *L, char *scratch, struct sap_slice piece, bool plus) {
  size_t len;

  if (!sap_percent_decode(scratch, &len, piece.data, piece.len, plus)) return false;
  lua_pushlstring(L, scratch, len);
  return true;
}

/* parse_query(s, plus): a list of { name, value }, decoded once; or nil and a message. */
static int parse_query(lua_State *L) {
  char small[SMALL], *scratch;
  struct sap_slice name, value;
  struct sap_query query;
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  bool plus = lua_toboolean(L, 2), has_value;

  lua_settop(L, 2);
  scratch = sap_push_scratch(L, small, sizeof small, len);
  lua_newtable(L);
  query.next = text;
  query.end = text + len;
  for (int i = 1; sap_query_next(&query, &name, &value, &has_value); i++) {
    lua_createtable(L, 2, 0);
    if (!push_decoded(L, scratch, name, plus)) break;
    lua_rawseti(L, -2, 1);
    if (!push_decoded(L, scratch, value, plus)) break;
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, 4, i);
  }
  sap_wipe(scratch, len);
  if (lua_gettop(L) == 4) return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "a percent sign without two hexadecimal digits");
  return 2;
}

/* is_utf8(s): whether all of it is well-formed. */
static int is_utf8(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  lua_pushboolean(L, sap_is_utf8(text, len));
  return 1;
}

/* has_control(s): whether a byte below 20 or the byte 7F is in it. */
static int has_control(lua_State *L) {
  size_t len, i = 0;
  const char *text = luaL_checklstring(L, 1, &len);

  while (i < len && (unsigned char)text[i] >= 0x20 && text[i] != 0x7F) i++;
  lua_pushboolean(L, i < len);
  return 1;
}

static const luaL_Reg functions[] = {
  { "percent_encode", percent_encode }, { "query", build_query },
  { "parse_query", parse_query },       { "is_utf8", is_utf8 },
  { "has_control", has_control },       { NULL, NULL },
};

void sap_open_text(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
