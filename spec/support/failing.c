/* Fails one allocation, of Lua's (by an allocator before its own) or of the core's (through failing_malloc.so). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include <lauxlib.h>
#include <lua.h>

__attribute__((visibility("default"))) int luaopen_spec_failing(lua_State *L);

/* What stands before the allocator that the state was made with; a userdata in the registry. */
struct allocator {
  lua_Alloc allocate;
  void *context;
  long countdown, failed;
  int tries; /* that still fail once the countdown is over */
};

/* From 5.2 on, Lua collects everything when it gets no memory, and asks again: that has to fail, too. */
enum { TRIES = LUA_VERSION_NUM >= 502 ? 2 : 1 };

static void *allocate(void *context, void *block, size_t old_size, size_t size) {
  struct allocator *own = context;
  if (size > 0 && (block == NULL || size > old_size)) {
    if (own->countdown > 0 && --own->countdown == 0) own->tries = TRIES;
    if (own->tries > 0) {
      own->tries--;
      own->failed++;
      return NULL;
    }
  }
  return own->allocate(own->context, block, old_size, size);
}

static struct allocator *own_allocator(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* lua(n): the n-th growing allocation from now on fails, 0 for none. */
static int arm_lua(lua_State *L) {
  struct allocator *own = own_allocator(L);
  own->countdown = (long)luaL_checkinteger(L, 1);
  own->failed = own->tries = 0;
  return 0;
}

/* lua_failed(): whether it did. */
static int lua_failed(lua_State *L) {
  lua_pushboolean(L, own_allocator(L)->failed > 0);
  return 1;
}

/* A function of failing_malloc.so. */
static void *find_function(lua_State *L, const char *name) {
  void *address = dlsym(RTLD_DEFAULT, name);
  if (address == NULL) luaL_error(L, "failing_malloc.so is not preloaded");
  return address;
}

/* malloc(n): the n-th allocation of the core and libcurl from now on fails, 0 for none. */
static int arm_malloc(lua_State *L) {
  void (*arm)(long) = (void (*)(long))find_function(L, "sap_malloc_arm");
  arm((long)luaL_checkinteger(L, 1));
  return 0;
}

/* malloc_failed(): whose it was, "core" or "libcurl", or nil. */
static int malloc_failed(lua_State *L) {
  int (*failed)(void) = (int (*)(void))find_function(L, "sap_malloc_failed");
  int owner = failed();
  lua_pushstring(L, owner == 1 ? "core" : owner == 2 ? "libcurl" : NULL);
  return 1;
}

/* live(): how many blocks the core and libcurl hold. */
static int malloc_live(lua_State *L) {
  long (*live)(void) = (long (*)(void))find_function(L, "sap_malloc_live");
  lua_pushinteger(L, (lua_Integer)live());
  return 1;
}

static const luaL_Reg functions[] = {
  { "lua", arm_lua },       { "lua_failed", lua_failed },
  { "malloc", arm_malloc }, { "malloc_failed", malloc_failed },
  { "live", malloc_live },  { NULL, NULL },
};

/* Lua frees its memory when the library is gone already: the allocator must be its own again by then. */
static int take_away(lua_State *L) {
  struct allocator *own = lua_touserdata(L, 1);
  lua_setallocf(L, own->allocate, own->context);
  return 0;
}

int luaopen_spec_failing(lua_State *L) {
  struct allocator *own = lua_newuserdata(L, sizeof *own); /* own */
  *own = (struct allocator){ 0 };
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, take_away);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_createtable(L, 0, 5); /* own, functions */
  for (const luaL_Reg *entry = functions; entry->name != NULL; entry++) {
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, entry->func, 1);
    lua_setfield(L, -2, entry->name);
  }
  lua_pushvalue(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, "spec.failing");
  own->allocate = lua_getallocf(L, &own->context);
  lua_setallocf(L, allocate, own);
  return 1;
}
