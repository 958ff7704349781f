/* A piece of somebody else's bytes: never owned, never terminated. */
#ifndef SAP_BYTES_SLICE_H
#define SAP_BYTES_SLICE_H

#include <stddef.h>

struct sap_slice {
  const char *data;
  size_t len;
};

#endif
