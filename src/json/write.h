/* Writes the pieces of JSON text that need care: strings and numbers. */
#ifndef SAP_JSON_WRITE_H
#define SAP_JSON_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes/buffer.h"

enum sap_json_written { SAP_JSON_WRITTEN, SAP_JSON_NOT_UTF8, SAP_JSON_NO_ROOM };

/* Appends the string in quotes. Only what must be escaped is; '/' is not. */
enum sap_json_written sap_json_append_string(struct sap_buffer *out, const char *text, size_t len);

/* Append a number; the double must be finite. Return 0, or -1 when there is no memory. */
int sap_json_append_integer(struct sap_buffer *out, int64_t value);
int sap_json_append_double(struct sap_buffer *out, double value);

#endif
