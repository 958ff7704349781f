/* Base64 (RFC 4648) in both its alphabets. */
#ifndef SAP_BYTES_BASE64_H
#define SAP_BYTES_BASE64_H

#include <stdbool.h>
#include <stddef.h>

enum { SAP_BASE64_MAX = 1 << 28 };

/* Room for the text of `len` bytes, at most SAP_BASE64_MAX, with padding and a NUL. */
#define SAP_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Writes the standard alphabet with padding; returns the length without the NUL. */
size_t sap_base64_encode(char *out, const void *bytes, size_t len);

/* Writes the alphabet for URLs and file names, without padding. The room is the same. */
size_t sap_base64url_encode(char *out, const void *bytes, size_t len);

/* Reads the alphabet for URLs without padding into `out`, which has room for len bytes. Returns false for anything that
   encoding does not write: other characters, an impossible length, bits left over. */
bool sap_base64url_decode(void *out, size_t *out_len, const char *text, size_t len);

#endif
