/* For LD_PRELOAD: a wall clock that is set back while the process runs, a resolver, a network and a disk that take their time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double monotonic(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* When the process first called connect(); zero before that. */
static double connected;

int connect(int fd, const struct sockaddr *address, socklen_t len) {
  if (connected == 0) connected = monotonic();
  return (int)syscall(SYS_connect, fd, address, len);
}

/* Seconds to take off the wall clock: CLOCK_SET_BACK, beginning CLOCK_SET_AFTER seconds after the first connect(). */
static time_t shift(void) {
  const char *back = getenv("CLOCK_SET_BACK"), *after = getenv("CLOCK_SET_AFTER");
  if (back == NULL || after == NULL || connected == 0) return 0;
  return monotonic() - connected >= atof(after) ? atoi(back) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec -= shift();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != NULL) *where = now.tv_sec;
  return now.tv_sec;
}

/* After RESOLVER_SLEEP seconds; the address RESOLVER_ANSWER for every name. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  const char *pause = getenv("RESOLVER_SLEEP");
  if (pause != NULL) usleep((useconds_t)(atof(pause) * 1e6));
  if (getenv("RESOLVER_ANSWER") != NULL) node = getenv("RESOLVER_ANSWER");
  return real(node, service, hints, list);
}

/* Takes SEND_SLEEP seconds longer: by then there may be an answer. */
ssize_t send(int fd, const void *bytes, size_t len, int flags) {
  const char *pause = getenv("SEND_SLEEP");
  ssize_t sent = syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
  if (pause != NULL) usleep((useconds_t)(atof(pause) * 1e6));
  return sent;
}

/* After FSYNC_SLEEP seconds. Before that it makes the file FSYNC_MARK, so that one can see that it has begun. */
int fsync(int fd) {
  const char *pause = getenv("FSYNC_SLEEP"), *mark = getenv("FSYNC_MARK");
  if (mark != NULL) close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (pause != NULL) usleep((useconds_t)(atof(pause) * 1e6));
  return (int)syscall(SYS_fsync, fd);
}
