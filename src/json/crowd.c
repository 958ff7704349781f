/* Finds text that would keep a Lua with an old hash of strings busy. */
#include "json/crowd.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/buffer.h"
#include "bytes/secure.h"
#include "bytes/slice.h"
#include "json/unescape.h"

/* Counts under 64-bit keys, of which 0 stands for a free place. */
struct table {
  uint64_t *keys;
  uint32_t *counts;
  size_t size, used; /* a power of two */
};

struct crowd {
  uint64_t secret[2];
  struct table strings, groups;
  struct sap_buffer plain; /* a string without its escapes */
  enum sap_crowd_rule rule;
};

enum { FIRST_SIZE = 4096, SHORT = 40 };

/* SipHash-1-3 of Aumasson and Bernstein: fast, and collisions cannot be made without knowing the key. */

static uint64_t rotate(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

static void mix(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

static void take(uint64_t v[4], uint64_t word) {
  v[3] ^= word;
  mix(v);
  v[0] ^= word;
}

/* Never 0; `more` goes into it too. */
static uint64_t hash(const uint64_t secret[2], const char *bytes, size_t len, uint64_t more) {
  uint64_t v[4] = { secret[0] ^ UINT64_C(0x736f6d6570736575), secret[1] ^ UINT64_C(0x646f72616e646f6d),
                    secret[0] ^ UINT64_C(0x6c7967656e657261), secret[1] ^ UINT64_C(0x7465646279746573) };
  uint64_t word;
  for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
    memcpy(&word, bytes, sizeof word);
    take(v, word);
  }
  word = 0;
  memcpy(&word, bytes, len);
  take(v, word);
  take(v, more);
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++) mix(v);
  word = v[0] ^ v[1] ^ v[2] ^ v[3];
  return word != 0 ? word : 1;
}

/* Where the key stands, or would stand. */
static size_t find(const struct table *table, uint64_t key) {
  size_t at = (size_t)key & (table->size - 1);
  while (table->keys[at] != 0 && table->keys[at] != key) at = (at + 1) & (table->size - 1);
  return at;
}

static void free_table(struct table *table) {
  free(table->keys);
  free(table->counts);
}

static void copy_entry(struct table *to, const struct table *from, size_t at) {
  if (from->keys[at] == 0) return;
  size_t found = find(to, from->keys[at]);
  to->keys[found] = from->keys[at];
  to->counts[found] = from->counts[at];
}

static bool grow(struct table *table) {
  struct table larger = { .size = table->size > 0 ? table->size * 2 : FIRST_SIZE, .used = table->used };
  larger.keys = calloc(larger.size, sizeof *larger.keys);
  larger.counts = calloc(larger.size, sizeof *larger.counts);
  if (larger.keys == NULL || larger.counts == NULL) {
    free_table(&larger);
    return false;
  }
  for (size_t i = 0; i < table->size; i++) copy_entry(&larger, table, i);
  free_table(table);
  *table = larger;
  return true;
}

/* How often the key has been counted now, or 0 without memory. */
static uint32_t count(struct table *table, uint64_t key) {
  if (table->used >= table->size / 2 && !grow(table)) return 0;
  size_t at = find(table, key);
  table->used += table->keys[at] == 0;
  table->keys[at] = key;
  return ++table->counts[at];
}

/* The bytes that Lua looks at, from the last one on: 32 at most. */
static size_t pick(char out[SAP_CROWD_FROM], struct sap_slice string) {
  size_t step = (string.len >> 5) + 1, picked = 0;
  for (size_t left = string.len; left >= step; left -= step) out[picked++] = string.data[left - 1];
  return picked;
}

static enum sap_crowd count_string(struct crowd *crowd, struct sap_slice string) {
  uint32_t times = count(&crowd->strings, hash(crowd->secret, string.data, string.len, string.len));
  if (times != 1) return times == 0 ? SAP_CROWD_NOMEM : SAP_CROWD_FINE;
  char picked[SAP_CROWD_FROM];
  size_t len = pick(picked, string);
  times = count(&crowd->groups, hash(crowd->secret, picked, len, string.len));
  if (times == 0) return SAP_CROWD_NOMEM;
  return times > SAP_CROWD_MOST ? SAP_CROWD_TOO_MANY : SAP_CROWD_FINE;
}

static bool is_hashed(enum sap_crowd_rule rule, size_t len, bool is_name) {
  if (len < SAP_CROWD_FROM) return false;
  switch (rule) {
    case SAP_CROWD_ALL: return true;
    case SAP_CROWD_SHORT_NAMES: return is_name || len <= SHORT;
    case SAP_CROWD_LONG_NAMES: return is_name && len > SHORT;
    default: return false;
  }
}

/* The string as Lua will have it. */
static bool take_off_escapes(struct crowd *crowd, struct sap_slice *string) {
  if (memchr(string->data, '\\', string->len) == NULL) return true;
  sap_buffer_clear(&crowd->plain);
  if (sap_buffer_reserve(&crowd->plain, string->len) != 0) return false;
  string->len = sap_json_unescape(crowd->plain.data, string->data, string->len);
  string->data = crowd->plain.data;
  return true;
}

static enum sap_crowd look_at(struct crowd *crowd, struct sap_slice string, bool is_name) {
  if (string.len < SAP_CROWD_FROM) return SAP_CROWD_FINE;
  if (!take_off_escapes(crowd, &string)) return SAP_CROWD_NOMEM;
  return is_hashed(crowd->rule, string.len, is_name) ? count_string(crowd, string) : SAP_CROWD_FINE;
}

/* After the opening quote: returns the closing one. */
static const char *find_end(const char *at, const char *end) {
  while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
  return at < end ? at : end;
}

static bool is_before_colon(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at < end && *at == ':';
}

static enum sap_crowd look_at_all(struct crowd *crowd, const char *text, size_t len) {
  const char *at = text, *end = text + len, *quote;
  while ((quote = memchr(at, '"', (size_t)(end - at))) != NULL) {
    struct sap_slice string = { quote + 1, 0 };
    at = find_end(quote + 1, end);
    string.len = (size_t)(at - string.data);
    at += at < end;
    enum sap_crowd found = look_at(crowd, string, is_before_colon(at, end));
    if (found != SAP_CROWD_FINE) return found;
  }
  return SAP_CROWD_FINE;
}

enum sap_crowd sap_crowd_look(const char *text, size_t len, enum sap_crowd_rule rule) {
  struct crowd crowd = { .rule = rule };
  if (rule == SAP_CROWD_NONE) return SAP_CROWD_FINE;
  if (sap_random(crowd.secret, sizeof crowd.secret) != 0) return SAP_CROWD_NOMEM;
  enum sap_crowd found = look_at_all(&crowd, text, len);
  free_table(&crowd.strings);
  free_table(&crowd.groups);
  sap_buffer_free(&crowd.plain);
  return found;
}
