/* Owns the memory of growing byte runs: where it grows, is wiped, and ends. */
#include "bytes/buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/secure.h"

enum { SMALLEST_CAPACITY = 512 };

/* realloc() could move the bytes and leave the old ones readable, so growing is allocate, copy, wipe, free. */
static int grow_to(struct sap_buffer *buffer, size_t cap) {
  char *data = malloc(cap);
  if (data == NULL) return -1;
  if (buffer->len > 0) memcpy(data, buffer->data, buffer->len);
  if (buffer->data != NULL) sap_wipe(buffer->data, buffer->cap);
  free(buffer->data);
  buffer->data = data;
  buffer->cap = cap;
  return 0;
}

int sap_buffer_reserve(struct sap_buffer *buffer, size_t extra) {
  if (extra <= buffer->cap - buffer->len) return 0;
  if (extra > SIZE_MAX - buffer->len) return -1;
  size_t need = buffer->len + extra;
  size_t cap = buffer->cap <= SIZE_MAX / 2 ? buffer->cap * 2 : need;
  if (cap < SMALLEST_CAPACITY) cap = SMALLEST_CAPACITY;
  return grow_to(buffer, cap < need ? need : cap);
}

int sap_buffer_append(struct sap_buffer *buffer, const void *bytes, size_t len) {
  if (len == 0) return 0;
  if (len > buffer->cap - buffer->len && sap_buffer_reserve(buffer, len) != 0) return -1;
  memcpy(buffer->data + buffer->len, bytes, len);
  buffer->len += len;
  return 0;
}

void sap_buffer_clear(struct sap_buffer *buffer) {
  if (buffer->data != NULL) sap_wipe(buffer->data, buffer->cap);
  buffer->len = 0;
}

void sap_buffer_free(struct sap_buffer *buffer) {
  sap_buffer_clear(buffer);
  free(buffer->data);
  buffer->data = NULL;
  buffer->cap = 0;
}
