/* Binds files that belong to one user: reading, replacing, locking. */
#include "bytes/files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "lua/core.h"
#include "lua/scratch.h"
#include "lua/userdata.h"

static const char lock_type[] = "sapanywhere.lock", listing_type[] = "sapanywhere.listing";

static const char *check_path(lua_State *L, int index) {
  size_t len;
  const char *path = luaL_checklstring(L, index, &len);
  luaL_argcheck(L, strlen(path) == len, index, "holds a NUL");
  return path;
}

static const char *name_of(int fault) {
  switch (fault) {
    case ENOENT: return "missing";
    case SAP_FILE_IS_OPEN_TO_OTHERS: return "open_to_others";
    case SAP_FILE_IS_LOCKED: return "locked";
    default: return "io";
  }
}

/* Pushes nil, the kind of fault ("missing", "open_to_others", "locked", "io") and a message. */
static int push_fault(lua_State *L, int fault) {
  lua_pushnil(L);
  lua_pushstring(L, name_of(fault));
  lua_pushstring(L, sap_file_message(fault));
  return 3;
}

static int push_result(lua_State *L, int fault) {
  if (fault != 0) return push_fault(L, fault);
  lua_pushboolean(L, 1);
  return 1;
}

/* make_directories(path): makes what leads to the file, and is missing. True, or a fault as above; as all of these. */
static int make_directories(lua_State *L) {
  return push_result(L, sap_make_directories(check_path(L, 1)));
}

/* read_private(path, most): the bytes of the file. */
static int read_private(lua_State *L) {
  const char *path = check_path(L, 1);
  size_t most = (size_t)luaL_checknumber(L, 2);
  struct sap_buffer *buffer = sap_push_buffer(L);
  int fault = sap_read_private_file(path, most, buffer);
  if (fault == 0) lua_pushlstring(L, buffer->data, buffer->len);
  sap_buffer_free(buffer);
  return fault == 0 ? 1 : push_fault(L, fault);
}

/* replace_file(path, temporary, bytes): true when the file is in its place, and on the disk. */
static int replace_file(lua_State *L) {
  const char *path = check_path(L, 1), *temporary = check_path(L, 2);
  size_t len;
  const char *bytes = luaL_checklstring(L, 3, &len);
  return push_result(L, sap_replace_file(path, temporary, bytes, len));
}

/* remove_file(path): true, also when there was none. */
static int remove_file(lua_State *L) {
  return push_result(L, sap_remove_file(check_path(L, 1)));
}

static int collect_listing(lua_State *L) {
  DIR **listing = luaL_checkudata(L, 1, listing_type);
  if (*listing != NULL) closedir(*listing);
  *listing = NULL;
  return 0;
}

/* list_directory(path): the names of what is in it. */
static int list_directory(lua_State *L) {
  const char *path = check_path(L, 1);
  DIR **listing = (DIR **)sap_push_handle(L, listing_type);
  *listing = opendir(path);
  if (*listing == NULL) return push_fault(L, errno);
  lua_newtable(L);
  struct dirent *entry;
  for (int count = 1; (entry = readdir(*listing)) != NULL; count++) {
    lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -2, count);
  }
  closedir(*listing);
  *listing = NULL;
  return 1;
}

/* lock:release() gives the lock back; so does its collection. */
static int release_lock(lua_State *L) {
  int *lock = luaL_checkudata(L, 1, lock_type);
  if (*lock >= 0) sap_unlock_file(*lock);
  *lock = -1;
  return 0;
}

/* lock_file(path): a lock, where nobody has it. */
static int lock_file(lua_State *L) {
  const char *path = check_path(L, 1);
  int *lock = lua_newuserdata(L, sizeof *lock), fault;
  *lock = -1;
  luaL_getmetatable(L, lock_type);
  lua_setmetatable(L, -2);
  fault = sap_lock_file(path, lock);
  return fault == 0 ? 1 : push_fault(L, fault);
}

static const luaL_Reg lock_methods[] = {
  { "release", release_lock },
  { "__gc", release_lock },
  { NULL, NULL },
};

static const luaL_Reg listing_methods[] = {
  { "__gc", collect_listing },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "make_directories", make_directories },
  { "read_private", read_private },
  { "replace_file", replace_file },
  { "remove_file", remove_file },
  { "list_directory", list_directory },
  { "lock_file", lock_file },
  { NULL, NULL },
};

void sap_open_files(lua_State *L) {
  sap_make_type(L, lock_type, lock_methods);
  sap_make_type(L, listing_type, listing_methods);
  sap_set_functions(L, functions, 0);
}
