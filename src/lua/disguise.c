/* The search for secrets, for Lua. */
#include "bytes/disguise.h"
#include "lua/core.h"

/* Calls visit() for the strings of a table, or for the one string, at the index; stops where it returns true, and returns
   whether it did. */
static bool any_string(lua_State *L, int index, bool (*visit)(void *context, const char *text, size_t len),
                       void *context) {
  bool found = false;
  size_t len;
  if (lua_type(L, index) != LUA_TTABLE) {
    const char *text = luaL_checklstring(L, index, &len);
    return visit(context, text, len);
  }
  for (lua_pushnil(L); !found && lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -1) != LUA_TSTRING) continue;
    const char *text = lua_tolstring(L, -1, &len);
    found = visit(context, text, len);
  }
  return found;
}

/* A table of secrets has several rounds where it holds more of them than are looked for at once. */
struct round {
  struct sap_needles needles;
  size_t shortest, count, first,
      end; /* of the secrets that are not empty; this round takes those before `end` */
};

static bool measure_secret(void *context, const char *text, size_t len) {
  struct round *round = context;
  (void)text;
  if (len == 0) return false;
  if (len >= SAP_SHORTEST_SECRET && len < round->shortest) round->shortest = len;
  round->count++;
  return false;
}

static bool add_secret(void *context, const char *text, size_t len) {
  struct round *round = context;
  if (len == 0) return false;
  if (round->count >= round->first && round->count < round->end) sap_needles_add(&round->needles, text, len);
  return ++round->count >= round->end;
}

static bool has_secret(void *context, const char *text, size_t len) {
  return sap_may_hold(&((struct round *)context)->needles, text, len);
}

/* Looks for the secrets from `first` on, as many as fit. The table still holds them: nothing else does. */
static bool look(lua_State *L, struct round *round, size_t first) {
  round->first = first;
  round->end = first + SAP_MOST_SECRETS;
  round->count = 0;
  sap_needles_begin(&round->needles, round->shortest);
  any_string(L, 2, add_secret, round);
  lua_settop(L, 2);
  bool found = any_string(L, 1, has_secret, round);
  lua_settop(L, 2);
  sap_needles_wipe(&round->needles);
  return found;
}

/* may_hold(texts, secrets): whether one of the texts holds one of the secrets, in any disguise, or there was no memory to
   look. Both are a string, or a table whose values are. */
static int may_hold(lua_State *L) {
  struct round round = { .shortest = SIZE_MAX };
  bool found = false;
  lua_settop(L, 2);
  any_string(L, 2, measure_secret, &round);
  size_t count = round.count;
  for (size_t first = 0; first < count && !found; first += SAP_MOST_SECRETS) found = look(L, &round, first);
  lua_pushboolean(L, found);
  return 1;
}

static const luaL_Reg functions[] = {
  { "may_hold", may_hold },
  { NULL, NULL },
};

void sap_open_disguise(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
