/* Files that belong to one user, are replaced whole, and are changed by one process at a time. */
#ifndef SAP_BYTES_FILES_H
#define SAP_BYTES_FILES_H

#include <stddef.h>

#include "bytes/buffer.h"

/* What the functions return: 0, a number of errno's, or one of these. */
enum sap_file_fault {
  SAP_FILE_IS_OPEN_TO_OTHERS = -1, /* it is another user's, or others may read it, or replace it */
  SAP_FILE_IS_LOCKED = -2,         /* another has the lock */
  SAP_FILE_IS_TOO_LARGE = -3,
  SAP_FILE_IS_NONE = -4, /* a directory, a pipe, a device */
};

/* What a fault is called, in a few words. */
const char *sap_file_message(int fault);

/* Makes the directories that lead to the file, for this user only, as far as they are missing; refuses to use one in
   which others may replace files. */
int sap_make_directories(const char *path);

/* Takes the lock that is a file of its own, if nobody has it. Then *lock is a descriptor; it must be given back. */
int sap_lock_file(const char *path, int *lock);
void sap_unlock_file(int lock);

/* Adds the whole file to the buffer, if it is not longer than `most`, and nobody else may read it. */
int sap_read_private_file(const char *path, size_t most, struct sap_buffer *out);

/* Writes the bytes into a new file, under a name beside the final one, and puts it in the place of that: whoever reads
   meanwhile, or after a crash at any moment, finds the old file or the new one. Removes the new one after a failure. */
int sap_replace_file(const char *path, const char *temporary, const void *bytes, size_t len);

/* Puts the names in the directory of the path on the disk, where its file system can. 0, or a fault. */
int sap_sync_directory(const char *path);

/* What a fault of a file that others may read is called: "full", "missing", "denied" or "io". */
const char *sap_file_reason(int fault);

/* Removes a file; its absence is no fault. */
int sap_remove_file(const char *path);

#endif
