/* Converts numbers to and from JSON's notation, exactly. */
#include "json/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls of the C library write and want the decimal point of the thread's locale, so it is the C locale for a moment. */
static locale_t enter_c_locale(locale_t *c_locale) {
  *c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return *c_locale != (locale_t)0 ? uselocale(*c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t c_locale, locale_t previous) {
  uselocale(previous);
  freelocale(c_locale);
}

bool sap_json_read_integer(const char *text, size_t len, int64_t *value) {
  bool negative = len > 0 && text[0] == '-';
  uint64_t limit = (uint64_t)INT64_MAX + negative, sum = 0;
  if (len == negative || (negative && text[1] == '0')) return false;
  for (size_t i = negative; i < len; i++) {
    unsigned digit = (unsigned char)text[i] - (unsigned)'0';
    if (digit > 9 || sum > (limit - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
  return true;
}

bool sap_json_read_double(const char *text, double *value) {
  locale_t c_locale, previous = enter_c_locale(&c_locale);
  if (previous == (locale_t)0) return false;
  *value = strtod(text, NULL);
  leave_c_locale(c_locale, previous);
  return isfinite(*value);
}

size_t sap_json_write_integer(char out[SAP_JSON_NUMBER_SIZE], int64_t value) {
  char digits[SAP_JSON_NUMBER_SIZE], *at = digits + sizeof digits;
  uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    *--at = (char)('0' + left % 10);
    left /= 10;
  } while (left > 0);
  if (value < 0) *--at = '-';
  size_t len = (size_t)(digits + sizeof digits - at);
  memcpy(out, at, len);
  return len;
}

/* The fewest of 15, 16 or 17 significant digits that tell the double from its neighbours; 17 always do. The exponent
   form keeps a large double from looking like an integer, which would be read as one. */
static int print_shortest(char out[SAP_JSON_NUMBER_SIZE], double value) {
  int digits = 15, len = snprintf(out, SAP_JSON_NUMBER_SIZE, "%.*g", digits, value);
  while (digits < 17 && strtod(out, NULL) != value)
    len = snprintf(out, SAP_JSON_NUMBER_SIZE, "%.*g", ++digits, value);
  if (value != 0 && strpbrk(out, ".e") == NULL)
    len = snprintf(out, SAP_JSON_NUMBER_SIZE, "%.*e", digits - 1, value);
  return len;
}

/* Up to 2^53, and not -0, which as an integer would lose its sign. */
static bool is_whole(double value) {
  const double limit = 9007199254740992.0;
  if (value < -limit || value > limit || (value == 0 && signbit(value))) return false;
  return (double)(int64_t)value == value;
}

size_t sap_json_write_double(char out[SAP_JSON_NUMBER_SIZE], double value) {
  if (is_whole(value)) return sap_json_write_integer(out, (int64_t)value);
  locale_t c_locale;
  locale_t previous = enter_c_locale(&c_locale);
  if (previous == (locale_t)0) return 0;
  int len = print_shortest(out, value);
  leave_c_locale(c_locale, previous);
  return (size_t)len;
}
