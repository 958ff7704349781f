/* Drives every transfer of a Lua state from one descriptor: an epoll set with libcurl's sockets and one timer. */
#ifndef __linux__
#error "sapanywhere.core needs Linux: epoll(7) and timerfd_create(2) are missing on this system"
#endif

#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"
#include "transfer.h"

enum { EVENTS_PER_WAIT = 64, ROUNDS_PER_STEP = 8 };

int64_t sap_monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Completed transfers. */

void sap_engine_push_done(struct sap_engine *engine, struct sap_transfer *transfer) {
  transfer->next_done = NULL;
  transfer->queued = true;
  *engine->done_tail = transfer;
  engine->done_tail = &transfer->next_done;
}

void sap_engine_drop_done(struct sap_engine *engine, struct sap_transfer *transfer) {
  struct sap_transfer **link = &engine->done;
  while (*link != transfer) link = &(*link)->next_done;
  *link = transfer->next_done;
  if (*link == NULL) engine->done_tail = link;
  transfer->queued = false;
}

uint64_t sap_engine_take_done(struct sap_engine *engine) {
  struct sap_transfer *first = engine->done;
  if (first == NULL) return 0;
  sap_engine_drop_done(engine, first);
  return first->id;
}

/* Descriptors in the epoll set. */

static struct sap_socket *find_socket(struct sap_engine *engine, int fd) {
  return fd >= 0 && (size_t)fd < engine->socket_count ? &engine->sockets[fd] : NULL;
}

static struct sap_socket *need_socket(struct sap_engine *engine, int fd) {
  if ((size_t)fd >= engine->socket_count) {
    size_t count = (size_t)fd + 1;
    if (count < 2 * engine->socket_count) count = 2 * engine->socket_count;
    struct sap_socket *grown = realloc(engine->sockets, count * sizeof *grown);
    if (grown == NULL) return NULL;
    memset(grown + engine->socket_count, 0, (count - engine->socket_count) * sizeof *grown);
    engine->sockets = grown;
    engine->socket_count = count;
  }
  return &engine->sockets[fd];
}

static int control(struct sap_engine *engine, int operation, int fd, uint32_t events) {
  struct epoll_event event = { .events = events, .data = { .fd = fd } };
  return epoll_ctl(engine->epoll, operation, fd, &event) == 0 ? 0 : errno;
}

static void unwatch(struct sap_engine *engine, struct sap_socket *socket, int fd) {
  if (socket->watched != 0) control(engine, EPOLL_CTL_DEL, fd, 0);
  socket->watched = 0;
}

/* A number that was closed and opened again behind our back is still added, or already gone. */
static int watch(struct sap_engine *engine, struct sap_socket *socket, int fd, uint32_t events) {
  int operation = socket->watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  int error = control(engine, operation, fd, events);
  if (error == EEXIST) error = control(engine, EPOLL_CTL_MOD, fd, events);
  if (error == ENOENT) error = control(engine, EPOLL_CTL_ADD, fd, events);
  socket->watched = error == 0 ? events : 0;
  return error;
}

static ino_t inode_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

int sap_engine_note_open(struct sap_engine *engine, struct sap_pool *pool, int fd) {
  struct sap_socket *socket = need_socket(engine, fd);
  if (socket == NULL) return -1;
  *socket = (struct sap_socket){ .pool = pool, .opened = true, .inode = inode_of(fd) };
  return 0;
}

/* A duplicate in a child process would keep a closed socket in the set: hence the explicit removal. */
void sap_engine_note_close(struct sap_engine *engine, int fd) {
  struct sap_socket *socket = find_socket(engine, fd);
  if (socket == NULL) return;
  unwatch(engine, socket, fd);
  *socket = (struct sap_socket){ .pool = NULL };
}

static uint32_t events_of(int what) {
  switch (what) {
    case CURL_POLL_IN: return EPOLLIN;
    case CURL_POLL_OUT: return EPOLLOUT;
    case CURL_POLL_INOUT: return EPOLLIN | EPOLLOUT;
    default: return 0;
  }
}

/* A connection that goes idle stays in the set, waiting for input, so that its next use costs no system call. */
int sap_engine_watch(struct sap_engine *engine, struct sap_pool *pool, int fd, int what) {
  struct sap_socket *socket = need_socket(engine, fd);
  if (socket == NULL) return -1;
  socket->pool = pool;
  socket->wanted = events_of(what);
  if (socket->wanted == 0 && !socket->opened) {
    unwatch(engine, socket, fd);
    return 0;
  }
  uint32_t events = socket->wanted != 0 ? socket->wanted : EPOLLIN;
  if (socket->wanted == 0 && socket->watched == 0) return 0;
  return socket->watched == events || watch(engine, socket, fd, events) == 0 ? 0 : -1;
}

/* Opening, closing, forking. */

struct sap_engine *sap_engine_new(void) {
  struct sap_engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) return NULL;
  engine->references = 1;
  engine->epoll = engine->timer = -1;
  engine->armed = SAP_NEVER;
  engine->done_tail = &engine->done;
  return engine;
}

/* A pool that only its transfers held goes away when the last of them ends. */
static void each_pool(struct sap_engine *engine, void (*visit)(struct sap_pool *)) {
  struct sap_pool *pool = engine->pools;
  while (pool != NULL) {
    pool->references++;
    visit(pool);
    struct sap_pool *next = pool->next;
    sap_pool_release(pool);
    pool = next;
  }
}

static void close_descriptors(struct sap_engine *engine) {
  if (engine->timer >= 0) close(engine->timer);
  if (engine->epoll >= 0) close(engine->epoll);
  engine->epoll = engine->timer = -1;
  engine->armed = SAP_NEVER;
}

static int open_descriptors(struct sap_engine *engine) {
  engine->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (engine->epoll >= 0) engine->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  int error = engine->timer < 0 ? errno : control(engine, EPOLL_CTL_ADD, engine->timer, EPOLLIN);
  if (error != 0) close_descriptors(engine);
  engine->inode = inode_of(engine->epoll);
  return error;
}

/* A child that closed everything may have opened something else under the same number since. */
static void close_copy(int fd, ino_t inode) {
  if (fd >= 0 && inode_of(fd) == inode) close(fd);
}

static void forget_sockets(struct sap_engine *engine) {
  free(engine->sockets);
  engine->sockets = NULL;
  engine->socket_count = 0;
}

/* The descriptors are the parent's: this process only lets go of its copies. */
static void drop_inherited(struct sap_engine *engine) {
  for (size_t fd = 0; fd < engine->socket_count; fd++)
    if (engine->sockets[fd].opened) close_copy((int)fd, engine->sockets[fd].inode);
  forget_sockets(engine);
  close_copy(engine->epoll, engine->inode);
  close_copy(engine->timer, engine->inode);
  engine->epoll = engine->timer = -1;
  engine->armed = SAP_NEVER;
  each_pool(engine, sap_pool_abandon);
}

void sap_engine_adopt(struct sap_engine *engine) {
  if (engine->process == 0 || engine->process == getpid()) return;
  engine->process = 0;
  drop_inherited(engine);
}

int sap_engine_open(struct sap_engine *engine) {
  sap_engine_adopt(engine);
  if (engine->epoll >= 0) return 0;
  engine->process = getpid();
  if (!engine->initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return ENOMEM;
  engine->initialised = true;
  return open_descriptors(engine);
}

void sap_engine_close(struct sap_engine *engine) {
  engine->closed = true;
  sap_engine_adopt(engine);
  each_pool(engine, sap_pool_close);
  close_descriptors(engine);
  forget_sockets(engine);
}

void sap_engine_release(struct sap_engine *engine) {
  if (--engine->references > 0) return;
  sap_engine_close(engine);
  if (engine->initialised) curl_global_cleanup();
  free(engine);
}

/* Timers. */

static bool run_due(struct sap_engine *engine, int64_t now) {
  bool ran = false;
  struct sap_pool *pool = engine->pools;
  while (pool != NULL) {
    struct sap_pool *next = pool->next;
    if (pool->deadline <= now) {
      pool->deadline = SAP_NEVER;
      sap_pool_act(pool, CURL_SOCKET_TIMEOUT, 0);
      engine->events++;
      ran = true;
    }
    pool = next;
  }
  return ran;
}

static int64_t next_deadline(const struct sap_engine *engine) {
  int64_t next = SAP_NEVER;
  for (const struct sap_pool *pool = engine->pools; pool != NULL; pool = pool->next)
    if (pool->deadline < next) next = pool->deadline;
  return next;
}

/* A timer that fires too early only costs a wake-up; one that is set again for every call costs a system call each. */
static void arm(struct sap_engine *engine, int64_t next) {
  if (next >= engine->armed) return;
  struct itimerspec when = { .it_value = { .tv_sec = (time_t)(next / 1000),
                                           .tv_nsec = (long)(next % 1000) * 1000000 } };
  if (timerfd_settime(engine->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0) engine->armed = next;
}

void sap_engine_alert(struct sap_engine *engine) {
  if (engine->epoll >= 0) arm(engine, 1);
}

static void acknowledge_timer(struct sap_engine *engine) {
  uint64_t expirations;
  if (read(engine->timer, &expirations, sizeof expirations) > 0) engine->armed = SAP_NEVER;
}

/* Stepping. */

static int curl_events(uint32_t events) {
  int result = 0;
  if (events & (EPOLLIN | EPOLLHUP)) result |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) result |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) result |= CURL_CSELECT_ERR;
  return result;
}

static void dispatch(struct sap_engine *engine, const struct epoll_event *event) {
  int fd = event->data.fd;
  if (fd == engine->timer) {
    acknowledge_timer(engine);
    return;
  }
  struct sap_socket *socket = find_socket(engine, fd);
  if (socket == NULL || socket->pool == NULL) {
    control(engine, EPOLL_CTL_DEL, fd, 0);
  } else if (socket->wanted == 0) {
    unwatch(engine, socket, fd);
  } else {
    engine->events++;
    sap_pool_act(socket->pool, fd, curl_events(event->events));
  }
}

static int collect(struct sap_engine *engine, int milliseconds) {
  struct epoll_event events[EVENTS_PER_WAIT];
  int count = epoll_wait(engine->epoll, events, EVENTS_PER_WAIT, milliseconds);
  int error = count < 0 ? errno : 0;
  for (int i = 0; i < count; i++) dispatch(engine, &events[i]);
  return error;
}

static int allowed_wait(const struct sap_engine *engine, int milliseconds, int64_t now) {
  int64_t left = next_deadline(engine) - now;
  if (engine->done != NULL || left <= 0) return 0;
  return left < milliseconds ? (int)left : milliseconds;
}

int sap_engine_step(struct sap_engine *engine, int milliseconds) {
  engine->events = 0;
  if (engine->closed) return 0;
  int error = sap_engine_open(engine);
  if (error != 0) return error;
  run_due(engine, sap_monotonic_ms());
  error = collect(engine, allowed_wait(engine, milliseconds, sap_monotonic_ms()));
  for (int round = 0; round < ROUNDS_PER_STEP && run_due(engine, sap_monotonic_ms()); round++) continue;
  arm(engine, next_deadline(engine));
  return error;
}
