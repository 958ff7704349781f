/* What every fuzz target needs: a promise that is broken ends the run, and libFuzzer keeps the input. */
#ifndef SAP_FUZZ_H
#define SAP_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

static inline void fuzz_broken(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: broken: %s\n", file, line, condition);
  abort();
}

/* Memory of just this size, so that a step beyond its end is noticed. */
static inline char *fuzz_room(size_t size) {
  char *room = malloc(size > 0 ? size : 1);
  PROMISE(room != NULL);
  return room;
}

static inline bool fuzz_lies_in(struct sap_slice slice, const char *text, size_t len) {
  return slice.data >= text && slice.data <= text + len && slice.len <= len - (size_t)(slice.data - text);
}

#endif
