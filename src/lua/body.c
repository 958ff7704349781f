/* Binds the files that bodies come from and go to. */
#include "lua/body.h"

#include <string.h>

#include "bytes/files.h"
#include "lua/core.h"
#include "lua/userdata.h"

static const char sink_type[] = "sapanywhere.sink", source_type[] = "sapanywhere.source";

static const char *check_path(lua_State *L, int index) {
  size_t len;
  const char *path = luaL_checklstring(L, index, &len);
  luaL_argcheck(L, strlen(path) == len, index, "holds a NUL");
  return path;
}

/* Pushes nil, the reason ("full", "missing", "denied", "io") and a message. */
static int push_fault(lua_State *L, int fault) {
  lua_pushnil(L);
  lua_pushstring(L, sap_file_reason(fault));
  lua_pushstring(L, sap_file_message(fault));
  return 3;
}

/* sink(path, most): a file for an answer, of so many bytes at most; or nil, the reason and a message. */
static int new_sink(lua_State *L) {
  const char *path = check_path(L, 1);
  lua_Number most = luaL_checknumber(L, 2);
  void **handle = sap_push_handle(L, sink_type);
  int fault;
  *handle = sap_sink_new(path, (uint64_t)most, &fault);
  return *handle != NULL ? 1 : push_fault(L, fault);
}

/* sink:progress(): the bytes that have arrived, and how many there will be, or nil. */
static int sink_progress(lua_State *L) {
  const struct sap_sink *sink = sap_check_handle(L, 1, sink_type);
  sap_push_size(L, sink->bytes);
  if (sink->total == 0) return 1;
  sap_push_size(L, sink->total);
  return 2;
}

/* sink:close(): removes the file, unless it is in its place. */
static int sink_close(lua_State *L) {
  struct sap_sink *sink = sap_take_handle(L, sink_type);
  if (sink == NULL) return 0;
  sap_sink_discard(sink);
  sap_sink_release(sink);
  return 0;
}

/* source(path, before, after): a body that is a file between two texts; or nil, the reason and a message. */
static int new_source(lua_State *L) {
  size_t before_len, after_len;
  const char *path = check_path(L, 1);
  const char *before = luaL_checklstring(L, 2, &before_len);
  const char *after = luaL_checklstring(L, 3, &after_len);
  void **handle = sap_push_handle(L, source_type);
  int fault;
  struct sap_source *source = *handle = sap_source_new(path, &fault);
  if (source == NULL) return push_fault(L, fault);
  if (sap_source_surround(source, before, before_len, after, after_len) == 0) return 1;
  return luaL_error(L, "not enough memory");
}

static int source_close(lua_State *L) {
  struct sap_source *source = sap_take_handle(L, source_type);
  if (source != NULL) sap_source_release(source);
  return 0;
}

struct sap_sink *sap_check_sink(lua_State *L, int index) {
  return lua_isnil(L, index) ? NULL : sap_check_handle(L, index, sink_type);
}

struct sap_source *sap_check_source(lua_State *L, int index) {
  return lua_isnil(L, index) ? NULL : sap_check_handle(L, index, source_type);
}

static const luaL_Reg sink_methods[] = {
  { "progress", sink_progress }, { "close", sink_close }, { "__gc", sink_close },
  { "__close", sink_close },     { NULL, NULL },
};

static const luaL_Reg source_methods[] = {
  { "close", source_close },
  { "__gc", source_close },
  { "__close", source_close },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "sink", new_sink },
  { "source", new_source },
  { NULL, NULL },
};

void sap_open_body(lua_State *L) {
  sap_make_type(L, sink_type, sink_methods);
  sap_make_type(L, source_type, source_methods);
  sap_set_functions(L, functions, 0);
}
