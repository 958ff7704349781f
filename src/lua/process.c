/* Binds what the local service needs of the system: a keeper of its directory and its server, ports, an account without
   rights. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua/core.h"
#include "lua/userdata.h"
#include "process/account.h"
#include "process/keeper.h"
#include "process/port.h"

static const char keeper_type[] = "sapanywhere.keeper", port_type[] = "sapanywhere.port";

static int fail(lua_State *L, int error) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  return 2;
}

/* --- Keepers --- */

static struct sap_keeper *check_keeper(lua_State *L) {
  return luaL_checkudata(L, 1, keeper_type);
}

/* keeper(directory): makes the directory and its keeper; or nil and a message. */
static int new_keeper(lua_State *L) {
  const char *directory = luaL_checkstring(L, 1);
  struct sap_keeper *keeper = lua_newuserdata(L, sizeof *keeper);
  *keeper = (struct sap_keeper){ .channel = -1, .gone = -1 };
  luaL_getmetatable(L, keeper_type);
  lua_setmetatable(L, -2);
  int error = sap_start_keeper(keeper, directory);
  return error == 0 ? 1 : fail(L, error);
}

static void add_text(lua_State *L, struct sap_order *order, const char *text) {
  size_t size = strlen(text) + 1;
  if (size > sizeof order->text - order->len) luaL_error(L, "the command is too long");
  memcpy(order->text + order->len, text, size);
  order->len += size;
}

/* Adds the strings of the list at an index; returns how many. */
static int add_list(lua_State *L, struct sap_order *order, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  size_t count = sap_raw_length(L, index);
  luaL_argcheck(L, count <= SAP_ORDER_WORDS, index, "too many");
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, index, (int)i);
    add_text(L, order, luaL_checkstring(L, -1));
    lua_pop(L, 1);
  }
  return (int)count;
}

static int ask(lua_State *L, struct sap_order *order) {
  static const char *const words[] = {
    [SAP_ENDED] = "ended", [SAP_KILLED] = "killed", [SAP_READY] = "ready",
    [SAP_LATE] = "late",   [SAP_FAILED] = "failed",
  };
  struct sap_report report;
  int error = sap_ask_keeper(check_keeper(L), order, &report);
  if (error != 0) return fail(L, error);
  lua_pushstring(L, words[report.kind]);
  lua_pushinteger(L, report.number);
  return 2;
}

/* keeper:METHOD(seconds, output, words, variables): the time after which the command is killed, the file in the
   directory that takes its output, the command and its whole environment, each variable as "NAME=value". */
static int ask_for_command(lua_State *L, enum sap_order_kind kind) {
  struct sap_order order = { .kind = kind, .milliseconds = sap_to_milliseconds(luaL_checknumber(L, 2)) };
  add_text(L, &order, luaL_checkstring(L, 3));
  order.words = add_list(L, &order, 4);
  order.variables = add_list(L, &order, 5);
  luaL_argcheck(L, order.words > 0, 4, "no command");
  return ask(L, &order);
}

/* keeper:run(…): runs a command to its end. "ended" and its status (127: it cannot be executed), "killed" and the
   signal, "late", "failed" and errno; or nil and a message where the keeper does not answer. */
static int keeper_run(lua_State *L) {
  return ask_for_command(L, SAP_RUN);
}

/* keeper:serve(…): starts the server: "ready" and its pid, or what run() gives. */
static int keeper_serve(lua_State *L) {
  return ask_for_command(L, SAP_SERVE);
}

/* keeper:halt(): kills the server; "ended", or nil and a message. */
static int keeper_halt(lua_State *L) {
  struct sap_order order = { .kind = SAP_HALT, .milliseconds = 5000 };
  return ask(L, &order);
}

static int keeper_is_alive(lua_State *L) {
  lua_pushboolean(L, sap_keeper_is_alive(check_keeper(L)));
  return 1;
}

static int keeper_pid(lua_State *L) {
  lua_pushinteger(L, check_keeper(L)->pid);
  return 1;
}

/* keeper:close(): stops the server and removes the directory. Silent the second time. */
static int keeper_close(lua_State *L) {
  sap_end_keeper(check_keeper(L));
  return 0;
}

static const luaL_Reg keeper_methods[] = {
  { "run", keeper_run }, { "serve", keeper_serve }, { "halt", keeper_halt },  { "is_alive", keeper_is_alive },
  { "pid", keeper_pid }, { "close", keeper_close }, { "__gc", keeper_close }, { NULL, NULL },
};

/* --- Ports --- */

struct port {
  int fd, number;
};

/* reserve_port(): a loopback port that is kept from others until it is closed or collected; or nil and a message. */
static int reserve_port(lua_State *L) {
  struct port *port = lua_newuserdata(L, sizeof *port);
  port->fd = -1;
  luaL_getmetatable(L, port_type);
  lua_setmetatable(L, -2);
  port->fd = sap_reserve_port(&port->number);
  return port->fd >= 0 ? 1 : fail(L, errno);
}

static int port_number(lua_State *L) {
  lua_pushinteger(L, ((struct port *)luaL_checkudata(L, 1, port_type))->number);
  return 1;
}

static int port_close(lua_State *L) {
  struct port *port = luaL_checkudata(L, 1, port_type);
  if (port->fd >= 0) close(port->fd);
  port->fd = -1;
  return 0;
}

static const luaL_Reg port_methods[] = {
  { "number", port_number },
  { "close", port_close },
  { "__gc", port_close },
  { NULL, NULL },
};

/* --- Paths and accounts --- */

/* real_path(path): absolute, without links; or nil and a message. */
static int real_path(lua_State *L) {
  char real[PATH_MAX];
  if (realpath(luaL_checkstring(L, 1), real) == NULL) return fail(L, errno);
  lua_pushstring(L, real);
  return 1;
}

/* is_root(): whether this program may do everything. */
static int is_root(lua_State *L) {
  lua_pushboolean(L, geteuid() == 0);
  return 1;
}

/* nobody(): the names of an account without rights and of its group; or nothing. */
static int find_nobody(lua_State *L) {
  struct sap_account account;
  if (!sap_find_nobody(&account)) return 0;
  lua_pushstring(L, account.user_name);
  lua_pushstring(L, account.group_name);
  return 2;
}

/* nobody_reaches(path): whether that account can read there. */
static int nobody_reaches(lua_State *L) {
  struct sap_account account;
  const char *path = luaL_checkstring(L, 1);
  lua_pushboolean(L, sap_find_nobody(&account) && sap_can_reach(&account, path));
  return 1;
}

/* share_with_nobody(path, write): lets that account read a file or enter a directory, or makes it the account's own,
   and lets others do nothing; whether that succeeded. */
static int share_with_nobody(lua_State *L) {
  struct sap_account account;
  const char *path = luaL_checkstring(L, 1);
  int write = lua_toboolean(L, 2);
  lua_pushboolean(L, sap_find_nobody(&account) && sap_share(&account, path, write));
  return 1;
}

static const luaL_Reg functions[] = {
  { "keeper", new_keeper },
  { "reserve_port", reserve_port },
  { "real_path", real_path },
  { "is_root", is_root },
  { "nobody", find_nobody },
  { "nobody_reaches", nobody_reaches },
  { "share_with_nobody", share_with_nobody },
  { NULL, NULL },
};

void sap_open_process(lua_State *L) {
  sap_make_type(L, keeper_type, keeper_methods);
  sap_make_type(L, port_type, port_methods);
  sap_set_functions(L, functions, 0);
}
