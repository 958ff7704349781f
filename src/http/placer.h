/* Puts whole files in their places, each on a thread of its own, for the disk may take its time. */
#ifndef SAP_HTTP_PLACER_H
#define SAP_HTTP_PLACER_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes/list.h"
#include "http/reactor.h"
#include "http/sink.h"

struct sap_placer {
  int ends[2];             /* of a pipe that wakes the reactor, -1 before the first file */
  unsigned generation;     /* the reactor's when the pipe was opened */
  struct sap_link placing; /* sinks that threads have */
};

void sap_placer_init(struct sap_placer *placer);
void sap_placer_close(struct sap_placer *placer, struct sap_reactor *reactor);

/* Begins with the file of a transfer, which must end by then. Where there is no thread to be had, this one does it before it
   returns. The reactor finds the placer as the owner of a descriptor once a file is in its place. */
void sap_placer_begin(struct sap_placer *placer, struct sap_reactor *reactor, struct sap_sink *sink,
                      int64_t deadline);

/* Does what the descriptor became readable for. */
void sap_placer_clear(struct sap_placer *placer);

/* Takes a transfer whose file is in its place, or could not be put there, or whose time is up by `now`; or NULL. */
struct sap_transfer *sap_placer_next(struct sap_placer *placer, int64_t now);

/* When the next of them is to be taken, unless the descriptor tells earlier; SAP_NEVER for none. */
int64_t sap_placer_deadline(const struct sap_placer *placer);

#endif
