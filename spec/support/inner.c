/* Rooms of C that only older versions of libcurl need, and so no call on this machine reaches: specs call them here. */
#define _GNU_SOURCE
#include "http/loopback.c"
#include "http/pipe_guard.c"

#include <openssl/bio.h>
#include <signal.h>

#include <lauxlib.h>
#include <lua.h>

__attribute__((visibility("default"))) int luaopen_spec_inner(lua_State *L);

/* loopback(origin, proxy): the entries that libcurl is given, in order; nil for no list. */
static int list_loopback(lua_State *L) {
  struct sap_loopback loopback;
  memset(&loopback, 'x', sizeof loopback);
  sap_loopback_note_origin(&loopback, luaL_checkstring(L, 1));
  sap_loopback_note_proxy(&loopback, luaL_optstring(L, 2, NULL));
  struct curl_slist *list = sap_loopback_list(&loopback);
  if (list == NULL) return 0;
  lua_newtable(L);
  for (int i = 1; list != NULL; list = list->next, i++) {
    lua_pushstring(L, list->data);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

static void set_flag(lua_State *L, const char *field, bool value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, field);
}

static bool is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

static bool is_blocked(sigset_t *mask) {
  pthread_sigmask(SIG_BLOCK, NULL, mask);
  return sigismember(mask, SIGPIPE) == 1;
}

static bool is_same_mask(const sigset_t *a, const sigset_t *b) {
  for (int number = 1; number <= SIGRTMAX; number++)
    if (sigismember(a, number) != sigismember(b, number)) return false;
  return true;
}

static void make_error(void) {
  BIO_free(BIO_new_file("/nowhere/file", "r"));
}

static bool given(lua_State *L, const char *field) {
  lua_getfield(L, 1, field);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* guarded { needed, blocked, pending, raised }: what a guard leaves where the host had SIGPIPE blocked, and pending, before
   it, and where one was raised under it: { was_blocked, blocked, pending, same_mask, errors, same_error }. */
static int look_at_guard(lua_State *L) {
  sigset_t before, hosts, after, only = only_pipe();
  struct sap_pipe_guard guard;
  luaL_checktype(L, 1, LUA_TTABLE);
  pthread_sigmask(given(L, "blocked") ? SIG_BLOCK : SIG_UNBLOCK, &only, &before);
  (void)is_blocked(&hosts);
  if (given(L, "pending")) raise(SIGPIPE);
  ERR_clear_error();
  if (given(L, "error")) make_error();
  unsigned long error = ERR_peek_last_error();

  sap_pipe_guard_begin(&guard, given(L, "needed"));
  bool was_blocked = is_blocked(&after);
  make_error();
  if (given(L, "raised")) raise(SIGPIPE);
  sap_pipe_guard_end(&guard);

  lua_newtable(L);
  set_flag(L, "was_blocked", was_blocked);
  set_flag(L, "blocked", is_blocked(&after));
  set_flag(L, "same_mask", is_same_mask(&hosts, &after));
  set_flag(L, "pending", is_pending());
  set_flag(L, "same_error", ERR_peek_last_error() == error);
  ERR_clear_error();
  while (is_pending()) sigtimedwait(&only, NULL, &(struct timespec){ 0, 0 });
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return 1;
}

/* crypto_error(make): the last error in OpenSSL's queue, 0 for none; given true, makes one first, given false, takes all
   out. */
static int crypto_error(lua_State *L) {
  if (lua_toboolean(L, 1)) make_error();
  if (lua_isboolean(L, 1) && !lua_toboolean(L, 1)) ERR_clear_error();
  lua_pushnumber(L, (lua_Number)ERR_peek_last_error());
  return 1;
}

static const luaL_Reg functions[] = {
  { "crypto_error", crypto_error },
  { "loopback", list_loopback },
  { "guarded", look_at_guard },
  { NULL, NULL },
};

int luaopen_spec_inner(lua_State *L) {
  lua_newtable(L);
  for (const luaL_Reg *entry = functions; entry->name != NULL; entry++) {
    lua_pushcfunction(L, entry->func);
    lua_setfield(L, -2, entry->name);
  }
  return 1;
}
