/* Binds what a program at a terminal needs: signals that are looked at, the terminal itself, what is typed there. */
#include "process/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lua/core.h"
#include "process/signals.h"

/* note_signals() */
static int note_signals(lua_State *L) {
  (void)L;
  sap_note_signals();
  return 0;
}

static const char *name_of(int signal) {
  return signal == SIGINT ? "INT" : signal == SIGTERM ? "TERM" : "HUP";
}

/* noted_signal() -> "INT", "TERM" or "HUP" and its number; nothing where none has come. */
static int noted_signal(lua_State *L) {
  int signal = sap_noted_signal();
  if (signal == 0) return 0;
  lua_pushstring(L, name_of(signal));
  lua_pushinteger(L, signal);
  return 2;
}

/* is_terminal(fd) */
static int is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* is_in_front(fd): whether this process is the one that may read from the terminal. */
static int is_in_front(lua_State *L) {
  lua_pushboolean(L, tcgetpgrp((int)luaL_checkinteger(L, 1)) == getpgrp());
  return 1;
}

/* terminal_width(fd) -> columns, or nil. */
static int terminal_width(lua_State *L) {
  int columns = sap_terminal_width((int)luaL_checkinteger(L, 1));
  if (columns <= 0) return 0;
  lua_pushinteger(L, columns);
  return 1;
}

/* hide_typing(fd) -> whether it is hidden now. */
static int hide_typing(lua_State *L) {
  lua_pushboolean(L, sap_hide_typing((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* show_typing() */
static int show_typing(lua_State *L) {
  (void)L;
  sap_show_typing();
  return 0;
}

/* read_some(fd, most) -> bytes, "" at the end of the input; nil and a message, also where a signal came first. */
static int read_some(lua_State *L) {
  char bytes[4096];
  int fd = (int)luaL_checkinteger(L, 1);
  lua_Integer most = luaL_checkinteger(L, 2);
  luaL_argcheck(L, most >= 1, 2, "at least 1");
  ssize_t got = read(fd, bytes, most < (lua_Integer)sizeof bytes ? (size_t)most : sizeof bytes);
  if (got >= 0) {
    lua_pushlstring(L, bytes, (size_t)got);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, strerror(errno));
  return 2;
}

/* leave(code): ends the process at once, without waiting for whoever reads what it printed. */
static int leave(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
}

static const luaL_Reg functions[] = {
  { "note_signals", note_signals },
  { "noted_signal", noted_signal },
  { "is_terminal", is_terminal },
  { "is_in_front", is_in_front },
  { "terminal_width", terminal_width },
  { "hide_typing", hide_typing },
  { "show_typing", show_typing },
  { "read_some", read_some },
  { "leave", leave },
  { NULL, NULL },
};

void sap_open_terminal(lua_State *L) {
  sap_set_functions(L, functions, 0);
}
