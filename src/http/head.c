/* Knows which headers answers usually have, and what a value looks like that can be shown as it is. */
#include "http/head.h"

#include <string.h>

#include "bytes/names.h"
#include "bytes/utf8.h"

static const char *const ordinary[] = {
  "accept-ranges",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "elements-next-page-token",
  "elements-request-id",
  "elements-returned-count",
  "elements-total-count",
  "etag",
  "expires",
  "keep-alive",
  "last-modified",
  "pragma",
  "server",
  "strict-transport-security",
  "transfer-encoding",
  "vary",
};

/* What begins a parameter, a member, a quoted text, an escape, credentials or an element: hide/text.lua looks behind it
   for secrets by their names. */
static const bool is_mark[256] = {
  ['='] = true, [':'] = true, ['"'] = true, ['\''] = true, ['%'] = true, ['@'] = true, ['<'] = true
};

/* Words of an Authorization header, in small letters: with a blank behind it one may begin a secret. */
static const char *const schemes[] = { "bearer", "basic", "organization", "user", "element" };

/* Whether the text that ends here ends with the word, in letters of either case. */
static bool ends_with(const char *begin, const char *end, const char *word) {
  size_t len = strlen(word);
  if ((size_t)(end - begin) < len) return false;
  for (end -= len; *word != '\0'; word++, end++)
    if ((*end | 0x20) != *word) return false;
  return true;
}

static bool ends_with_scheme(const char *begin, const char *end) {
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    if (ends_with(begin, end, schemes[i])) return true;
  return false;
}

static bool has_scheme(struct sap_slice value) {
  const char *end = value.data + value.len;
  for (const char *at = value.data; (at = memchr(at, ' ', (size_t)(end - at))) != NULL; at++)
    if (ends_with_scheme(value.data, at)) return true;
  return false;
}

static bool has_mark(struct sap_slice value) {
  for (size_t i = 0; i < value.len; i++)
    if (is_mark[(unsigned char)value.data[i]]) return true;
  return false;
}

static bool is_visible(struct sap_slice value) {
  return sap_skip_visible(value.data, value.data + value.len) == value.data + value.len;
}

bool sap_header_is_ordinary(struct sap_slice name) {
  if (name.len == 0) return false;
  for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++)
    if (*ordinary[i] == *name.data && strlen(ordinary[i]) == name.len &&
        memcmp(ordinary[i], name.data, name.len) == 0)
      return true;
  return false;
}

enum sap_header sap_header_judge(struct sap_slice name, struct sap_slice value) {
  if (sap_header_is_ordinary(name)) return is_visible(value) ? SAP_HEADER_ORDINARY : SAP_HEADER_ROUGH;
  if (sap_is_sensitive_name(name.data, name.len)) return SAP_HEADER_SECRET;
  if (!is_visible(value) || has_mark(value) || has_scheme(value)) return SAP_HEADER_ROUGH;
  return SAP_HEADER_PLAIN;
}
