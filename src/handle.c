/* Keeps one of libcurl's easy handles from call to call, with all that stays the same set on it. */
#include "handle.h"

#include <stdlib.h>
#include <string.h>

struct sap_handle *sap_handle_new(CURL *easy) {
  struct sap_handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) {
    curl_easy_cleanup(easy);
    return NULL;
  }
  handle->easy = easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, handle);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->detail);
  return handle;
}

static void forget_origin(struct sap_handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_CURLU, NULL);
  curl_url_cleanup(handle->url);
  free(handle->origin);
  handle->url = NULL;
  handle->origin = NULL;
}

void sap_handle_free(struct sap_handle *handle) {
  curl_easy_cleanup(handle->easy);
  curl_url_cleanup(handle->url);
  free(handle->origin);
  free(handle);
}

/* Where HTTP/2 were possible without TLS, the first calls would wait for an answer that tells whether it is. */
static long http_version(const char *origin) {
  return strncmp(origin, "https:", 6) == 0 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

static CURLcode set_origin(struct sap_handle *handle, const char *origin) {
  handle->origin = strdup(origin);
  handle->url = curl_url();
  if (handle->origin == NULL || handle->url == NULL) return CURLE_OUT_OF_MEMORY;
  CURLUcode fault = curl_url_set(handle->url, CURLUPART_URL, origin, 0);
  if (fault != CURLUE_OK) return fault == CURLUE_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_URL_MALFORMAT;
  CURLcode code = curl_easy_setopt(handle->easy, CURLOPT_URL, origin);
  if (code == CURLE_OK) code = curl_easy_setopt(handle->easy, CURLOPT_CURLU, handle->url);
  if (code == CURLE_OK) code = curl_easy_setopt(handle->easy, CURLOPT_HTTP_VERSION, http_version(origin));
  return code;
}

/* libcurl parses a URL anew for each request; CURLU spares it that. With the URL set as well it does not write the
   CURLU out as text each time. */
CURLcode sap_handle_aim(struct sap_handle *handle, const char *origin) {
  if (handle->origin != NULL && strcmp(handle->origin, origin) == 0) return CURLE_OK;
  forget_origin(handle);
  CURLcode code = set_origin(handle, origin);
  if (code != CURLE_OK) forget_origin(handle);
  return code;
}
