/* Percent-encoding there and back, and the pairs of a query string, which together are the query. */
#include "bytes/percent.h"
#include "fuzz.h"

static void check_encoding(const char *text, size_t len, bool plus) {
  char *encoded = fuzz_room(3 * len), *decoded;
  size_t encoded_len = sap_percent_encode(encoded, text, len), decoded_len;

  PROMISE(encoded_len >= len && encoded_len <= 3 * len);
  for (size_t i = 0; i < encoded_len; i++)
    PROMISE(encoded[i] > ' ' && strchr("&=+#?/\"<>\x7f", encoded[i]) == NULL);
  decoded = fuzz_room(encoded_len);
  PROMISE(sap_percent_decode(decoded, &decoded_len, encoded, encoded_len, plus));
  PROMISE(decoded_len == len && memcmp(decoded, text, len) == 0);
  free(encoded);
  free(decoded);
}

static void check_decoding(const char *text, size_t len, bool plus) {
  char *apart = fuzz_room(len), *in_place = fuzz_room(len);
  size_t apart_len, in_place_len;
  bool ok = sap_percent_decode(apart, &apart_len, text, len, plus);

  memcpy(in_place, text, len);
  PROMISE(sap_percent_decode(in_place, &in_place_len, in_place, len, plus) == ok);
  if (ok) {
    PROMISE(apart_len <= len && apart_len == in_place_len && memcmp(apart, in_place, apart_len) == 0);
  } else {
    PROMISE(memchr(text, '%', len) != NULL);
  }
  free(apart);
  free(in_place);
}

static char *add(char *at, struct sap_slice piece) {
  memcpy(at, piece.data, piece.len);
  return at + piece.len;
}

/* The query without its empty pairs. */
static size_t without_empty(char *out, const char *text, size_t len) {
  char *at = out;

  for (size_t i = 0; i < len; i++)
    if (text[i] != '&' || (at > out && at[-1] != '&')) *at++ = text[i];
  return (size_t)(at - out) - (at > out && at[-1] == '&');
}

static void check_pairs(const char *text, size_t len) {
  struct sap_query query = { text, text + len };
  struct sap_slice name, value;
  bool has_value;
  char *joined = fuzz_room(len + 1), *at = joined, *expected = fuzz_room(len + 1);

  while (sap_query_next(&query, &name, &value, &has_value)) {
    PROMISE(fuzz_lies_in(name, text, len) && fuzz_lies_in(value, text, len));
    PROMISE(name.len + value.len + has_value > 0);
    if (at > joined) *at++ = '&';
    at = add(at, name);
    if (has_value) *at++ = '=';
    at = add(at, value);
    PROMISE(memchr(name.data, '=', name.len) == NULL && (has_value || value.len == 0));
  }
  PROMISE(!sap_query_next(&query, &name, &value, &has_value));
  PROMISE(without_empty(expected, text, len) == (size_t)(at - joined));
  PROMISE(memcmp(expected, joined, (size_t)(at - joined)) == 0);
  free(joined);
  free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;

  if (size == 0) text = "";
  check_encoding(text, size, false);
  check_encoding(text, size, true);
  check_decoding(text, size, false);
  check_decoding(text, size, true);
  check_pairs(text, size);
  return 0;
}
