/* The keeper's own side: what runs in the process that was forked. */
#ifndef SAP_PROCESS_KEEPING_H
#define SAP_PROCESS_KEEPING_H

#include <sys/types.h>

struct sap_keeping {
  const char *path; /* of the directory */
  int channel;      /* to the program */
  int gone;         /* held open by the keeper and its server */
  int owner_fd;     /* the program's pidfd, or -1 */
  pid_t owner;
};

/* Never returns. Every signal is blocked when it is called. */
_Noreturn void sap_keep(const struct sap_keeping *given);

#endif
