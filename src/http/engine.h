/* Steps the pools of a Lua state: one descriptor to wait for, one call to make when it can be read. */
#ifndef SAP_HTTP_ENGINE_H
#define SAP_HTTP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/pool.h"

enum { SAP_READY_PER_STEP = 64 };

struct sap_engine {
  struct sap_commons commons;
  unsigned generation; /* the reactor's when all pools last knew of it */
  unsigned events;     /* what the last step had to do: sockets, timers */
};

/* NULL without memory. Opens nothing yet. */
struct sap_engine *sap_engine_new(void);

/* Closes every pool, which completes what is in flight, and frees the engine. Pools may be released later. */
void sap_engine_free(struct sap_engine *engine);

/* Opens the descriptors where they are not open yet; drops what a fork inherited. 0, or an errno. */
int sap_engine_open(struct sap_engine *engine);

/* Does what is ready, on `most` descriptors, and completes what is done. Blocks for at most `milliseconds`, and only if
   nothing is ready. 0, or an errno (EINTR when a signal ended the wait). */
int sap_engine_step(struct sap_engine *engine, int milliseconds, int most);

/* Makes the descriptor readable until the next step. */
void sap_engine_alert(struct sap_engine *engine);

#endif
