/* Percent-encoding (RFC 3986) and the pairs of a query string. */
#ifndef SAP_BYTES_PERCENT_H
#define SAP_BYTES_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes/slice.h"

/* What is left of a query string that is being read. */
struct sap_query {
  const char *next, *end;
};

/* Writes `src` with all but the unreserved characters as %XX to `dst`, which has room for 3 * len bytes.
   Returns the number of bytes written. */
size_t sap_percent_encode(char *dst, const char *src, size_t len);

/* Decodes `src` once into `dst`, which has room for len bytes (dst == src is fine). With `plus`, '+' is a space.
   Returns false at a malformed escape. */
bool sap_percent_decode(char *dst, size_t *dst_len, const char *src, size_t len, bool plus);

/* The same for text that somebody else wrote: malformed escapes stay as they are. Returns the number of bytes written. */
size_t sap_percent_decode_leniently(char *dst, const char *src, size_t len, bool plus);

/* Takes the next name=value pair, undecoded; empty pairs are passed over. Without a '=' the value is empty and
   *has_value false. Returns false at the end. */
bool sap_query_next(struct sap_query *query, struct sap_slice *name, struct sap_slice *value,
                    bool *has_value);

#endif
