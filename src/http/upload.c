/* Sees to it that a body leaves at most once. libcurl on its own sends a request again when a kept connection dies before
   the first byte of the answer, though the server may have acted. */
#include "http/upload.h"

#include <string.h>

#include "http/handle.h"
#include "http/quirks.h"
#include "http/transfer.h"

/* Where nobody is asked before a request is sent again (see begin.c), there is no way back in this stream: libcurl cannot
   send a request again whose body it has begun to fetch. Headers and body leave in two packets this way. */
static size_t on_fetch(char *room, size_t one, size_t len, void *context) {
  struct sap_upload *upload = &((struct sap_handle *)context)->transfer->upload;
  size_t left = upload->body.len - upload->taken;
  (void)one;
  if (len > left) len = left;
  if (len > 0) memcpy(room, upload->body.data + upload->taken, len);
  upload->taken += len;
  return len;
}

static bool is_fetched(const struct sap_handle *handle) {
  return (handle->by.quirks & SAP_QUIRK_NEVER_ASKS) != 0;
}

void sap_upload_set_callbacks(struct sap_handle *handle) {
  if (!is_fetched(handle)) return;
  curl_easy_setopt(handle->easy, CURLOPT_READFUNCTION, on_fetch);
  curl_easy_setopt(handle->easy, CURLOPT_READDATA, handle);
}

static CURLcode set_body(const struct sap_handle *handle, const char *body) {
  return is_fetched(handle) ? curl_easy_setopt(handle->easy, CURLOPT_POST, 1L)
                            : curl_easy_setopt(handle->easy, CURLOPT_POSTFIELDS, body);
}

static CURLcode set_name(CURL *easy, const char *method, const char *usual) {
  return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, strcmp(method, usual) == 0 ? NULL : method);
}

CURLcode sap_upload_load(struct sap_handle *handle, const struct sap_request *request) {
  CURL *easy = handle->easy;
  struct sap_buffer *body = &handle->transfer->upload.body;
  if (request->body == NULL) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    return code == CURLE_OK ? set_name(easy, request->method, "GET") : code;
  }
  if (sap_buffer_reserve(body, request->body_len + 1) != 0 ||
      sap_buffer_append(body, request->body, request->body_len) != 0)
    return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
  if (code == CURLE_OK) code = set_body(handle, body->data);
  return code == CURLE_OK ? set_name(easy, request->method, "POST") : code;
}

void sap_upload_unload(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_POSTFIELDS, NULL);
}
