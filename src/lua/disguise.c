/* The search for secrets, for Lua. */
#include "bytes/disguise.h"
#include "lua/core.h"
#include "lua/head.h"
#include "lua/userdata.h"

static const char needles_type[] = "sapanywhere.needles";

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
  struct sap_needles *needles;
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
  if (round->count >= round->first && round->count < round->end) sap_needles_add(round->needles, text, len);
  return ++round->count >= round->end;
}

/* Makes needles of the secrets at the index from `first` on, as many as fit. Whoever holds the secrets keeps their
   bytes. */
static void make_needles(lua_State *L, int secrets, struct round *round, size_t first) {
  int top = lua_gettop(L);
  round->first = first;
  round->end = first + SAP_MOST_SECRETS;
  round->count = 0;
  sap_needles_begin(round->needles, round->shortest);
  any_string(L, secrets, add_secret, round);
  lua_settop(L, top);
}

static bool is_held(void *needles, const char *text, size_t len) {
  return sap_may_hold(needles, text, len);
}

/* Whether the head, the string or one of the table's strings at index 1 holds one of them. */
static bool hold(lua_State *L, struct sap_needles *needles) {
  const struct sap_kept_head *head = sap_to_head(L, 1);
  if (head != NULL) return sap_head_may_hold(needles, head);
  bool found = any_string(L, 1, is_held, needles);
  lua_settop(L, 2);
  return found;
}

/* Needles that are used once are cheaper to make with short prefixes. */
enum { SHORT_PREFIX = 16 };

static bool look(lua_State *L, struct round *round, size_t first) {
  if (round->shortest > SHORT_PREFIX) round->shortest = SHORT_PREFIX;
  make_needles(L, 2, round, first);
  bool found = hold(L, round->needles);
  sap_needles_wipe(round->needles);
  return found;
}

/* Needles that are kept. The table of their secrets belongs to the userdata. */
struct kept {
  size_t rounds;
  struct sap_needles needles[];
};

static bool kept_hold(lua_State *L, struct kept *kept) {
  bool found = false;
  for (size_t i = 0; i < kept->rounds && !found; i++) found = hold(L, &kept->needles[i]);
  return found;
}

/* may_hold(texts, secrets): whether one of the texts holds one of the secrets, in any disguise, or there was no memory to
   look. Both are a string, or a table whose values are; the first may be the head of an answer, the second what needles()
   makes. */
static int may_hold(lua_State *L) {
  struct sap_needles needles;
  struct round round = { .needles = &needles, .shortest = SIZE_MAX };
  bool found = false;
  lua_settop(L, 2);
  if (lua_type(L, 2) == LUA_TUSERDATA) {
    lua_pushboolean(L, kept_hold(L, luaL_checkudata(L, 2, needles_type)));
    return 1;
  }
  any_string(L, 2, measure_secret, &round);
  size_t count = round.count;
  for (size_t first = 0; first < count && !found; first += SAP_MOST_SECRETS) found = look(L, &round, first);
  lua_pushboolean(L, found);
  return 1;
}

/* needles(secrets): what may_hold() takes in place of a table of secrets that is looked for often. The table is not to be
   changed any more. */
static int new_needles(lua_State *L) {
  struct round round = { .shortest = SIZE_MAX };
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  any_string(L, 1, measure_secret, &round);
  size_t count = round.count, rounds = (count + SAP_MOST_SECRETS - 1) / SAP_MOST_SECRETS;
  struct kept *kept = lua_newuserdata(L, sizeof *kept + rounds * sizeof kept->needles[0]);
  kept->rounds = 0;
  luaL_getmetatable(L, needles_type);
  lua_setmetatable(L, -2);
  sap_set_companion(L, 1);
  for (; kept->rounds < rounds; kept->rounds++) {
    round.needles = &kept->needles[kept->rounds];
    make_needles(L, 1, &round, kept->rounds * SAP_MOST_SECRETS);
  }
  return 1;
}

static int collect_needles(lua_State *L) {
  struct kept *kept = luaL_checkudata(L, 1, needles_type);
  for (size_t i = 0; i < kept->rounds; i++) sap_needles_wipe(&kept->needles[i]);
  return 0;
}

static const luaL_Reg needles_methods[] = {
  { "__gc", collect_needles },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "may_hold", may_hold },
  { "needles", new_needles },
  { NULL, NULL },
};

void sap_open_disguise(lua_State *L) {
  sap_make_type(L, needles_type, needles_methods);
  sap_set_functions(L, functions, 0);
}
