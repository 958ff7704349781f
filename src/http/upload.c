/* Sees to it that a body leaves at most once. libcurl on its own sends a request again when a kept connection dies before
   the first byte of the answer, though the server may have acted. */
#include "http/upload.h"

#include <string.h>

#include "http/handle.h"
#include "http/quirks.h"
#include "http/transfer.h"

static size_t fetch_from_source(struct sap_transfer *transfer, char *room, size_t len) {
  long count = sap_source_read(transfer->upload.source, room, len);
  if (count >= 0) return (size_t)count;
  transfer->facts.verdict = SAP_VERDICT_NOT_READ;
  transfer->facts.file_fault = transfer->upload.source->fault;
  return CURL_READFUNC_ABORT;
}

/* Where nobody is asked before a request is sent again (see begin.c), and for a file, there is no way back in this stream:
   libcurl cannot send a request again whose body it has begun to fetch. Headers and body leave in two packets this way. */
static size_t on_fetch(char *room, size_t one, size_t len, void *context) {
  struct sap_transfer *transfer = ((struct sap_handle *)context)->transfer;
  struct sap_upload *upload = &transfer->upload;
  (void)one;
  if (upload->source != NULL) return fetch_from_source(transfer, room, len);
  size_t left = upload->body.len - upload->taken;
  if (len > left) len = left;
  if (len > 0) memcpy(room, upload->body.data + upload->taken, len);
  upload->taken += len;
  return len;
}

static bool is_fetched(const struct sap_handle *handle) {
  return (handle->by.quirks & SAP_QUIRK_NEVER_ASKS) != 0;
}

/* libcurl's own function would read from the host's standard input. */
void sap_upload_set_callbacks(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_READFUNCTION, on_fetch);
  curl_easy_setopt(handle->easy, CURLOPT_READDATA, handle);
}

static CURLcode set_body(const struct sap_handle *handle, const struct sap_upload *upload) {
  return upload->source != NULL || is_fetched(handle)
             ? curl_easy_setopt(handle->easy, CURLOPT_POST, 1L)
             : curl_easy_setopt(handle->easy, CURLOPT_POSTFIELDS, upload->body.data);
}

static bool copy_body(struct sap_buffer *body, const struct sap_request *request) {
  return sap_buffer_reserve(body, request->body_len + 1) == 0 &&
         sap_buffer_append(body, request->body, request->body_len) == 0;
}

/* How many bytes the body has. False without memory. */
static bool take_body(struct sap_upload *upload, const struct sap_request *request, uint64_t *size) {
  upload->any = true;
  *size = request->source != NULL ? request->source->size : request->body_len;
  if (request->source == NULL) return copy_body(&upload->body, request);
  upload->source = sap_source_hold(request->source);
  return true;
}

static CURLcode set_name(CURL *easy, const char *method, const char *usual) {
  return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, strcmp(method, usual) == 0 ? NULL : method);
}

CURLcode sap_upload_load(struct sap_handle *handle, const struct sap_request *request) {
  CURL *easy = handle->easy;
  struct sap_upload *upload = &handle->transfer->upload;
  uint64_t size;
  if (request->body == NULL && request->source == NULL) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    return code == CURLE_OK ? set_name(easy, request->method, "GET") : code;
  }
  if (!take_body(upload, request, &size)) return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
  if (code == CURLE_OK) code = set_body(handle, upload);
  return code == CURLE_OK ? set_name(easy, request->method, "POST") : code;
}

void sap_upload_unload(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_POSTFIELDS, NULL);
}

void sap_upload_free(struct sap_upload *upload) {
  sap_buffer_free(&upload->body);
  if (upload->source != NULL) sap_source_release(upload->source);
  upload->source = NULL;
}
