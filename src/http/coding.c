/* Judges the codings that the head of an answer names, and undoes one that nobody asked for. */
#include "http/coding.h"

#include <limits.h>
#include <string.h>

#include <zlib.h>

#include "bytes/slice.h"

/* IANA's registry of content codings, with the old names of RFC 9110. */
static const char *const gzips[] = { "gzip", "x-gzip", NULL };
static const char *const other_codings[] = {
  "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip", NULL,
};

/* Whatever the locale. */
static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_text(struct sap_slice text, const char *other) {
  if (strlen(other) != text.len) return false;
  for (size_t i = 0; i < text.len; i++)
    if (lower(text.data[i]) != other[i]) return false;
  return true;
}

static bool is_one_of(const char *const *codings, struct sap_slice word) {
  for (; *codings != NULL; codings++)
    if (is_text(word, *codings)) return true;
  return false;
}

static bool is_gap(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

/* Takes the next word off a list; false at its end. */
static bool take_word(struct sap_slice *list, struct sap_slice *word) {
  while (list->len > 0 && is_gap(list->data[0])) {
    list->data++;
    list->len--;
  }
  word->data = list->data;
  word->len = 0;
  while (word->len < list->len && !is_gap(word->data[word->len])) word->len++;
  list->data += word->len;
  list->len -= word->len;
  return word->len > 0;
}

static void read_content(struct sap_coding *coding, struct sap_slice list) {
  struct sap_slice word;
  coding->blank = true;
  while (take_word(&list, &word)) {
    bool is_other = is_one_of(other_codings, word);
    coding->blank = false;
    coding->foreign = coding->foreign || is_other;
    if (is_other || is_one_of(gzips, word))
      coding->layers++;
    else if (!is_text(word, "identity"))
      coding->odd = true;
  }
}

static bool read_transfer(struct sap_slice list) {
  struct sap_slice word;
  while (take_word(&list, &word))
    if (!is_text(word, "chunked") && !is_text(word, "identity")) return false;
  return true;
}

static bool is_named(struct sap_slice line, const char *name) {
  size_t len = strlen(name);
  struct sap_slice found = { line.data, len };
  if (line.len <= len || !is_text(found, name)) return false;
  while (len < line.len && (line.data[len] == ' ' || line.data[len] == '\t')) len++;
  return len < line.len && line.data[len] == ':';
}

static struct sap_slice value_of(struct sap_slice line) {
  const char *colon = memchr(line.data, ':', line.len);
  struct sap_slice value = { colon + 1, line.len - (size_t)(colon + 1 - line.data) };
  return value;
}

static bool is_allowed(const struct sap_coding *coding) {
  if (coding->layers > 1) return false;
  return coding->layers == 0 || coding->once || (coding->gzip && !coding->foreign);
}

void sap_coding_begin(struct sap_coding *coding, int status) {
  coding->in_content = coding->in_transfer = coding->odd = coding->blank = coding->foreign = false;
  coding->interim = status >= 100 && status < 200 && status != 101;
  coding->layers = 0;
}

/* A line that begins with a blank goes on with the header before it. */
bool sap_coding_read(struct sap_coding *coding, const char *line, size_t len) {
  struct sap_slice text = { line, len };
  if (coding->interim) return true;
  bool goes_on = len > 0 && (line[0] == ' ' || line[0] == '\t');
  if (!goes_on) {
    coding->in_content = is_named(text, "content-encoding");
    coding->in_transfer = is_named(text, "transfer-encoding");
    if (coding->in_content || coding->in_transfer) text = value_of(text);
  }
  if (coding->in_content) read_content(coding, text);
  return is_allowed(coding) && (!coding->in_transfer || read_transfer(text));
}

/* Undoing. */

static bool is_gzip(const struct sap_buffer *body) {
  return body->len > 2 && memcmp(body->data, "\x1f\x8b\x08", 3) == 0;
}

enum { PIECE = 16384, GZIP_ONLY = 16 };

static enum sap_unpacked fail(int status) {
  return status == Z_MEM_ERROR ? SAP_UNPACKED_NOMEM : SAP_BADLY_PACKED;
}

/* Adds what comes out of the stream, piece by piece. */
static enum sap_unpacked inflate_all(z_stream *stream, struct sap_buffer *out, size_t most) {
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (sap_buffer_reserve(out, PIECE) != 0) return SAP_UNPACKED_NOMEM;
    stream->next_out = (Bytef *)out->data + out->len;
    stream->avail_out = PIECE;
    status = inflate(stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) return fail(status);
    out->len += PIECE - stream->avail_out;
    if (out->len > most) return SAP_UNPACKED_TOO_LARGE;
  }
  return stream->avail_in == 0 ? SAP_UNPACKED : SAP_BADLY_PACKED;
}

enum sap_unpacked sap_coding_undo(struct sap_coding *coding, struct sap_buffer *body, size_t most) {
  struct sap_buffer out = { 0 };
  z_stream stream = { .next_in = (Bytef *)body->data, .avail_in = (uInt)body->len };
  if (!is_gzip(body)) return SAP_NOT_PACKED;
  if (body->len > UINT_MAX) return SAP_UNPACKED_TOO_LARGE;
  int status = inflateInit2(&stream, MAX_WBITS + GZIP_ONLY);
  if (status != Z_OK) return fail(status);
  enum sap_unpacked unpacked = inflate_all(&stream, &out, most);
  inflateEnd(&stream);
  if (unpacked != SAP_UNPACKED) {
    sap_buffer_free(&out);
    return unpacked;
  }
  sap_buffer_free(body);
  *body = out;
  coding->undone = true;
  return SAP_UNPACKED;
}
