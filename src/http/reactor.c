/* Waits for many descriptors through one: an epoll set with a timer in it. Knows nothing of who uses them. */
#ifndef __linux__
#error "sapanywhere.core needs Linux: epoll(7) and timerfd_create(2) are missing on this system"
#endif

#include "http/reactor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_WAIT = 64 };

int64_t sap_reactor_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Descriptors in the set. */

static struct sap_socket *find_socket(const struct sap_reactor *reactor, int fd) {
  return fd >= 0 && (size_t)fd < reactor->socket_count ? &reactor->sockets[fd] : NULL;
}

static struct sap_socket *need_socket(struct sap_reactor *reactor, int fd) {
  if ((size_t)fd >= reactor->socket_count) {
    size_t count = (size_t)fd + 1;
    if (count < 2 * reactor->socket_count) count = 2 * reactor->socket_count;
    struct sap_socket *grown = realloc(reactor->sockets, count * sizeof *grown);
    if (grown == NULL) return NULL;
    memset(grown + reactor->socket_count, 0, (count - reactor->socket_count) * sizeof *grown);
    reactor->sockets = grown;
    reactor->socket_count = count;
  }
  return &reactor->sockets[fd];
}

static int control(struct sap_reactor *reactor, int operation, int fd, uint32_t events) {
  struct epoll_event event = { .events = events, .data = { .fd = fd } };
  return epoll_ctl(reactor->epoll, operation, fd, &event) == 0 ? 0 : errno;
}

static void unwatch(struct sap_reactor *reactor, struct sap_socket *socket, int fd) {
  if (socket->watched != 0) control(reactor, EPOLL_CTL_DEL, fd, 0);
  socket->watched = 0;
}

static uint32_t to_epoll(unsigned what) {
  return (what & SAP_READABLE ? EPOLLIN : 0u) | (what & SAP_WRITABLE ? EPOLLOUT : 0u);
}

static unsigned from_epoll(uint32_t events) {
  return (events & (EPOLLIN | EPOLLHUP) ? SAP_READABLE : 0u) | (events & EPOLLOUT ? SAP_WRITABLE : 0u) |
         (events & EPOLLERR ? SAP_BROKEN : 0u);
}

/* A number that was closed and opened again behind our back is still in the set, or already gone. */
static int watch(struct sap_reactor *reactor, struct sap_socket *socket, int fd, unsigned what) {
  int operation = socket->watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  int error = control(reactor, operation, fd, to_epoll(what));
  if (error == EEXIST) error = control(reactor, EPOLL_CTL_MOD, fd, to_epoll(what));
  if (error == ENOENT) error = control(reactor, EPOLL_CTL_ADD, fd, to_epoll(what));
  socket->watched = error == 0 ? what : 0;
  return error;
}

/* A connection that goes idle stays in the set, waiting for input, so that its next use costs no system call. One that
   was still connecting may be gone: libcurl 7.87 and 7.88 close such a socket without a word. Its number is not ours
   any more, so it is forgotten, and not put into the set anew. */
static void rest(struct sap_reactor *reactor, struct sap_socket *socket, int fd) {
  if (!socket->adopted) {
    unwatch(reactor, socket, fd);
  } else if (socket->watched != 0 && socket->watched != SAP_READABLE) {
    socket->watched = SAP_READABLE;
    if (control(reactor, EPOLL_CTL_MOD, fd, EPOLLIN) != 0) sap_reactor_note_close(reactor, fd);
  }
}

int sap_reactor_watch(struct sap_reactor *reactor, void *owner, int fd, unsigned what) {
  struct sap_socket *socket = need_socket(reactor, fd);
  if (socket == NULL) return -1;
  socket->owner = owner;
  socket->wanted = what;
  if (what != 0) return socket->watched == what || watch(reactor, socket, fd, what) == 0 ? 0 : -1;
  rest(reactor, socket, fd);
  return 0;
}

int sap_reactor_ignore(struct sap_reactor *reactor, void *owner, int fd) {
  struct sap_socket *socket = need_socket(reactor, fd);
  if (socket == NULL) return -1;
  socket->owner = owner;
  socket->wanted = 0;
  unwatch(reactor, socket, fd);
  return 0;
}

/* By port. */

static int *place_of(struct sap_reactor *reactor, uint16_t port) {
  return &reactor->by_port[port % SAP_PORT_PLACES];
}

static uint16_t port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } own;
  socklen_t len = sizeof own;
  if (getsockname(fd, &own.any, &len) != 0) return 0;
  if (own.any.sa_family == AF_INET) return ntohs(own.v4.sin_port);
  return own.any.sa_family == AF_INET6 ? ntohs(own.v6.sin6_port) : 0;
}

static void enter_port(struct sap_reactor *reactor, int fd) {
  struct sap_socket *socket = &reactor->sockets[fd];
  socket->port = port_of(fd);
  if (socket->port == 0) return; /* not connected yet */
  socket->next = *place_of(reactor, socket->port);
  *place_of(reactor, socket->port) = fd;
}

static void leave_port(struct sap_reactor *reactor, int fd) {
  struct sap_socket *socket = &reactor->sockets[fd];
  if (socket->port == 0) return;
  int *at = place_of(reactor, socket->port);
  while (*at != fd) at = &reactor->sockets[*at].next;
  *at = socket->next;
  socket->port = 0;
}

/* New ones have no port when they are opened: each is asked for it once. */
static void enter_new_ports(struct sap_reactor *reactor) {
  for (size_t fd = 0; fd < reactor->socket_count; fd++)
    if (reactor->sockets[fd].adopted && reactor->sockets[fd].port == 0) enter_port(reactor, (int)fd);
}

static bool is_silent(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* What arrives later is answered with a reset by the kernel; what has arrived would make libcurl take it for alive. */
static void spend(int fd) {
  char rest[4096];
  shutdown(fd, SHUT_RDWR);
  while (recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0) continue;
}

/* Two connections to different servers may have the same port: all of them are looked at, and the worst counts. */
static enum sap_use use_all(struct sap_reactor *reactor, const void *owner, int port) {
  enum sap_use found = SAP_USE_UNKNOWN;
  for (int fd = *place_of(reactor, (uint16_t)port); fd >= 0; fd = reactor->sockets[fd].next) {
    struct sap_socket *socket = &reactor->sockets[fd];
    if (socket->owner != owner || socket->port != port) continue;
    enum sap_use use = !socket->quiet ? SAP_USE_FIRST : is_silent(fd) ? SAP_USE_CLEAN : SAP_USE_DIRTY;
    if (found == SAP_USE_UNKNOWN || use > found) found = use;
    socket->quiet = true;
  }
  return found;
}

void sap_reactor_ignore_idle(struct sap_reactor *reactor, const void *owner, int port) {
  if (port <= 0) return;
  for (int fd = *place_of(reactor, (uint16_t)port); fd >= 0; fd = reactor->sockets[fd].next) {
    struct sap_socket *socket = &reactor->sockets[fd];
    if (socket->owner == owner && socket->port == port && socket->wanted == 0) unwatch(reactor, socket, fd);
  }
}

enum sap_use sap_reactor_use(struct sap_reactor *reactor, const void *owner, int port) {
  enum sap_use found = use_all(reactor, owner, port);
  if (found != SAP_USE_UNKNOWN) return found;
  enter_new_ports(reactor);
  return use_all(reactor, owner, port);
}

static ino_t inode_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

int sap_reactor_note_open(struct sap_reactor *reactor, void *owner, int fd) {
  struct sap_socket *socket = need_socket(reactor, fd);
  if (socket == NULL) return -1;
  leave_port(reactor, fd);
  *socket = (struct sap_socket){ .owner = owner, .adopted = true, .inode = inode_of(fd) };
  return 0;
}

/* A duplicate in a child process would keep a closed socket in the set: hence the explicit removal. */
void sap_reactor_note_close(struct sap_reactor *reactor, int fd) {
  struct sap_socket *socket = find_socket(reactor, fd);
  if (socket == NULL) return;
  unwatch(reactor, socket, fd);
  leave_port(reactor, fd);
  *socket = (struct sap_socket){ .owner = NULL };
}

/* Opening, closing, forking. */

static void forget_sockets(struct sap_reactor *reactor) {
  for (size_t i = 0; i < SAP_PORT_PLACES; i++) reactor->by_port[i] = -1;
  free(reactor->sockets);
  reactor->sockets = NULL;
  reactor->socket_count = 0;
}

void sap_reactor_init(struct sap_reactor *reactor) {
  *reactor = (struct sap_reactor){ .epoll = -1, .timer = -1, .armed = SAP_NEVER };
  forget_sockets(reactor);
}

static void forget_descriptors(struct sap_reactor *reactor) {
  reactor->epoll = reactor->timer = -1;
  reactor->armed = SAP_NEVER;
}

void sap_reactor_close(struct sap_reactor *reactor) {
  if (reactor->timer >= 0) close(reactor->timer);
  if (reactor->epoll >= 0) close(reactor->epoll);
  forget_descriptors(reactor);
  forget_sockets(reactor);
}

int sap_reactor_open(struct sap_reactor *reactor) {
  sap_reactor_adopt(reactor);
  if (reactor->epoll >= 0) return 0;
  reactor->process = getpid();
  reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (reactor->epoll >= 0) reactor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  int error = reactor->timer < 0 ? errno : control(reactor, EPOLL_CTL_ADD, reactor->timer, EPOLLIN);
  if (error != 0) sap_reactor_close(reactor);
  return error;
}

/* A child that closed everything may have opened something else under the same number since. */
static void close_copy(int fd, ino_t inode) {
  if (inode_of(fd) == inode) close(fd);
}

/* All epoll sets and timers have one inode: ours are told from others by being one in the other. Setting anew what is
   set already changes nothing in the parent. */
static void close_own_copies(struct sap_reactor *reactor) {
  if (reactor->epoll < 0 || control(reactor, EPOLL_CTL_MOD, reactor->timer, EPOLLIN) != 0) return;
  close(reactor->epoll);
  close(reactor->timer);
}

void sap_reactor_adopt(struct sap_reactor *reactor) {
  if (reactor->process == 0 || reactor->process == getpid()) return;
  for (size_t fd = 0; fd < reactor->socket_count; fd++)
    if (reactor->sockets[fd].adopted) close_copy((int)fd, reactor->sockets[fd].inode);
  close_own_copies(reactor);
  forget_descriptors(reactor);
  forget_sockets(reactor);
  reactor->process = 0;
  reactor->generation++;
}

/* Waiting. */

/* A timer that fires too early only costs a wake-up; one that is set again for every call costs a system call each. */
void sap_reactor_arm(struct sap_reactor *reactor, int64_t when) {
  if (reactor->timer < 0 || when >= reactor->armed) return;
  struct itimerspec at = { .it_value = { .tv_sec = (time_t)(when / 1000),
                                         .tv_nsec = (long)(when % 1000) * 1000000 } };
  if (timerfd_settime(reactor->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0) reactor->armed = when;
}

static void acknowledge_timer(struct sap_reactor *reactor) {
  uint64_t expirations;
  if (read(reactor->timer, &expirations, sizeof expirations) > 0) reactor->armed = SAP_NEVER;
}

/* A connection that is to be quiet ends with this, and libcurl finds its end when it wants to use it again. */
static void end_idle(struct sap_reactor *reactor, struct sap_socket *socket, int fd) {
  if (socket->quiet) spend(fd);
  unwatch(reactor, socket, fd);
}

/* Deals with what has no owner to tell; returns whether the event is for one. */
static bool is_for_owner(struct sap_reactor *reactor, int fd) {
  struct sap_socket *socket = find_socket(reactor, fd);
  if (fd == reactor->timer)
    acknowledge_timer(reactor);
  else if (socket == NULL || socket->owner == NULL)
    control(reactor, EPOLL_CTL_DEL, fd, 0);
  else if (socket->wanted == 0)
    end_idle(reactor, socket, fd);
  else
    return true;
  return false;
}

int sap_reactor_wait(struct sap_reactor *reactor, int milliseconds, struct sap_ready *list, int room) {
  struct epoll_event events[EVENTS_PER_WAIT];
  int count =
      epoll_wait(reactor->epoll, events, room < EVENTS_PER_WAIT ? room : EVENTS_PER_WAIT, milliseconds);
  int ready = 0;
  if (count < 0) return -1;
  for (int i = 0; i < count; i++) {
    int fd = events[i].data.fd;
    if (!is_for_owner(reactor, fd)) continue;
    list[ready++] = (struct sap_ready){ reactor->sockets[fd].owner, fd, from_epoll(events[i].events) };
  }
  return ready;
}

bool sap_reactor_owns(const struct sap_reactor *reactor, const struct sap_ready *ready) {
  const struct sap_socket *socket = find_socket(reactor, ready->fd);
  return socket != NULL && socket->owner == ready->owner && socket->wanted != 0;
}
