/* Takes the escapes off a JSON string. */
#include "json/unescape.h"

#include <stdint.h>
#include <string.h>

static uint32_t read_unit(const char *digits) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) {
    char c = digits[i];
    value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

static char *write_utf8(char *out, uint32_t c) {
  int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static const unsigned char first[] = { 0, 0xC0, 0xE0, 0xF0 };
  *out++ = (char)(first[more] | c >> (6 * more));
  while (more-- > 0) *out++ = (char)(0x80 | (c >> (6 * more) & 0x3F));
  return out;
}

/* At the digits of an escape by number: a high surrogate takes the low one after it along. */
static const char *write_unit(char **out, const char *digits) {
  uint32_t unit = read_unit(digits);
  digits += 4;
  if (unit >= 0xD800 && unit < 0xDC00) {
    unit = 0x10000 + ((unit - 0xD800) << 10) + (read_unit(digits + 2) - 0xDC00);
    digits += 6;
  }
  *out = write_utf8(*out, unit);
  return digits;
}

/* Behind a backslash. */
static const char *write_escape(char **out, const char *at) {
  static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
  if (*at == 'u') return write_unit(out, at + 1);
  const char *found = memchr(letters, *at, sizeof letters - 1);
  *(*out)++ = found != NULL ? meanings[found - letters] : *at;
  return at + 1;
}

size_t sap_json_unescape(char *out, const char *text, size_t len) {
  const char *at = text, *end = text + len;
  char *start = out;
  while (at < end) {
    if (*at == '\\')
      at = write_escape(&out, at + 1);
    else
      *out++ = *at++;
  }
  return (size_t)(out - start);
}
