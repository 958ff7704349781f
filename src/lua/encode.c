/* Encodes Lua values as JSON. lua-cjson's encoder is not used: it cuts numbers to 14 digits, has no empty list, leaves
   copies of what it wrote (secrets, here) in memory that it frees, and ends the process when there is none. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "bytes/slice.h"
#include "lua/core.h"
#include "lua/decode.h"
#include "lua/scratch.h"
#include "json/number.h"
#include "json/write.h"

enum {
  MAX_WRITTEN = 1 << 26,
  MAX_DEPTH = 100,
  LONGEST_SHOWN_NAME = 100,
};

/* Upvalues: the metatable of our lists, and what newer versions of lua-cjson have for lists, or nil. */
enum { LIST_TYPE = 1, ARRAY_MT = 2, EMPTY_ARRAY_MT = 3, EMPTY_ARRAY = 4, UPVALUES = EMPTY_ARRAY };

struct writer {
  lua_State *L;
  struct sap_buffer *out;
  int base;  /* index of the whole value; above it a key and a value for each step of the way into it */
  int depth; /* how many such steps have been taken */
  const char *problem; /* with a %s for the type of the value */
  bool out_of_memory;  /* no fault of the value's */
};

/* Writing steps leave the stack as it was; after a failed one the way to the fault is on it. */
static bool fail(struct writer *w, const char *problem) {
  w->problem = problem;
  return false;
}

static bool fail_memory(struct writer *w) {
  w->out_of_memory = true;
  return fail(w, NULL);
}

static int table_index(const struct writer *w) {
  return w->base + 2 * w->depth;
}

/* The fault is the table itself, not what is above it. */
static bool fail_table(struct writer *w, const char *problem) {
  lua_settop(w->L, table_index(w));
  return fail(w, problem);
}

static bool write_bytes(struct writer *w, const char *bytes, size_t len) {
  return sap_buffer_append(w->out, bytes, len) == 0 ? true : fail_memory(w);
}

static bool write_number(struct writer *w) {
#if SAP_HAS_INTEGERS
  if (lua_isinteger(w->L, -1))
    return sap_json_append_integer(w->out, lua_tointeger(w->L, -1)) == 0 ? true : fail_memory(w);
#endif
  double number = lua_tonumber(w->L, -1);
  if (!isfinite(number)) return fail(w, "is not a finite number");
  return sap_json_append_double(w->out, number) == 0 ? true : fail_memory(w);
}

static bool write_string(struct writer *w, int index, const char *not_utf8) {
  size_t len;
  const char *text = lua_tolstring(w->L, index, &len);
  if (len > MAX_WRITTEN) return fail(w, "is too large");
  switch (sap_json_append_string(w->out, text, len)) {
    case SAP_JSON_WRITTEN: return true;
    case SAP_JSON_NOT_UTF8: return fail(w, not_utf8);
    default: return fail_memory(w);
  }
}

/* Whether its metatable makes the table a list, or makes it one when it is empty. */
static bool has_list_type(const struct writer *w, bool is_empty) {
  lua_State *L = w->L;
  if (!lua_getmetatable(L, table_index(w))) return false;
  bool found = lua_rawequal(L, -1, lua_upvalueindex(LIST_TYPE)) ||
               lua_rawequal(L, -1, lua_upvalueindex(ARRAY_MT)) ||
               (is_empty && lua_rawequal(L, -1, lua_upvalueindex(EMPTY_ARRAY_MT)));
  lua_pop(L, 1);
  return found;
}

static bool is_within_itself(const struct writer *w) {
  for (int index = w->base; index < table_index(w); index += 2)
    if (lua_rawequal(w->L, -1, index)) return true;
  return false;
}

static bool write_value(struct writer *w);

/* The key and the value of the table are above it: writes the value. */
static bool write_inside(struct writer *w) {
  w->depth++;
  if (!write_value(w)) return false;
  w->depth--;
  return true;
}

/* Counts the elements of a table whose keys are 1 to n and no others. */
static bool count_list(struct writer *w, int *count) {
  lua_State *L = w->L;
  double last = 0;
  *count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    if (lua_type(L, -2) == LUA_TSTRING) return fail_table(w, "mixes names and list positions");
    if (!(key >= 1 && key <= INT_MAX && key == (int)key))
      return fail_table(w, "has a key that is neither a name nor a list position");
    if (key > last) last = key;
    ++*count;
  }
  return *count == last ? true : fail_table(w, "is a list with holes");
}

static bool write_list(struct writer *w) {
  lua_State *L = w->L;
  int count;
  if (!count_list(w, &count)) return false;
  for (int i = 1; i <= count; i++) {
    lua_pushinteger(L, i);
    lua_rawgeti(L, -2, i);
    if (!write_bytes(w, i == 1 ? "[" : ",", 1) || !write_inside(w)) return false;
    lua_pop(L, 2);
  }
  return write_bytes(w, "]", 1);
}

/* The first key and its value are above the table already. */
static bool write_object(struct writer *w) {
  lua_State *L = w->L;
  const char *before = "{";
  do {
    if (lua_type(L, -2) != LUA_TSTRING)
      return fail_table(w, lua_type(L, -2) == LUA_TNUMBER
                               ? "mixes names and list positions"
                               : "has a key that is neither a name nor a list position");
    if (!write_bytes(w, before, 1) || !write_string(w, -2, "has a name that is not valid UTF-8") ||
        !write_bytes(w, ":", 1))
      return fail_table(w, w->problem);
    if (!write_inside(w)) return false;
    lua_pop(L, 1);
    before = ",";
  } while (lua_next(L, -2));
  return write_bytes(w, "}", 1);
}

static bool write_table(struct writer *w) {
  lua_State *L = w->L;
  if (is_within_itself(w)) return fail(w, "contains itself");
  if (w->depth >= MAX_DEPTH || !lua_checkstack(L, 8)) return fail(w, "is nested too deeply");
  lua_pushnil(L);
  if (!lua_next(L, -2)) return write_bytes(w, has_list_type(w, true) ? "[]" : "{}", 2);
  if (lua_type(L, -2) == LUA_TSTRING && !has_list_type(w, false)) return write_object(w);
  lua_pop(L, 2);
  return write_list(w);
}

/* Writes the value on the top. */
static bool write_value(struct writer *w) {
  lua_State *L = w->L;
  if (w->out->len > MAX_WRITTEN) return fail(w, "is too large");
  switch (lua_type(L, -1)) {
    case LUA_TSTRING: return write_string(w, -1, "is not valid UTF-8");
    case LUA_TNUMBER: return write_number(w);
    case LUA_TBOOLEAN: return lua_toboolean(L, -1) ? write_bytes(w, "true", 4) : write_bytes(w, "false", 5);
    case LUA_TTABLE: return write_table(w);
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, -1) == NULL) return write_bytes(w, "null", 4);
      if (lua_rawequal(L, -1, lua_upvalueindex(EMPTY_ARRAY))) return write_bytes(w, "[]", 2);
      break;
    default: break;
  }
  return fail(w, "is a %s, which JSON cannot hold");
}

static bool is_plain_name(const char *name, size_t len) {
  for (size_t i = 0; i < len; i++) {
    char c = name[i], lower = (char)(c | 0x20);
    if (!((lower >= 'a' && lower <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9'))) return false;
  }
  return len > 0;
}

/* Appends one step of the way, the key at the index: .name, ["any.name"] or [1]. */
static int append_step(struct sap_buffer *path, lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER)
    return sap_buffer_append(path, "[", 1) | sap_json_append_integer(path, (int64_t)lua_tointeger(L, index)) |
           sap_buffer_append(path, "]", 1);
  size_t len;
  const char *name = lua_tolstring(L, index, &len);
  if (is_plain_name(name, len) && len <= LONGEST_SHOWN_NAME)
    return (path->len > 0 ? sap_buffer_append(path, ".", 1) : 0) | sap_buffer_append(path, name, len);
  int status = sap_buffer_append(path, "[", 1);
  if (len <= LONGEST_SHOWN_NAME)
    status |= sap_json_append_string(path, name, len) == SAP_JSON_WRITTEN ? 0 : -1;
  else
    status |= sap_buffer_append(path, "...", 3);
  return status | sap_buffer_append(path, "]", 1);
}

/* The way to the fault is on the stack. A path that memory runs out for is given as far as it got. */
static int push_problem(struct writer *w) {
  lua_State *L = w->L;
  const char *type = lua_typename(L, lua_type(L, -1));
  lua_settop(L, table_index(w));
  sap_buffer_clear(w->out);
  for (int i = 0; i < w->depth; i++)
    if (append_step(w->out, L, w->base + 2 * i + 1) != 0) break;
  lua_pushnil(L);
  lua_pushlstring(L, w->out->len > 0 ? w->out->data : "", w->out->len);
  lua_pushfstring(L, w->problem, type);
  sap_buffer_free(w->out);
  return 3;
}

/* encode(value): the text, or nil, the path of what cannot be written ("" for the whole), and what is wrong with it. It
   raises where memory runs out. The value is looked at as it is, without its metamethods. Names come in no particular
   order. */
static int encode(lua_State *L) {
  struct writer w = { .L = L };
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  luaL_checkstack(L, 8, NULL);
  w.out = sap_push_buffer(L);
  lua_insert(L, 1);
  w.base = 2;
  if (!write_value(&w)) return w.out_of_memory ? luaL_error(L, "not enough memory") : push_problem(&w);
  lua_pushlstring(L, w.out->data, w.out->len);
  sap_buffer_free(w.out);
  return 1;
}

/* The string at a position of the list at index 1; the list keeps it. */
static struct sap_slice list_text(lua_State *L, int position) {
  lua_rawgeti(L, 1, position);
  struct sap_slice text;
  text.data = luaL_checklstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

/* Writes what is between the member before, in the object `within`, and a member of the object `into`. An empty name
   stands for the whole; `within` has no name before the first member. */
static bool write_way(struct writer *w, struct sap_slice within, struct sap_slice into) {
  bool stays = within.len == into.len && memcmp(within.data, into.data, into.len) == 0;
  if (w->out->len == 0 ? !write_bytes(w, "{", 1)
                       : (!stays && within.len > 0 && !write_bytes(w, "}", 1)) || !write_bytes(w, ",", 1))
    return false;
  if (stays || into.len == 0) return true;
  return sap_json_append_string(w->out, into.data, into.len) == SAP_JSON_WRITTEN ? write_bytes(w, ":{", 2)
                                                                                 : fail_memory(w);
}

/* Writes the members whose values are there. */
static bool write_fields(struct writer *w) {
  lua_State *L = w->L;
  struct sap_slice within = { "", 0 };
  int count = (int)sap_raw_length(L, 1);
  for (int i = 1; i + 2 <= count; i += 3) {
    struct sap_slice into = list_text(L, i + 1), name = list_text(L, i + 2);
    lua_rawgeti(L, 1, i);
    lua_gettable(L, 2);
    if (lua_toboolean(L, -1)) {
      if (!write_way(w, within, into)) return false;
      if (sap_json_append_string(w->out, name.data, name.len) != SAP_JSON_WRITTEN) return fail_memory(w);
      if (!write_bytes(w, ":", 1) || !write_value(w)) return false;
      within = into;
    }
    lua_pop(L, 1);
  }
  if (w->out->len == 0) return write_bytes(w, "{}", 2);
  return write_bytes(w, "}}", within.len > 0 ? 2 : 1);
}

/* compose({ key, object, name, ... }, values): the JSON text of an object. Each value that is there under a key of
   `values` becomes a member, in the object of that name, or in the whole where that is empty. Members of the same object
   come one after another. Fails as encode() does. */
static int compose(lua_State *L) {
  struct writer w = { .L = L };
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 8, NULL);
  w.out = sap_push_buffer(L);
  w.base = 4;
  if (!write_fields(&w)) return w.out_of_memory ? luaL_error(L, "not enough memory") : push_problem(&w);
  lua_pushlstring(L, w.out->data, w.out->len);
  sap_buffer_free(w.out);
  return 1;
}

/* array(t): t, which from now on is written as a list even when it is empty. */
static int mark_array(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(LIST_TYPE));
  lua_setmetatable(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {
  { "encode", encode },
  { "compose", compose },
  { "array", mark_array },
  { NULL, NULL },
};

void sap_open_encode(lua_State *L, int cjson) {
  sap_push_list_type(L);
  lua_getfield(L, cjson, "array_mt");
  lua_getfield(L, cjson, "empty_array_mt");
  lua_getfield(L, cjson, "empty_array");
  sap_set_functions(L, functions, UPVALUES);
}
