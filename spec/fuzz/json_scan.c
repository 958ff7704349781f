/* The strict scan under every combination of its rules, beside a second and simpler reader of RFC 8259. */
#include "json/crowd.h"
#include "json/repair.h"
#include "json/scan.h"
#include "json/unescape.h"
#include "fuzz.h"
#include "bytes/utf8.h"

/* The second reader: recursive, byte by byte. Each step returns where its piece ends, or NULL. */

static const char *read_value(const char *at, const char *end, unsigned depth);

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && memchr(" \t\n\r", *at, 4) != NULL) at++;
  return at;
}

static const char *read_word(const char *at, const char *end, const char *word) {
  size_t len = strlen(word);
  return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static const char *read_digits(const char *at, const char *end) {
  if (at == end || *at < '0' || *at > '9') return NULL;
  while (at < end && *at >= '0' && *at <= '9') at++;
  return at;
}

static const char *read_number(const char *at, const char *end) {
  if (at < end && *at == '-') at++;
  if (at < end && *at == '0')
    at++;
  else if ((at = read_digits(at, end)) == NULL)
    return NULL;
  if (at < end && *at == '.' && (at = read_digits(at + 1, end)) == NULL) return NULL;
  if (at == end || (*at != 'e' && *at != 'E')) return at;
  at++;
  if (at < end && (*at == '+' || *at == '-')) at++;
  return read_digits(at, end);
}

static long read_unit(const char *at, const char *end) {
  char digits[5] = { 0 };
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  memcpy(digits, at + 2, 4);
  return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

static const char *read_unicode_escape(const char *at, const char *end) {
  long unit = read_unit(at, end), low;
  if (unit < 0) return NULL;
  if (unit < 0xD800 || unit > 0xDFFF) return at + 6;
  low = read_unit(at + 6, end);
  return unit < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF ? at + 12 : NULL;
}

static const char *read_string(const char *at, const char *end) {
  if (at == end || *at != '"') return NULL;
  for (at++; at < end && *at != '"';) {
    size_t length = 1;
    if ((unsigned char)*at < ' ') return NULL;
    if (*at == '\\') {
      if (end - at < 2) return NULL;
      if (at[1] == 'u') {
        if ((at = read_unicode_escape(at, end)) == NULL) return NULL;
        continue;
      }
      if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL) return NULL;
      length = 2;
    } else {
      length = sap_utf8_length(at, end);
    }
    if (length == 0) return NULL;
    at += length;
  }
  return at < end ? at + 1 : NULL;
}

static const char *read_members(const char *at, const char *end, unsigned depth, char closing) {
  if (depth == 0) return NULL;
  at = skip_blanks(at + 1, end);
  if (at < end && *at == closing) return at + 1;
  for (;;) {
    if (closing == '}') {
      if ((at = read_string(at, end)) == NULL) return NULL;
      at = skip_blanks(at, end);
      if (at == end || *at != ':') return NULL;
      at = skip_blanks(at + 1, end);
    }
    if ((at = read_value(at, end, depth - 1)) == NULL) return NULL;
    at = skip_blanks(at, end);
    if (at < end && *at == closing) return at + 1;
    if (at == end || *at != ',') return NULL;
    at = skip_blanks(at + 1, end);
  }
}

static const char *read_value(const char *at, const char *end, unsigned depth) {
  if (at == end) return NULL;
  switch (*at) {
    case '{': return read_members(at, end, depth, '}');
    case '[': return read_members(at, end, depth, ']');
    case '"': return read_string(at, end);
    case 't': return read_word(at, end, "true");
    case 'f': return read_word(at, end, "false");
    case 'n': return read_word(at, end, "null");
    default: return read_number(at, end);
  }
}

static bool is_json(const char *text, size_t len, unsigned depth) {
  const char *end = text + len, *at = read_value(skip_blanks(text, end), end, depth);
  return at != NULL && skip_blanks(at, end) == end;
}

/* What was rewritten is read again. */

/* Takes the marks out of the text: "\xFF12" becomes 12, and "\xFF]" becomes []. Returns how many there were. */
static size_t take_marks(const struct sap_buffer *from, char *out, size_t *out_len) {
  size_t marks = 0, len = 0;

  for (size_t i = 0; i < from->len; i++) {
    if (from->data[i] != '"' || i + 1 == from->len || from->data[i + 1] != SAP_JSON_MARK) {
      out[len++] = from->data[i];
      continue;
    }
    marks++;
    if (from->data[i + 2] == SAP_JSON_EMPTY_LIST) out[len++] = '[';
    for (i += 2; from->data[i] != '"'; i++) out[len++] = from->data[i];
  }
  *out_len = len;
  return marks;
}

/* The steps are a tree: each but the first is within one, or beside one, that was made before it. */
static void check_steps(const struct sap_json_report *report, const char *text, size_t len) {
  unsigned char times[SAP_JSON_STEPS] = { 1 };
  PROMISE(report->step_count >= 1 && report->step_count <= SAP_JSON_STEPS);
  for (unsigned i = 0; i < report->step_count; i++) {
    const struct sap_json_step *step = &report->steps[i];
    PROMISE((step->first == 0 || step->first > i) && step->first < report->step_count);
    PROMISE((i == 0 || step->next == 0 || step->next > i) && (i == 0 || step->next < report->step_count));
    if (step->first != 0) times[step->first]++;
    if (i > 0 && step->next != 0) times[step->next]++;
    if (i > 0 && step->name.data != NULL) PROMISE(fuzz_lies_in(step->name, text, len));
  }
  for (unsigned i = 0; i < report->step_count; i++) PROMISE(times[i] == 1);
}

/* The rewritten text, unmarked, is JSON, and is rewritten into the same text once more. */
static void check_rewritten(const struct sap_buffer *out, const struct sap_json_rules *rules,
                            const struct sap_json_report *report) {
  char *plain = fuzz_room(out->len);
  size_t plain_len;
  struct sap_buffer again = { 0 };
  struct sap_json_report second;

  PROMISE(take_marks(out, plain, &plain_len) == report->marks);
  PROMISE(sap_json_scan(plain, plain_len, rules, &again, &second) == SAP_JSON_OK);
  PROMISE(second.marks == report->marks);
  if (second.rewritten) {
    PROMISE(again.len == out->len && memcmp(again.data, out->data, out->len) == 0);
  } else {
    PROMISE(plain_len == out->len && memcmp(plain, out->data, out->len) == 0);
  }
  sap_buffer_free(&again);
  free(plain);
}

static void check_rules(const char *text, size_t len, const struct sap_json_rules *rules, bool expected) {
  struct sap_buffer out = { 0 };
  struct sap_json_report report;
  enum sap_json_status status = sap_json_scan(text, len, rules, &out, &report);

  PROMISE(status == (expected ? SAP_JSON_OK : SAP_JSON_BAD));
  if (status == SAP_JSON_BAD) {
    PROMISE(report.what != NULL && report.offset <= len);
  } else {
    check_steps(&report, text, len);
    PROMISE(report.rewritten || (report.marks == 0 && out.data == NULL));
    if (report.rewritten) check_rewritten(&out, rules, &report);
  }
  sap_buffer_free(&out);
}

/* A text that is one string, without its escapes: no longer than before, and UTF-8. */
static void check_unescape(const char *text, size_t len) {
  char *room = fuzz_room(len - 2);
  size_t unescaped = sap_json_unescape(room, text + 1, len - 2);
  PROMISE(unescaped <= len - 2 && sap_is_utf8(room, unescaped));
  free(room);
}

static void check_crowd(const char *text, size_t len) {
  for (int rule = SAP_CROWD_NONE; rule <= SAP_CROWD_LONG_NAMES; rule++)
    PROMISE(sap_crowd_look(text, len, (enum sap_crowd_rule)rule) == SAP_CROWD_FINE); /* it is too short for more */
  if (len >= 2 && text[0] == '"' && text[len - 1] == '"') check_unescape(text, len);
}

static void check_all_rules(const char *text, size_t len) {
  bool expected = is_json(text, len, SAP_JSON_MAX_DEPTH);

  if (expected) check_crowd(text, len);
  for (int bits = 0; bits < 16; bits++) {
    struct sap_json_rules rules = {
      .integers = bits & 1, .drop_nulls = bits & 2, .keep_outer = bits & 4, .fractions = bits & 8
    };
    check_rules(text, len, &rules, expected);
  }
}

/* A text is mended only where it is no JSON, into one that needs no mending, with the same brackets and quotes. */
static void check_repair(const char *text, size_t len) {
  struct sap_buffer out = { 0 }, again = { 0 };
  unsigned mended, left;

  PROMISE(sap_json_repair(text, len, &out, &mended) == 0);
  PROMISE(mended >> SAP_JSON_MENDINGS == 0);
  PROMISE(out.len <= 6 * len);
  if (mended == 0) PROMISE(out.len == len && (len == 0 || memcmp(out.data, text, len) == 0));
  if (is_json(text, len, SAP_JSON_MAX_DEPTH)) PROMISE(mended == 0);
  PROMISE(sap_json_repair(out.data, out.len, &again, &left) == 0);
  PROMISE((left & ~(unsigned)SAP_JSON_BOM) == 0);
  check_all_rules(out.data, out.len);
  sap_buffer_free(&out);
  sap_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";

  check_all_rules(text, size);
  check_repair(text, size);
  return 0;
}
