/* The body of a request that is a file between two texts. */
#ifndef SAP_HTTP_SOURCE_H
#define SAP_HTTP_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes/buffer.h"

/* Kept by whoever still needs it: Lua, and a transfer. */
struct sap_source {
  unsigned holders;
  int fd;
  struct sap_buffer before, after;
  uint64_t
      file_size; /* when it was opened: a file that has grown is sent as it was, one that has shrunk is not sent whole */
  uint64_t size;  /* of all three */
  uint64_t taken; /* bytes that were read of all three */
  int fault;      /* 0, or what is wrong, see bytes/files.h */
};

/* Opens the file, which must be one, and copies the texts. NULL, with *fault set, where that fails. */
struct sap_source *sap_source_new(const char *path, int *fault);

/* 0, or -1 without memory. */
int sap_source_surround(struct sap_source *source, const char *before, size_t before_len, const char *after,
                        size_t after_len);

struct sap_source *sap_source_hold(struct sap_source *source);
void sap_source_release(struct sap_source *source);

/* Reads the next bytes: how many, 0 at the end, or -1 with the fault noted. */
long sap_source_read(struct sap_source *source, char *room, size_t len);

#endif
