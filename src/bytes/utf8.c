/* Checks characters against the table of well-formed UTF-8 byte sequences. */
#include "bytes/utf8.h"

static bool is_in(char byte, unsigned low, unsigned high) {
  unsigned char value = (unsigned char)byte;
  return value >= low && value <= high;
}

/* Only the second byte has narrower limits than 80..BF, and only after these four first bytes. */
static bool is_second(unsigned char first, char second) {
  switch (first) {
    case 0xE0: return is_in(second, 0xA0, 0xBF);
    case 0xED: return is_in(second, 0x80, 0x9F);
    case 0xF0: return is_in(second, 0x90, 0xBF);
    case 0xF4: return is_in(second, 0x80, 0x8F);
    default: return is_in(second, 0x80, 0xBF);
  }
}

size_t sap_utf8_length(const char *at, const char *end) {
  size_t left = (size_t)(end - at), length;
  if (left == 0) return 0;
  unsigned char first = (unsigned char)*at;
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (left < length || !is_second(first, at[1])) return 0;
  for (size_t i = 2; i < length; i++)
    if (!is_in(at[i], 0x80, 0xBF)) return 0;
  return length;
}

bool sap_is_utf8(const char *text, size_t len) {
  const char *end = text + len;
  while (text < end) {
    uint64_t word = 0;
    if (end - text >= 8)
      memcpy(&word, text, sizeof word);
    else
      memcpy(&word, text, (size_t)(end - text));
    if ((word & UINT64_C(0x8080808080808080)) == 0) {
      text += end - text >= 8 ? 8 : end - text;
      continue;
    }
    size_t length = sap_utf8_length(text, end);
    if (length == 0) return false;
    text += length;
  }
  return true;
}

bool sap_has_control(const char *text, size_t len) {
  const char *at = text, *end = text + len;
  for (;;) {
    at = sap_skip_visible(at, end);
    if (at >= end) return false;
    if ((unsigned char)*at < 0x80) return true;
    at++;
  }
}
