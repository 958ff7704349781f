/* The account without rights, for what need not run as root. */
#ifndef SAP_PROCESS_ACCOUNT_H
#define SAP_PROCESS_ACCOUNT_H

#include <sys/types.h>

enum { SAP_NAME_MAX = 64 };

struct sap_account {
  uid_t user;
  gid_t group;
  char user_name[SAP_NAME_MAX], group_name[SAP_NAME_MAX];
};

/* Finds the account "nobody" and its group. 0 where there is none. */
int sap_find_nobody(struct sap_account *account);

/* Whether the account can come to an absolute path, by the modes of the directories above it and its own; a file that
   does not exist counts as reached where its directory is. */
int sap_can_reach(const struct sap_account *account, const char *path);

/* Lets the account read a file or enter a directory that is not a link, or makes it the account's own; nobody else but
   its owner may do anything. Whether that succeeded. */
int sap_share(const struct sap_account *account, const char *path, int write);

#endif
