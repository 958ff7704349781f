/* Keeps from the host what libcurl would leave in the process: SIGPIPE, and errors in OpenSSL's queue. */
#include "http/pipe_guard.h"

#include <errno.h>
#include <openssl/err.h>
#include <stddef.h>
#include <time.h>

static sigset_t only_pipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

void sap_pipe_guard_begin(struct sap_pipe_guard *guard, bool needed) {
  guard->active = needed;
  ERR_set_mark();
  if (!needed) return;
  sigset_t pending, set = only_pipe();
  sigpending(&pending);
  guard->was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &set, &guard->previous);
}

void sap_pipe_guard_end(struct sap_pipe_guard *guard) {
  const struct timespec at_once = { 0, 0 };
  ERR_pop_to_mark();
  if (!guard->active) return;
  sigset_t set = only_pipe();
  while (!guard->was_pending && sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR) continue;
  pthread_sigmask(SIG_SETMASK, &guard->previous, NULL);
}
