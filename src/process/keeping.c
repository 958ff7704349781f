/* The keeper's own side: waits for orders, carries them out, and clears away at the end. Nothing here allocates. */
#define _GNU_SOURCE
#include "process/keeping.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/clock.h"
#include "process/keeper.h"
#include "process/tree.h"

enum {
  LOOK = 1000,     /* how often the program is looked for where it has no pidfd */
  TICK = 2,        /* how often a child is looked at */
  PATIENCE = 2000, /* for a server that was asked to end, and then for one that was killed */
};

struct keeper {
  struct sap_keeping given;
  int directory;
  pid_t pid, server;
};

/* --- Children --- */

/* Splits the text after the output's name into words and variables; each list ends with NULL. */
static const char *split(struct sap_order *order, char **words, char **variables) {
  char *next = order->text;
  const char *output = next;
  next += strlen(next) + 1;
  for (int i = 0; i < order->words; i++, next += strlen(next) + 1) words[i] = next;
  for (int i = 0; i < order->variables; i++, next += strlen(next) + 1) variables[i] = next;
  words[order->words] = NULL;
  variables[order->variables] = NULL;
  return output;
}

static void reset_signals(void) {
  sigset_t none;
  for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: becomes the command. Exits with 127 where that cannot be done. */
static _Noreturn void become(const struct keeper *keeper, struct sap_order *order) {
  char *words[SAP_ORDER_WORDS + 1], *variables[SAP_ORDER_WORDS + 1];
  const char *output = split(order, words, variables);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != keeper->pid || setsid() < 0 || fchdir(keeper->directory) != 0) _exit(127);
  int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || dup2(file, 1) < 0 || dup2(file, 2) < 0) _exit(127);
  close(file);
  reset_signals();
  if (order->kind == SAP_RUN) close(keeper->given.gone);
  environ = variables;
  execvp(words[0], words);
  _exit(127);
}

static pid_t start(const struct keeper *keeper, struct sap_order *order) {
  pid_t pid = fork();
  if (pid == 0) become(keeper, order);
  return pid;
}

/* Whether a child has ended; it stays a zombie, so that its number and its group remain its own. */
static int has_ended(pid_t pid) {
  siginfo_t info = { .si_pid = 0 };
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Sleeps for a tick. Whether the program is still there. */
static int owner_waits(const struct keeper *keeper) {
  struct pollfd channel = { .fd = keeper->given.channel, .events = POLLRDHUP };
  return poll(&channel, 1, TICK) <= 0;
}

/* Waits until every child has ended: as a subreaper also those whose parent died. */
static int reap_all(void) {
  int64_t end = sap_clock() + PATIENCE;
  while (waitpid(-1, NULL, WNOHANG) >= 0) {
    if (sap_left(end, 1) == 0) return 0;
    (void)poll(NULL, 0, TICK);
  }
  return 1;
}

static void stop_server(struct keeper *keeper, int number) {
  if (keeper->server == 0) return;
  kill(-keeper->server, number);
  kill(keeper->server, number); /* before it has a group */
  if (!reap_all()) {
    kill(-keeper->server, SIGKILL);
    (void)reap_all();
  }
  keeper->server = 0;
}

static struct sap_report report_end(pid_t pid, int is_late) {
  int status = 0;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  (void)waitpid(pid, &status, 0);
  if (is_late) return (struct sap_report){ .kind = SAP_LATE };
  if (WIFEXITED(status)) return (struct sap_report){ .kind = SAP_ENDED, .number = WEXITSTATUS(status) };
  return (struct sap_report){ .kind = SAP_KILLED, .number = WTERMSIG(status) };
}

static struct sap_report report_failure(void) {
  return (struct sap_report){ .kind = SAP_FAILED, .number = errno };
}

/* --- Orders --- */

static struct sap_report run(struct keeper *keeper, struct sap_order *order) {
  int64_t end = sap_clock() + order->milliseconds;
  pid_t pid = start(keeper, order);
  if (pid < 0) return report_failure();
  while (!has_ended(pid)) {
    if (sap_left(end, 1) == 0 || !owner_waits(keeper)) return report_end(pid, 1);
  }
  return report_end(pid, 0);
}

/* nginx writes its number when its configuration was read and its addresses are listened at. */
static int is_ready(const struct keeper *keeper) {
  char text[32] = "";
  int file = openat(keeper->directory, "nginx.pid", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t len = read(file, text, sizeof text - 1);
  close(file);
  return len > 0 && text[len - 1] == '\n' && strtol(text, NULL, 10) == keeper->server;
}

static struct sap_report serve(struct keeper *keeper, struct sap_order *order) {
  int64_t end = sap_clock() + order->milliseconds;
  stop_server(keeper, SIGKILL);
  unlinkat(keeper->directory, "nginx.pid", 0);
  pid_t pid = start(keeper, order);
  if (pid < 0) return report_failure();
  keeper->server = pid;
  while (!is_ready(keeper)) {
    int is_late = sap_left(end, 1) == 0 || !owner_waits(keeper);
    if (!is_late && !has_ended(pid)) continue;
    struct sap_report report = report_end(pid, is_late);
    (void)reap_all();
    keeper->server = 0;
    return report;
  }
  return (struct sap_report){ .kind = SAP_READY, .number = (int)pid };
}

static struct sap_report halt(struct keeper *keeper) {
  stop_server(keeper, SIGKILL);
  return (struct sap_report){ .kind = SAP_ENDED };
}

static struct sap_report obey(struct keeper *keeper, struct sap_order *order) {
  switch (order->kind) {
    case SAP_RUN: return run(keeper, order);
    case SAP_SERVE: return serve(keeper, order);
    default: return halt(keeper);
  }
}

/* --- The keeper --- */

/* Waits for an order or for the program's end: 0 at the latter. */
static int wait_for_order(const struct keeper *keeper) {
  struct pollfd items[] = { { .fd = keeper->given.channel, .events = POLLIN },
                            { .fd = keeper->given.owner_fd, .events = POLLIN } };
  for (;;) {
    if (poll(items, 2, LOOK) < 0 && errno != EINTR) return 0;
    if (items[1].revents != 0) return 0;
    if (items[0].revents != 0) return 1;
    if (keeper->given.owner_fd < 0 && kill(keeper->given.owner, 0) != 0 && errno == ESRCH) return 0;
  }
}

static void keep(struct keeper *keeper) {
  struct sap_order order;
  while (wait_for_order(keeper)) {
    ssize_t len = recv(keeper->given.channel, &order, sizeof order, 0);
    if (len <= 0) return;
    struct sap_report report = obey(keeper, &order);
    report.serial = order.serial;
    if (send(keeper->given.channel, &report, sizeof report, MSG_NOSIGNAL) < 0) return;
  }
}

static void close_other(int directory, const char *name, void *context) {
  const struct sap_keeping *given = context;
  int fd = (int)strtol(name, NULL, 10);
  if (fd != given->channel && fd != given->gone && fd != given->owner_fd && fd != directory) close(fd);
}

/* Keeps of the program's descriptors only those it was given. */
static void close_others(struct sap_keeping *given) {
  int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list >= 0) (void)sap_each_name(list, close_other, given);
  close(list);
  int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) {
    if (fd != nothing) dup2(nothing, fd);
  }
  if (nothing > 2) close(nothing);
}

static void ignore_signals(void) {
  sigset_t none;
  for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
  static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) (void)signal(ignored[i], SIG_IGN);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void sap_keep(const struct sap_keeping *given) {
  struct keeper keeper = { .given = *given, .pid = getpid() };
  setsid();
  ignore_signals();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "sandbox-keeper");
  close_others(&keeper.given);
  umask(077);
  keeper.directory = open(given->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (keeper.directory >= 0 && chdir("/") == 0) keep(&keeper);
  stop_server(&keeper, SIGTERM);
  sap_remove_tree(given->path);
  _exit(0);
}
