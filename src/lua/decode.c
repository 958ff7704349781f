/* Decodes JSON with lua-cjson after the strict scan, and opens both directions. */
#include "lua/decode.h"

#include "lua/core.h"
#include "lua/scratch.h"
#include "json/crowd.h"
#include "json/number.h"
#include "json/repair.h"
#include "json/scan.h"

enum { MAX_TEXT = 1 << 28 }; /* lua-cjson counts bytes with an int */

static const struct {
  const char *name;
  int value; /* a number, or -1 for off */
} settings[] = {
  { "decode_max_depth", SAP_JSON_MAX_DEPTH },
  { "decode_invalid_numbers", -1 },
  { "decode_array_with_array_mt", -1 },
  { "decode_allow_comment", -1 },
};

/* Pushes what the decoder must not touch: an integer, a double, or the text itself where no double is large enough. */
static void push_number(lua_State *L, const char *text, size_t len) {
  int64_t integer;
  double number;
  if (sap_json_read_integer(text, len, &integer))
    lua_pushinteger(L, (lua_Integer)integer);
  else if (sap_json_read_double(text, &number))
    lua_pushnumber(L, number);
  else
    lua_pushlstring(L, text, len);
}

/* Where the metatable of lists is in the registry: under this address. */
static const char list_type;

void sap_push_list_type(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&list_type);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

static void push_empty_list(lua_State *L) {
  lua_newtable(L);
  sap_push_list_type(L);
  lua_setmetatable(L, -2);
}

/* Pushes the value that the text after a mark stands for. */
static void push_marked(lua_State *L, const char *text, size_t len) {
  if (*text == SAP_JSON_EMPTY_LIST)
    push_empty_list(L);
  else
    push_number(L, text, len);
}

/* Returns the text after the mark of the string on the top, or NULL for any other value. */
static const char *to_marked(lua_State *L, size_t *len) {
  if (lua_type(L, -1) != LUA_TSTRING) return NULL;
  const char *text = lua_tolstring(L, -1, len);
  if (*len < 2 || text[0] != SAP_JSON_MARK) return NULL;
  --*len;
  return text + 1;
}

/* Pushes what the value on the top is to become; false where it is to stay. */
static bool push_restored(lua_State *L, bool integers) {
  size_t len;
  const char *text = to_marked(L, &len);
  if (text != NULL) {
    push_marked(L, text, len);
    return true;
  }
  return integers && lua_type(L, -1) == LUA_TNUMBER && sap_push_as_integer(L, -1);
}

/* Puts values where the table on the top, or one within it, has others in their place. */
static void restore_everywhere(lua_State *L, bool integers) {
  luaL_checkstack(L, 6, "JSON is nested too deeply");
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) { /* table, key, value */
    if (lua_type(L, -1) == LUA_TTABLE) {
      restore_everywhere(L, integers);
    } else if (push_restored(L, integers)) {
      lua_pushvalue(L, -3);
      lua_insert(L, -2);
      lua_rawset(L, -5);
    }
  }
}

static int push_fault(lua_State *L, const char *what, size_t offset) {
  lua_pushnil(L);
  lua_pushstring(L, what);
  lua_pushinteger(L, (lua_Integer)offset);
  return 3;
}

/* The same along the steps alone. */
struct restoring {
  const struct sap_json_step *steps;
  int names; /* index of the first step's name, the others are above it */
  bool integers;
};

static void restore_along(lua_State *L, const struct restoring *r, unsigned step);

/* For the value on the top, at a step: whether another one was pushed. */
static bool restore_value(lua_State *L, const struct restoring *r, unsigned step) {
  if (lua_type(L, -1) != LUA_TTABLE) return push_restored(L, r->integers);
  restore_along(L, r, step);
  return false;
}

static void restore_entries(lua_State *L, const struct restoring *r, unsigned step) {
  size_t count = sap_raw_length(L, -1);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (int)i); /* table, value */
    if (restore_value(L, r, step)) lua_rawseti(L, -3, (int)i);
    lua_pop(L, 1);
  }
}

static void restore_member(lua_State *L, const struct restoring *r, unsigned step) {
  int name = r->names + (int)step;
  lua_pushvalue(L, name);
  lua_rawget(L, -2); /* table, value */
  if (restore_value(L, r, step)) {
    lua_pushvalue(L, name);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
  lua_pop(L, 1);
}

/* In the table on the top. */
static void restore_along(lua_State *L, const struct restoring *r, unsigned step) {
  for (step = r->steps[step].first; step != 0; step = r->steps[step].next) {
    if (r->steps[step].name.data == NULL)
      restore_entries(L, r, step);
    else
      restore_member(L, r, step);
  }
}

enum { RESTORING_SLOTS = 4 * SAP_JSON_STEP_DEPTH + 2 };

static void restore_by_steps(lua_State *L, const struct sap_json_report *report, bool integers) {
  struct restoring r = { .steps = report->steps, .names = lua_gettop(L) + 1, .integers = integers };
  if (!lua_checkstack(L, SAP_JSON_STEPS + RESTORING_SLOTS)) luaL_error(L, "not enough memory");
  for (unsigned i = 0; i < report->step_count; i++) {
    const struct sap_slice *name = &report->steps[i].name;
    lua_pushlstring(L, name->len > 0 ? name->data : "", name->len);
  }
  lua_pushvalue(L, r.names - 1);
  restore_along(L, &r, 0);
  lua_settop(L, r.names - 1);
}

/* The value on the top is what lua-cjson made of the text: puts in what it could not keep. Each value is looked at once:
   what was restored might look like what is not. */
static void restore_all(lua_State *L, const struct sap_json_report *report, bool integers) {
  if (report->marks + report->integers == 0) return;
  if (lua_type(L, -1) != LUA_TTABLE) {
    if (push_restored(L, integers)) lua_remove(L, -2);
  } else if (report->has_all_steps) {
    restore_by_steps(L, report, integers);
  } else {
    restore_everywhere(L, integers);
  }
}

/* Where lua-cjson's function is in the registry: under this address. */
static const char decoder;

static void push_decoder(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&decoder);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

/* How this Lua hashes strings; LuaJIT since 2020 looks at all of a string where others have its hash. */
#if defined(LUA_LJDIR) /* only LuaJIT has it */
enum { HASHING = SAP_CROWD_NONE };
#elif LUA_VERSION_NUM == 501
enum { HASHING = SAP_CROWD_ALL };
#elif LUA_VERSION_NUM < 504
enum { HASHING = SAP_CROWD_SHORT_NAMES };
#elif LUA_VERSION_NUM == 504 && LUA_VERSION_RELEASE_NUM < 50403
enum { HASHING = SAP_CROWD_LONG_NAMES };
#else
enum { HASHING = SAP_CROWD_NONE };
#endif

/* What keeps this Lua from having the strings of a text, or NULL. */
static const char *find_crowd(const char *text, size_t len, const struct sap_json_report *report) {
  static const char *const words[] = {
    [SAP_CROWD_FINE] = NULL,
    [SAP_CROWD_TOO_MANY] = "more than 1000 long strings that this Lua's hash cannot tell apart",
    [SAP_CROWD_NOMEM] = "out of memory",
  };
  if (report->longish + report->marks <= SAP_CROWD_MOST) return NULL;
  return words[sap_crowd_look(text, len, (enum sap_crowd_rule)HASHING)];
}

/* Scans and decodes: as sap_decode. */
static int decode_by(lua_State *L, const char *text, size_t len, const struct sap_json_rules *rules,
                     struct sap_json_report *report) {
  if (len > MAX_TEXT) return push_fault(L, "the text is too large", MAX_TEXT);
  struct sap_buffer *out = sap_push_buffer(L);
  if (sap_json_scan(text, len, rules, out, report) != SAP_JSON_OK)
    return push_fault(L, report->what, report->offset);
  if (report->rewritten) {
    text = out->data;
    len = out->len;
  }
  const char *crowd = find_crowd(text, len, report);
  if (crowd != NULL) return push_fault(L, crowd, 0);
  push_decoder(L);
  lua_pushlstring(L, text, len);
  sap_buffer_free(out);
  int failed = lua_pcall(L, 1, 1, 0);
  if (failed != 0) return push_fault(L, failed == LUA_ERRMEM ? "out of memory" : "the decoder refuses it", 0);
  restore_all(L, report, rules->integers);
  return 1;
}

enum { LONG_TEXT = 4096 }; /* with numbers enough for a look at how the decoder reads them */

/* Whether lua-cjson reads fractions now: it keeps the decimal point of the locale that some cjson.new() met. */
static bool reads_fractions(lua_State *L, size_t len) {
  if (len < LONG_TEXT) return false;
  push_decoder(L);
  lua_pushliteral(L, "0.5");
  bool reads = lua_pcall(L, 1, 1, 0) == 0 && lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) == 0.5;
  lua_pop(L, 1);
  return reads;
}

int sap_decode(lua_State *L, const char *text, size_t len, bool keep_nulls) {
  struct sap_json_rules rules = { .integers = SAP_HAS_INTEGERS,
                                  .fractions = reads_fractions(L, len),
                                  .drop_nulls = !keep_nulls };
  struct sap_json_report report;
  return decode_by(L, text, len, &rules, &report);
}

/* Takes the members that are null out of the object on the top, if they are not wanted, and counts all by their names. */
static size_t count_names(lua_State *L, bool keep_nulls) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    count += lua_type(L, -2) == LUA_TSTRING;
    if (keep_nulls || lua_type(L, -1) != LUA_TLIGHTUSERDATA) continue;
    lua_pushvalue(L, -2);
    lua_pushnil(L);
    lua_rawset(L, -5);
  }
  return count;
}

/* A name that stands there twice is one of the decoded object. */
static int decode_exactly(lua_State *L, const char *text, size_t len, bool keep_nulls) {
  struct sap_json_rules rules = { .integers = SAP_HAS_INTEGERS,
                                  .fractions = reads_fractions(L, len),
                                  .drop_nulls = !keep_nulls,
                                  .keep_outer = true };
  struct sap_json_report report;
  int count = decode_by(L, text, len, &rules, &report);
  if (count != 1 || report.members == 0) return count;
  return count_names(L, keep_nulls) == report.members ? 1 : push_fault(L, "a name is there twice", 0);
}

int sap_decode_once(lua_State *L, const char *text, size_t len, bool keep_nulls, unsigned *mended) {
  int top = lua_gettop(L), count = decode_exactly(L, text, len, keep_nulls);
  *mended = 0;
  if (count == 1 || len > MAX_TEXT / 8) return count;
  struct sap_buffer *out = sap_push_buffer(L);
  lua_insert(L, top + 1);
  if (sap_json_repair(text, len, out, mended) != 0) return push_fault(L, "out of memory", 0);
  if (*mended == 0) {
    lua_settop(L, -1);
    return count;
  }
  count = decode_exactly(L, out->data, out->len, keep_nulls);
  sap_buffer_free(out);
  return count;
}

void sap_add_mendings(lua_State *L, unsigned mended) {
  static const char *const words[SAP_JSON_MENDINGS] = {
    "the answer begins with a byte order mark, which JSON does not have",
    "the answer holds text that is not UTF-8; U+FFFD stands in its place",
    "the answer holds half of a surrogate pair; U+FFFD stands in its place",
    "the answer holds control characters in strings, which JSON does not allow as they are",
  };
  for (int i = 0; i < SAP_JSON_MENDINGS; i++) {
    if (!(mended >> i & 1)) continue;
    lua_pushstring(L, words[i]);
    lua_rawseti(L, -2, (int)sap_raw_length(L, -2) + 1);
  }
}

/* decode(text, keep_nulls): see sap_decode. */
static int decode(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  return sap_decode(L, text, len, lua_toboolean(L, 2));
}

/* decode_once(text, keep_nulls): the value and a list of what was mended, or as decode fails. See sap_decode_once. */
static int decode_once(lua_State *L) {
  size_t len;
  unsigned mended;
  const char *text = luaL_checklstring(L, 1, &len);
  int count = sap_decode_once(L, text, len, lua_toboolean(L, 2), &mended);
  if (count != 1) return count;
  lua_newtable(L);
  sap_add_mendings(L, mended);
  return 2;
}

static const luaL_Reg functions[] = {
  { "decode_once", decode_once },
  { "decode", decode },
  { NULL, NULL },
};

/* Pushes a lua-cjson of our own, whose settings are nobody else's. */
static void push_cjson(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  lua_call(L, 1, 1);
  if (lua_type(L, -1) == LUA_TTABLE) lua_getfield(L, -1, "new");
  if (lua_type(L, -1) != LUA_TFUNCTION)
    luaL_error(L, "sapanywhere needs lua-cjson 2.1.0 or newer, and require \"cjson\" gave something else");
  lua_call(L, 0, 1);
  lua_remove(L, -2);
}

/* Sets the lua-cjson on the top, as far as it knows the settings. */
static void set_up_cjson(lua_State *L) {
  for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    lua_getfield(L, -1, settings[i].name);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    if (settings[i].value < 0)
      lua_pushboolean(L, 0);
    else
      lua_pushinteger(L, settings[i].value);
    lua_call(L, 1, 0);
  }
}

void sap_open_json(lua_State *L) {
  int core = lua_gettop(L), cjson = core + 1;
  push_cjson(L);
  set_up_cjson(L);
  lua_pushlightuserdata(L, (void *)&decoder);
  lua_getfield(L, cjson, "decode");
  lua_rawset(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, (void *)&list_type);
  lua_newtable(L);
  lua_rawset(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, core, "null");
  lua_pushvalue(L, core);
  sap_set_functions(L, functions, 0);
  sap_open_encode(L, cjson);
  lua_settop(L, core);
}
