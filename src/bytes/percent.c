/* Turns bytes into percent-encoded text and back, and cuts query strings into pairs. */
#include "bytes/percent.h"

#include <string.h>

static const char hex_digits[] = "0123456789ABCDEF";

/* Letters, digits and "-._~" stay as they are. */
static const bool is_unreserved[256] = {
  ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true, ['0'] = true, ['1'] = true, ['2'] = true,
  ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true,
  ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true,
  ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true,
  ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true,
  ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, ['a'] = true, ['b'] = true,
  ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true,
  ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,
  ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true,
  ['x'] = true, ['y'] = true, ['z'] = true,
};

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

size_t sap_percent_encode(char *dst, const char *src, size_t len) {
  char *at = dst;
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)src[i];
    if (is_unreserved[c]) {
      *at++ = (char)c;
    } else {
      *at++ = '%';
      *at++ = hex_digits[c >> 4];
      *at++ = hex_digits[c & 15];
    }
  }
  return (size_t)(at - dst);
}

bool sap_percent_decode(char *dst, size_t *dst_len, const char *src, size_t len, bool plus) {
  char *at = dst;
  for (size_t i = 0; i < len; i++) {
    char c = src[i];
    if (c == '%') {
      int high = i + 2 < len ? hex_value(src[i + 1]) : -1;
      int low = i + 2 < len ? hex_value(src[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = (char)(unsigned char)(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    *at++ = c;
  }
  *dst_len = (size_t)(at - dst);
  return true;
}

/* The byte that the escape stands for, or -1 where there is none at all. */
static int escaped_byte(const char *at, const char *end) {
  if (end - at < 3 || *at != '%' || hex_value(at[1]) < 0 || hex_value(at[2]) < 0) return -1;
  return hex_value(at[1]) << 4 | hex_value(at[2]);
}

size_t sap_percent_decode_leniently(char *dst, const char *src, size_t len, bool plus) {
  char *at = dst;
  for (const char *end = src + len; src < end; src++) {
    int byte = *src == '%' ? escaped_byte(src, end) : -1;
    if (byte >= 0) src += 2;
    *at++ = byte >= 0 ? (char)(unsigned char)byte : *src == '+' && plus ? ' ' : *src;
  }
  return (size_t)(at - dst);
}

static const char *find_byte(const char *from, const char *end, char byte) {
  const char *found = from < end ? memchr(from, byte, (size_t)(end - from)) : NULL;
  return found != NULL ? found : end;
}

bool sap_query_next(struct sap_query *query, struct sap_slice *name, struct sap_slice *value,
                    bool *has_value) {
  while (query->next < query->end && *query->next == '&') query->next++;
  if (query->next >= query->end) return false;
  const char *start = query->next;
  const char *stop = find_byte(start, query->end, '&');
  const char *equals = find_byte(start, stop, '=');
  *has_value = equals < stop;
  name->data = start;
  name->len = (size_t)(equals - start);
  value->data = *has_value ? equals + 1 : stop;
  value->len = (size_t)(stop - value->data);
  query->next = stop;
  return true;
}
