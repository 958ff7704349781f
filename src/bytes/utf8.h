/* Tells well-formed UTF-8 (RFC 3629) from everything else, and quickly passes over plain text. */
#ifndef SAP_BYTES_UTF8_H
#define SAP_BYTES_UTF8_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The length in bytes of the character at `at`, 1 to 4, or 0 when it is cut short, overlong, a surrogate or beyond
   U+10FFFF. */
size_t sap_utf8_length(const char *at, const char *end);

bool sap_is_utf8(const char *text, size_t len);

/* Whether a byte below 20 or the byte 7F is in it. */
bool sap_has_control(const char *text, size_t len);

#ifdef __SSE2__
/* What of sixteen bytes ends plain text, as bits: those that are, as signed numbers, below a blank, quotes and
   backslashes. Every x86-64 can do this. */
static inline unsigned sap_find_special(const char *at) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
  __m128i found = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
  found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return (unsigned)_mm_movemask_epi8(found);
}
#endif

/* The first byte at or after `at` that a JSON string cannot simply contain: a control character, a quote, a backslash,
   or the beginning of a character beyond ASCII. `end` where there is none.
   Eight bytes are looked at together: a subtraction sets the high bit of each byte that is too small, and a borrow only
   reaches bytes behind one that is found anyway. The quote is too small once its bit 1 is flipped, as nothing else is. */
static inline const char *sap_skip_plain(const char *at, const char *end) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    unsigned special = sap_find_special(at);
    if (special != 0) return at + __builtin_ctz(special);
  }
#endif
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    uint64_t found = word | ((word ^ ones * 0x02) - ones * 0x21) | ((word ^ ones * '\\') - ones);
    found &= ones * 0x80;
    if (found != 0) return at + (__builtin_ctzll(found) >> 3);
    at += 8;
  }
  while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
    at++;
  return at;
}

static inline bool sap_continues(char byte) {
  return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Behind the character at `at`, if it is one of two or three bytes of the most usual kinds; `at` for all others, which
   may be well-formed too. */
static inline const char *sap_skip_usual(const char *at, const char *end) {
  unsigned char first = (unsigned char)*at;
  if (end - at < 3 || first < 0xC2 || !sap_continues(at[1])) return at;
  if (first < 0xE0) return at + 2;
  return first > 0xE0 && first < 0xED && sap_continues(at[2]) ? at + 3 : at;
}

/* The first byte at or after `at` that is a control character (below 20, or 7F) or no ASCII, `end` where there is none.
   Works as the function above does. */
static inline const char *sap_skip_visible(const char *at, const char *end) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    uint64_t found = (word | (word - ones * 0x20) | ((word ^ ones * 0x7F) - ones)) & ones * 0x80;
    if (found != 0) return at + (__builtin_ctzll(found) >> 3);
    at += 8;
  }
  while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7F) at++;
  return at;
}

#endif
