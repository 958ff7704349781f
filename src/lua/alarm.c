/* Binds what a host waits with: one descriptor until it can be read, and an event that is posted now or later. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lua/core.h"
#include "lua/userdata.h"

static const char event_type[] = "sapanywhere.event";

static int *check_event(lua_State *L) {
  int *event = luaL_checkudata(L, 1, event_type);
  luaL_argcheck(L, *event >= 0, 1, "is closed");
  return event;
}

/* event() -> an event that is not posted, or nil and a message. */
static int new_event(lua_State *L) {
  int *event = lua_newuserdata(L, sizeof *event);
  *event = -1;
  luaL_getmetatable(L, event_type);
  lua_setmetatable(L, -2);
  *event = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (*event >= 0) return 1;
  lua_pushnil(L);
  lua_pushstring(L, strerror(errno));
  return 2;
}

static int event_fd(lua_State *L) {
  lua_pushinteger(L, *check_event(L));
  return 1;
}

/* event:post([seconds]) makes the descriptor readable, at once or after a time, until it is cleared. */
static int event_post(lua_State *L) {
  int event = *check_event(L);
  lua_Number seconds = luaL_optnumber(L, 2, 0);
  struct itimerspec when = { .it_value = { .tv_nsec = 1 } };
  if (seconds > 0) {
    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((seconds - (lua_Number)when.it_value.tv_sec) * 1e9);
  }
  if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
  (void)timerfd_settime(event, 0, &when, NULL);
  return 0;
}

static int event_clear(lua_State *L) {
  uint64_t expirations;
  lua_pushboolean(L, read(*check_event(L), &expirations, sizeof expirations) > 0);
  return 1;
}

static int event_close(lua_State *L) {
  int *event = luaL_checkudata(L, 1, event_type);
  if (*event >= 0) close(*event);
  *event = -1;
  return 0;
}

/* poll(fd, seconds) -> whether fd can be read. Blocks; a signal ends the wait early. */
static int poll_fd(lua_State *L) {
  struct pollfd item = { .fd = (int)luaL_checkinteger(L, 1), .events = POLLIN };
  int count = poll(&item, 1, sap_to_milliseconds(luaL_checknumber(L, 2)));
  lua_pushboolean(L, count > 0);
  return 1;
}

static const luaL_Reg methods[] = {
  { "fd", event_fd },       { "post", event_post },  { "clear", event_clear },
  { "close", event_close }, { "__gc", event_close }, { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "event", new_event },
  { "poll", poll_fd },
  { NULL, NULL },
};

void sap_open_event(lua_State *L) {
  sap_make_type(L, event_type, methods);
  sap_set_functions(L, functions, 0);
}
