/* Times at which a wait ends. */
#ifndef SAP_PROCESS_CLOCK_H
#define SAP_PROCESS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that nobody sets. */
static inline int64_t sap_clock(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How many milliseconds are left until then, at least 0 and at most `most`. */
static inline int sap_left(int64_t end, int most) {
  int64_t left = end - sap_clock();
  if (left <= 0) return 0;
  return left < most ? (int)left : most;
}

#endif
