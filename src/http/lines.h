/* Owns header lines in the form of libcurl's lists, all in one piece of memory. */
#ifndef SAP_HTTP_LINES_H
#define SAP_HTTP_LINES_H

#include <stddef.h>

#include <curl/curl.h>

/* Empty when zeroed. */
struct sap_lines {
  struct curl_slist *list; /* the first line, NULL where there is none */
  size_t count, size;
  char *text; /* where the next line goes */
};

/* Makes room in an empty one for `count` lines of `bytes` bytes altogether. 0, or -1 without memory. */
int sap_lines_reserve(struct sap_lines *lines, size_t count, size_t bytes);

/* Adds a line that there is room for. */
void sap_lines_add(struct sap_lines *lines, const char *line, size_t len);

/* Wipes and frees them: it is empty again. */
void sap_lines_free(struct sap_lines *lines);

#endif
