/* Binds what a host waits with: a descriptor until it can be read, an alarm that rings now or later; and whether a
   coroutine can yield here. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lua/core.h"
#include "lua/userdata.h"

static const char alarm_type[] = "sapanywhere.alarm";

static int *check_alarm(lua_State *L) {
  int *alarm = luaL_checkudata(L, 1, alarm_type);
  luaL_argcheck(L, *alarm >= 0, 1, "is closed");
  return alarm;
}

/* alarm() -> an alarm that does not ring, or nil and a message. */
static int new_alarm(lua_State *L) {
  int *alarm = lua_newuserdata(L, sizeof *alarm);
  *alarm = -1;
  luaL_getmetatable(L, alarm_type);
  lua_setmetatable(L, -2);
  *alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (*alarm >= 0) return 1;
  lua_pushnil(L);
  lua_pushstring(L, strerror(errno));
  return 2;
}

static int alarm_fd(lua_State *L) {
  lua_pushinteger(L, *check_alarm(L));
  return 1;
}

/* alarm:ring([seconds]) makes the descriptor readable, at once or after a time, until it is cleared. */
static int alarm_ring(lua_State *L) {
  int alarm = *check_alarm(L);
  lua_Number seconds = luaL_optnumber(L, 2, 0);
  struct itimerspec when = { .it_value = { .tv_nsec = 1 } };
  if (seconds > 0) {
    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((seconds - (lua_Number)when.it_value.tv_sec) * 1e9);
  }
  if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
  (void)timerfd_settime(alarm, 0, &when, NULL);
  return 0;
}

static int alarm_clear(lua_State *L) {
  uint64_t expirations;
  lua_pushboolean(L, read(*check_alarm(L), &expirations, sizeof expirations) > 0);
  return 1;
}

static int alarm_close(lua_State *L) {
  int *alarm = luaL_checkudata(L, 1, alarm_type);
  if (*alarm >= 0) close(*alarm);
  *alarm = -1;
  return 0;
}

/* poll(fd, seconds) -> whether fd can be read. Blocks; a signal ends the wait early. */
static int poll_fd(lua_State *L) {
  struct pollfd item = { .fd = (int)luaL_checkinteger(L, 1), .events = POLLIN };
  int count = poll(&item, 1, sap_to_milliseconds(luaL_checknumber(L, 2)));
  lua_pushboolean(L, count > 0);
  return 1;
}

/* can_yield() -> whether the caller can, or nil where this Lua does not know. */
static int can_yield(lua_State *L) {
  int answer = sap_can_yield(L);
  if (answer < 0) return 0;
  lua_pushboolean(L, answer);
  return 1;
}

static const luaL_Reg methods[] = {
  { "fd", alarm_fd },       { "ring", alarm_ring },  { "clear", alarm_clear },
  { "close", alarm_close }, { "__gc", alarm_close }, { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "alarm", new_alarm },
  { "poll", poll_fd },
  { "can_yield", can_yield },
  { NULL, NULL },
};

void sap_open_alarm(lua_State *L) {
  sap_make_type(L, alarm_type, methods);
  sap_set_functions(L, functions, 0);
}
