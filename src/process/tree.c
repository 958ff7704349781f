/* Directories read and removed with system calls alone. */
#define _GNU_SOURCE
#include "process/tree.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_DEPTH = 32, MAX_ROUNDS = 8 };

/* As getdents64(2) gives it; its names follow one another in a buffer. */
struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[];
};

union entries {
  char bytes[4096];
  struct entry first; /* for its alignment */
};

static int is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int sap_each_name(int directory, void (*visit)(int, const char *, void *), void *context) {
  union entries entries;
  for (;;) {
    long len = syscall(SYS_getdents64, directory, &entries, sizeof entries);
    if (len <= 0) return (int)len;
    for (long at = 0; at < len;) {
      const struct entry *entry = (const void *)(entries.bytes + at);
      at += entry->size;
      if (!is_dots(entry->name)) visit(directory, entry->name, context);
    }
  }
}

static void remove_name(int parent, const char *name, void *depth);

/* A file system may skip names while others are removed: the directory is read until it is empty. */
static void remove_directory(int parent, const char *name, int depth) {
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return;
  for (int round = 0; round < MAX_ROUNDS && unlinkat(parent, name, AT_REMOVEDIR) != 0; round++) {
    (void)lseek(directory, 0, SEEK_SET);
    (void)sap_each_name(directory, remove_name, &depth);
  }
  close(directory);
}

static void remove_name(int parent, const char *name, void *depth) {
  int level = *(const int *)depth;
  if (unlinkat(parent, name, 0) != 0 && level < MAX_DEPTH) remove_directory(parent, name, level + 1);
}

void sap_remove_tree(const char *path) {
  remove_directory(AT_FDCWD, path, 0);
}
