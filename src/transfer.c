/* One HTTP exchange: what is sent, what arrived, how it ended. */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
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
  struct sap_transfer *transfer = context;
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
  struct sap_transfer *transfer = context;
  (void)one;
  if (len > transfer->max_response - transfer->body.len) return refuse(transfer, SAP_VERDICT_BODY_TOO_LARGE);
  if (sap_buffer_append(&transfer->body, data, len) != 0) return refuse(transfer, SAP_VERDICT_NO_MEMORY);
  return len;
}

/* There is no way back in this stream: libcurl cannot send a request twice whose body has begun to leave. */
static size_t on_upload(char *room, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = context;
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

int sap_transfer_add_header(struct sap_transfer *transfer, const char *line) {
  struct curl_slist *grown = curl_slist_append(transfer->headers, line);
  if (grown == NULL) return -1;
  transfer->headers = grown;
  return 0;
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

static CURLcode set_upload(CURL *easy, struct sap_transfer *transfer, const struct sap_request *request) {
  if (request->body == NULL) return CURLE_OK;
  if (sap_buffer_append(&transfer->upload, request->body, request->body_len) != 0) return CURLE_OUT_OF_MEMORY;
  if (sap_transfer_add_header(transfer, "Expect:") != 0) return CURLE_OUT_OF_MEMORY;
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
  return curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
}

/* Where HTTP/2 were possible without TLS, the first calls would wait for an answer that tells whether it is. */
static long http_version(const struct sap_request *request) {
  return strncmp(request->origin, "https:", 6) == 0 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

/* A constant URL is parsed in a third of the time that one with a query takes. */
static CURLcode set_url(CURL *easy, const struct sap_request *request) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->origin);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version(request));
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request->target) : code;
}

static CURLcode set_callbacks(CURL *easy, struct sap_transfer *transfer) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  return curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

static CURLcode set_up(CURL *easy, struct sap_transfer *transfer, const struct sap_request *request) {
  CURLcode code = set_url(easy, request);
  if (code == CURLE_OK) code = set_method(easy, request);
  if (code == CURLE_OK) code = set_upload(easy, transfer, request);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  return code == CURLE_OK ? set_callbacks(easy, transfer) : code;
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

static void free_headers(struct sap_transfer *transfer) {
  for (struct curl_slist *item = transfer->headers; item != NULL; item = item->next)
    sap_wipe(item->data, strlen(item->data));
  curl_slist_free_all(transfer->headers);
  transfer->headers = NULL;
}

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
  CURL *easy = transfer->easy;
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
  transfer->easy = NULL;
  transfer->pool = NULL;
  free_headers(transfer);
  sap_buffer_free(&transfer->upload);
  unlink_running(pool, transfer);
  sap_engine_push_done(transfer->engine, transfer);
  sap_pool_release(pool);
}

/* Takes the pointers into this transfer out of the handle before the pool keeps it. */
static void return_easy(struct sap_pool *pool, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, NULL);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
  sap_pool_give_easy(pool, easy);
}

void sap_transfer_complete(struct sap_transfer *transfer, CURLcode code) {
  struct sap_pool *pool = transfer->pool;
  read_facts(transfer, code);
  curl_multi_remove_handle(pool->multi, transfer->easy);
  return_easy(pool, transfer->easy);
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
  free_headers(transfer);
  sap_buffer_free(&transfer->upload);
}

static CURLcode hand_over(struct sap_transfer *transfer, struct sap_pool *pool,
                          const struct sap_request *request) {
  CURL *easy = sap_pool_take_easy(pool);
  if (easy == NULL) return CURLE_OUT_OF_MEMORY;
  CURLcode code = set_up(easy, transfer, request);
  if (code == CURLE_OK && curl_multi_add_handle(pool->multi, easy) != CURLM_OK) code = CURLE_OUT_OF_MEMORY;
  if (code != CURLE_OK) {
    return_easy(pool, easy);
    return code;
  }
  transfer->easy = easy;
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
  free_headers(transfer);
  sap_buffer_free(&transfer->upload);
  sap_buffer_free(&transfer->head);
  sap_buffer_free(&transfer->body);
  free(transfer);
}
