/* UTF-8, base64 and JSON's strings and numbers, each beside a simpler way to the same, or there and back. */
#include <math.h>

#include "bytes/base64.h"
#include "bytes/buffer.h"
#include "fuzz.h"
#include "json/number.h"
#include "json/scan.h"
#include "json/write.h"
#include "bytes/utf8.h"

/* By the definition: the smallest number of bytes for a code point that is no surrogate. */
static size_t simple_length(const unsigned char *at, size_t left) {
  static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
  size_t length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
  unsigned long point = at[0] & (length == 1 ? 0x7F : 0xFF >> (length + 1));

  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if (at[i] >> 6 != 2) return 0;
    point = point << 6 | (at[i] & 0x3F);
  }
  return point >= least[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF) ? length : 0;
}

static void check_utf8(const char *text, size_t len) {
  const char *end = text + len, *at = text;
  size_t length = 1;

  while (at < end && length > 0) {
    length = sap_utf8_length(at, end);
    PROMISE(length == simple_length((const unsigned char *)at, (size_t)(end - at)));
    at += length;
  }
  PROMISE(sap_is_utf8(text, len) == (length > 0));
  at = text;
  while (at < end && (unsigned char)*at >= ' ' && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
    at++;
  PROMISE(sap_skip_plain(text, end) == at);
}

static void check_base64(const char *text, size_t len) {
  char *encoded = fuzz_room(SAP_BASE64_SIZE(len)), *url = fuzz_room(SAP_BASE64_SIZE(len));
  char *decoded = fuzz_room(SAP_BASE64_SIZE(len));
  size_t encoded_len = sap_base64_encode(encoded, text, len), url_len = sap_base64url_encode(url, text, len);
  size_t decoded_len = 0;

  PROMISE(encoded_len == (len + 2) / 3 * 4 && url_len <= encoded_len);
  PROMISE(sap_base64url_decode(decoded, &decoded_len, url, url_len));
  PROMISE(decoded_len == len && memcmp(decoded, text, len) == 0);
  free(decoded);
  decoded = fuzz_room(len);
  if (sap_base64url_decode(decoded, &decoded_len, text, len)) {
    free(url);
    url = fuzz_room(SAP_BASE64_SIZE(decoded_len));
    PROMISE(sap_base64url_encode(url, decoded, decoded_len) == len && memcmp(url, text, len) == 0);
  }
  free(encoded);
  free(url);
  free(decoded);
}

static void check_string(const char *text, size_t len) {
  static const struct sap_json_rules rules = { 0 };
  struct sap_buffer out = { 0 }, unused = { 0 };
  struct sap_json_report report;
  enum sap_json_written written = sap_json_append_string(&out, text, len);

  PROMISE((written == SAP_JSON_WRITTEN) == sap_is_utf8(text, len));
  if (written == SAP_JSON_WRITTEN) {
    PROMISE(sap_json_scan(out.data, out.len, &rules, &unused, &report) == SAP_JSON_OK);
    PROMISE(!report.rewritten && out.len >= len + 2);
  }
  sap_buffer_free(&out);
}

static void check_numbers(const char *bytes) {
  char text[SAP_JSON_NUMBER_SIZE + 1];
  double number, number_again;
  int64_t integer, integer_again = 0;
  size_t len;

  memcpy(&integer, bytes, sizeof integer);
  len = sap_json_write_integer(text, integer);
  PROMISE(len < SAP_JSON_NUMBER_SIZE && sap_json_read_integer(text, len, &integer_again));
  PROMISE(integer == integer_again);
  memcpy(&number, bytes, sizeof number);
  if (!isfinite(number)) return;
  len = sap_json_write_double(text, number);
  PROMISE(len > 0 && len < SAP_JSON_NUMBER_SIZE);
  text[len] = '\0';
  PROMISE(sap_json_read_double(text, &number_again));
  PROMISE(memcmp(&number, &number_again, sizeof number) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";

  check_utf8(text, size);
  check_base64(text, size);
  check_string(text, size);
  for (size_t i = 0; i + 8 <= size; i += 8) check_numbers(text + i);
  return 0;
}
