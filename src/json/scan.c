/* Walks over JSON text once, from token to token, and copies the runs between the places that it rewrites. */
#include "json/scan.h"

#include <string.h>

#include "bytes/utf8.h"
#include "json/token.h"

struct scan {
  const char *end;
  const char *copied; /* what is before it is in `out` already, or left out of it */
  const struct sap_json_rules *rules;
  struct sap_buffer *out;
  struct sap_json_report *report;
  struct sap_json_fault fault;
  unsigned depth;   /* containers around */
  bool wants_value; /* a value must follow; otherwise a comma or the end of the container */
  bool is_object;   /* the innermost container, whose bit in `objects` is the last */
  bool out_of_memory;
  unsigned char objects[SAP_JSON_MAX_DEPTH / 8];
  unsigned known_steps; /* how many containers around, from the outermost on, have their step below */
  unsigned char steps[SAP_JSON_STEP_DEPTH];
  /* Of the member at each depth; the last is for all below. */
  struct sap_slice names[SAP_JSON_STEP_DEPTH + 1];
};

/* What nearly every token of a text goes through: one loop without calls takes a third less. */
#define HOT static inline __attribute__((always_inline))

static const char no_comma[] = "a comma or a closing bracket is missing";

/* Steps take the place where they begin and return the one where they end, or NULL and leave the fault behind. */

static const char *fail(struct scan *s, const char *at, const char *what) {
  s->fault.at = at;
  s->fault.what = at < s->end ? what : "the text ends too early";
  return NULL;
}

static const char *fail_memory(struct scan *s, const char *at) {
  s->out_of_memory = true;
  s->fault.at = at;
  s->fault.what = "out of memory";
  return NULL;
}

/* Makes room for the text and the marks that most texts have in it. */
static bool reserve(struct scan *s) {
  size_t len = (size_t)(s->end - s->copied);
  return sap_buffer_reserve(s->out, len + len / 8 + 64) == 0;
}

/* Brings `out` up to `upto`, and goes on copying from `from`. */
static const char *replace(struct scan *s, const char *upto, const char *from) {
  if (!s->report->rewritten && !reserve(s)) return fail_memory(s, upto);
  s->report->rewritten = true;
  if (sap_buffer_append(s->out, s->copied, (size_t)(upto - s->copied)) != 0) return fail_memory(s, upto);
  s->copied = from;
  return from;
}

static bool is_same(struct sap_slice a, struct sap_slice b) {
  if (a.len != b.len) return false;
  return a.len > 0 ? memcmp(a.data, b.data, a.len) == 0 : (a.data == NULL) == (b.data == NULL);
}

/* The step with this name within another one, made where it is not there; 0 where there is no room, and where the name
   is written with escapes. */
static unsigned char take_step(struct sap_json_report *report, unsigned char within, struct sap_slice name) {
  unsigned char *link = &report->steps[within].first;
  for (; *link != 0; link = &report->steps[*link].next)
    if (is_same(report->steps[*link].name, name)) return *link;
  if (report->step_count == SAP_JSON_STEPS) return 0;
  if (name.len > 0 && memchr(name.data, '\\', name.len) != NULL) return 0;
  *link = report->step_count++;
  report->steps[*link] = (struct sap_json_step){ .name = name };
  return *link;
}

static bool is_object_at(const struct scan *s, unsigned depth) {
  return s->objects[depth >> 3] >> (depth & 7) & 1;
}

/* From a container around the value that is scanned now to what is within. */
static unsigned char step_into(struct scan *s, unsigned depth) {
  static const struct sap_slice any_entry = { NULL, 0 };
  return take_step(s->report, s->steps[depth], is_object_at(s, depth) ? s->names[depth] : any_entry);
}

/* Notes the way to the value that is scanned now. */
static void note_way(struct scan *s) {
  bool is_noted = s->depth <= SAP_JSON_STEP_DEPTH;
  if (!s->report->has_all_steps || s->depth == 0) return;
  for (; is_noted && s->known_steps < s->depth; s->known_steps++) {
    s->steps[s->known_steps] = step_into(s, s->known_steps - 1);
    is_noted = s->steps[s->known_steps] != 0;
  }
  s->report->has_all_steps = is_noted && step_into(s, s->depth - 1) != 0;
}

static void note_mark(struct scan *s) {
  s->report->marks++;
  note_way(s);
}

static const char *quote_number(struct scan *s, const char *from, const char *upto, bool is_marked) {
  static const char quote[] = { '"', SAP_JSON_MARK };
  if (!replace(s, from, upto)) return NULL;
  if (sap_buffer_append(s->out, quote, is_marked ? 2 : 1) != 0 ||
      sap_buffer_append(s->out, from, (size_t)(upto - from)) != 0 || sap_buffer_append(s->out, "\"", 1) != 0)
    return fail_memory(s, from);
  if (is_marked) note_mark(s);
  return upto;
}

/* The decoder has one kind of table for all that is empty. */
static const char *mark_empty_list(struct scan *s, const char *from, const char *upto) {
  static const char marked[] = { '"', SAP_JSON_MARK, SAP_JSON_EMPTY_LIST, '"' };

  if (!replace(s, from, upto)) return NULL;
  if (sap_buffer_append(s->out, marked, sizeof marked) != 0) return fail_memory(s, from);
  note_mark(s);
  return upto;
}

/* Whether the host's numbers hold an integer exactly. It has no leading zeros, so its digits compare like text. */
static bool fits_host(const struct scan *s, const char *digits, size_t len, bool is_negative) {
  const char *limit = "9007199254740992";
  if (s->rules->integers) limit = is_negative ? "9223372036854775808" : "9223372036854775807";
  size_t limit_len = strlen(limit);
  return len < limit_len || (len == limit_len && memcmp(digits, limit, len) <= 0);
}

/* Decimals with so many digits are told apart by doubles: only whole ones are whole there. */
enum { EXACT_DIGITS = 15 };

/* Whether the decoder makes of the fraction what it says, and no whole number where that would be taken for an integer. */
static bool is_left(const struct scan *s, const char *from, const char *at) {
  if (!s->rules->fractions || at - from > EXACT_DIGITS + 1) return false;
  while (s->rules->integers && at[-1] == '0') at--;
  return at[-1] != '.';
}

static const char *scan_number(struct scan *s, const char *from) {
  enum sap_json_number kind;
  bool is_negative = *from == '-', fits;
  const char *at = sap_json_skip_number(from, s->end, &kind, &s->fault);
  if (at == NULL) return NULL;
  if (kind == SAP_JSON_FRACTION && is_left(s, from + is_negative, at)) return at;
  if (kind != SAP_JSON_INTEGER) return quote_number(s, from, at, true);
  if (at - from <= EXACT_DIGITS) {
    if (s->rules->integers) {
      s->report->integers++;
      note_way(s);
    }
    return at;
  }
  fits = fits_host(s, from + is_negative, (size_t)(at - from) - is_negative, is_negative);
  return fits && !s->rules->integers ? at : quote_number(s, from, at, fits);
}

static inline const char *skip_space(const struct scan *s, const char *at) {
  if (at < s->end && (unsigned char)*at > ' ') return at;
  while (at < s->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at;
}

static inline bool is_byte(const struct scan *s, const char *at, char byte) {
  return at < s->end && *at == byte;
}

/* At the opening quote. */
HOT const char *scan_string(struct scan *s, const char *at) {
  const char *from = at + 1;
  at = sap_skip_plain(from, s->end);
  while (!is_byte(s, at, '"')) {
    const char *special = at;
    if (at < s->end) at = sap_skip_usual(at, s->end);
    if (at == special) at = sap_json_skip_special(at, s->end, &s->fault);
    if (at == NULL) return NULL;
    if (at < s->end && (unsigned char)*at >= 0x80) continue;
    at = sap_skip_plain(at, s->end);
  }
  if (at - from >= SAP_JSON_LONGISH) s->report->longish++;
  return at + 1;
}

static bool is_word(const struct scan *s, const char *at, const char *word, size_t len) {
  return (size_t)(s->end - at) >= len && memcmp(at, word, len) == 0;
}

static const char *scan_word(struct scan *s, const char *at, const char *word, size_t len) {
  return is_word(s, at, word, len) ? at + len : fail(s, at, "an unknown word");
}

/* At the opening bracket. */
static const char *enter(struct scan *s, const char *at, bool is_object) {
  unsigned char bit = (unsigned char)(1u << (s->depth & 7)), *byte = &s->objects[s->depth >> 3];
  if (s->depth >= SAP_JSON_MAX_DEPTH) return fail(s, at, "nested too deeply");
  *byte = (unsigned char)(is_object ? *byte | bit : *byte & ~bit);
  if (s->depth > 0 && s->known_steps > s->depth) s->known_steps = s->depth;
  s->depth++;
  s->is_object = is_object;
  return skip_space(s, at + 1);
}

/* At the closing bracket, which was checked. */
static const char *leave(struct scan *s, const char *at) {
  s->depth--;
  if (s->depth > 0) s->is_object = is_object_at(s, s->depth - 1);
  s->wants_value = false;
  return at + 1;
}

/* Takes a name, its colon and the blanks before the value. */
HOT const char *scan_name(struct scan *s, const char *at) {
  struct sap_slice *name = &s->names[s->depth <= SAP_JSON_STEP_DEPTH ? s->depth - 1 : SAP_JSON_STEP_DEPTH];
  if (!is_byte(s, at, '"')) return fail(s, at, "a name is missing");
  name->data = at + 1;
  at = scan_string(s, at);
  if (at == NULL) return NULL;
  name->len = (size_t)(at - name->data) - 1;
  at = skip_space(s, at);
  if (!is_byte(s, at, ':')) return fail(s, at, "a colon is missing");
  return skip_space(s, at + 1);
}

static bool drops_nulls(const struct scan *s) {
  return s->rules->drop_nulls && !(s->rules->keep_outer && s->depth == 1);
}

/* Goes to the next member's value, or to the end of the object where only members follow that are dropped. `comma` is
   the one before the member, NULL as long as none was kept: then the comma after a dropped member goes with it. */
HOT const char *scan_member(struct scan *s, const char *at, const char *comma) {
  for (;;) {
    const char *name = at;
    at = scan_name(s, at);
    if (at == NULL) return NULL;
    s->wants_value = true;
    if (!is_byte(s, at, 'n') || !drops_nulls(s) || !is_word(s, at, "null", 4)) {
      if (s->depth == 1) s->report->members++;
      return at;
    }
    if (!replace(s, comma != NULL ? comma : name, at + 4)) return NULL;
    at = skip_space(s, at + 4);
    if (is_byte(s, at, '}')) return leave(s, at);
    if (!is_byte(s, at, ',')) return fail(s, at, no_comma);
    if (comma != NULL)
      comma = at;
    else
      s->copied = at + 1;
    at = skip_space(s, at + 1);
  }
}

static const char *scan_object(struct scan *s, const char *at) {
  at = enter(s, at, true);
  if (at == NULL || is_byte(s, at, '}')) return at == NULL ? NULL : leave(s, at);
  return scan_member(s, at, NULL);
}

static const char *scan_array(struct scan *s, const char *at) {
  const char *from = at;
  at = enter(s, at, false);
  if (at == NULL) return NULL;
  if (is_byte(s, at, ']')) return mark_empty_list(s, from, leave(s, at));
  s->wants_value = true;
  return at;
}

/* Takes a value; of an array or object that is not empty, what is before the first value in it. */
HOT const char *scan_value(struct scan *s, const char *at) {
  s->wants_value = false;
  if (at >= s->end) return fail(s, at, NULL);
  switch (*at) {
    case '"': return scan_string(s, at);
    case '{': return scan_object(s, at);
    case '[': return scan_array(s, at);
    case 't': return scan_word(s, at, "true", 4);
    case 'f': return scan_word(s, at, "false", 5);
    case 'n': return scan_word(s, at, "null", 4);
    default: break;
  }
  return *at == '-' || (*at >= '0' && *at <= '9') ? scan_number(s, at) : fail(s, at, "a value is missing");
}

/* Behind a value inside an array or object: takes the comma and what is before the next value, or the end. */
HOT const char *scan_separator(struct scan *s, const char *at) {
  const char *comma = at;
  if (!is_byte(s, at, ','))
    return is_byte(s, at, s->is_object ? '}' : ']') ? leave(s, at) : fail(s, at, no_comma);
  at = skip_space(s, at + 1);
  s->wants_value = true;
  return s->is_object ? scan_member(s, at, comma) : at;
}

static const char *scan_text(struct scan *s, const char *at) {
  at = scan_value(s, skip_space(s, at));
  while (at != NULL) {
    if (s->wants_value) {
      at = scan_value(s, at);
      continue;
    }
    at = skip_space(s, at);
    if (s->depth == 0) break;
    at = scan_separator(s, at);
  }
  if (at != NULL && at < s->end) return fail(s, at, "bytes after the end");
  return at;
}

enum sap_json_status sap_json_scan(const char *text, size_t len, const struct sap_json_rules *rules,
                                   struct sap_buffer *out, struct sap_json_report *report) {
  struct scan s;
  s.end = text + len;
  s.copied = text;
  s.rules = rules;
  s.out = out;
  s.report = report;
  s.fault.what = NULL;
  s.fault.at = text;
  s.depth = 0;
  s.known_steps = 1;
  s.steps[0] = 0;
  memset(s.objects, 0, sizeof s.objects);
  s.is_object = s.out_of_memory = report->rewritten = false;
  report->marks = report->integers = report->longish = report->members = 0;
  report->has_all_steps = true;
  report->step_count = 1;
  report->steps[0] = (struct sap_json_step){ .first = 0 };
  if (scan_text(&s, text) != NULL && (!report->rewritten || replace(&s, s.end, s.end))) return SAP_JSON_OK;
  report->what = s.fault.what;
  report->offset = (size_t)(s.fault.at - text);
  return s.out_of_memory ? SAP_JSON_NOMEM : SAP_JSON_BAD;
}
