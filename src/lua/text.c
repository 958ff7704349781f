/* Percent-encoding, query strings and checks of text for Lua. */
#include <string.h>

#include "bytes/percent.h"
#include "bytes/secure.h"
#include "bytes/utf8.h"
#include "lua/core.h"
#include "lua/scratch.h"

enum { SMALL = 1024 };

/* Texts that become larger in C must still have a size there. */
static size_t check_length(lua_State *L, size_t len) {
  if (len > (size_t)1 << 28) luaL_error(L, "text too large to encode");
  return len;
}

/* percent_encode(s): the string with all but unreserved characters as %XX. */
static int percent_encode(lua_State *L) {
  char small[SMALL];
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  char *out = sap_push_scratch(L, small, sizeof small, 3 * check_length(L, len));
  return sap_push_and_wipe(L, out, sap_percent_encode(out, text, len));
}

/* percent_decode(s, plus): the string with its escapes undone, and with `plus` each '+' as a space; what is no escape stays
   as it is. */
static int percent_decode(lua_State *L) {
  char small[SMALL], *out;
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  bool plus = lua_toboolean(L, 2);

  out = sap_push_scratch(L, small, sizeof small, len);
  return sap_push_and_wipe(L, out, sap_percent_decode_leniently(out, text, len, plus));
}

/* The room that the string at the index takes when it is encoded. */
static size_t room_of(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TSTRING) luaL_error(L, "names and values of a query must be strings");
  size_t len;
  lua_tolstring(L, index, &len);
  return 3 * check_length(L, len) + 1;
}

/* Pushes the names and values of the list at the index; returns the room that they take. */
static size_t push_pieces(lua_State *L, int list) {
  int count = (int)sap_raw_length(L, list);
  size_t room = 0;
  luaL_argcheck(L, count % 2 == 0, list, "a value for each name expected");
  luaL_checkstack(L, count + 2, "too many parameters");
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, list, i);
    room = check_length(L, room + room_of(L, -1));
  }
  return room;
}

/* Writes the strings from index `first` on as names and values, with a '&' behind the last; returns where that ends. */
static char *write_pieces(lua_State *L, int first, int count, char *at) {
  for (int i = 0; i < count; i++) {
    size_t len;
    const char *text = lua_tolstring(L, first + i, &len);
    at += sap_percent_encode(at, text, len);
    *at++ = i % 2 == 0 ? '=' : '&';
  }
  return at;
}

/* Pushes and wipes the path, a question mark and the strings from index `first` on; without a path, only these. */
static int push_target(lua_State *L, const char *path, size_t path_len, int first, size_t room) {
  int count = lua_gettop(L) - first + 1;
  char small[SMALL];
  char *out = sap_push_scratch(L, small, sizeof small, room + check_length(L, path_len) + 1);
  memcpy(out, path, path_len);
  char *at = out + path_len;
  if (path_len > 0 && count > 0) *at++ = memchr(path, '?', path_len) == NULL ? '?' : '&';
  at = write_pieces(L, first, count, at);
  return sap_push_and_wipe(L, out, (size_t)(at - out) - (count > 0));
}

/* Pushes names and values of the fields at index 2 that have values at index 3; returns the room that they take. */
static size_t push_fields(lua_State *L) {
  int count = (int)sap_raw_length(L, 2);
  size_t room = 0;
  luaL_checkstack(L, count + 2, "too many parameters");
  for (int i = 1; i + 1 <= count; i += 2) {
    lua_rawgeti(L, 2, i + 1);
    lua_rawgeti(L, 2, i);
    lua_gettable(L, 3);
    if (!lua_toboolean(L, -1)) {
      lua_pop(L, 2);
      continue;
    }
    room += room_of(L, -2) + room_of(L, -1);
  }
  return room;
}

/* target(path, { key, name, ... }, values, more): the path, which may have a query already, and a query of the values that
   are there under the keys, and of the names and values in the list `more`, if it is given; each encoded once. */
static int build_target(lua_State *L) {
  size_t path_len;
  const char *path = luaL_checklstring(L, 1, &path_len);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 4);
  size_t room = push_fields(L);
  if (!lua_isnil(L, 4)) room += push_pieces(L, 4);
  return push_target(L, path, path_len, 5, check_length(L, room));
}

/* Decodes the piece into `scratch` and pushes it, or false at a malformed escape; returns whether it was well-formed. */
static bool push_decoded(lua_State *L, char *scratch, struct sap_slice piece, bool plus) {
  size_t len;
  bool ok = sap_percent_decode(scratch, &len, piece.data, piece.len, plus);
  if (ok) {
    lua_pushlstring(L, scratch, len);
  } else {
    lua_pushboolean(L, 0);
  }
  return ok;
}

/* parse_query(s, plus): a list of { name, value }, decoded once. A value that is not well percent-encoded is false; where
   the name is not, the pair is left out. */
static int parse_query(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  bool plus = lua_toboolean(L, 2), has_value;
  int count = 0;
  lua_settop(L, 2);
  char small[SMALL];
  char *scratch = sap_push_scratch(L, small, sizeof small, len);
  lua_newtable(L);
  struct sap_query query;
  query.next = text;
  query.end = text + len;
  struct sap_slice name, value;
  while (sap_query_next(&query, &name, &value, &has_value)) {
    if (push_decoded(L, scratch, name, plus)) {
      lua_createtable(L, 2, 0);
      lua_insert(L, -2);
      lua_rawseti(L, -2, 1);
      push_decoded(L, scratch, value, plus);
      lua_rawseti(L, -2, 2);
      lua_rawseti(L, 4, ++count);
    }
    lua_settop(L, 4);
  }
  sap_wipe(scratch, len);
  return 1;
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
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_pushboolean(L, sap_has_control(text, len));
  return 1;
}

/* text_fault(v): nothing for text as most values must be; else "type" for what is no string, "empty", "control" for a
   control character in it, "utf8" for what is not well-formed. */
static int find_text_fault(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING) return lua_pushliteral(L, "type"), 1;
  size_t len;
  const char *text = lua_tolstring(L, 1, &len);
  if (len == 0) return lua_pushliteral(L, "empty"), 1;
  if (sap_skip_visible(text, text + len) == text + len) return 0;
  if (sap_has_control(text, len)) return lua_pushliteral(L, "control"), 1;
  if (!sap_is_utf8(text, len)) return lua_pushliteral(L, "utf8"), 1;
  return 0;
}

/* The server shows secrets as stars: three or more of them need a closer look. */
static bool may_be_mask(const char *text, size_t len) {
  return len >= 3 && memcmp(text, "***", 3) == 0;
}

/* Whether the value on the top is plain text; a word has no comma and no space either. */
static bool is_plain_text(lua_State *L, bool is_word) {
  if (lua_type(L, -1) != LUA_TSTRING) return false;
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  if (len == 0 || sap_skip_visible(text, text + len) != text + len || may_be_mask(text, len)) return false;
  return !is_word || (memchr(text, ',', len) == NULL && memchr(text, ' ', len) == NULL);
}

/* Whether the key and the value on the top are as the table says, for each key: "text", "word" or, for what is neither,
   nothing. */
static bool is_wanted_text(lua_State *L, int wanted) {
  lua_pushvalue(L, -2);
  lua_rawget(L, wanted);
  const char *kind = lua_tostring(L, -1);
  lua_pop(L, 1);
  return kind != NULL && is_plain_text(L, *kind == 'w');
}

/* take_texts(given, wanted, values, key): goes on in `given` behind the key, or begins. What is as `wanted` has it goes
   into `values`; the next entry that is anything else is returned, its key and value; nothing at the end. */
static int take_texts(lua_State *L) {
  for (int i = 1; i <= 3; i++) luaL_checktype(L, i, LUA_TTABLE);
  lua_settop(L, 4);
  while (lua_next(L, 1)) {
    if (!is_wanted_text(L, 2)) return 2;
    lua_pushvalue(L, -2);
    lua_insert(L, -2); /* key, key, value */
    lua_rawset(L, 3);
  }
  return 0;
}

/* record(room, behind): an empty table with room for so many names; `behind`, if given, becomes its metatable. */
static int new_record(lua_State *L) {
  lua_createtable(L, 0, (int)luaL_checkinteger(L, 1));
  if (lua_isnoneornil(L, 2)) return 1;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_pushvalue(L, 2);
  lua_setmetatable(L, -2);
  return 1;
}

/* lower(s): s with A to Z in lower case, whatever the locale says of these and other letters. */
static int lower(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_settop(L, 1);
  char small[SMALL];
  char *out = sap_push_scratch(L, small, sizeof small, len);
  for (size_t i = 0; i < len; i++)
    out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
  return sap_push_and_wipe(L, out, len);
}

static const luaL_Reg functions[] = {
  { "lower", lower },
  { "percent_encode", percent_encode },
  { "percent_decode", percent_decode },
  { "target", build_target },
  { "parse_query", parse_query },
  { "is_utf8", is_utf8 },
  { "has_control", has_control },
  { "text_fault", find_text_fault },
  { "take_texts", take_texts },
  { "record", new_record },
  { NULL, NULL },
};

void sap_open_text(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
