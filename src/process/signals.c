/* Signals that ask a program to end, as something to look at: a handler notes them, and nothing else happens. */
#define _GNU_SOURCE
#include "process/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "process/terminal.h"

/* A process has one set of handlers, so this is the process's, too. */
static volatile sig_atomic_t noted = 0;

static void note(int number) {
  int error = errno;
  if (noted != 0) {
    sap_show_typing();
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* comes when this handler has returned */
  }
  if (noted == 0) noted = number;
  errno = error;
}

void sap_note_signals(void) {
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  struct sigaction action = { .sa_handler = note }, before;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    int is_ignored = sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
    if (numbers[i] == SIGINT || !is_ignored) (void)sigaction(numbers[i], &action, NULL);
  }
}

int sap_noted_signal(void) {
  return noted;
}
