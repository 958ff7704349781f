/* The program's side of a keeper: makes it, gives it orders, ends it. */
#define _GNU_SOURCE
#include "process/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/clock.h"
#include "process/keeping.h"
#include "process/tree.h"

enum {
  GRACE = 2000,    /* beyond what an order may take, until the keeper counts as stuck */
  PATIENCE = 6000, /* for its end */
};

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int wait_for(int fd, int64_t end) {
  struct pollfd item = { .fd = fd, .events = POLLIN };
  for (;;) {
    int left = sap_left(end, 60000);
    if (poll(&item, 1, left) > 0) return 1;
    if (left == 0) return 0;
  }
}

/* --- Starting --- */

enum { CHANNEL, KEEPERS_CHANNEL, GONE, KEEPERS_GONE, OWNER, FDS };

static void close_all(int *fds, int count) {
  for (int i = 0; i < count; i++) {
    if (fds[i] >= 0) close(fds[i]);
  }
}

/* Away from 0 to 2, which the keeper makes anew. */
static void move_up(int *fd) {
  int high = *fd >= 0 && *fd < 3 ? fcntl(*fd, F_DUPFD_CLOEXEC, 3) : -1;
  if (high < 0) return;
  close(*fd);
  *fd = high;
}

static int open_all(int *fds) {
  memset(fds, -1, FDS * sizeof *fds);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds + CHANNEL) != 0 ||
      pipe2(fds + GONE, O_CLOEXEC) != 0) {
    int error = errno;
    close_all(fds, FDS);
    return error;
  }
  fds[OWNER] = (int)syscall(SYS_pidfd_open, getpid(), 0);
  for (int i = 0; i < FDS; i++) move_up(fds + i);
  return 0;
}

/* In the child: its own child is the keeper, and nobody's when this one has ended. */
static _Noreturn void make_keeper(const struct sap_keeping *given) {
  pid_t pid = fork();
  if (pid == 0) {
    (void)fcntl(given->gone, F_SETFD, 0); /* for the server to inherit */
    sap_keep(given);
  }
  if (pid > 0) (void)send(given->channel, &pid, sizeof pid, MSG_NOSIGNAL);
  _exit(0);
}

/* No handler of the program runs in its copy. */
static int fork_keeper(const struct sap_keeping *given) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) make_keeper(given);
  int error = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return error;
}

static int receive_pid(struct sap_keeper *keeper) {
  if (!wait_for(keeper->channel, sap_clock() + PATIENCE)) return ETIMEDOUT;
  ssize_t len = recv(keeper->channel, &keeper->pid, sizeof keeper->pid, MSG_DONTWAIT);
  return len == (ssize_t)sizeof keeper->pid ? 0 : EAGAIN;
}

static int start_in(struct sap_keeper *keeper) {
  int fds[FDS];
  int error = open_all(fds);
  if (error != 0) return error;
  struct sap_keeping given = { .path = keeper->directory,
                               .channel = fds[KEEPERS_CHANNEL],
                               .gone = fds[KEEPERS_GONE],
                               .owner_fd = fds[OWNER],
                               .owner = getpid() };
  error = fork_keeper(&given);
  close(fds[KEEPERS_CHANNEL]);
  close(fds[KEEPERS_GONE]);
  if (fds[OWNER] >= 0) close(fds[OWNER]);
  keeper->channel = fds[CHANNEL];
  keeper->gone = fds[GONE];
  keeper->owner = getpid();
  return error != 0 ? error : receive_pid(keeper);
}

int sap_start_keeper(struct sap_keeper *keeper, const char *directory) {
  keeper->directory = strdup(directory);
  if (keeper->directory == NULL) return ENOMEM;
  if (mkdir(directory, 0700) != 0) {
    int error = errno;
    free(keeper->directory);
    keeper->directory = NULL;
    return error;
  }
  int error = start_in(keeper);
  if (error != 0) sap_end_keeper(keeper);
  return error;
}

/* --- Asking --- */

int sap_keeper_is_alive(const struct sap_keeper *keeper) {
  struct pollfd item = { .fd = keeper->channel };
  return keeper->channel >= 0 && poll(&item, 1, 0) == 0;
}

/* A report that comes too late is passed over by the next order. */
static int receive_report(struct sap_keeper *keeper, int64_t end, struct sap_report *report) {
  do {
    if (!wait_for(keeper->channel, end)) return ETIMEDOUT;
    if (recv(keeper->channel, report, sizeof *report, MSG_DONTWAIT) != (ssize_t)sizeof *report) return EPIPE;
  } while (report->serial != keeper->serial);
  return 0;
}

int sap_ask_keeper(struct sap_keeper *keeper, struct sap_order *order, struct sap_report *report) {
  if (keeper->channel < 0) return EPIPE;
  int64_t end = sap_clock() + order->milliseconds + GRACE;
  size_t size = offsetof(struct sap_order, text) + order->len;
  order->serial = ++keeper->serial;
  if (send(keeper->channel, order, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return EPIPE;
  return receive_report(keeper, end, report);
}

/* --- Ending --- */

static void end_as_owner(struct sap_keeper *keeper) {
  (void)shutdown(keeper->channel, SHUT_WR);
  (void)wait_for(keeper->gone, sap_clock() + PATIENCE);
  sap_remove_tree(keeper->directory); /* there still where the keeper was killed */
}

void sap_end_keeper(struct sap_keeper *keeper) {
  if (keeper->directory == NULL) return;
  if (keeper->channel >= 0) {
    if (keeper->owner == getpid()) end_as_owner(keeper);
    close(keeper->channel);
    close(keeper->gone);
  } else {
    sap_remove_tree(keeper->directory);
  }
  keeper->channel = -1;
  free(keeper->directory);
  keeper->directory = NULL;
}
