/* One HTTP exchange: what is sent, what arrived, how it ended. Knows the handle that carries it, not who drives that. */
#include "http/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bytes/files.h"
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
  transfer->said = status;
  sap_coding_begin(&transfer->coding, status);
}

/* A connection that could not be looked into before its next use is not kept, unless it turns out to have HTTP/2. One that
   was not answered is not kept either: before 7.77 libcurl would keep one that died, and let the next GET wait for it. */
static void allow_keeping(const struct sap_handle *handle, bool is_2) {
  if (!handle->keeps) curl_easy_setopt(handle->easy, CURLOPT_FORBID_REUSE, is_2 ? 0L : 1L);
}

static void read_version(const struct sap_handle *handle, const char *line, size_t len) {
  allow_keeping(handle, len >= 7 && memcmp(line, "HTTP/1.", 7) != 0);
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

/* 200, 203 and 204 are the whole of what was asked for; 202 is not yet, 206 a part. */
static bool is_file(int status) {
  return status == 200 || status == 203 || status == 204;
}

static size_t refuse_file(struct sap_transfer *transfer, int fault) {
  if (fault == SAP_SINK_IS_FULL) return refuse(transfer, SAP_VERDICT_FILE_TOO_LARGE);
  transfer->facts.file_fault = fault;
  return refuse(transfer, SAP_VERDICT_NOT_WRITTEN);
}

/* libcurl keeps these bytes until the transfer goes on, and asks for no more. */
static size_t wait_for_room(const struct sap_handle *handle) {
  struct sap_transfer *transfer = handle->transfer;
  sap_list_add(&transfer->pace->paused, &transfer->pause);
  sap_kept_is_paused(&handle->by, handle->easy);
  return CURL_WRITEFUNC_PAUSE;
}

bool sap_transfer_is_paused(const struct sap_transfer *transfer) {
  return transfer != NULL && transfer->pause.next != NULL;
}

static size_t to_file(const struct sap_handle *handle, const char *data, size_t len) {
  struct sap_sink *sink = handle->transfer->sink;
  struct sap_pace *pace = handle->transfer->pace;
  if (pace->room == 0) return wait_for_room(handle);
  pace->room -= len < pace->room ? len : pace->room;
  curl_off_t total = -1;
  if (sink->bytes == 0) {
    curl_easy_getinfo(handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    if (total > 0) sink->total = (uint64_t)total;
    if (sink->total > sink->most) return refuse_file(handle->transfer, SAP_SINK_IS_FULL);
  }
  int fault = sap_sink_write(sink, data, len);
  return fault == 0 ? len : refuse_file(handle->transfer, fault);
}

/* A refusal is read as far as anybody reads it. */
static size_t cut_refusal(struct sap_transfer *transfer, const char *data) {
  transfer->cut = sap_buffer_append(&transfer->body, data, transfer->max_response - transfer->body.len) == 0;
  return transfer->cut ? 0 : refuse(transfer, SAP_VERDICT_NO_MEMORY);
}

static size_t on_body(char *data, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  (void)one;
  if (transfer->sink != NULL && is_file(transfer->said)) return to_file(context, data, len);
  if (len > transfer->max_response - transfer->body.len)
    return transfer->sink != NULL ? cut_refusal(transfer, data)
                                  : refuse(transfer, SAP_VERDICT_BODY_TOO_LARGE);
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
  if (request->body_len > LARGEST_UNASKED || request->source != NULL)
    sap_lines_add(headers, no_question, sizeof no_question - 1);
}

/* 0 for none. A handle goes from call to call. */
static CURLcode set_silence(CURL *easy, long seconds) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, seconds > 0 ? 1L : 0L);
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, seconds) : code;
}

static CURLcode load_sink(struct sap_transfer *transfer, const struct sap_request *request) {
  if (request->sink == NULL) return CURLE_OK;
  transfer->sink = sap_sink_hold(request->sink);
  transfer->sink->transfer = transfer;
  int fault = sap_sink_restart(transfer->sink);
  if (fault == 0) return CURLE_OK;
  refuse_file(transfer, fault);
  return CURLE_WRITE_ERROR;
}

/* A constant URL is parsed in a third of the time that one with a query takes. */
CURLcode sap_transfer_load(struct sap_transfer *transfer, struct sap_handle *handle,
                           const struct sap_request *request) {
  CURL *easy = handle->easy;
  handle->transfer = transfer;
  transfer->max_response = request->max_response;
  transfer->once = request->once;
  transfer->coding = (struct sap_coding){ .gzip = request->gzip, .once = request->once };
  transfer->deadline = sap_reactor_now() + request->timeout_ms;
  add_own_headers(&transfer->headers, request);
  allow_keeping(handle, false);
  CURLcode code = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request->target);
  if (code == CURLE_OK) code = sap_upload_load(handle, request);
  if (code == CURLE_OK) code = load_sink(transfer, request);
  if (code == CURLE_OK && request->silence_s > 0) code = set_silence(easy, request->silence_s);
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
  if (handle->transfer != NULL && handle->transfer->sink != NULL) set_silence(handle->easy, 0);
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

/* Where libcurl asks before it sends, that says it. The time that it tells is there in 8.22 for a connection that failed,
   too: spec/promises/proxy_spec.lua, tls_spec.lua. */
static bool was_established(const struct sap_transfer *transfer, const struct sap_handle *handle) {
  curl_off_t ready = 0;
  if (!is_never_asked(handle)) return transfer->begins > 0;
  curl_easy_getinfo(handle->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
  return ready > 0;
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
  transfer->facts.established = was_established(transfer, handle);
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

static void forget_request(struct sap_transfer *transfer) {
  sap_lines_free(&transfer->headers);
  sap_upload_free(&transfer->upload);
}

static void end(struct sap_transfer *transfer) {
  transfer->done = true;
  sap_list_remove(&transfer->pause);
  forget_request(transfer);
}

static bool has_succeeded(const struct sap_transfer *transfer) {
  return transfer->facts.code == CURLE_OK && transfer->facts.verdict == SAP_VERDICT_NONE;
}

static bool is_chunked(const struct sap_buffer *head) {
  struct sap_slice rest = { head->data, head->len }, name, value;
  int status;
  sap_headers_status(&rest, &status);
  while (sap_headers_next(&rest, &name, &value))
    if (name.len == sizeof "transfer-encoding" - 1 &&
        strncasecmp(name.data, "transfer-encoding", name.len) == 0 && value.len == sizeof "chunked" - 1 &&
        strncasecmp(value.data, "chunked", value.len) == 0)
      return true;
  return false;
}

/* libcurl sees to it that the end was reached, where it was told: an answer that ends with its connection may be cut. */
static bool tells_its_end(const struct sap_transfer *transfer, CURL *easy) {
  curl_off_t length = -1;
  curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length >= 0 || transfer->said == 204 || transfer->http_version >= CURL_HTTP_VERSION_2_0 ||
         is_chunked(&transfer->head);
}

static void judge_file(struct sap_transfer *transfer, const struct sap_handle *handle) {
  if (transfer->cut && transfer->facts.code == CURLE_WRITE_ERROR) transfer->facts.code = CURLE_OK;
  if (!has_succeeded(transfer) || transfer->said / 100 != 2) return;
  if (!is_file(transfer->said))
    transfer->facts.verdict = SAP_VERDICT_NO_FILE;
  else if (!tells_its_end(transfer, handle->easy))
    transfer->facts.verdict = SAP_VERDICT_NO_END;
}

static bool has_whole_file(const struct sap_transfer *transfer) {
  return transfer->sink != NULL && has_succeeded(transfer) && is_file(transfer->said);
}

static void explain_file(struct sap_transfer *transfer) {
  const char *said = sap_file_message(transfer->facts.file_fault);
  (void)snprintf(transfer->detail, sizeof transfer->detail, "%s", said);
}

void sap_transfer_finish(struct sap_transfer *transfer, const struct sap_handle *handle, CURLcode code) {
  read_facts(transfer, handle, code);
  unpack(transfer);
  if (transfer->sink != NULL) judge_file(transfer, handle);
  if (transfer->facts.verdict == SAP_VERDICT_NONE)
    memcpy(transfer->detail, handle->detail, sizeof transfer->detail);
  if (transfer->facts.file_fault != 0) explain_file(transfer);
  forget_request(transfer);
  sap_list_remove(&transfer->pause);
  transfer->done = !has_whole_file(transfer);
}

void sap_transfer_note_placed(struct sap_transfer *transfer) {
  struct sap_sink *sink = transfer->sink;
  if (!atomic_load(&sink->placed)) {
    sap_sink_discard(sink);
    transfer->facts.code = CURLE_OPERATION_TIMEDOUT;
  } else if (sink->fault != 0) {
    refuse_file(transfer, sink->fault);
    explain_file(transfer);
  }
  end(transfer);
}

void sap_transfer_give_up(struct sap_transfer *transfer, CURLcode code, enum sap_verdict verdict) {
  transfer->facts.code = code;
  transfer->facts.verdict = verdict;
  if (transfer->facts.file_fault != 0) explain_file(transfer);
  if (transfer->sink != NULL) sap_list_remove(&transfer->sink->link);
  end(transfer);
}

void sap_transfer_free(struct sap_transfer *transfer) {
  sap_list_remove(&transfer->link);
  end(transfer);
  if (transfer->sink != NULL) sap_sink_release(transfer->sink);
  sap_buffer_free(&transfer->head);
  sap_buffer_free(&transfer->body);
  free(transfer);
}
