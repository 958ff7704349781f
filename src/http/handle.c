/* Keeps one of libcurl's easy handles from call to call, with all that stays the same set on it. */
#include "http/handle.h"

#include <stdlib.h>
#include <string.h>

#include "http/begin.h"
#include "http/transfer.h"

/* libcurl takes a whole head of HTTP/2 out of this buffer at once, and waits for ever where that has no room: 64 KiB and a
   little. */
enum { RECEIVE_BUFFER = 66560, UPLOAD_BUFFER = 16384 };

struct option {
  CURLoption name;
  long value;
};

/* Needed by every request and changed by none. */
static const struct option constant_options[] = {
  { CURLOPT_NOSIGNAL, 1 },
  { CURLOPT_PIPEWAIT, 1 },
  { CURLOPT_BUFFERSIZE, RECEIVE_BUFFER },
  { CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER },
  { CURLOPT_PATH_AS_IS, 1 },
  { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
  { CURLOPT_HTTPPROXYTUNNEL, 1 },
  { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
#if LIBCURL_VERSION_NUM >= 0x075700
  { CURLOPT_QUICK_EXIT, 1 }, /* giving up must not wait for the resolver's thread */
#endif
};

static CURLcode set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static CURLcode set_constants(CURL *easy) {
  CURLcode code = set_protocols(easy);
  for (size_t i = 0; code == CURLE_OK && i < sizeof constant_options / sizeof constant_options[0]; i++)
    code = curl_easy_setopt(easy, constant_options[i].name, constant_options[i].value);
  return code;
}

/* The server and an https proxy are trusted by the same certificates. NULL takes libcurl's own default away. */
static CURLcode set_trust(CURL *easy, const struct sap_settings *settings) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, settings->ca_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, settings->ca_path);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, settings->ca_path);
  return code;
}

static CURLcode set_tls(CURL *easy, const struct sap_settings *settings) {
  long version = settings->tls_1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
  CURLcode code = CURLE_OK;
  if (settings->ca_file != NULL || settings->ca_path != NULL) code = set_trust(easy, settings);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, version);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, version);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLCERT, settings->cert_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLKEY, settings->key_file);
  /* Without a password OpenSSL would ask for that of an encrypted key at the terminal, and wait. */
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
  return code;
}

/* An empty proxy keeps libcurl from taking one out of the environment. */
static CURLcode set_proxy(CURL *easy, const char *proxy) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") : code;
}

static CURLcode set_all(CURL *easy, const struct sap_settings *settings) {
  CURLcode code = set_constants(easy);
  if (code == CURLE_OK) code = set_tls(easy, settings);
  return code == CURLE_OK ? set_proxy(easy, settings->proxy) : code;
}

/* Takes over the easy handle, which may be NULL. */
static struct sap_handle *wrap(CURL *easy, const struct sap_settings *settings, struct sap_kept_by by) {
  struct sap_handle *handle = easy != NULL ? calloc(1, sizeof *handle) : NULL;
  if (handle == NULL) {
    curl_easy_cleanup(easy);
    return NULL;
  }
  handle->easy = easy;
  handle->settings = settings;
  handle->by = by;
  sap_loopback_note_proxy(&handle->loopback, settings->proxy);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, handle);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->detail);
  sap_transfer_set_callbacks(handle);
  return handle;
}

struct sap_handle *sap_handle_new(const struct sap_settings *settings, struct sap_kept_by by) {
  struct sap_handle *handle = wrap(curl_easy_init(), settings, by);
  if (handle == NULL || set_all(handle->easy, settings) == CURLE_OK) return handle;
  sap_handle_free(handle);
  return NULL;
}

/* libcurl parses a URL anew for each request; CURLU spares it that. With the URL set as well it does not write the
   CURLU out as text each time; a copied handle forgets that its model had both. */
static CURLcode set_both_urls(const struct sap_handle *handle, const char *origin) {
  CURLcode code = curl_easy_setopt(handle->easy, CURLOPT_CURLU, handle->url);
  return code == CURLE_OK ? curl_easy_setopt(handle->easy, CURLOPT_URL, origin) : code;
}

struct sap_handle *sap_handle_from_model(const struct sap_handle *model) {
  struct sap_handle *handle = wrap(curl_easy_duphandle(model->easy), model->settings, model->by);
  if (handle == NULL) return NULL;
  handle->keeps = model->keeps;
  handle->loopback = model->loopback;
  curl_easy_setopt(handle->easy, CURLOPT_RESOLVE, sap_loopback_list(&handle->loopback));
  handle->url = curl_url_dup(model->url);
  if (handle->url != NULL && set_both_urls(handle, model->origin) == CURLE_OK) return handle;
  sap_handle_free(handle);
  return NULL;
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

/* Where HTTP/2 were possible without TLS, the first calls would wait for an answer that tells whether it is.
   What must not be done twice uses no HTTP/2, for a stream's refusal (REFUSED_STREAM) does not prove that the server has
   not acted: HAProxy 2.6 also refuses a stream whose server acted and hung up, and libcurl then repeats. */
static long http_version(const struct sap_handle *handle, const char *origin) {
  bool may_share = !handle->settings->one_at_a_time && strncmp(origin, "https:", 6) == 0;
  return may_share ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

static CURLcode set_url(struct sap_handle *handle, const char *origin) {
  handle->url = curl_url();
  if (handle->url == NULL) return CURLE_OUT_OF_MEMORY;
  CURLUcode fault = curl_url_set(handle->url, CURLUPART_URL, origin, 0);
  if (fault != CURLUE_OK) return fault == CURLUE_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_URL_MALFORMAT;
  return set_both_urls(handle, origin);
}

static CURLcode set_origin(struct sap_handle *handle, const char *origin) {
  handle->origin = strdup(origin);
  if (handle->origin == NULL) return CURLE_OUT_OF_MEMORY;
  handle->keeps = sap_kept_is_possible(handle->by.quirks, origin, handle->settings);
  CURLcode code = set_url(handle, origin);
  if (code == CURLE_OK)
    code = curl_easy_setopt(handle->easy, CURLOPT_HTTP_VERSION, http_version(handle, origin));
  return code;
}

CURLcode sap_handle_aim(struct sap_handle *handle, const char *origin) {
  if (handle->origin == NULL || strcmp(handle->origin, origin) != 0) {
    forget_origin(handle);
    CURLcode code = set_origin(handle, origin);
    if (code != CURLE_OK) {
      forget_origin(handle);
      return code;
    }
    sap_loopback_note_origin(&handle->loopback, origin);
  }
  return curl_easy_setopt(handle->easy, CURLOPT_RESOLVE, sap_loopback_list(&handle->loopback));
}
