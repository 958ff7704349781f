/* A list whose links lie inside its entries: adding and removing needs no memory and no search. */
#ifndef SAP_BYTES_LIST_H
#define SAP_BYTES_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Of an entry, or the head of a list: a ring of which the head is part. All zero is an entry in no list. */
struct sap_link {
  struct sap_link *previous, *next;
};

/* The entry that a link lies in. */
#define SAP_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes an empty list. */
static inline void sap_list_init(struct sap_link *list) {
  list->previous = list->next = list;
}

static inline bool sap_list_is_empty(const struct sap_link *list) {
  return list->next == list;
}

/* Adds an entry, which is in no list, as the last one. */
static inline void sap_list_add(struct sap_link *list, struct sap_link *entry) {
  entry->previous = list->previous;
  entry->next = list;
  list->previous->next = entry;
  list->previous = entry;
}

/* Takes an entry out of its list; one that is in none stays as it is. */
static inline void sap_list_remove(struct sap_link *entry) {
  if (entry->next == NULL) return;
  entry->previous->next = entry->next;
  entry->next->previous = entry->previous;
  entry->previous = entry->next = NULL;
}

#endif
