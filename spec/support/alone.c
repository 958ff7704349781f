/* Preloaded behind a sanitizer's library: what the program starts, shells and servers, runs without that. */
#include <stdlib.h>

__attribute__((constructor)) static void leave_alone(void) {
  unsetenv("LD_PRELOAD");
}
