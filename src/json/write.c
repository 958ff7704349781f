/* Appends JSON strings and numbers to a buffer. */
#include "json/write.h"
#include "bytes/utf8.h"
#include "json/number.h"

/* The escape of a quote, a backslash or a control character; returns its length. */
static size_t write_escape(char out[6], char c) {
  static const char hex_digits[] = "0123456789abcdef", plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *found = memchr(plain, c, sizeof plain - 1);
  out[0] = '\\';
  if (found != NULL) {
    out[1] = letters[found - plain];
    return 2;
  }
  memcpy(out + 1, "u00", 3);
  out[4] = hex_digits[(unsigned char)c >> 4 & 15];
  out[5] = hex_digits[(unsigned char)c & 15];
  return 6;
}

/* Passes over plain text and well-formed characters beyond ASCII. */
static const char *skip_unescaped(const char *at, const char *end) {
  for (;;) {
    at = sap_skip_plain(at, end);
    if (at >= end || (unsigned char)*at < 0x80) return at;
    size_t length = sap_utf8_length(at, end);
    if (length == 0) return at;
    at += length;
  }
}

static enum sap_json_written append_escaped(struct sap_buffer *out, const char *at, const char *end) {
  for (;;) {
    const char *stop = skip_unescaped(at, end);
    if (sap_buffer_append(out, at, (size_t)(stop - at)) != 0) return SAP_JSON_NO_ROOM;
    if (stop >= end) return SAP_JSON_WRITTEN;
    if ((unsigned char)*stop >= 0x80) return SAP_JSON_NOT_UTF8;
    char escape[6];
    size_t len = write_escape(escape, *stop);
    if (sap_buffer_append(out, escape, len) != 0) return SAP_JSON_NO_ROOM;
    at = stop + 1;
  }
}

enum sap_json_written sap_json_append_string(struct sap_buffer *out, const char *text, size_t len) {
  if (len > SIZE_MAX - 2 || sap_buffer_reserve(out, len + 2) != 0) return SAP_JSON_NO_ROOM;
  out->data[out->len++] = '"';
  enum sap_json_written status = append_escaped(out, text, text + len);
  if (status != SAP_JSON_WRITTEN) return status;
  return sap_buffer_append(out, "\"", 1) == 0 ? SAP_JSON_WRITTEN : SAP_JSON_NO_ROOM;
}

int sap_json_append_integer(struct sap_buffer *out, int64_t value) {
  char text[SAP_JSON_NUMBER_SIZE];
  size_t len = sap_json_write_integer(text, value);
  return sap_buffer_append(out, text, len);
}

int sap_json_append_double(struct sap_buffer *out, double value) {
  char text[SAP_JSON_NUMBER_SIZE];
  size_t len = sap_json_write_double(text, value);
  return len > 0 ? sap_buffer_append(out, text, len) : -1;
}
