/* A growing run of bytes that never leaves a copy behind: memory is wiped before it is given up. */
#ifndef SAP_BYTES_BUFFER_H
#define SAP_BYTES_BUFFER_H

#include <stddef.h>

/* All zero is the empty buffer. Bytes [0, len) are in use; data may be NULL while cap is 0. */
struct sap_buffer {
  char *data;
  size_t len, cap;
};

/* Makes room for `extra` more bytes. Returns 0, or -1 when there is no memory (the buffer is as it was). */
int sap_buffer_reserve(struct sap_buffer *buffer, size_t extra);

/* Adds `len` bytes, which must not lie inside the buffer itself. Returns 0, or -1 as above. */
int sap_buffer_append(struct sap_buffer *buffer, const void *bytes, size_t len);

/* Wipes the content and keeps the memory. */
void sap_buffer_clear(struct sap_buffer *buffer);

/* Wipes the content, frees the memory and leaves an empty buffer. */
void sap_buffer_free(struct sap_buffer *buffer);

#endif
