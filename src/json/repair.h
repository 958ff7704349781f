/* Makes exact JSON of text whose only faults are in how its characters are written, for answers that come once. */
#ifndef SAP_JSON_REPAIR_H
#define SAP_JSON_REPAIR_H

#include <stddef.h>

#include "bytes/buffer.h"

/* What was mended, as bits. */
enum {
  SAP_JSON_BOM = 1,      /* a byte order mark in front was left out */
  SAP_JSON_NOT_UTF8 = 2, /* bytes in strings that are no UTF-8 became U+FFFD, one for each byte */
  SAP_JSON_HALF = 4,     /* escapes in strings that are half of a surrogate pair became U+FFFD */
  SAP_JSON_CONTROL = 8   /* control characters in strings became their escapes */
};

enum { SAP_JSON_MENDINGS = 4 };

/* Appends the text, mended, to an empty buffer, and says how. Nothing outside of strings is changed, so what the text
   says stays: whether that is JSON is for the scan to judge. The work is linear: each byte is looked at once, and becomes
   six at most. Returns 0, or -1 without memory. */
int sap_json_repair(const char *text, size_t len, struct sap_buffer *out, unsigned *mended);

#endif
