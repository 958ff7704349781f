/* A file that an answer arrives in. Until it is whole it has a name of its own beside the final one. */
#ifndef SAP_HTTP_SINK_H
#define SAP_HTTP_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bytes/list.h"

struct sap_transfer;

/* Kept by whoever still needs it: Lua, a transfer, a thread that puts it in its place. The last one ends it. */
struct sap_sink {
  atomic_int holders;
  pid_t process; /* the one whose file it is: a forked child leaves it alone */
  char *path;    /* where the file will be */
  char *temporary;
  int fd;                        /* -1 once it is closed */
  uint64_t most;                 /* bytes that it may have */
  uint64_t bytes;                /* that it has */
  uint64_t total;                /* that it will have, 0 where nobody has told */
  uint64_t handed;               /* bytes that the disk was asked to take */
  bool placing;                  /* a thread has it, or had it */
  atomic_bool given_up;          /* nobody wants the file any more */
  atomic_bool placed;            /* the thread has ended; then `fault` is how */
  int fault;                     /* 0, or what is wrong, see bytes/files.h */
  struct sap_transfer *transfer; /* the one that waits for the thread, kept by placer.c; likewise */
  int64_t deadline;
  struct sap_link link;
};

enum { SAP_SINK_IS_FULL = -100 }; /* a fault: more bytes than it may have */

/* Makes the file under its temporary name, for this user only, after removing what a process that is dead has left for the
   same path. NULL, with *fault set, where that fails or where the path leads to something else than a file. */
struct sap_sink *sap_sink_new(const char *path, uint64_t most, int *fault);

struct sap_sink *sap_sink_hold(struct sap_sink *sink);
void sap_sink_release(struct sap_sink *sink);

/* Empties it for another try. 0, or a fault. */
int sap_sink_restart(struct sap_sink *sink);

/* Adds bytes and lets the disk begin with them. 0, or a fault, which it also notes. */
int sap_sink_write(struct sap_sink *sink, const char *bytes, size_t len);

/* Syncs the file and puts it in the place of its path, or removes it where that fails or nobody wants it any more. Notes the
   fault, then that it is placed. This takes as long as the disk does, and needs nothing of the thread that made it. */
void sap_sink_place(struct sap_sink *sink);

/* Removes the file, unless it is in its place; a thread that has it does so in its time. */
void sap_sink_discard(struct sap_sink *sink);

#endif
