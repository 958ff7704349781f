/* The quick look for secrets, for Lua. */
#include "lua/core.h"
#include "bytes/disguise.h"

/* Calls visit() for the strings of a list, or for the one string, at the index; stops where it returns false. */
static bool each_string(lua_State *L, int index, bool (*visit)(void *context, const char *text, size_t len),
                        void *context) {
  bool goes_on = true;
  size_t len;
  const char *text;

  if (lua_type(L, index) != LUA_TTABLE) {
    text = luaL_checklstring(L, index, &len);
    return visit(context, text, len);
  }
  for (lua_pushnil(L); goes_on && lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -1) != LUA_TSTRING) continue;
    text = lua_tolstring(L, -1, &len);
    goes_on = visit(context, text, len);
  }
  return goes_on;
}

struct measure {
  size_t shortest, count;
};

static bool measure_secret(void *context, const char *text, size_t len) {
  struct measure *measure = context;

  (void)text;
  if (len == 0) return true;
  if (len < measure->shortest) measure->shortest = len;
  measure->count++;
  return true;
}

static bool add_secret(void *context, const char *text, size_t len) {
  if (len > 0) sap_needles_add(context, text, len);
  return true;
}

static bool is_clean(void *context, const char *text, size_t len) {
  return !sap_may_hold(context, text, len);
}

/* may_hold(texts, secrets): whether one of the texts may hold one of the secrets, in any disguise (disguises.lua). Both
   are a string, or a table whose values are. */
static int may_hold(lua_State *L) {
  struct measure measure = { SIZE_MAX, 0 };
  struct sap_needles needles;
  bool holds;

  lua_settop(L, 2);
  each_string(L, 2, measure_secret, &measure);
  if (measure.count == 0) return lua_pushboolean(L, 0), 1;
  if (!sap_needles_begin(&needles, measure.shortest, measure.count)) return lua_pushboolean(L, 1), 1;
  each_string(L, 2, add_secret, &needles);
  lua_settop(L, 2);
  holds = !each_string(L, 1, is_clean, &needles);
  sap_needles_wipe(&needles);
  lua_pushboolean(L, holds);
  return 1;
}

static const luaL_Reg functions[] = {
  { "may_hold", may_hold },
  { NULL, NULL },
};

void sap_open_disguise(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
