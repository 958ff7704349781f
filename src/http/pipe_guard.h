/* Keeps from the host what libcurl would leave in the process: SIGPIPE, and errors in OpenSSL's queue. */
#ifndef SAP_HTTP_PIPE_GUARD_H
#define SAP_HTTP_PIPE_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct sap_pipe_guard {
  bool active, was_pending;
  sigset_t previous;
};

/* Between these two, SIGPIPE is held back in this thread and then taken away, where `needed`; and what OpenSSL notes in
   this thread's queue of errors is taken out of it again, as nginx, for one, writes an alert for what it finds there. */
void sap_pipe_guard_begin(struct sap_pipe_guard *guard, bool needed);
void sap_pipe_guard_end(struct sap_pipe_guard *guard);

#endif
