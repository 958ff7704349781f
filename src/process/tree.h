/* Directories read and removed with system calls alone: for a process that was forked from a program with threads,
   where no memory may be allocated. */
#ifndef SAP_PROCESS_TREE_H
#define SAP_PROCESS_TREE_H

/* Calls visit for each name in an open directory but "." and ".."; the visitor may remove it. -1 with errno where it
   cannot be read. */
int sap_each_name(int directory, void (*visit)(int directory, const char *name, void *context),
                  void *context);

/* Removes a directory and all below it; links are removed, not followed. Silent where there is none, and leaves what it
   may not remove. */
void sap_remove_tree(const char *path);

#endif
