/* Keeps SIGPIPE from a host that does not ignore it. */
#ifndef SAP_PIPE_GUARD_H
#define SAP_PIPE_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct sap_pipe_guard {
  bool active, was_pending;
  sigset_t previous;
};

/* Between these two, SIGPIPE is held back in this thread and then taken away. Nothing is done where `needed` is not. */
void sap_pipe_guard_begin(struct sap_pipe_guard *guard, bool needed);
void sap_pipe_guard_end(struct sap_pipe_guard *guard);

#endif
