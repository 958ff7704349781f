/* Tells whether a text holds a secret, under whatever it wears. */
#include "bytes/disguise.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/secure.h"
#include "bytes/slice.h"

enum { GRAM = 4, DEPTH = 3, AS_IT_IS = -1, SMALL_TEXT = 1024 };

/* Both alphabets of base64 count as one, and a space as the plus that it is in forms. */
static const unsigned char difference[256] = { ['-'] = '-' ^ '+', [' '] = ' ' ^ '+', ['_'] = '_' ^ '/' };

static unsigned char plain_byte(char byte) {
  return (unsigned char)byte ^ difference[(unsigned char)byte];
}

/* Needles as texts. */

/* The characters of base64 that depend on the bytes before a secret too. */
static const size_t mixed[] = { 0, 2, 3 };

static unsigned byte_at(const struct sap_needle *needle, size_t at) {
  size_t shift = (size_t)needle->shift;
  return at >= shift && at - shift < needle->len ? (unsigned char)needle->secret[at - shift] : 0;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The character of the base64 of the shifted secret. */
static char base64_char(const struct sap_needle *needle, size_t index) {
  size_t first = index * 6 / 8;
  unsigned both = byte_at(needle, first) << 8 | byte_at(needle, first + 1);
  return alphabet[both >> (10 - index * 6 % 8) & 63];
}

/* Its first characters, three bytes for four of them; `out` has room for groups of four. */
static void write_base64(const struct sap_needle *needle, unsigned char *out, size_t groups) {
  for (size_t at = 0; at < 3 * groups; at += 3, out += 4) {
    unsigned bits = byte_at(needle, at) << 16 | byte_at(needle, at + 1) << 8 | byte_at(needle, at + 2);
    for (int i = 0; i < 4; i++) out[i] = plain_byte(alphabet[bits >> (18 - 6 * i) & 63]);
  }
}

/* How many characters of it depend on the secret alone: at least as many as it has bytes, from four bytes on. */
static size_t needle_len(const struct sap_needle *needle) {
  if (needle->shift < 0) return needle->len;
  return (needle->len + (size_t)needle->shift) * 8 / 6 - mixed[needle->shift];
}

static char needle_char(const struct sap_needle *needle, size_t index) {
  return needle->shift < 0 ? needle->secret[index] : base64_char(needle, index + mixed[needle->shift]);
}

static bool is_same(const struct sap_needle *needle, char expected, char found) {
  if (needle->shift >= 0) return plain_byte(expected) == plain_byte(found);
  return expected == found || (expected == ' ' && found == '+');
}

static bool begins_at(const struct sap_needle *needle, const char *at, const char *end) {
  size_t len = needle_len(needle);
  if ((size_t)(end - at) < len) return false;
  for (size_t i = 0; i < len; i++)
    if (!is_same(needle, needle_char(needle, i), at[i])) return false;
  return true;
}

/* Sets of four bytes in a row, by their hash. They are in small letters: names may be, too. */

#define SMALL(capital) [capital] = 0x20
static const unsigned char small_difference[256] = {
  ['-'] = '-' ^ '+', [' '] = ' ' ^ '+', ['_'] = '_' ^ '/', /* as above */
  SMALL('A'),        SMALL('B'),        SMALL('C'),        SMALL('D'), SMALL('E'), SMALL('F'), SMALL('G'),
  SMALL('H'),        SMALL('I'),        SMALL('J'),        SMALL('K'), SMALL('L'), SMALL('M'), SMALL('N'),
  SMALL('O'),        SMALL('P'),        SMALL('Q'),        SMALL('R'), SMALL('S'), SMALL('T'), SMALL('U'),
  SMALL('V'),        SMALL('W'),        SMALL('X'),        SMALL('Y'), SMALL('Z'),
};

/* The plain byte in small letters. */
static unsigned char small_byte(char byte) {
  return (unsigned char)byte ^ small_difference[(unsigned char)byte];
}

static unsigned hash_gram(const unsigned char *bytes) {
  uint32_t gram;
  memcpy(&gram, bytes, sizeof gram);
  return gram * UINT32_C(2654435761) >> (32 - SAP_GRAM_BITS);
}

static unsigned hash_small(const char *text) {
  unsigned char small[GRAM];
  for (int i = 0; i < GRAM; i++) small[i] = small_byte(text[i]);
  return hash_gram(small);
}

static void add_gram(uint64_t *set, const unsigned char *bytes) {
  unsigned hash = hash_small((const char *)bytes);
  set[hash >> 6] |= UINT64_C(1) << (hash & 63);
}

static bool has_gram(const uint64_t *set, const char *text) {
  unsigned hash = hash_small(text);
  return (set[hash >> 6] >> (hash & 63) & 1) != 0;
}

/* Making needles. */

void sap_needles_begin(struct sap_needles *needles, size_t shortest) {
  needles->shortest = shortest;
  needles->prefix_len = shortest < SAP_LONGEST_PREFIX ? shortest : SAP_LONGEST_PREFIX;
  needles->count = needles->short_count = 0;
  memset(needles->grams, 0, sizeof needles->grams);
  memset(needles->begins, 0, sizeof needles->begins);
}

static void write_prefix(const struct sap_needle *needle, unsigned char *prefix, size_t len) {
  unsigned char base64[SAP_LONGEST_PREFIX + 2 * 4];
  if (needle->shift < 0) {
    for (size_t i = 0; i < len; i++) prefix[i] = plain_byte(needle->secret[i]);
    return;
  }
  write_base64(needle, base64, (mixed[needle->shift] + len + 3) / 4);
  memcpy(prefix, base64 + mixed[needle->shift], len);
  sap_wipe(base64, sizeof base64);
}

static void add_needle(struct sap_needles *needles, const struct sap_needle *needle) {
  unsigned char *prefix = needles->prefixes[needles->count];
  needles->needles[needles->count++] = *needle;
  write_prefix(needle, prefix, needles->prefix_len);
  for (size_t i = 0; i + GRAM <= needles->prefix_len; i++) add_gram(needles->grams, prefix + i);
  needles->begins[prefix[0]] = true;
}

void sap_needles_add(struct sap_needles *needles, const char *secret, size_t len) {
  struct sap_needle needle = { secret, len, AS_IT_IS };
  if (len < SAP_SHORTEST_SECRET) {
    needles->short_needles[needles->short_count++] = needle;
    return;
  }
  for (; needle.shift < 3; needle.shift++) add_needle(needles, &needle);
}

void sap_needles_wipe(struct sap_needles *needles) {
  sap_wipe(needles->prefixes, needles->count * sizeof needles->prefixes[0]);
  sap_wipe(needles->grams, sizeof needles->grams);
  sap_wipe(needles->begins, sizeof needles->begins);
}

/* Texts. */

static bool has_needle_at(const struct sap_needles *needles, const char *at, const char *end) {
  unsigned char bytes[SAP_LONGEST_PREFIX] = { 0 };
  for (size_t i = 0; i < needles->prefix_len; i++) bytes[i] = plain_byte(at[i]);
  for (size_t i = 0; i < needles->count; i++) {
    if (memcmp(needles->prefixes[i], bytes, GRAM) != 0) continue;
    if (memcmp(needles->prefixes[i], bytes, needles->prefix_len) != 0) continue;
    if (begins_at(&needles->needles[i], at, end)) return true;
  }
  return false;
}

/* Whether a needle begins at one of the places from `first` to `last`. */
static bool is_around(const struct sap_needles *needles, struct sap_slice text, size_t first, size_t last) {
  const char *end = text.data + text.len;
  for (size_t at = first; at <= last && at + needles->prefix_len <= text.len; at++)
    if (needles->begins[plain_byte(text.data[at])] && has_needle_at(needles, text.data + at, end))
      return true;
  return false;
}

/* A prefix has so many grams in a row that one of them is at a place that is looked at. */
static bool has_long(const struct sap_needles *needles, struct sap_slice text) {
  const size_t step = needles->prefix_len - GRAM + 1;
  if (needles->count == 0) return false;
  for (size_t at = 0; at + GRAM <= text.len; at += step)
    if (has_gram(needles->grams, text.data + at) &&
        is_around(needles, text, at >= step ? at - step + 1 : 0, at))
      return true;
  return false;
}

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool has_alone(const struct sap_needle *needle, struct sap_slice text) {
  const char *end = text.data + text.len;
  for (const char *at = text.data; (size_t)(end - at) >= needle->len; at++) {
    if (!begins_at(needle, at, end)) continue;
    if ((at == text.data || !is_alnum(at[-1])) && (at + needle->len == end || !is_alnum(at[needle->len])))
      return true;
  }
  return false;
}

static bool has_short(const struct sap_needles *needles, struct sap_slice text) {
  for (size_t i = 0; i < needles->short_count; i++)
    if (has_alone(&needles->short_needles[i], text)) return true;
  return false;
}

static bool is_in_layer(const struct sap_needles *needles, struct sap_slice text) {
  return has_long(needles, text) || has_short(needles, text);
}

/* Escapes. Each reader stands behind the mark, writes what the escape means and returns where it ends, or NULL. */

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *read_digits(const char *at, const char *end, int base, size_t most, uint32_t *value) {
  *value = 0;
  for (size_t i = 0; i < most && at < end; i++, at++) {
    int digit = hex_value(*at);
    if (digit < 0 || digit >= base) break;
    *value = *value * (uint32_t)base + (uint32_t)digit;
  }
  return at;
}

static char *write_utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xC0 | code >> 6);
    *out++ = (char)(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = (char)(0xE0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    *out++ = (char)(0x80 | (code & 0x3F));
  } else {
    *out++ = (char)(0xF0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 0x3F));
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    *out++ = (char)(0x80 | (code & 0x3F));
  }
  return out;
}

static const char *read_percent(const char *at, const char *end, char **out) {
  uint32_t byte;
  const char *stop = read_digits(at, end, 16, 2, &byte);
  if (stop - at < 2) return NULL;
  *(*out)++ = (char)byte;
  return stop;
}

/* "uXXXX", where the second half of a pair may follow: together they are one character. */
static const char *read_unicode(const char *at, const char *end, uint32_t *code) {
  if (at >= end || *at != 'u') return NULL;
  const char *stop = read_digits(at + 1, end, 16, 4, code);
  if (stop - at < 5) return NULL;
  if (*code >> 10 != 0xD800 >> 10 || end - stop < 6 || stop[0] != '\\' || stop[1] != 'u') return stop;
  uint32_t low;
  const char *second = read_digits(stop + 2, end, 16, 4, &low);
  if (second - stop < 6 || low >> 10 != 0xDC00 >> 10) return stop;
  *code = 0x10000 + ((*code & 0x3FF) << 10 | (low & 0x3FF));
  return second;
}

static const char *read_backslash(const char *at, const char *end, char **out) {
  if (at < end && *at != '\0' && strchr("/\\\"'", *at) != NULL) {
    *(*out)++ = *at;
    return at + 1;
  }
  uint32_t code;
  const char *stop = read_unicode(at, end, &code);
  if (stop != NULL) *out = write_utf8(*out, code);
  return stop;
}

static const char *read_named(const char *at, const char *end, char **out) {
  static const struct {
    const char *name;
    size_t len;
    char meaning;
  } entities[] = {
    { "amp;", 4, '&' }, { "lt;", 3, '<' }, { "gt;", 3, '>' }, { "quot;", 5, '"' }, { "apos;", 5, '\'' }
  };
  for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
    size_t len = entities[i].len;
    if (at >= end || *at != *entities[i].name || (size_t)(end - at) < len ||
        memcmp(at, entities[i].name, len) != 0)
      continue;
    *(*out)++ = entities[i].meaning;
    return at + len;
  }
  return NULL;
}

static const char *read_entity(const char *at, const char *end, char **out) {
  if (at >= end || *at != '#') return read_named(at, end, out);
  if (end - at < 2) return NULL;
  bool is_hex = (at[1] | 0x20) == 'x';
  const char *digits = at + 1 + is_hex;
  uint32_t code;
  const char *stop = read_digits(digits, end, is_hex ? 16 : 10, 7, &code);
  if (stop == digits || stop >= end || *stop != ';' || code > 0x10FFFF) return NULL;
  *out = write_utf8(*out, code);
  return stop + 1;
}

static const struct {
  char mark, end; /* what each begins with and, if there is one, what each ends with */
  const char *(*read)(const char *at, const char *end, char **out);
} escapes[] = { { '%', '\0', read_percent }, { '\\', '\0', read_backslash }, { '&', ';', read_entity } };

enum { KINDS = sizeof escapes / sizeof escapes[0] };

static bool has_escape(struct sap_slice text, int kind) {
  const char *at = text.data, *end = text.data + text.len;
  if (escapes[kind].end != '\0' && memchr(at, escapes[kind].end, text.len) == NULL) return false;
  while (at < end && (at = memchr(at, escapes[kind].mark, (size_t)(end - at))) != NULL) {
    char meaning[4], *out = meaning;
    if (escapes[kind].read(++at, end, &out) != NULL) return true;
  }
  return false;
}

/* Takes one layer of one kind of escapes off, into memory as large as the text; returns how long it is then. */
static size_t undress(struct sap_slice text, int kind, char *out) {
  const char *at = text.data, *end = text.data + text.len, *mark;
  char *to = out;
  while ((mark = memchr(at, escapes[kind].mark, (size_t)(end - at))) != NULL) {
    memcpy(to, at, (size_t)(mark - at));
    to += mark - at;
    const char *stop = escapes[kind].read(mark + 1, end, &to);
    if (stop == NULL) *to++ = *mark;
    at = stop != NULL ? stop : mark + 1;
  }
  memcpy(to, at, (size_t)(end - at));
  return (size_t)(to - out) + (size_t)(end - at);
}

/* The text, and what is under its escapes, one kind after another. Without memory it may hold anything. */
static bool may_hold(const struct sap_needles *needles, struct sap_slice text, int depth) {
  bool found = is_in_layer(needles, text);
  for (int kind = 0; kind < KINDS && depth > 0 && !found; kind++) {
    if (!has_escape(text, kind)) continue;
    char small[SMALL_TEXT], *out = text.len <= sizeof small ? small : malloc(text.len);
    if (out == NULL) return true;
    size_t len = undress(text, kind, out);
    found = may_hold(needles, (struct sap_slice){ out, len }, depth - 1);
    sap_wipe(out, len);
    if (out != small) free(out);
  }
  return found;
}

bool sap_may_hold(const struct sap_needles *needles, const char *text, size_t len) {
  return may_hold(needles, (struct sap_slice){ text, len }, DEPTH);
}

/* Names. */

static bool equals_small(const char *bytes, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (small_byte(bytes[i]) != small_byte(text[i])) return false;
  return true;
}

static bool has_small_prefix(const struct sap_needles *needles, const char *at) {
  if (!has_gram(needles->grams, at)) return false;
  for (size_t i = 0; i < needles->count; i++)
    if (equals_small((const char *)needles->prefixes[i], at, needles->prefix_len)) return true;
  return false;
}

bool sap_may_name(const struct sap_needles *needles, const char *name, size_t len) {
  const char *end = name + len;
  if (len < needles->shortest && needles->short_count == 0)
    return false; /* no disguise is shorter than what it hides */
  if (memchr(name, '%', len) != NULL || memchr(name, '&', len) != NULL) return true;
  for (const char *at = name; at < end; at++) {
    bool fits = needles->count > 0 && (size_t)(end - at) >= needles->prefix_len;
    if (fits && has_small_prefix(needles, at)) return true;
    for (size_t i = 0; i < needles->short_count; i++) {
      const struct sap_needle *needle = &needles->short_needles[i];
      if ((size_t)(end - at) >= needle->len && equals_small(needle->secret, at, needle->len)) return true;
    }
  }
  return false;
}
