/* Binds transfers: a request table goes in, a response or a failure comes out. */
#include "lua/transfer.h"

#include <string.h>

#include "bytes/utf8.h"
#include "http/date.h"
#include "http/pool.h"
#include "lua/body.h"
#include "lua/core.h"
#include "lua/decode.h"
#include "lua/head.h"
#include "lua/userdata.h"

static const char transfer_type[] = "sapanywhere.transfer";

/* Requests. */

/* Leaves the string on the stack. */
static const char *text_field(lua_State *L, const char *name, size_t *len) {
  lua_getfield(L, 2, name);
  return luaL_checklstring(L, -1, len);
}

static long milliseconds_field(lua_State *L, const char *name) {
  lua_getfield(L, 2, name);
  int milliseconds = sap_to_milliseconds(luaL_checknumber(L, -1));
  lua_pop(L, 1);
  return milliseconds > 0 ? milliseconds : 1;
}

/* Nothing may end a line, or a C string, early: the public face refuses it with a better message. */
static const char *check_line(lua_State *L, const char *line, size_t len) {
  if (sap_has_control(line, len)) luaL_error(L, "control character in a request line");
  return line;
}

static const char *line_field(lua_State *L, const char *name) {
  size_t len;
  const char *text = text_field(L, name, &len);
  return check_line(L, text, len);
}

/* The list is on the top: returns how many bytes its lines have. */
static size_t count_bytes(lua_State *L, size_t count) {
  size_t bytes = 0;
  for (size_t i = 1; i <= count; i++) {
    size_t len;
    lua_rawgeti(L, -1, (int)i);
    const char *line = luaL_checklstring(L, -1, &len);
    check_line(L, line, len);
    bytes += len;
    lua_pop(L, 1);
  }
  return bytes;
}

static void add_headers(lua_State *L, struct sap_transfer *transfer) {
  lua_getfield(L, 2, "headers");
  luaL_checktype(L, -1, LUA_TTABLE);
  size_t count = sap_raw_length(L, -1);
  if (sap_transfer_expect_headers(transfer, count, count_bytes(L, count)) != 0)
    luaL_error(L, "not enough memory");
  for (size_t i = 1; i <= count; i++) {
    size_t len;
    lua_rawgeti(L, -1, (int)i);
    const char *line = lua_tolstring(L, -1, &len);
    sap_lines_add(&transfer->headers, line, len);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void read_body(lua_State *L, struct sap_request *request) {
  lua_getfield(L, 2, "body");
  request->body = lua_isnil(L, -1) ? NULL : luaL_checklstring(L, -1, &request->body_len);
}

/* Files: the body of the request, and what holds that of the answer. */
static void read_files(lua_State *L, struct sap_request *request) {
  lua_getfield(L, 2, "source");
  request->source = sap_check_source(L, -1);
  lua_getfield(L, 2, "sink");
  request->sink = sap_check_sink(L, -1);
  lua_getfield(L, 2, "silence");
  request->silence_s = (long)luaL_optnumber(L, -1, 0);
}

static bool flag_field(lua_State *L, const char *name) {
  lua_getfield(L, 2, name);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* Leaves the strings that the request borrows on the stack. */
static void read_request(lua_State *L, struct sap_request *request) {
  request->method = line_field(L, "method");
  request->origin = line_field(L, "origin");
  request->target = line_field(L, "target");
  read_body(L, request);
  read_files(L, request);
  request->timeout_ms = milliseconds_field(L, "timeout");
  request->connect_timeout_ms = milliseconds_field(L, "connect_timeout");
  request->gzip = flag_field(L, "gzip");
  request->once = flag_field(L, "once");
  lua_getfield(L, 2, "max_bytes");
  request->max_response = (size_t)luaL_checknumber(L, -1);
}

/* libcurl writes a head of 1 MiB at most, its own lines included, and calls more a want of memory. */
enum { LARGEST_HEAD = 1000000 };

static size_t head_size(const struct sap_request *request, const struct sap_transfer *transfer) {
  return strlen(request->origin) + strlen(request->target) + transfer->headers.size;
}

/* Whoever waits holds the transfer before it runs, so that no error between two lines of Lua can leave it alone. */
static void give_to_waiter(lua_State *L, int transfer) {
  if (lua_isnoneornil(L, 3)) return;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_pushvalue(L, transfer);
  lua_setfield(L, 3, "transfer");
}

int sap_start_transfer(lua_State *L, struct sap_pool *pool) {
  struct sap_request request = { 0 };
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 3);
  void **handle = sap_push_handle(L, transfer_type);
  struct sap_transfer *transfer = *handle = sap_transfer_new();
  if (transfer == NULL) return luaL_error(L, "not enough memory");
  add_headers(L, transfer);
  read_request(L, &request);
  give_to_waiter(L, 4);
  if (head_size(&request, transfer) > LARGEST_HEAD)
    sap_transfer_give_up(transfer, CURLE_OK, SAP_VERDICT_REQUEST_TOO_LARGE);
  else
    sap_pool_start(pool, transfer, &request);
  lua_settop(L, 4);
  lua_pushnumber(L, (lua_Number)transfer->id);
  return 2;
}

/* Answers. */

static void add_note(lua_State *L, const char *note) {
  lua_pushstring(L, note);
  lua_rawseti(L, -2, (int)sap_raw_length(L, -2) + 1);
}

static void add_coding_notes(lua_State *L, const struct sap_coding *coding) {
  if (coding->undone) add_note(L, "the answer was compressed though that was not asked for; it was unpacked");
  if (coding->odd || coding->blank)
    add_note(L, "the answer's Content-Encoding names no known coding; it was read as it came");
  if (coding->layers > 0 && !coding->gzip && !coding->undone)
    add_note(L, "the answer's Content-Encoding is not the one that it has; it was read as it came");
}

static bool is_noteworthy(const struct sap_coding *coding) {
  return coding->undone || coding->odd || coding->blank || (coding->layers > 0 && !coding->gzip);
}

/* Sets `notes` in the table on the top, if there are any: what was wrong with an answer that was read all the same. */
static void set_notes(lua_State *L, const struct sap_coding *coding, unsigned mended) {
  lua_newtable(L);
  add_coding_notes(L, coding);
  sap_add_mendings(L, mended);
  if (sap_raw_length(L, -1) > 0)
    lua_setfield(L, -2, "notes");
  else
    lua_pop(L, 1);
}

static int decode(lua_State *L, const struct sap_transfer *transfer, const char *body, bool keep_nulls,
                  unsigned *mended) {
  *mended = 0;
  if (!transfer->coding.once) return sap_decode(L, body, transfer->body.len, keep_nulls);
  return sap_decode_once(L, body, transfer->body.len, keep_nulls, mended);
}

/* Whether the JSON is a list. */
static bool begins_list(const char *body, size_t len) {
  size_t i = 0;
  while (i < len && (body[i] == ' ' || body[i] == '\t' || body[i] == '\n' || body[i] == '\r')) i++;
  return i < len && body[i] == '[';
}

/* Sets the decoded value of a success in the table on the top, whether it is a list, which an empty table does not tell,
   and `mended` where its text had to be; returns false, with what is wrong set, for no JSON. */
static bool set_value(lua_State *L, const struct sap_transfer *transfer, const char *body, bool keep_nulls) {
  int response = lua_gettop(L);
  unsigned mended;
  lua_pushboolean(L, begins_list(body, transfer->body.len));
  lua_setfield(L, response, "is_list");
  bool is_json = decode(L, transfer, body, keep_nulls, &mended) == 1;
  if (!is_json) lua_pop(L, 1); /* the offset */
  lua_setfield(L, response, is_json ? "value" : "fault");
  lua_settop(L, response);
  if (!is_json) return false;
  if (mended != 0) {
    lua_pushboolean(L, 1);
    lua_setfield(L, response, "mended");
  }
  if (mended != 0 || is_noteworthy(&transfer->coding)) set_notes(L, &transfer->coding, mended);
  return true;
}

/* Pushes status, headers, and the body as text or, where it is a success and asked for, the value that it says; beside it
   the number of `bytes` that went to a file. */
static int push_response(lua_State *L, struct sap_transfer *transfer, const char *nulls) {
  const char *body = transfer->body.data != NULL ? transfer->body.data : "";
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, transfer->status);
  lua_setfield(L, -2, "status");
  if (transfer->status / 100 == 2)
    sap_set_kept_head(L, &transfer->head);
  else
    sap_set_headers(L, &transfer->head);
  if (transfer->sink != NULL && transfer->status / 100 == 2) {
    sap_push_size(L, transfer->sink->bytes);
    lua_setfield(L, -2, "bytes");
  }
  if (nulls != NULL && transfer->status / 100 == 2 &&
      set_value(L, transfer, body, strcmp(nulls, "keep") == 0))
    return 1;
  lua_pushlstring(L, body, transfer->body.len);
  lua_setfield(L, -2, "body");
  return 1;
}

static void set_string(lua_State *L, const char *name, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void push_failure(lua_State *L, const struct sap_facts *facts, const char *detail, long status) {
  struct sap_failure failure = sap_failure_judge(facts, detail);
  if (failure.status != 0) status = failure.status;
  lua_createtable(L, 0, 5);
  set_string(L, "kind", failure.kind);
  set_string(L, "outcome", failure.outcome);
  set_string(L, "message", failure.message);
  if (detail[0] != '\0') set_string(L, "detail", detail);
  if (failure.reason != NULL) set_string(L, "reason", failure.reason);
  if (status == 0) return;
  lua_pushinteger(L, status);
  lua_setfield(L, -2, "status");
}

static int push_result(lua_State *L, struct sap_transfer *transfer, const char *nulls) {
  if (transfer->facts.code == CURLE_OK && transfer->facts.verdict == SAP_VERDICT_NONE)
    return push_response(L, transfer, nulls);
  lua_pushnil(L);
  push_failure(L, &transfer->facts, transfer->detail, transfer->status);
  return 2;
}

/* transfer:result(nulls): the response, `{ status, headers, body }`, or nil and the failure. A success has what head.h
   says in place of the headers. Given "omit" or "keep", it has the decoded `value` and `is_list` instead of the body, or
   beside it what is wrong with it as `fault`; a list of `notes` on what was wrong and passed over, and `mended` where
   that were characters of the text. It is given once: what arrived is wiped, and the transfer closed. */
static int transfer_result(lua_State *L) {
  struct sap_transfer *transfer = sap_check_handle(L, 1, transfer_type);
  const char *nulls = luaL_optstring(L, 2, NULL);
  if (!transfer->done) return luaL_error(L, "the transfer is still in flight");
  int count = push_result(L, transfer, nulls);
  sap_transfer_free(sap_take_handle(L, transfer_type));
  return count;
}

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, (lua_Number)value);
  lua_setfield(L, -2, name);
}

static const char *version_name(long version) {
  switch (version) {
    case CURL_HTTP_VERSION_1_0: return "1.0";
    case CURL_HTTP_VERSION_1_1: return "1.1";
    case CURL_HTTP_VERSION_2_0: return "2";
    default: return NULL;
  }
}

static uint64_t count_received(const struct sap_transfer *transfer) {
  return transfer->body.len + (transfer->sink != NULL ? transfer->sink->bytes : 0);
}

/* transfer:timings(): how it went, in seconds since its start, and what it took. */
static int transfer_timings(lua_State *L) {
  struct sap_transfer *transfer = sap_check_handle(L, 1, transfer_type);
  lua_createtable(L, 0, 8);
  set_number(L, "dns", transfer->timings.dns);
  set_number(L, "connect", transfer->timings.connect);
  set_number(L, "tls", transfer->timings.tls);
  set_number(L, "first_byte", transfer->timings.first_byte);
  set_number(L, "total", transfer->timings.total);
  sap_push_size(L, count_received(transfer));
  lua_setfield(L, -2, "bytes_received");
  lua_pushboolean(L, transfer->reused);
  lua_setfield(L, -2, "reused");
  if (version_name(transfer->http_version) != NULL)
    set_string(L, "http_version", version_name(transfer->http_version));
  return 1;
}

static int transfer_done(lua_State *L) {
  struct sap_transfer *transfer = sap_check_handle(L, 1, transfer_type);
  lua_pushboolean(L, transfer->done);
  return 1;
}

/* transfer:has_left(): whether anything of the request may have left for the server. */
static int transfer_has_left(lua_State *L) {
  lua_pushboolean(L, sap_transfer_has_left(sap_check_handle(L, 1, transfer_type)));
  return 1;
}

/* transfer:close(): gives it up. What has not left is not sent, the connection of what has is closed, and the file of an
   answer removed. */
static int transfer_close(lua_State *L) {
  struct sap_transfer *transfer = sap_take_handle(L, transfer_type);
  if (transfer == NULL) return 0;
  if (transfer->pool != NULL) sap_pool_cancel(transfer, SAP_VERDICT_CANCELLED);
  if (transfer->sink != NULL) sap_sink_discard(transfer->sink);
  sap_transfer_free(transfer);
  return 0;
}

static long integer_fact(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  long value = (long)luaL_optinteger(L, -1, 0);
  lua_pop(L, 1);
  return value;
}

static bool boolean_fact(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* The judge as a value: judge { code, established, request_size, answered, head_whole, os_errno, connect_status,
   verify_result, detail }, all but the code optional. */
static int judge(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  struct sap_facts facts = { .code = (CURLcode)integer_fact(L, "code"),
                             .established = boolean_fact(L, "established"),
                             .request_size = integer_fact(L, "request_size"),
                             .answered = boolean_fact(L, "answered"),
                             .head_whole = boolean_fact(L, "head_whole"),
                             .os_errno = integer_fact(L, "os_errno"),
                             .connect_status = integer_fact(L, "connect_status"),
                             .verify_result = integer_fact(L, "verify_result") };
  lua_getfield(L, 1, "detail");
  push_failure(L, &facts, luaL_optstring(L, -1, ""), 0);
  return 1;
}

static const luaL_Reg methods[] = {
  { "done", transfer_done },     { "has_left", transfer_has_left },
  { "result", transfer_result }, { "timings", transfer_timings },
  { "close", transfer_close },   { "__gc", transfer_close },
  { "__close", transfer_close }, { NULL, NULL },
};

/* read_date(text): seconds since 1970, or nil. */
static int read_date(lua_State *L) {
  int64_t seconds = sap_read_date(luaL_checkstring(L, 1));
  if (seconds < 0) return 0;
  lua_pushnumber(L, (lua_Number)seconds);
  return 1;
}

static const luaL_Reg functions[] = {
  { "read_date", read_date },
  { "judge", judge },
  { NULL, NULL },
};

void sap_open_transfer(lua_State *L) {
  sap_make_type(L, transfer_type, methods);
  sap_set_functions(L, functions, 0);
}
