/* Reads the head of an answer: at once for a refusal, and for a success as little as a call needs itself. */
#include "lua/head.h"

#include <string.h>

#include "bytes/names.h"
#include "bytes/secure.h"
#include "http/head.h"
#include "http/headers.h"
#include "lua/core.h"
#include "lua/scratch.h"
#include "lua/userdata.h"

static const char head_type[] = "sapanywhere.head";

enum { MAX_NAME = 256, MOST_ODD = 32 };

/* What a call needs itself, and the name of the response's entry. */
static const struct {
  const char *header, *entry;
} needed[] = {
  { "elements-request-id", "request_id" },         { "elements-error", "elements_error" },
  { "elements-next-page-token", "next_page" },     { "elements-total-count", "total_count" },
  { "elements-returned-count", "returned_count" },
};
static const char platform[] = "elements-";

/* Tables of headers. */

static void write_lower(char *out, struct sap_slice name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
  }
}

/* Pushes the value; a repeated header is joined with ", " as RFC 9110 has it. What was there before is on the top, and
   goes. */
static void push_joined(lua_State *L, struct sap_slice value) {
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, value.data, value.len);
  } else {
    lua_pushliteral(L, ", ");
    lua_pushlstring(L, value.data, value.len);
    lua_concat(L, 3);
  }
}

/* Adds a header, whose name is in small letters, to the table at the index. */
static void add_header(lua_State *L, int table, struct sap_slice name, struct sap_slice value) {
  lua_pushlstring(L, name.data, name.len);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  push_joined(L, value);
  lua_rawset(L, table);
}

/* How many lines there are: a table that is too small for them would grow several times. */
static int count_lines(const char *text, size_t len) {
  int count = 0;
  const char *at = text, *end = text + len;
  while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    count++;
    at++;
  }
  return count;
}

void sap_set_headers(lua_State *L, const struct sap_buffer *head) {
  struct sap_slice rest = { head->data, head->len }, name, value;
  char lowered[MAX_NAME];
  int status;
  sap_headers_status(&rest, &status);
  lua_createtable(L, 0, count_lines(rest.data, rest.len));
  int headers = lua_gettop(L);
  while (sap_headers_next(&rest, &name, &value)) {
    if (name.len > MAX_NAME) continue;
    write_lower(lowered, name);
    add_header(L, headers, (struct sap_slice){ lowered, name.len }, value);
  }
  lua_setfield(L, -2, "headers");
}

/* Keeping a head: it is written anew in its own place, a line for each header: its name in small letters and, behind a
   colon, its value. Without a colon the value is never shown, or shown as Lua has made it fit. */

struct keeping {
  lua_State *L;
  int response;
  char *end;                      /* of what is kept: never behind what is read */
  struct sap_slice odd[MOST_ODD]; /* the names that are not ordinary */
  size_t odd_count;
  bool is_repeated;
};

static bool is_same(struct sap_slice a, struct sap_slice b) {
  return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static void note_odd(struct keeping *keeping, struct sap_slice name) {
  for (size_t i = 0; i < keeping->odd_count && !keeping->is_repeated; i++)
    keeping->is_repeated = is_same(keeping->odd[i], name);
  if (keeping->odd_count == MOST_ODD)
    keeping->is_repeated = true; /* for all that is known */
  else
    keeping->odd[keeping->odd_count++] = name;
}

static void set_needed(struct keeping *keeping, struct sap_slice name, struct sap_slice value) {
  lua_State *L = keeping->L;
  if (name.len < sizeof platform || memcmp(name.data, platform, sizeof platform - 1) != 0) return;
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    if (!is_same((struct sap_slice){ needed[i].header, strlen(needed[i].header) }, name)) continue;
    lua_getfield(L, keeping->response, needed[i].entry);
    push_joined(L, value);
    lua_setfield(L, keeping->response, needed[i].entry);
  }
}

static void add_rough(struct keeping *keeping, struct sap_slice name, struct sap_slice value) {
  lua_State *L = keeping->L;
  lua_getfield(L, keeping->response, "rough");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, keeping->response, "rough");
  }
  add_header(L, lua_gettop(L), name, value);
  lua_pop(L, 1);
}

static void keep_header(struct keeping *keeping, struct sap_slice name, struct sap_slice value) {
  write_lower(keeping->end, name);
  name.data = keeping->end;
  keeping->end += name.len;
  enum sap_header judged = sap_header_judge(name, value);
  if (judged != SAP_HEADER_ORDINARY) note_odd(keeping, name);
  set_needed(keeping, name, value);
  if (judged == SAP_HEADER_ROUGH) add_rough(keeping, name, value);
  if (judged == SAP_HEADER_ORDINARY || judged == SAP_HEADER_PLAIN) {
    *keeping->end++ = ':';
    memmove(keeping->end, value.data, value.len);
    keeping->end += value.len;
  }
  *keeping->end++ = '\n';
}

/* Returns how much is kept. */
static size_t keep_all(struct keeping *keeping, struct sap_buffer *head) {
  struct sap_slice rest = { head->data, head->len }, name, value;
  int status;
  sap_headers_status(&rest, &status);
  while (sap_headers_next(&rest, &name, &value))
    if (name.len <= MAX_NAME) keep_header(keeping, name, value);
  return (size_t)(keeping->end - head->data);
}

static void set_flag(lua_State *L, int table, const char *name, bool value) {
  if (!value) return;
  lua_pushboolean(L, 1);
  lua_setfield(L, table, name);
}

struct sap_kept_head {
  size_t len;
  char text[];
};

static void push_head(lua_State *L, const char *text, size_t len) {
  struct sap_kept_head *head = lua_newuserdata(L, sizeof *head + len);
  head->len = len;
  memcpy(head->text, text, len);
  luaL_getmetatable(L, head_type);
  lua_setmetatable(L, -2);
}

void sap_set_kept_head(lua_State *L, struct sap_buffer *head) {
  struct keeping keeping = { .L = L, .response = lua_gettop(L), .end = head->data };
  size_t len = keep_all(&keeping, head);
  push_head(L, head->data, len);
  lua_setfield(L, keeping.response, "head");
  set_flag(L, keeping.response, "repeated", keeping.is_repeated);
}

/* What was kept. */

static bool next_kept(struct sap_slice *rest, struct sap_slice *name, struct sap_slice *value) {
  if (rest->len == 0) return false;
  const char *end = memchr(rest->data, '\n', rest->len);
  const char *colon = memchr(rest->data, ':', (size_t)(end - rest->data));
  *name = (struct sap_slice){ rest->data, (size_t)((colon != NULL ? colon : end) - rest->data) };
  value->data = colon != NULL ? colon + 1 : NULL;
  value->len = colon != NULL ? (size_t)(end - value->data) : 0;
  rest->len -= (size_t)(end + 1 - rest->data);
  rest->data = end + 1;
  return true;
}

const struct sap_kept_head *sap_to_head(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TUSERDATA ? luaL_checkudata(L, index, head_type) : NULL;
}

bool sap_head_may_hold(const struct sap_needles *needles, const struct sap_kept_head *head) {
  struct sap_slice rest = { head->text, head->len }, name, value;
  if (sap_may_hold(needles, head->text, head->len)) return true;
  while (next_kept(&rest, &name, &value))
    if (sap_may_name(needles, name.data, name.len)) return true;
  return false;
}

/* Adds a header whose value is not shown, unless it is there already. */
static void add_hidden(lua_State *L, int table, struct sap_slice name) {
  lua_pushlstring(L, name.data, name.len);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  bool is_there = !lua_isnil(L, -1);
  lua_pop(L, 1);
  lua_pushliteral(L, "[hidden]");
  if (is_there)
    lua_pop(L, 2);
  else
    lua_rawset(L, table);
}

static void wipe(struct sap_kept_head *head) {
  sap_wipe(head->text, head->len);
  head->len = 0;
}

/* fill_headers(head, headers): adds the headers to the table, and returns that; the head is empty afterwards. */
static int fill_headers(lua_State *L) {
  struct sap_kept_head *head = luaL_checkudata(L, 1, head_type);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  struct sap_slice rest = { head->text, head->len }, name, value;
  while (next_kept(&rest, &name, &value)) {
    if (value.data != NULL)
      add_header(L, 2, name, value);
    else
      add_hidden(L, 2, name);
  }
  wipe(head);
  return 1;
}

/* keep_head(text, response): for specs: does what the result of a transfer does with the head of a success. */
static int keep_head(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  struct sap_buffer *copy = sap_push_buffer(L);
  if (sap_buffer_append(copy, text, len) != 0) return luaL_error(L, "not enough memory");
  lua_pushvalue(L, 2);
  sap_set_kept_head(L, copy);
  return 1;
}

/* is_sensitive(name): whether what stands under it is never to be shown; false for what is no string. */
static int is_sensitive(lua_State *L) {
  size_t len;
  const char *name = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : NULL;
  lua_pushboolean(L, name != NULL && sap_is_sensitive_name(name, len));
  return 1;
}

/* is_ordinary(name): whether a header of this name, in small letters, is shown as it is. */
static int is_ordinary(lua_State *L) {
  size_t len;
  const char *name = luaL_checklstring(L, 1, &len);
  lua_pushboolean(L, sap_header_is_ordinary((struct sap_slice){ name, len }));
  return 1;
}

static int collect_head(lua_State *L) {
  wipe(luaL_checkudata(L, 1, head_type));
  return 0;
}

static const luaL_Reg methods[] = {
  { "__gc", collect_head },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "fill_headers", fill_headers },
  { "keep_head", keep_head },
  { "is_sensitive", is_sensitive },
  { "is_ordinary", is_ordinary },
  { NULL, NULL },
};

void sap_open_head(lua_State *L) {
  sap_make_type(L, head_type, methods);
  sap_set_functions(L, functions, 0);
}
