/* A file that an answer arrives in. Until it is whole it has a name of its own beside the final one.

   That name is ".", the beginning of the final name, ".", 16 hexadecimal digits, ".part". Whoever writes the file has a lock on
   it, which the kernel takes away with the process: a file that can be locked is nobody's any more. */
#define _GNU_SOURCE
#include "http/sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes/files.h"
#include "bytes/secure.h"

enum { FOR_THE_USER = 0600, MARK = 16, MOST_OF_NAME = 200, TRIES = 10 };
enum { HANDED_TOGETHER = 1024 * 1024 };

static const char ending[] = ".part";

/* Names. */

static const char *name_in(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* What the names of all temporary files for a path begin with: ".orders.csv." */
static size_t write_stem(char out[NAME_MAX + 1], const char *path) {
  return (size_t)snprintf(out, NAME_MAX + 1, ".%.*s.", MOST_OF_NAME, name_in(path));
}

static bool is_temporary(const char *name, const char *stem, size_t len) {
  if (strncmp(name, stem, len) != 0 || strlen(name) != len + MARK + sizeof ending - 1) return false;
  return strspn(name + len, "0123456789abcdef") == MARK && strcmp(name + len + MARK, ending) == 0;
}

/* One may follow a symbolic link, and replaces the file that it leads to. NULL, with errno, where it leads nowhere. */
static char *find_path(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) return realpath(path, NULL);
  return strdup(path);
}

/* What is there already must be a file. */
static int check_path(const char *path) {
  struct stat status;
  if (*name_in(path) == '\0') return SAP_FILE_IS_NONE;
  if (stat(path, &status) != 0) return errno == ENOENT ? 0 : errno;
  return S_ISREG(status.st_mode) ? 0 : SAP_FILE_IS_NONE;
}

/* What dead processes have left. */

static bool is_locked(int fd) {
  return flock(fd, LOCK_EX | LOCK_NB) != 0;
}

static void remove_if_dead(int directory, const char *name) {
  int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  if (!is_locked(fd)) (void)unlinkat(directory, name, 0);
  close(fd);
}

static DIR *open_directory_of(const char *path) {
  size_t len = (size_t)(name_in(path) - path);
  char *directory = len > 0 ? strndup(path, len) : strdup(".");
  DIR *opened = directory != NULL ? opendir(directory) : NULL;
  free(directory);
  return opened;
}

/* Not being able to look costs only room. */
static void clear_dead(const char *path) {
  char stem[NAME_MAX + 1];
  size_t len = write_stem(stem, path);
  DIR *directory = open_directory_of(path);
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (is_temporary(entry->d_name, stem, len)) remove_if_dead(dirfd(directory), entry->d_name);
  closedir(directory);
}

/* Making. */

static int name_temporary(struct sap_sink *sink) {
  unsigned char random[MARK / 2];
  char stem[NAME_MAX + 1];
  size_t room = strlen(sink->path) + MARK + sizeof ending + 3;
  if (sap_random(random, sizeof random) != 0) return errno;
  free(sink->temporary);
  sink->temporary = malloc(room);
  if (sink->temporary == NULL) return ENOMEM;
  write_stem(stem, sink->path);
  int at =
      snprintf(sink->temporary, room, "%.*s%s", (int)(name_in(sink->path) - sink->path), sink->path, stem);
  for (size_t i = 0; i < sizeof random; i++)
    at += snprintf(sink->temporary + at, room - (size_t)at, "%02x", random[i]);
  (void)snprintf(sink->temporary + at, room - (size_t)at, "%s", ending);
  return 0;
}

/* Where there are no locks, nothing is ever taken for dead. */
static int lock_new(int fd) {
  struct stat status;
  if (is_locked(fd) && errno == EWOULDBLOCK) return EAGAIN;
  if (fstat(fd, &status) != 0) return errno;
  return status.st_nlink == 0 ? EAGAIN : 0; /* somebody took it for a dead one's before it was locked */
}

static int create(struct sap_sink *sink) {
  int fault = name_temporary(sink);
  if (fault != 0) return fault;
  sink->fd = open(sink->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FOR_THE_USER);
  if (sink->fd < 0) return errno;
  if (fchmod(sink->fd, FOR_THE_USER) != 0) fault = errno; /* whatever the umask took away */
  if (fault == 0) fault = lock_new(sink->fd);
  if (fault == 0) return 0;
  (void)unlink(sink->temporary);
  close(sink->fd);
  sink->fd = -1;
  return fault;
}

static int open_all(struct sap_sink *sink, const char *path) {
  sink->path = find_path(path);
  if (sink->path == NULL) return errno;
  int fault = check_path(sink->path);
  if (fault != 0) return fault;
  clear_dead(sink->path);
  fault = create(sink);
  for (int i = 1; i < TRIES && (fault == EAGAIN || fault == EEXIST || fault == EINTR); i++)
    fault = create(sink);
  return fault;
}

struct sap_sink *sap_sink_new(const char *path, uint64_t most, int *fault) {
  struct sap_sink *sink = calloc(1, sizeof *sink);
  *fault = ENOMEM;
  if (sink == NULL) return NULL;
  atomic_init(&sink->holders, 1);
  sink->process = getpid();
  sink->fd = -1;
  sink->most = most;
  *fault = open_all(sink, path);
  if (*fault == 0) return sink;
  sap_sink_release(sink);
  return NULL;
}

/* Ending. */

static void close_file(struct sap_sink *sink) {
  if (sink->fd >= 0) close(sink->fd);
  sink->fd = -1;
}

/* A file that is open has its temporary name still. */
static void remove_file(struct sap_sink *sink) {
  if (sink->fd >= 0 && sink->process == getpid()) (void)unlink(sink->temporary);
  close_file(sink);
}

struct sap_sink *sap_sink_hold(struct sap_sink *sink) {
  atomic_fetch_add(&sink->holders, 1);
  return sink;
}

void sap_sink_release(struct sap_sink *sink) {
  if (atomic_fetch_sub(&sink->holders, 1) > 1) return;
  remove_file(sink);
  free(sink->temporary);
  free(sink->path);
  free(sink);
}

void sap_sink_discard(struct sap_sink *sink) {
  atomic_store(&sink->given_up, true);
  if (!sink->placing) remove_file(sink);
}

/* Writing. */

int sap_sink_restart(struct sap_sink *sink) {
  if (sink->placing || sink->fd < 0) return EBADF;
  if (sink->bytes > 0 && ftruncate(sink->fd, 0) != 0) return errno;
  sink->bytes = sink->total = sink->handed = 0;
  sink->fault = 0;
  return 0;
}

/* To write beyond this limit would raise a signal, which ends a process that does not expect it. */
static bool is_beyond_limit(uint64_t end) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

static int write_all(struct sap_sink *sink, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t written = pwrite(sink->fd, bytes, len, (off_t)sink->bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes += written;
    len -= (size_t)written;
    sink->bytes += (uint64_t)written;
  }
  return 0;
}

/* What waited in memory would be written by the last sync, all at once. */
static void hand_over(struct sap_sink *sink) {
  if (sink->bytes - sink->handed < HANDED_TOGETHER) return;
  (void)sync_file_range(sink->fd, (off_t)sink->handed, (off_t)(sink->bytes - sink->handed),
                        SYNC_FILE_RANGE_WRITE);
  sink->handed = sink->bytes;
}

int sap_sink_write(struct sap_sink *sink, const char *bytes, size_t len) {
  if (sink->fd < 0)
    sink->fault = EBADF;
  else if (len > sink->most - sink->bytes)
    sink->fault = SAP_SINK_IS_FULL;
  else if (is_beyond_limit(sink->bytes + len))
    sink->fault = EFBIG;
  else
    sink->fault = write_all(sink, bytes, len);
  if (sink->fault == 0) hand_over(sink);
  return sink->fault;
}

/* Placing. */

static int sync_file(int fd) {
  while (fsync(fd) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

static int rename_wanted(struct sap_sink *sink) {
  if (atomic_load(&sink->given_up)) return ECANCELED;
  return rename(sink->temporary, sink->path) == 0 ? 0 : errno;
}

/* A directory that one may not read cannot be synced; the system does it in its time. */
static int sync_directory(const char *path) {
  int fault = sap_sync_directory(path);
  return fault == EACCES ? 0 : fault;
}

void sap_sink_place(struct sap_sink *sink) {
  int fault = sync_file(sink->fd);
  if (fault == 0) fault = rename_wanted(sink);
  if (fault == 0) {
    close_file(sink);
    fault = sync_directory(sink->path);
  } else {
    remove_file(sink);
  }
  sink->fault = fault;
  atomic_store(&sink->placed, true);
}
