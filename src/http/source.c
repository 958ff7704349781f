/* The body of a request that is a file between two texts. */
#define _GNU_SOURCE
#include "http/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes/files.h"

/* Opening. */

static int open_file(struct sap_source *source, const char *path) {
  struct stat status;
  do source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (source->fd < 0 && errno == EINTR);
  if (source->fd < 0 || fstat(source->fd, &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return SAP_FILE_IS_NONE;
  source->file_size = (uint64_t)status.st_size;
  (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return 0;
}

struct sap_source *sap_source_new(const char *path, int *fault) {
  struct sap_source *source = calloc(1, sizeof *source);
  *fault = ENOMEM;
  if (source == NULL) return NULL;
  source->holders = 1;
  source->fd = -1;
  *fault = open_file(source, path);
  if (*fault == 0) return source;
  sap_source_release(source);
  return NULL;
}

int sap_source_surround(struct sap_source *source, const char *before, size_t before_len, const char *after,
                        size_t after_len) {
  if (sap_buffer_append(&source->before, before, before_len) != 0) return -1;
  if (sap_buffer_append(&source->after, after, after_len) != 0) return -1;
  source->size = before_len + source->file_size + after_len;
  return 0;
}

struct sap_source *sap_source_hold(struct sap_source *source) {
  source->holders++;
  return source;
}

void sap_source_release(struct sap_source *source) {
  if (--source->holders > 0) return;
  if (source->fd >= 0) close(source->fd);
  sap_buffer_free(&source->before);
  sap_buffer_free(&source->after);
  free(source);
}

/* Reading. */

static size_t smaller(uint64_t left, size_t len) {
  return left < len ? (size_t)left : len;
}

static long copy_text(const struct sap_buffer *text, uint64_t at, char *room, size_t len) {
  size_t count = smaller(text->len - at, len);
  memcpy(room, text->data + at, count);
  return (long)count;
}

static long read_file(struct sap_source *source, uint64_t at, char *room, size_t len) {
  ssize_t count;
  do count = pread(source->fd, room, smaller(source->file_size - at, len), (off_t)at);
  while (count < 0 && errno == EINTR);
  if (count <= 0) source->fault = count < 0 ? errno : ENODATA; /* it has shrunk */
  return count > 0 ? (long)count : -1;
}

/* From one of the three. */
static long read_next(struct sap_source *source, char *room, size_t len) {
  uint64_t at = source->taken;
  if (at < source->before.len) return copy_text(&source->before, at, room, len);
  at -= source->before.len;
  if (at < source->file_size) return read_file(source, at, room, len);
  at -= source->file_size;
  return at < source->after.len ? copy_text(&source->after, at, room, len) : 0;
}

long sap_source_read(struct sap_source *source, char *room, size_t len) {
  long count = read_next(source, room, len);
  if (count > 0) source->taken += (uint64_t)count;
  return count;
}
