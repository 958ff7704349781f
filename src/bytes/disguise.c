/* Tells quickly that a text holds no secret, under whatever it wears. */
#include <stdlib.h>
#include <string.h>

#include "bytes/base64.h"
#include "bytes/disguise.h"
#include "bytes/secure.h"
#include "bytes/slice.h"

enum { SHORTEST_SECRET = 4, GRAM = 4, DEPTH = 3 };

/* Both alphabets of base64 count as one, and a space as the plus that it is in forms: it may only find too much. */
static const unsigned char difference[256] = { ['-'] = '-' ^ '+', [' '] = ' ' ^ '+', ['_'] = '_' ^ '/' };

static unsigned char plain_byte(char byte) {
  return (unsigned char)byte ^ difference[(unsigned char)byte];
}

static unsigned hash_gram(const unsigned char *bytes) {
  uint32_t gram;

  memcpy(&gram, bytes, sizeof gram);
  return gram * UINT32_C(2654435761) >> (32 - SAP_GRAM_BITS);
}

bool sap_needles_begin(struct sap_needles *needles, size_t shortest, size_t count) {
  if (shortest < SHORTEST_SECRET || count > SAP_MOST_SECRETS) return false;
  needles->length = shortest < SAP_LONGEST_NEEDLE ? shortest : SAP_LONGEST_NEEDLE;
  needles->count = 0;
  memset(needles->grams, 0, sizeof needles->grams);
  return true;
}

static void add_needle(struct sap_needles *needles, const char *text) {
  unsigned char *needle = needles->bytes[needles->count++];

  for (size_t i = 0; i < needles->length; i++) needle[i] = plain_byte(text[i]);
  for (size_t i = 0; i + GRAM <= needles->length; i++) {
    unsigned hash = hash_gram(needle + i);

    needles->grams[hash >> 6] |= UINT64_C(1) << (hash & 63);
  }
}

/* The base64 of a secret with `shift` bytes before it, without the characters that depend on these. */
static void add_base64(struct sap_needles *needles, const char *secret, size_t len, size_t shift) {
  static const size_t mixed[] = { 0, 2, 3 };
  char bytes[SAP_LONGEST_NEEDLE + 3] = { 0 }, text[SAP_BASE64_SIZE(SAP_LONGEST_NEEDLE + 3) + 1];

  if (len > SAP_LONGEST_NEEDLE) len = SAP_LONGEST_NEEDLE;
  memcpy(bytes + shift, secret, len);
  sap_base64_encode(text, bytes, shift + len);
  add_needle(needles, text + mixed[shift]);
  sap_wipe(bytes, sizeof bytes);
  sap_wipe(text, sizeof text);
}

/* The whole characters of each base64 are at least as many as the secret's bytes. */
void sap_needles_add(struct sap_needles *needles, const char *secret, size_t len) {
  add_needle(needles, secret);
  for (size_t shift = 0; shift < 3; shift++) add_base64(needles, secret, len, shift);
}

void sap_needles_wipe(struct sap_needles *needles) {
  sap_wipe(needles->bytes, needles->count * sizeof needles->bytes[0]);
  sap_wipe(needles->grams, sizeof needles->grams);
}

/* Texts. */

static bool has_needle(const struct sap_needles *needles, const unsigned char *at) {
  for (size_t i = 0; i < needles->count; i++)
    if (memcmp(needles->bytes[i], at, needles->length) == 0) return true;
  return false;
}

/* Whether a needle begins at one of the places from `first` to `last`. */
static bool is_around(const struct sap_needles *needles, struct sap_slice text, size_t first, size_t last) {
  for (size_t at = first; at <= last && at + needles->length <= text.len; at++) {
    unsigned char bytes[SAP_LONGEST_NEEDLE] = { 0 };

    for (size_t i = 0; i < needles->length; i++) bytes[i] = plain_byte(text.data[at + i]);
    if (has_needle(needles, bytes)) return true;
  }
  return false;
}

/* A needle has so many grams in a row that one of them is at a place that is looked at. */
static bool is_in_layer(const struct sap_needles *needles, struct sap_slice text) {
  const size_t step = needles->length - GRAM + 1;

  for (size_t at = 0; at + GRAM <= text.len; at += step) {
    unsigned char bytes[GRAM];
    unsigned hash;

    for (size_t i = 0; i < GRAM; i++) bytes[i] = plain_byte(text.data[at + i]);
    hash = hash_gram(bytes);
    if ((needles->grams[hash >> 6] >> (hash & 63) & 1) == 0) continue;
    if (is_around(needles, text, at >= step ? at - step + 1 : 0, at)) return true;
  }
  return false;
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
  } else {
    *out++ = (char)(0xE0 | code >> 12);
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

static const char *read_backslash(const char *at, const char *end, char **out) {
  uint32_t code;
  const char *stop;

  if (at >= end) return NULL;
  if (strchr("/\\\"'", *at) != NULL && *at != '\0') {
    *(*out)++ = *at;
    return at + 1;
  }
  if (*at != 'u') return NULL;
  stop = read_digits(at + 1, end, 16, 4, &code);
  if (stop - at < 5) return NULL;
  *out = write_utf8(*out, code);
  return stop;
}

static const char *read_entity(const char *at, const char *end, char **out) {
  static const struct {
    const char *name;
    char meaning;
  } entities[] = { { "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' } };
  const char *digits, *stop;
  uint32_t code;
  bool is_hex;

  if (at >= end || (*at != '#' && *at != 'a' && *at != 'l' && *at != 'g' && *at != 'q')) return NULL;
  for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
    size_t len = strlen(entities[i].name);

    if ((size_t)(end - at) < len || memcmp(at, entities[i].name, len) != 0) continue;
    *(*out)++ = entities[i].meaning;
    return at + len;
  }
  if (end - at < 2 || *at != '#') return NULL;
  is_hex = (at[1] | 0x20) == 'x';
  digits = at + 1 + is_hex;
  stop = read_digits(digits, end, is_hex ? 16 : 10, 7, &code);
  if (stop == digits || stop >= end || *stop != ';' || code > 0xFFFF) return NULL;
  *out = write_utf8(*out, code);
  return stop + 1;
}

static const struct {
  char mark;
  const char *(*read)(const char *at, const char *end, char **out);
} escapes[] = { { '%', read_percent }, { '\\', read_backslash }, { '&', read_entity } };

enum { KINDS = sizeof escapes / sizeof escapes[0] };

static bool has_escape(struct sap_slice text, int kind) {
  const char *at = text.data, *end = text.data + text.len;

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
    const char *stop;

    memcpy(to, at, (size_t)(mark - at));
    to += mark - at;
    stop = escapes[kind].read(mark + 1, end, &to);
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
    size_t len;
    char *out;

    if (!has_escape(text, kind)) continue;
    out = malloc(text.len);
    if (out == NULL) return true;
    len = undress(text, kind, out);
    found = may_hold(needles, (struct sap_slice){ out, len }, depth - 1);
    sap_wipe(out, len);
    free(out);
  }
  return found;
}

bool sap_may_hold(const struct sap_needles *needles, const char *text, size_t len) {
  return may_hold(needles, (struct sap_slice){ text, len }, DEPTH);
}
