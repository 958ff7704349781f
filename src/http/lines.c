/* Owns header lines in the form of libcurl's lists, all in one piece of memory. */
#include "http/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/secure.h"

int sap_lines_reserve(struct sap_lines *lines, size_t count, size_t bytes) {
  const size_t each = sizeof(struct curl_slist) + 1;
  if (count == 0) return 0;
  if (count > (SIZE_MAX - bytes) / each) return -1;
  struct curl_slist *list = malloc(count * each + bytes);
  if (list == NULL) return -1;
  *lines = (struct sap_lines){ .list = list, .size = count * each + bytes, .text = (char *)(list + count) };
  return 0;
}

void sap_lines_add(struct sap_lines *lines, const char *line, size_t len) {
  struct curl_slist *item = &lines->list[lines->count++];
  memcpy(lines->text, line, len);
  lines->text[len] = '\0';
  item->data = lines->text;
  item->next = NULL;
  if (item > lines->list) item[-1].next = item;
  lines->text += len + 1;
}

void sap_lines_free(struct sap_lines *lines) {
  if (lines->list == NULL) return;
  sap_wipe(lines->list, lines->size);
  free(lines->list);
  *lines = (struct sap_lines){ .list = NULL };
}
