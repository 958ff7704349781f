/* One HTTP exchange: what is sent, what arrived, how it ended. */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "handle.h"
#include "pool.h"
#include "secure.h"

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

static void begin_answer(struct sap_transfer *transfer) {
  sap_buffer_clear(&transfer->head);
  transfer->head_whole = false;
}

static size_t on_header(char *line, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  (void)one;
  transfer->facts.answered = true;
  transfer->head_total += len;
  if (transfer->head_total > SAP_MAX_HEAD) return refuse(transfer, SAP_VERDICT_HEAD_TOO_LARGE);
  if (starts_answer(line, len)) begin_answer(transfer);
  if (ends_head(line, len)) transfer->head_whole = true;
  if (sap_buffer_append(&transfer->head, line, len) != 0) return refuse(transfer, SAP_VERDICT_NO_MEMORY);
  return len;
}

static size_t on_body(char *data, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  (void)one;
  if (len > transfer->max_response - transfer->body.len) return refuse(transfer, SAP_VERDICT_BODY_TOO_LARGE);
  if (sap_buffer_append(&transfer->body, data, len) != 0) return refuse(transfer, SAP_VERDICT_NO_MEMORY);
  return len;
}

/* There is no way back in this stream: libcurl cannot send a request twice whose body has begun to leave. */
static size_t on_upload(char *room, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  size_t left = transfer->upload.len - transfer->uploaded;
  (void)one;
  if (len > left) len = left;
  if (len > 0) memcpy(room, transfer->upload.data + transfer->uploaded, len);
  transfer->uploaded += len;
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
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
  curl_easy_setopt(easy, CURLOPT_READDATA, handle);
}

/* libcurl writes an Accept-Encoding of its own twice for each request, a given one once. */
static const char encodings[] = "Accept-Encoding: " SAP_ENCODINGS;

/* libcurl would ask whether to send a large body before it does, and old versions take 1 KB for large. */
static const char no_question[] = "Expect:";
enum { LARGEST_UNASKED = 1024 };

int sap_transfer_expect_headers(struct sap_transfer *transfer, size_t count, size_t bytes) {
  return sap_lines_reserve(&transfer->headers, count + 2, bytes + sizeof encodings + sizeof no_question);
}

static void add_own_headers(struct sap_lines *headers, const struct sap_request *request) {
  sap_lines_add(headers, encodings, sizeof encodings - 1);
  if (request->body_len > LARGEST_UNASKED) sap_lines_add(headers, no_question, sizeof no_question - 1);
}

static CURLcode set_method(CURL *easy, const struct sap_request *request) {
  bool sends = request->body != NULL;
  CURLcode code = curl_easy_setopt(easy, sends ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
  if (code == CURLE_OK && sends)
    code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                            strcmp(request->method, sends ? "POST" : "GET") == 0 ? NULL : request->method);
  return code;
}

static CURLcode set_upload(struct sap_transfer *transfer, const struct sap_request *request) {
  if (request->body == NULL) return CURLE_OK;
  return sap_buffer_append(&transfer->upload, request->body, request->body_len) == 0 ? CURLE_OK
                                                                                     : CURLE_OUT_OF_MEMORY;
}

/* A constant URL is parsed in a third of the time that one with a query takes. */
static CURLcode set_up(struct sap_handle *handle, struct sap_transfer *transfer,
                       const struct sap_request *request) {
  CURL *easy = handle->easy;
  CURLcode code = sap_handle_aim(handle, request->origin);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request->target);
  if (code == CURLE_OK) code = set_method(easy, request);
  if (code == CURLE_OK) code = set_upload(transfer, request);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.list);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  return code;
}

/* The pool's running ones. */

static void link_running(struct sap_pool *pool, struct sap_transfer *transfer) {
  transfer->pool = pool;
  transfer->previous = NULL;
  transfer->next = pool->running;
  if (transfer->next != NULL) transfer->next->previous = transfer;
  pool->running = transfer;
  pool->references++;
}

static void unlink_running(struct sap_pool *pool, struct sap_transfer *transfer) {
  if (transfer->next != NULL) transfer->next->previous = transfer->previous;
  if (transfer->previous != NULL)
    transfer->previous->next = transfer->next;
  else
    pool->running = transfer->next;
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

static void read_facts(struct sap_transfer *transfer, CURLcode code) {
  CURL *easy = transfer->handle->easy;
  curl_off_t ready = 0;
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &transfer->status);
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &transfer->http_version);
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &transfer->facts.request_size);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  /* libcurl takes a connection that closes within the head for the end of an answer without a body. */
  transfer->facts.code = code == CURLE_OK && !transfer->head_whole ? CURLE_PARTIAL_FILE : code;
  transfer->facts.established = ready > 0;
  transfer->reused = connects == 0 && ready > 0;
  read_timings(&transfer->timings, easy);
}

static void finish(struct sap_transfer *transfer) {
  struct sap_pool *pool = transfer->pool;
  transfer->done = true;
  transfer->handle = NULL;
  transfer->pool = NULL;
  sap_lines_free(&transfer->headers);
  sap_buffer_free(&transfer->upload);
  unlink_running(pool, transfer);
  sap_engine_push_done(transfer->engine, transfer);
  sap_pool_release(pool);
}

/* Takes what belongs to this transfer out of the handle before the pool keeps it. */
static void return_handle(struct sap_pool *pool, struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(handle->easy, CURLOPT_REQUEST_TARGET, NULL);
  handle->transfer = NULL;
  handle->detail[0] = '\0';
  sap_pool_give_handle(pool, handle);
}

void sap_transfer_complete(struct sap_transfer *transfer, CURLcode code) {
  struct sap_pool *pool = transfer->pool;
  read_facts(transfer, code);
  memcpy(transfer->detail, transfer->handle->detail, sizeof transfer->detail);
  curl_multi_remove_handle(pool->multi, transfer->handle->easy);
  return_handle(pool, transfer->handle);
  finish(transfer);
}

void sap_transfer_cancel(struct sap_transfer *transfer, enum sap_verdict verdict) {
  sap_engine_adopt(transfer->engine);
  if (transfer->done) return;
  transfer->facts.verdict = verdict;
  sap_transfer_complete(transfer, CURLE_ABORTED_BY_CALLBACK);
}

void sap_transfer_abandon(struct sap_transfer *transfer) {
  transfer->facts.verdict = SAP_VERDICT_FORKED;
  finish(transfer);
}

/* Starting. */

static void fail_start(struct sap_transfer *transfer, CURLcode code, enum sap_verdict verdict) {
  transfer->facts.code = code;
  transfer->facts.verdict = verdict;
  transfer->done = true;
  sap_lines_free(&transfer->headers);
  sap_buffer_free(&transfer->upload);
}

static CURLcode hand_over(struct sap_transfer *transfer, struct sap_pool *pool,
                          const struct sap_request *request) {
  struct sap_handle *handle = sap_pool_take_handle(pool);
  if (handle == NULL) return CURLE_OUT_OF_MEMORY;
  handle->transfer = transfer;
  add_own_headers(&transfer->headers, request);
  CURLcode code = set_up(handle, transfer, request);
  if (code == CURLE_OK && curl_multi_add_handle(pool->multi, handle->easy) != CURLM_OK)
    code = CURLE_OUT_OF_MEMORY;
  if (code != CURLE_OK) {
    return_handle(pool, handle);
    return code;
  }
  transfer->handle = handle;
  return CURLE_OK;
}

void sap_transfer_start(struct sap_transfer *transfer, struct sap_pool *pool,
                        const struct sap_request *request) {
  struct sap_engine *engine = pool->engine;
  CURLcode code = CURLE_OK;
  transfer->max_response = request->max_response;
  transfer->id = ++engine->last_id;
  transfer->engine = engine;
  engine->references++;
  if (pool->closed || engine->closed) {
    fail_start(transfer, CURLE_OK, SAP_VERDICT_CLOSED);
    return;
  }
  int error = sap_engine_open(engine);
  if (error != 0) {
    strncpy(transfer->detail, strerror(error), sizeof transfer->detail - 1);
    code = CURLE_COULDNT_CONNECT;
  } else if (sap_pool_multi(pool) == NULL) {
    code = CURLE_OUT_OF_MEMORY;
  } else {
    code = hand_over(transfer, pool, request);
  }
  if (code == CURLE_OK)
    link_running(pool, transfer);
  else
    fail_start(transfer, code, SAP_VERDICT_NONE);
}

void sap_transfer_free(struct sap_transfer *transfer) {
  if (transfer->pool != NULL) sap_transfer_cancel(transfer, SAP_VERDICT_CANCELLED);
  if (transfer->queued) sap_engine_drop_done(transfer->engine, transfer);
  if (transfer->engine != NULL) sap_engine_release(transfer->engine);
  sap_lines_free(&transfer->headers);
  sap_buffer_free(&transfer->upload);
  sap_buffer_free(&transfer->head);
  sap_buffer_free(&transfer->body);
  free(transfer);
}
