/* The account without rights. */
#include "process/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sap_find_nobody(struct sap_account *account) {
  char space[4096];
  struct passwd user, *found_user = NULL;
  struct group group, *found_group = NULL;
  if (getpwnam_r("nobody", &user, space, sizeof space, &found_user) != 0 || found_user == NULL) return 0;
  account->user = user.pw_uid;
  account->group = user.pw_gid;
  (void)snprintf(account->user_name, SAP_NAME_MAX, "%s", user.pw_name);
  if (getgrgid_r(account->group, &group, space, sizeof space, &found_group) != 0 || found_group == NULL)
    return 0;
  (void)snprintf(account->group_name, SAP_NAME_MAX, "%s", group.gr_name);
  return account->user != 0;
}

/* Which of a mode's three digits counts for the account. */
static mode_t mode_for(const struct sap_account *account, const struct stat *file) {
  if (file->st_uid == account->user) return (file->st_mode >> 6) & 7;
  if (file->st_gid == account->group) return (file->st_mode >> 3) & 7;
  return file->st_mode & 7;
}

int sap_can_reach(const struct sap_account *account, const char *path) {
  char part[PATH_MAX];
  struct stat file;
  size_t len = strlen(path);
  if (path[0] != '/' || len >= sizeof part) return 0;
  for (size_t end = 1; end <= len; end++) {
    if (path[end] != '/' && path[end] != '\0') continue;
    memcpy(part, path, end);
    part[end] = '\0';
    if (stat(part, &file) != 0) return errno == ENOENT;
    mode_t needed = S_ISDIR(file.st_mode) ? 1 : 4;
    if ((mode_for(account, &file) & needed) == 0) return 0;
  }
  return 1;
}

static int share(const struct sap_account *account, int fd, int write) {
  struct stat file;
  if (fstat(fd, &file) != 0) return 0;
  mode_t for_group = S_ISDIR(file.st_mode) ? 010 : 040, for_owner = S_ISDIR(file.st_mode) ? 0700 : 0600;
  if (write) return fchown(fd, account->user, account->group) == 0 && fchmod(fd, for_owner) == 0;
  return fchown(fd, (uid_t)-1, account->group) == 0 && fchmod(fd, for_owner | for_group) == 0;
}

int sap_share(const struct sap_account *account, const char *path, int write) {
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  int done = share(account, fd, write);
  close(fd);
  return done;
}
