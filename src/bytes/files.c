/* Files that belong to one user, are replaced whole, and are changed by one process at a time. */
#include "bytes/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOR_THE_USER = 0600, DIRECTORY_FOR_THE_USER = 0700, OTHERS = 077, OTHERS_WRITE = 022 };

const char *sap_file_message(int fault) {
  switch (fault) {
    case SAP_FILE_IS_OPEN_TO_OTHERS: return "it is open to other users";
    case SAP_FILE_IS_LOCKED: return "another process has it locked";
    case SAP_FILE_IS_TOO_LARGE: return "it is too large";
    case SAP_FILE_IS_NONE: return "it is no file";
    default: return strerror(fault);
  }
}

const char *sap_file_reason(int fault) {
  switch (fault) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "full";
    case ENOENT:
    case ENOTDIR: return "missing";
    case EACCES:
    case EPERM:
    case EROFS: return "denied";
    default: return "io";
  }
}

/* Opening and syncing */

/* Copies the part of the path before the last slash; "." where there is none. */
static int copy_directory(const char *path, char out[PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  size_t len = slash == NULL ? 0 : (size_t)(slash - path);
  if (slash == path) len = 1;
  if (len >= PATH_MAX) return ENAMETOOLONG;
  memcpy(out, len == 0 ? "." : path, len == 0 ? 1 : len);
  out[len == 0 ? 1 : len] = '\0';
  return 0;
}

static int open_again(const char *path, int flags, int *fd) {
  do *fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FOR_THE_USER);
  while (*fd < 0 && errno == EINTR);
  return *fd < 0 ? errno : 0;
}

static int sync_file(int fd) {
  while (fsync(fd) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

/* Puts the names in the directory of the path on the disk. Some file systems cannot sync a directory, and say so. */
int sap_sync_directory(const char *path) {
  char dir[PATH_MAX];
  int fd, fault = copy_directory(path, dir);
  if (fault == 0) fault = open_again(dir, O_RDONLY | O_DIRECTORY, &fd);
  if (fault != 0) return fault;
  fault = sync_file(fd);
  close(fd);
  return fault == EINVAL ? 0 : fault;
}

/* Directories */

/* Where others may write, they may put their own file in the place of ours; not in one like /tmp, where each may only
   remove what is his. */
static int check_directory(const char *dir) {
  struct stat status;
  if (stat(dir, &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  if (status.st_uid != geteuid() && status.st_uid != 0) return SAP_FILE_IS_OPEN_TO_OTHERS;
  return (status.st_mode & OTHERS_WRITE) != 0 && (status.st_mode & S_ISVTX) == 0 ? SAP_FILE_IS_OPEN_TO_OTHERS
                                                                                 : 0;
}

static int make_directory(const char *dir) {
  if (mkdir(dir, DIRECTORY_FOR_THE_USER) != 0) return errno == EEXIST ? 0 : errno;
  int fault = sap_sync_directory(dir);
  return fault == EACCES ? 0 : fault; /* one may make directories in what one cannot read */
}

/* Makes each directory of the path in turn; the text is changed and restored on the way. */
static int make_each(char *dir) {
  for (char *at = dir + 1; *at != '\0'; at++) {
    if (*at != '/') continue;
    *at = '\0';
    int fault = make_directory(dir);
    *at = '/';
    if (fault != 0) return fault;
  }
  return make_directory(dir);
}

int sap_make_directories(const char *path) {
  char dir[PATH_MAX];
  struct stat status;
  int fault = copy_directory(path, dir);
  if (fault == 0 && stat(dir, &status) != 0) fault = errno == ENOENT ? make_each(dir) : errno;
  return fault == 0 ? check_directory(dir) : fault;
}

/* Private files */

static int check_private(int fd, struct stat *status) {
  if (fstat(fd, status) != 0) return errno;
  if (!S_ISREG(status->st_mode)) return SAP_FILE_IS_NONE;
  return status->st_uid != geteuid() || (status->st_mode & OTHERS) != 0 ? SAP_FILE_IS_OPEN_TO_OTHERS : 0;
}

/* Opens a regular file that nobody else may read. */
static int open_private(const char *path, int flags, int *fd, struct stat *status) {
  int fault = open_again(path, flags, fd);
  if (fault != 0) return fault;
  fault = check_private(*fd, status);
  if (fault == 0) return 0;
  close(*fd);
  *fd = -1;
  return fault;
}

/* Locking */

static int try_lock(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return errno == EWOULDBLOCK ? SAP_FILE_IS_LOCKED : errno;
  return 0;
}

/* Whether the path still leads to the file that was opened: a lock on one that was removed keeps nobody out. */
static bool is_still_there(const char *path, const struct stat *opened) {
  struct stat now;
  return stat(path, &now) == 0 && now.st_ino == opened->st_ino && now.st_dev == opened->st_dev;
}

int sap_lock_file(const char *path, int *lock) {
  struct stat status;
  int fault = open_private(path, O_RDWR | O_CREAT | O_NOFOLLOW, lock, &status);
  if (fault != 0) return fault;
  fault = try_lock(*lock);
  if (fault == 0 && !is_still_there(path, &status))
    fault = SAP_FILE_IS_LOCKED; /* the next try finds another one */
  if (fault == 0) return 0;
  close(*lock);
  *lock = -1;
  return fault;
}

/* Unlocked before it is closed: a process that was forked meanwhile has the same lock. */
void sap_unlock_file(int lock) {
  (void)flock(lock, LOCK_UN);
  close(lock);
}

/* Reading */

/* Reads to the end, whatever the file's size was said to be. */
static int read_all(int fd, size_t most, struct sap_buffer *out) {
  for (;;) {
    if (sap_buffer_reserve(out, 1) != 0) return ENOMEM;
    ssize_t got = read(fd, out->data + out->len, out->cap - out->len);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : errno;
    out->len += (size_t)got;
    if (out->len > most) return SAP_FILE_IS_TOO_LARGE;
  }
}

int sap_read_private_file(const char *path, size_t most, struct sap_buffer *out) {
  struct stat status;
  int fd, fault = open_private(path, O_RDONLY, &fd, &status);
  if (fault != 0) return fault;
  if (status.st_size > 0 && (size_t)status.st_size > most)
    fault = SAP_FILE_IS_TOO_LARGE;
  else if (sap_buffer_reserve(out, (size_t)status.st_size + 1) != 0)
    fault = ENOMEM;
  else
    fault = read_all(fd, most, out);
  close(fd);
  return fault;
}

/* Writing */

static int write_all(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t written = write(fd, bytes, len);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes += written;
    len -= (size_t)written;
  }
  return 0;
}

static int write_file(const char *path, const void *bytes, size_t len) {
  int fd, fault = open_again(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, &fd);
  if (fault != 0) return fault;
  if (fchmod(fd, FOR_THE_USER) != 0) fault = errno; /* whatever the umask took away */
  if (fault == 0) fault = write_all(fd, bytes, len);
  if (fault == 0) fault = sync_file(fd);
  if (close(fd) != 0 && fault == 0 && errno != EINTR) fault = errno;
  if (fault != 0) (void)unlink(path);
  return fault;
}

int sap_replace_file(const char *path, const char *temporary, const void *bytes, size_t len) {
  int fault = write_file(temporary, bytes, len);
  if (fault != 0) return fault;
  if (rename(temporary, path) != 0) {
    fault = errno;
    (void)unlink(temporary);
    return fault;
  }
  return sap_sync_directory(path);
}

int sap_remove_file(const char *path) {
  return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}
