/* Keeps the connections and easy handles of calls that share their TLS, proxy and limits. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "handle.h"
#include "secure.h"
#include "transfer.h"
#include "trust.h"

enum { MAX_STREAMS = 1000, RECEIVE_BUFFER = 16384, UPLOAD_BUFFER = 16384 };

/* Settings. */

static bool copy_string(char **copy, const char *string) {
  *copy = string != NULL ? strdup(string) : NULL;
  return string == NULL || *copy != NULL;
}

static void free_secret(char *string) {
  if (string != NULL) sap_wipe(string, strlen(string));
  free(string);
}

static void free_settings(struct sap_settings *settings) {
  free(settings->ca_file);
  free(settings->ca_path);
  free(settings->cert_file);
  free(settings->key_file);
  free_secret(settings->proxy);
}

static bool copy_settings(struct sap_settings *copy, const struct sap_settings *from) {
  copy->tls_1_3 = from->tls_1_3;
  copy->max_connections = from->max_connections;
  return copy_string(&copy->ca_file, from->ca_file) && copy_string(&copy->ca_path, from->ca_path) &&
         copy_string(&copy->cert_file, from->cert_file) && copy_string(&copy->key_file, from->key_file) &&
         copy_string(&copy->proxy, from->proxy);
}

/* What libcurl asks of the engine. None of these may raise or touch Lua. */

static int on_timer(CURLM *multi, long milliseconds, void *context) {
  struct sap_pool *pool = context;
  (void)multi;
  pool->deadline = milliseconds < 0 ? SAP_NEVER : sap_monotonic_ms() + milliseconds;
  return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
  struct sap_pool *pool = context;
  (void)easy;
  (void)unused;
  return sap_engine_watch(pool->engine, pool, fd, what);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  struct sap_pool *pool = context;
  (void)purpose;
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (sap_engine_note_open(pool->engine, pool, fd) == 0) return fd;
  close(fd);
  return CURL_SOCKET_BAD;
}

static int close_socket(void *context, curl_socket_t fd) {
  struct sap_pool *pool = context;
  sap_engine_note_close(pool->engine, fd);
  return close(fd);
}

/* Handles. */

static CURLM *new_multi(struct sap_pool *pool) {
  CURLM *multi = curl_multi_init();
  if (multi == NULL) return NULL;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, pool->settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, pool->settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)MAX_STREAMS);
  return multi;
}

CURLM *sap_pool_multi(struct sap_pool *pool) {
  if (pool->multi == NULL) pool->multi = new_multi(pool);
  return pool->multi;
}

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
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, SAP_ENCODINGS);
  return code;
}

static CURLcode set_sockets(CURL *easy, struct sap_pool *pool) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, pool);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pool);
}

/* The server and an https proxy are trusted by the same certificates. NULL takes libcurl's own default away. */
static CURLcode set_trust(CURL *easy, const char *ca_file, const char *ca_path) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, ca_path);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, ca_path);
  return code;
}

static CURLcode set_tls(CURL *easy, const struct sap_settings *settings) {
  struct sap_trust trust = { settings->ca_file, settings->ca_path };
  long version = settings->tls_1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
  if (trust.ca_file == NULL && trust.ca_path == NULL) trust = sap_trust_default();
  CURLcode code = CURLE_OK;
  if (trust.ca_file != NULL || trust.ca_path != NULL) code = set_trust(easy, trust.ca_file, trust.ca_path);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, version);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, version);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLCERT, settings->cert_file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLKEY, settings->key_file);
  return code;
}

/* An empty proxy keeps libcurl from taking one out of the environment. */
static CURLcode set_proxy(CURL *easy, const char *proxy) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") : code;
}

static CURLcode set_all(CURL *easy, struct sap_pool *pool) {
  CURLcode code = set_constants(easy);
  if (code == CURLE_OK) code = set_sockets(easy, pool);
  if (code == CURLE_OK) code = set_tls(easy, &pool->settings);
  return code == CURLE_OK ? set_proxy(easy, pool->settings.proxy) : code;
}

static struct sap_handle *new_handle(struct sap_pool *pool) {
  CURL *easy = curl_easy_init();
  struct sap_handle *handle = easy != NULL ? sap_handle_new(easy) : NULL;
  if (handle == NULL) return NULL;
  sap_transfer_set_callbacks(handle);
  if (set_all(easy, pool) == CURLE_OK) return handle;
  sap_handle_free(handle);
  return NULL;
}

struct sap_handle *sap_pool_take_handle(struct sap_pool *pool) {
  return pool->spare_count > 0 ? pool->spare[--pool->spare_count] : new_handle(pool);
}

void sap_pool_give_handle(struct sap_pool *pool, struct sap_handle *handle) {
  if (pool->spare_count < sizeof pool->spare / sizeof pool->spare[0])
    pool->spare[pool->spare_count++] = handle;
  else
    sap_handle_free(handle);
}

static void free_spare(struct sap_pool *pool) {
  while (pool->spare_count > 0) sap_handle_free(pool->spare[--pool->spare_count]);
}

/* Work. */

void sap_pool_act(struct sap_pool *pool, curl_socket_t fd, int events) {
  CURLMsg *message;
  int count;
  if (pool->multi == NULL) return;
  pool->references++;
  curl_multi_socket_action(pool->multi, fd, events, &count);
  while ((message = curl_multi_info_read(pool->multi, &count)) != NULL) {
    char *handle = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    sap_transfer_complete(((struct sap_handle *)(void *)handle)->transfer, code);
  }
  sap_pool_release(pool);
}

/* Life. */

static void link_pool(struct sap_engine *engine, struct sap_pool *pool) {
  pool->next = engine->pools;
  if (pool->next != NULL) pool->next->previous = pool;
  engine->pools = pool;
}

static void unlink_pool(struct sap_engine *engine, struct sap_pool *pool) {
  if (pool->next != NULL) pool->next->previous = pool->previous;
  if (pool->previous != NULL)
    pool->previous->next = pool->next;
  else
    engine->pools = pool->next;
}

struct sap_pool *sap_pool_new(struct sap_engine *engine, const struct sap_settings *settings) {
  struct sap_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  if (!copy_settings(&pool->settings, settings)) {
    free_settings(&pool->settings);
    free(pool);
    return NULL;
  }
  pool->references = 1;
  pool->engine = engine;
  pool->deadline = SAP_NEVER;
  engine->references++;
  link_pool(engine, pool);
  return pool;
}

void sap_pool_close(struct sap_pool *pool) {
  pool->closed = true;
  while (pool->running != NULL) sap_transfer_cancel(pool->running, SAP_VERDICT_CLOSED);
  free_spare(pool);
  if (pool->multi != NULL) curl_multi_cleanup(pool->multi);
  pool->multi = NULL;
  pool->deadline = SAP_NEVER;
}

/* libcurl would say goodbye on the parent's connections and wait for threads that stayed there. Its multi handle and
   the busy easy handles are therefore left alone: that memory is not reused in this process. */
void sap_pool_abandon(struct sap_pool *pool) {
  while (pool->running != NULL) sap_transfer_abandon(pool->running);
  free_spare(pool);
  pool->multi = NULL;
  pool->deadline = SAP_NEVER;
}

void sap_pool_release(struct sap_pool *pool) {
  struct sap_engine *engine = pool->engine;
  if (--pool->references > 0) return;
  sap_engine_adopt(engine);
  sap_pool_close(pool);
  unlink_pool(engine, pool);
  free_settings(&pool->settings);
  free(pool);
  sap_engine_release(engine);
}
