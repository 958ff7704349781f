/* A keeper: a small process that owns a directory, starts programs in it and ends with the program that made it, however
   that ends. It stops what it started and removes the directory.

   - It is forked, not executed, and afterwards makes system calls only: its program may have threads.
   - It has a session of its own and is nobody's child, so that neither a signal to the program's process group reaches
     it nor the program's own wait() sees it. It keeps none of the program's descriptors.
   - It learns of the program's end by the end of the channel between them, and, where copies of the program hold that
     open, by the program's pidfd.
   - What it starts is asked to end (SIGTERM) when the keeper itself is killed; the keeper has one thread, so the signal
     cannot come too early.
   - Every wait has a time. */
#ifndef SAP_PROCESS_KEEPER_H
#define SAP_PROCESS_KEEPER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  SAP_ORDER_MAX = 16384, /* bytes of text in an order */
  SAP_ORDER_WORDS = 64,  /* words of a command, and as many variables */
};

enum sap_order_kind {
  SAP_RUN, /* runs a command to its end */
  SAP_SERVE, /* starts the server, in place of one before, and waits until its pid stands in the file nginx.pid */
  SAP_HALT, /* kills the server and its children */
};

struct sap_order {
  uint32_t serial;
  enum sap_order_kind kind;
  int milliseconds; /* after which it is killed */
  int words, variables;
  size_t len;
  char text
      [SAP_ORDER_MAX]; /* the name of the file for its output, the words, the variables: each ends with a NUL */
};

enum sap_report_kind {
  SAP_ENDED,  /* by itself: number is its exit status */
  SAP_KILLED, /* by a signal: number is which */
  SAP_READY,  /* the server runs: number is its pid */
  SAP_LATE,   /* it took too long and was killed */
  SAP_FAILED, /* it could not be started: number is errno */
};

struct sap_report {
  uint32_t serial;
  enum sap_report_kind kind;
  int number;
};

struct sap_keeper {
  int channel; /* -1 when it was closed */
  int gone;    /* ends when neither the keeper nor its server runs any more */
  pid_t pid, owner;
  uint32_t serial;
  char *directory;
};

/* Makes the directory, which must not exist, and its keeper. 0, or errno. */
int sap_start_keeper(struct sap_keeper *keeper, const char *directory);

/* Has an order carried out. 0, or errno: ETIMEDOUT where the keeper does not answer, EPIPE where it is gone. */
int sap_ask_keeper(struct sap_keeper *keeper, struct sap_order *order, struct sap_report *report);

/* Whether the keeper is there. */
int sap_keeper_is_alive(const struct sap_keeper *keeper);

/* Ends the keeper, its server and the directory. In a copy of the program only this copy's descriptors are closed. Does
   nothing the second time. */
void sap_end_keeper(struct sap_keeper *keeper);

#endif
