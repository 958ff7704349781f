/* Makes exact JSON of text whose only faults are in how its characters are written, for answers that come once. */
#include "json/repair.h"

#include <stdbool.h>
#include <string.h>

#include "bytes/utf8.h"
#include "json/token.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

enum { SPARE = 64 }; /* for the first mendings */

struct repair {
  const char *end;
  struct sap_buffer *out;
  unsigned mended;
};

/* Steps take the place where they begin and return the one where they end, or NULL without memory. */

static const char *copy(struct repair *r, const char *from, const char *upto) {
  return sap_buffer_append(r->out, from, (size_t)(upto - from)) == 0 ? upto : NULL;
}

static const char *replace(struct repair *r, unsigned how, const char *upto) {
  r->mended |= how;
  return sap_buffer_append(r->out, replacement, sizeof replacement - 1) == 0 ? upto : NULL;
}

static const char *escape_control(struct repair *r, const char *at) {
  static const char digits[] = "0123456789abcdef";
  const char escape[] = { '\\', 'u', '0', '0', digits[*at >> 4 & 15], digits[*at & 15] };
  r->mended |= SAP_JSON_CONTROL;
  return sap_buffer_append(r->out, escape, sizeof escape) == 0 ? at + 1 : NULL;
}

/* At a backslash. An escape that is wrong in another way is copied, for the scan to refuse. */
static const char *repair_escape(struct repair *r, const char *at) {
  bool is_half;
  const char *upto = sap_json_skip_escape(at, r->end, &is_half);
  return is_half ? replace(r, SAP_JSON_HALF, upto) : copy(r, at, upto);
}

static const char *repair_special(struct repair *r, const char *at) {
  if (*at == '\\') return repair_escape(r, at);
  if ((unsigned char)*at < 0x20) return escape_control(r, at);
  size_t length = sap_utf8_length(at, r->end);
  return length > 0 ? copy(r, at, at + length) : replace(r, SAP_JSON_NOT_UTF8, at + 1);
}

/* At the opening quote. */
static const char *repair_string(struct repair *r, const char *at) {
  const char *from = at++;
  for (;;) {
    at = sap_skip_plain(at, r->end);
    if (copy(r, from, at) == NULL) return NULL;
    if (at >= r->end) return at;
    if (*at == '"') return copy(r, at, at + 1);
    from = at = repair_special(r, at);
    if (at == NULL) return NULL;
  }
}

static const char *skip_bom(struct repair *r, const char *at) {
  if (r->end - at < 3 || memcmp(at, "\xEF\xBB\xBF", 3) != 0) return at;
  r->mended |= SAP_JSON_BOM;
  return at + 3;
}

int sap_json_repair(const char *text, size_t len, struct sap_buffer *out, unsigned *mended) {
  struct repair r = { .end = text + len, .out = out };
  const char *at = skip_bom(&r, text);
  if (sap_buffer_reserve(out, len + SPARE) != 0) return -1; /* so that there is an address even for nothing */
  while (at != NULL && at < r.end) {
    const char *quote = memchr(at, '"', (size_t)(r.end - at));
    at = copy(&r, at, quote != NULL ? quote : r.end);
    if (at != NULL && quote != NULL) at = repair_string(&r, at);
  }
  *mended = r.mended;
  return at != NULL ? 0 : -1;
}
