/* The system calls that specs of processes need and Lua lacks. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

__attribute__((visibility("default"))) int luaopen_spec_process(lua_State *L);

/* fork(): the child's id, or 0 in the child. */
static int fork_process(lua_State *L) {
  pid_t pid = fork();
  if (pid < 0) return luaL_error(L, "cannot fork");
  lua_pushinteger(L, pid);
  return 1;
}

/* wait(pid, seconds): "exit" or "signal", and its number; or nil when it still ran after that time and was killed. */
static int wait_for(lua_State *L) {
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  long ticks = (long)(luaL_checknumber(L, 2) * 100);
  int status;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    if (ticks-- > 0) continue;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    lua_pushnil(L);
    return 1;
  }
  lua_pushstring(L, WIFEXITED(status) ? "exit" : "signal");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  return 2;
}

/* exit(code): at once, without closing the Lua state. */
static int exit_process(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
}

/* descriptors(): the numbers of those that are open, in ascending order of their appearance. */
static int list_descriptors(lua_State *L) {
  DIR *dir = opendir("/proc/self/fd");
  int count = 0;
  if (dir == NULL) return luaL_error(L, "cannot read /proc/self/fd");
  lua_newtable(L);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    char *end;
    long number = strtol(entry->d_name, &end, 10);
    if (*end != '\0' || end == entry->d_name || number == dirfd(dir)) continue;
    lua_pushinteger(L, number);
    lua_rawseti(L, -2, ++count);
  }
  closedir(dir);
  return 1;
}

/* close(fd): whether it was open. */
static int close_descriptor(lua_State *L) {
  lua_pushboolean(L, close((int)luaL_checkinteger(L, 1)) == 0);
  return 1;
}

/* link(fd): what the descriptor is, as /proc has it. */
static int read_link(lua_State *L) {
  char path[64], target[256];
  snprintf(path, sizeof path, "/proc/self/fd/%d", (int)luaL_checkinteger(L, 1));
  ssize_t len = readlink(path, target, sizeof target);
  if (len < 0) return 0;
  lua_pushlstring(L, target, (size_t)len);
  return 1;
}

/* occupy(fd, kind): makes fd a new descriptor of that kind, "file" or "epoll". */
static int occupy(lua_State *L) {
  int wanted = (int)luaL_checkinteger(L, 1);
  int made = *luaL_checkstring(L, 2) == 'e' ? epoll_create1(0) : open("/dev/null", O_RDONLY);
  if (made < 0) return luaL_error(L, "cannot open");
  if (made != wanted) {
    dup2(made, wanted);
    close(made);
  }
  return 0;
}

static const luaL_Reg functions[] = {
  { "fork", fork_process },      { "wait", wait_for },
  { "exit", exit_process },      { "descriptors", list_descriptors },
  { "close", close_descriptor }, { "link", read_link },
  { "occupy", occupy },          { NULL, NULL },
};

int luaopen_spec_process(lua_State *L) {
  lua_newtable(L);
  for (const luaL_Reg *entry = functions; entry->name != NULL; entry++) {
    lua_pushcfunction(L, entry->func);
    lua_setfield(L, -2, entry->name);
  }
  return 1;
}
