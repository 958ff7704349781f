/* Checks single numbers, escapes and characters of JSON text. */
#include "json/token.h"

#include <stddef.h>
#include <string.h>

#include "bytes/utf8.h"

static const char *fail(struct sap_json_fault *fault, const char *at, const char *end, const char *what) {
  fault->at = at;
  fault->what = at < end ? what : "the text ends too early";
  return NULL;
}

static const char *skip_digits(const char *at, const char *end) {
  while (at < end && *at >= '0' && *at <= '9') at++;
  return at;
}

static bool is_one_of(const char *at, const char *end, char one, char other) {
  return at < end && (*at == one || *at == other);
}

const char *sap_json_skip_number(const char *at, const char *end, enum sap_json_number *kind,
                                 struct sap_json_fault *fault) {
  bool negative = *at == '-', zero;
  const char *digits = at + negative;
  at = skip_digits(digits, end);
  if (at == digits) return fail(fault, at, end, "a digit is missing");
  zero = *digits == '0';
  if (zero && at - digits > 1) return fail(fault, digits, end, "a number begins with a zero");
  *kind = zero && negative ? SAP_JSON_OTHER : SAP_JSON_INTEGER;
  if (is_one_of(at, end, '.', '.')) {
    *kind = SAP_JSON_FRACTION;
    digits = at + 1;
    at = skip_digits(digits, end);
    if (at == digits) return fail(fault, at, end, "a digit is missing after the decimal point");
  }
  if (is_one_of(at, end, 'e', 'E')) {
    *kind = SAP_JSON_OTHER;
    digits = at + 1 + is_one_of(at + 1, end, '+', '-');
    at = skip_digits(digits, end);
    if (at == digits) return fail(fault, at, end, "a digit is missing in the exponent");
  }
  return at;
}

/* The value of four hexadecimal digits, or -1. */
static long read_hex4(const char *at, const char *end) {
  long value = 0;
  if (end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    char lower = (char)(at[i] | 0x20);
    if (at[i] >= '0' && at[i] <= '9')
      value = value * 16 + (at[i] - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/* A high surrogate is right with a low one after it, a low one never. */
static bool is_half_pair(long unit, const char *after, const char *end) {
  if (unit >= 0xDC00 || end - after < 6 || after[0] != '\\' || after[1] != 'u') return true;
  long low = read_hex4(after + 2, end);
  return low < 0xDC00 || low > 0xDFFF;
}

static const char half_a_pair[] = "half of a surrogate pair in a string";

static const char *skip_escape(const char *at, const char *end, struct sap_json_fault *fault) {
  if (end - at < 2) return fail(fault, end, end, NULL);
  if (memchr("\"\\/bfnrt", at[1], 8) != NULL) return at + 2;
  if (at[1] != 'u') return fail(fault, at, end, "an unknown escape in a string");
  long unit = read_hex4(at + 2, end);
  if (unit < 0) return fail(fault, at, end, "a \\u without four hexadecimal digits");
  if (unit < 0xD800 || unit > 0xDFFF) return at + 6;
  if (is_half_pair(unit, at + 6, end)) return fail(fault, at, end, half_a_pair);
  return at + 12;
}

const char *sap_json_skip_escape(const char *at, const char *end, bool *is_half) {
  struct sap_json_fault fault;
  const char *upto = skip_escape(at, end, &fault);
  *is_half = upto == NULL && fault.what == half_a_pair;
  if (upto != NULL) return upto;
  if (*is_half) return at + 6;
  return end - at < 2 ? end : at + 2;
}

const char *sap_json_skip_special(const char *at, const char *end, struct sap_json_fault *fault) {
  if (at >= end) return fail(fault, at, end, NULL);
  if (*at == '\\') return skip_escape(at, end, fault);
  if ((unsigned char)*at < 0x20) return fail(fault, at, end, "a control character in a string");
  size_t length = sap_utf8_length(at, end);
  return length > 0 ? at + length : fail(fault, at, end, "invalid UTF-8");
}
