/* One HTTP exchange: what is sent, what arrived, how it ended. Knows the handle that carries it, not who drives that. */
#include "http/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "http/begin.h"
#include "http/handle.h"
#include "http/headers.h"
#include "http/quirks.h"
#include "http/reactor.h"
#include "http/upload.h"

/* What libcurl calls. None of these may raise or touch Lua. */

static size_t refuse(struct sap_transfer *transfer, enum sap_verdict verdict) {
  transfer->facts.verdict = verdict;
  return 0;
}

static bool starts_answer(const char *line, size_t len) {
  return len >= 5 && memcmp(line, "HTTP/", 5) == 0;
}

static bool ends_head(const char *line, size_t len) {
  return (len == 2 && line[0] == '\r' && line[1] == '\n') || (len == 1 && line[0] == '\n');
}

static void begin_answer(struct sap_transfer *transfer, const char *line, size_t len) {
  struct sap_slice rest = { line, len };
  int status = 0;
  sap_headers_status(&rest, &status);
  sap_buffer_clear(&transfer->head);
  transfer->facts.head_whole = false;
  sap_coding_begin(&transfer->coding, status);
}

/* One that could not be looked into before its next use is not kept. */
static void read_version(const struct sap_handle *handle, const char *line, size_t len) {
  bool is_1 = len >= 7 && memcmp(line, "HTTP/1.", 7) == 0;
  if (is_1 && !handle->keeps) curl_easy_setopt(handle->easy, CURLOPT_FORBID_REUSE, 1L);
}

static size_t on_header(char *line, size_t one, size_t len, void *context) {
  struct sap_handle *handle = context;
  struct sap_transfer *transfer = handle->transfer;
  (void)one;
  transfer->facts.answered = true;
  transfer->head_total += len;
  if (transfer->head_total > SAP_MAX_HEAD) return refuse(transfer, SAP_VERDICT_HEAD_TOO_LARGE);
  if (starts_answer(line, len)) {
    begin_answer(transfer, line, len);
    read_version(handle, line, len);
  }
  if (ends_head(line, len)) transfer->facts.head_whole = true;
  if (sap_buffer_append(&transfer->head, line, len) != 0) return refuse(transfer, SAP_VERDICT_NO_MEMORY);
  if (transfer->facts.head_whole) return len; /* a trailer changes nothing of what is read already */
  return sap_coding_read(&transfer->coding, line, len) ? len : refuse(transfer, SAP_VERDICT_CODED);
}

static size_t on_body(char *data, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  (void)one;
  if (len > transfer->max_response - transfer->body.len) return refuse(transfer, SAP_VERDICT_BODY_TOO_LARGE);
  if (sap_buffer_append(&transfer->body, data, len) != 0) return refuse(transfer, SAP_VERDICT_NO_MEMORY);
  return len;
}

/* Setting up. */

struct sap_transfer *sap_transfer_new(void) {
  return calloc(1, sizeof(struct sap_transfer));
}

void sap_transfer_set_callbacks(struct sap_handle *handle) {
  CURL *easy = handle->easy;
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, handle);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, handle);
  sap_upload_set_callbacks(handle);
  sap_begin_set_callbacks(handle);
}

/* libcurl undoes the codings of an answer, in as many layers as it has, where it is told that one may come, and there
   only. Its own line it would write twice for each request, a given one once. */
static const char identity[] = "Accept-Encoding: identity";
static const char gzip[] = "Accept-Encoding: gzip";

/* libcurl would ask whether to send a large body before it does, and old versions take 1 KB for large. */
static const char no_question[] = "Expect:";
enum { LARGEST_UNASKED = 1024 };

int sap_transfer_expect_headers(struct sap_transfer *transfer, size_t count, size_t bytes) {
  return sap_lines_reserve(&transfer->headers, count + 2, bytes + sizeof identity + sizeof no_question);
}

static void add_own_headers(struct sap_lines *headers, const struct sap_request *request) {
  if (request->gzip)
    sap_lines_add(headers, gzip, sizeof gzip - 1);
  else
    sap_lines_add(headers, identity, sizeof identity - 1);
  if (request->body_len > LARGEST_UNASKED) sap_lines_add(headers, no_question, sizeof no_question - 1);
}

/* A constant URL is parsed in a third of the time that one with a query takes. */
CURLcode sap_transfer_load(struct sap_transfer *transfer, struct sap_handle *handle,
                           const struct sap_request *request) {
  CURL *easy = handle->easy;
  handle->transfer = transfer;
  transfer->max_response = request->max_response;
  transfer->coding = (struct sap_coding){ .gzip = request->gzip, .once = request->once };
  transfer->deadline = sap_reactor_now() + request->timeout_ms;
  add_own_headers(&transfer->headers, request);
  CURLcode code = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request->target);
  if (code == CURLE_OK) code = sap_upload_load(handle, request);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, request->gzip ? "gzip" : NULL);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.list);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  return code;
}

void sap_transfer_unload(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(handle->easy, CURLOPT_REQUEST_TARGET, NULL);
  curl_easy_setopt(handle->easy, CURLOPT_FRESH_CONNECT, 0L);
  curl_easy_setopt(handle->easy, CURLOPT_FORBID_REUSE, 0L);
  sap_upload_unload(handle);
  handle->transfer = NULL;
  handle->detail[0] = '\0';
}

bool sap_transfer_renew(struct sap_transfer *transfer) {
  CURL *easy = transfer->handle->easy;
  int64_t left = transfer->deadline - sap_reactor_now();
  transfer->refused = false;
  if (left <= 0) return false;
  transfer->only_new = true;
  transfer->begins = 0;
  transfer->handle->detail[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
  return true;
}

static bool is_never_asked(const struct sap_handle *handle) {
  return (handle->by.quirks & SAP_QUIRK_NEVER_ASKS) != 0;
}

bool sap_transfer_has_left(const struct sap_transfer *transfer) {
  long sent = 0;
  if (transfer->handle != NULL && is_never_asked(transfer->handle))
    curl_easy_getinfo(transfer->handle->easy, CURLINFO_REQUEST_SIZE, &sent);
  return transfer->begins > 0 || sent > 0;
}

bool sap_transfer_wore_out(const struct sap_transfer *transfer) {
  return transfer->facts.code != CURLE_OK || transfer->begins > 1 || transfer->only_new;
}

/* Ending. */

static double seconds(CURL *easy, CURLINFO which) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, which, &microseconds);
  return (double)microseconds / 1e6;
}

static void read_timings(struct sap_timings *timings, CURL *easy) {
  timings->dns = seconds(easy, CURLINFO_NAMELOOKUP_TIME_T);
  timings->connect = seconds(easy, CURLINFO_CONNECT_TIME_T);
  timings->tls = seconds(easy, CURLINFO_APPCONNECT_TIME_T);
  timings->first_byte = seconds(easy, CURLINFO_STARTTRANSFER_TIME_T);
  timings->total = seconds(easy, CURLINFO_TOTAL_TIME_T);
}

static void read_facts(struct sap_transfer *transfer, const struct sap_handle *handle, CURLcode code) {
  CURL *easy = handle->easy;
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &transfer->status);
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &transfer->http_version);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  /* libcurl takes a connection that closes within the head for the end of an answer without a body. */
  transfer->facts.code = code == CURLE_OK && !transfer->facts.head_whole ? CURLE_PARTIAL_FILE : code;
  sap_facts_read(&transfer->facts, easy);
  transfer->reused = connects == 0 && transfer->facts.established;
  if (is_never_asked(handle) && transfer->facts.request_size > 0) transfer->begins = 1;
  read_timings(&transfer->timings, easy);
}

/* What an answer that comes once is wrapped in is taken off. */
static void unpack(struct sap_transfer *transfer) {
  static const struct {
    CURLcode code;
    enum sap_verdict verdict;
  } said[] = {
    [SAP_BADLY_PACKED] = { CURLE_BAD_CONTENT_ENCODING, SAP_VERDICT_NONE },
    [SAP_UNPACKED_TOO_LARGE] = { CURLE_OK, SAP_VERDICT_BODY_TOO_LARGE },
    [SAP_UNPACKED_NOMEM] = { CURLE_OK, SAP_VERDICT_NO_MEMORY },
  };
  if (!transfer->coding.once || transfer->facts.code != CURLE_OK ||
      transfer->facts.verdict != SAP_VERDICT_NONE)
    return;
  enum sap_unpacked unpacked = sap_coding_undo(&transfer->coding, &transfer->body, transfer->max_response);
  if (unpacked == SAP_UNPACKED || unpacked == SAP_NOT_PACKED) return;
  transfer->facts.code = said[unpacked].code;
  transfer->facts.verdict = said[unpacked].verdict;
}

static void end(struct sap_transfer *transfer) {
  transfer->done = true;
  sap_lines_free(&transfer->headers);
  sap_buffer_free(&transfer->upload.body);
}

void sap_transfer_finish(struct sap_transfer *transfer, const struct sap_handle *handle, CURLcode code) {
  read_facts(transfer, handle, code);
  unpack(transfer);
  if (transfer->facts.verdict == SAP_VERDICT_NONE)
    memcpy(transfer->detail, handle->detail, sizeof transfer->detail);
  end(transfer);
}

void sap_transfer_give_up(struct sap_transfer *transfer, CURLcode code, enum sap_verdict verdict) {
  transfer->facts.code = code;
  transfer->facts.verdict = verdict;
  end(transfer);
}

void sap_transfer_free(struct sap_transfer *transfer) {
  sap_list_remove(&transfer->link);
  end(transfer);
  sap_buffer_free(&transfer->head);
  sap_buffer_free(&transfer->body);
  free(transfer);
}
