/* Keeps SIGPIPE from a host that does not ignore it. */
#ifndef SAP_PIPE_GUARD_H
#define SAP_PIPE_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct sap_pipe_guard {
  bool active, was_pending;
  sigset_t previous;
};

/* Before 7.87.0 libcurl let OpenSSL write to sockets that the peer may have closed, and with CURLOPT_NOSIGNAL it leaves
   SIGPIPE to the application. */
bool sap_pipe_guard_needed(void);

/* Between these two, SIGPIPE is held back in this thread and then taken away. Nothing is done where `needed` is not. */
void sap_pipe_guard_begin(struct sap_pipe_guard *guard, bool needed);
void sap_pipe_guard_end(struct sap_pipe_guard *guard);

#endif
