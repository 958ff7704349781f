/* Walks over JSON text once, from token to token, and copies the runs between the places that it rewrites. */
#include <string.h>

#include "json_scan.h"
#include "utf8.h"

struct scan {
  const char *start, *at, *end;
  const char *copied; /* what stands before is in `out` already, or left out of it */
  const struct sap_json_rules *rules;
  struct sap_buffer *out;
  struct sap_json_report *report;
  unsigned depth, max_depth;
  bool
      is_object; /* the innermost container; `objects` has a bit for each of them, which are set by enter() */
  bool wants_value; /* a value must stand at `at`; otherwise a comma or the end of the container */
  bool out_of_memory;
  unsigned char objects[SAP_JSON_MAX_DEPTH / 8];
};

static const char no_comma[] = "a comma or a closing bracket is missing";

/* Every step returns false when it fails, and the report then says why. */

static bool fail_at(struct scan *s, const char *at, const char *what) {
  s->report->what = what;
  s->report->offset = (size_t)(at - s->start);
  return false;
}

static bool fail(struct scan *s, const char *what) {
  return fail_at(s, s->at, s->at < s->end ? what : "the text ends too early");
}

static bool fail_memory(struct scan *s) {
  s->out_of_memory = true;
  return fail(s, "out of memory");
}

/* Brings `out` up to `upto`, and goes on copying from `from`. */
static bool replace(struct scan *s, const char *upto, const char *from) {
  if (!s->report->rewritten && sap_buffer_reserve(s->out, (size_t)(s->end - s->start) + 256) != 0)
    return fail_memory(s);
  s->report->rewritten = true;
  if (sap_buffer_append(s->out, s->copied, (size_t)(upto - s->copied)) != 0) return fail_memory(s);
  s->copied = from;
  return true;
}

/* Puts the number between `from` and the current place into quotes, marked or not. */
static bool quote_number(struct scan *s, const char *from, bool marked) {
  static const char quote[] = { '"', SAP_JSON_MARK };

  if (!replace(s, from, s->at) || sap_buffer_append(s->out, quote, marked ? 2 : 1) != 0 ||
      sap_buffer_append(s->out, from, (size_t)(s->at - from)) != 0 || sap_buffer_append(s->out, "\"", 1) != 0)
    return fail_memory(s);
  s->report->marks += marked;
  return true;
}

static bool is_digit(const struct scan *s, const char *at) {
  return at < s->end && *at >= '0' && *at <= '9';
}

static void skip_space(struct scan *s) {
  const char *at = s->at, *end = s->end;

  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  s->at = at;
}

static bool skip_digits(struct scan *s, const char *what) {
  if (!is_digit(s, s->at)) return fail(s, what);
  while (is_digit(s, s->at)) s->at++;
  return true;
}

/* Whether an integer, sign and digits without leading zeros, is one that the host's numbers hold exactly. */
static bool fits_host(const char *digits, size_t len, bool negative, bool integers) {
  const char *limit = !integers  ? "9007199254740992"
                      : negative ? "9223372036854775808"
                                 : "9223372036854775807";
  size_t limit_len = strlen(limit);

  return len < limit_len || (len == limit_len && memcmp(digits, limit, len) <= 0);
}

static bool scan_number(struct scan *s) {
  const char *from = s->at, *digits;
  bool negative = *from == '-', fraction;

  s->at = digits = from + negative;
  if (is_digit(s, s->at) && *s->at == '0' && is_digit(s, s->at + 1))
    return fail(s, "a number begins with a zero");
  if (!skip_digits(s, "a digit is missing")) return false;
  fraction = s->at < s->end && (*s->at == '.' || (*s->at | 0x20) == 'e');
  if (!fraction && !(negative && *digits == '0')) {
    bool fits = fits_host(digits, (size_t)(s->at - digits), negative, s->rules->integers);

    return fits && !s->rules->integers ? true : quote_number(s, from, fits);
  }
  if (fraction && *s->at == '.') {
    s->at++;
    if (!skip_digits(s, "a digit is missing behind the point")) return false;
  }
  if (s->at < s->end && (*s->at | 0x20) == 'e') {
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) s->at++;
    if (!skip_digits(s, "a digit is missing in the exponent")) return false;
  }
  return quote_number(s, from, true);
}

/* The value of four hexadecimal digits, or -1. */
static long read_hex4(const struct scan *s, const char *at) {
  long value = 0;

  if (s->end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    char c = at[i], lower = (char)(c | 0x20);

    if (c >= '0' && c <= '9')
      value = value * 16 + (c - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/* At the backslash. A surrogate is only right as a high one with a low one right behind it. */
static bool scan_escape(struct scan *s) {
  const char *at = s->at;
  long unit, low;

  if (s->end - at < 2) return fail_at(s, s->end, "the text ends too early");
  s->at += 2;
  if (memchr("\"\\/bfnrt", at[1], 8) != NULL) return true;
  if (at[1] != 'u') return fail_at(s, at, "an unknown escape in a string");
  unit = read_hex4(s, at + 2);
  if (unit < 0) return fail_at(s, at, "a \\u without four hexadecimal digits");
  s->at = at + 6;
  if (unit < 0xD800 || unit > 0xDFFF) return true;
  low = unit < 0xDC00 && s->end - at >= 8 && at[6] == '\\' && at[7] == 'u' ? read_hex4(s, at + 8) : -1;
  if (low < 0xDC00 || low > 0xDFFF) return fail_at(s, at, "half of a surrogate pair in a string");
  s->at = at + 12;
  return true;
}

/* What may stand in a string beside plain text: one escape, or one character beyond ASCII. */
static bool scan_special(struct scan *s) {
  size_t length;

  if (s->at >= s->end) return fail(s, "");
  if (*s->at == '\\') return scan_escape(s);
  if ((unsigned char)*s->at < 0x20) return fail(s, "a control character in a string");
  length = sap_utf8_length(s->at, s->end);
  if (length == 0) return fail(s, "invalid UTF-8");
  s->at += length;
  return true;
}

/* At the opening quote. */
static inline bool scan_string(struct scan *s) {
  const char *at = sap_skip_plain(s->at + 1, s->end);

  while (at >= s->end || *at != '"') {
    s->at = at;
    if (!scan_special(s)) return false;
    at = sap_skip_plain(s->at, s->end);
  }
  s->at = at + 1;
  return true;
}

static bool scan_word(struct scan *s, const char *word, size_t len) {
  if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) return fail(s, "an unknown word");
  s->at += len;
  return true;
}

static bool enter(struct scan *s, bool is_object) {
  unsigned char bit = (unsigned char)(1u << (s->depth & 7)), *byte = &s->objects[s->depth >> 3];

  if (s->depth >= s->max_depth) return fail(s, "nested too deeply");
  *byte = (unsigned char)(is_object ? *byte | bit : *byte & ~bit);
  s->depth++;
  s->is_object = is_object;
  s->at++;
  skip_space(s);
  return true;
}

static bool leave(struct scan *s) {
  s->at++;
  s->depth--;
  if (s->depth > 0) s->is_object = s->objects[(s->depth - 1) >> 3] >> ((s->depth - 1) & 7) & 1;
  s->wants_value = false;
  return true;
}

static bool at_byte(const struct scan *s, char byte) {
  return s->at < s->end && *s->at == byte;
}

/* Takes a name, its colon and the blanks before the value. */
static bool scan_name(struct scan *s) {
  if (!at_byte(s, '"')) return fail(s, "a name is missing");
  if (!scan_string(s)) return false;
  skip_space(s);
  if (!at_byte(s, ':')) return fail(s, "a colon is missing");
  s->at++;
  skip_space(s);
  return true;
}

static bool at_null(const struct scan *s) {
  return at_byte(s, 'n') && s->end - s->at >= 4 && memcmp(s->at, "null", 4) == 0;
}

/* Goes to the next member's value, or to the end of the object where only members follow that are dropped. `comma` is
   the one before the member, NULL as long as none was kept: then the comma behind a dropped member goes with it. */
static bool scan_member(struct scan *s, const char *comma) {
  for (;;) {
    const char *name = s->at;

    if (!scan_name(s)) return false;
    s->wants_value = !s->rules->drop_nulls || !at_null(s);
    if (s->wants_value) return true;
    s->at += 4;
    if (!replace(s, comma != NULL ? comma : name, s->at)) return false;
    skip_space(s);
    if (at_byte(s, '}')) return leave(s);
    if (!at_byte(s, ',')) return fail(s, no_comma);
    if (comma != NULL)
      comma = s->at++;
    else
      s->copied = ++s->at;
    skip_space(s);
  }
}

static bool scan_object(struct scan *s) {
  if (!enter(s, true)) return false;
  return at_byte(s, '}') ? leave(s) : scan_member(s, NULL);
}

static bool scan_array(struct scan *s) {
  if (!enter(s, false)) return false;
  s->wants_value = true;
  return at_byte(s, ']') ? leave(s) : true;
}

/* Takes a value; of an array or object that is not empty, what stands before the first value in it. */
static inline bool scan_value(struct scan *s) {
  s->wants_value = false;
  switch (s->at < s->end ? *s->at : '\0') {
    case '"': return scan_string(s);
    case '{': return scan_object(s);
    case '[': return scan_array(s);
    case 't': return scan_word(s, "true", 4);
    case 'f': return scan_word(s, "false", 5);
    case 'n': return scan_word(s, "null", 4);
    case '-': return scan_number(s);
    default: return is_digit(s, s->at) ? scan_number(s) : fail(s, "a value is missing");
  }
}

/* Behind a value inside an array or object: takes the comma and what stands before the next value, or the end. */
static inline bool scan_separator(struct scan *s) {
  const char *comma = s->at;

  if (at_byte(s, s->is_object ? '}' : ']')) return leave(s);
  if (!at_byte(s, ',')) return fail(s, no_comma);
  s->at++;
  skip_space(s);
  s->wants_value = true;
  return s->is_object ? scan_member(s, comma) : true;
}

static bool scan_text(struct scan *s) {
  skip_space(s);
  s->wants_value = true;
  do {
    if (s->wants_value ? !scan_value(s) : !scan_separator(s)) return false;
    if (!s->wants_value) skip_space(s);
  } while (s->wants_value || s->depth > 0);
  return s->at == s->end ? true : fail(s, "bytes behind the end");
}

enum sap_json_status sap_json_scan(const char *text, size_t len, const struct sap_json_rules *rules,
                                   struct sap_buffer *out, struct sap_json_report *report) {
  struct scan s;

  memset(report, 0, sizeof *report);
  s.start = s.at = s.copied = text;
  s.end = text + len;
  s.rules = rules;
  s.out = out;
  s.report = report;
  s.depth = 0;
  s.max_depth = rules->max_depth - 1 < SAP_JSON_MAX_DEPTH ? rules->max_depth : SAP_JSON_MAX_DEPTH;
  s.is_object = s.out_of_memory = false;
  if (!scan_text(&s) || (report->rewritten && !replace(&s, s.end, s.end)))
    return s.out_of_memory ? SAP_JSON_NOMEM : SAP_JSON_BAD;
  return SAP_JSON_OK;
}
