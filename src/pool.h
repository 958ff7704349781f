/* Keeps the connections and easy handles of calls that share their TLS, proxy and limits. */
#ifndef SAPANYWHERE_POOL_H
#define SAPANYWHERE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

struct sap_engine;
struct sap_handle;
struct sap_transfer;

/* NULL and 0 mean "not given". The strings are copied by sap_pool_new. */
struct sap_settings {
  char *ca_file, *ca_path;
  char *cert_file, *key_file;
  char *proxy;
  bool tls_1_3; /* nothing older than TLS 1.3, in place of 1.2 */
  long max_connections;
};

struct sap_pool {
  unsigned references;
  bool closed;
  struct sap_engine *engine;
  struct sap_settings settings;
  CURLM *multi;     /* NULL until the first transfer, and after a fork */
  int64_t deadline; /* when libcurl wants to be called again, SAP_NEVER if not */
  struct sap_transfer *running;
  struct sap_handle *spare[16]; /* set up and idle */
  unsigned spare_count;
  struct sap_pool *previous, *next;
};

/* NULL without memory. The caller holds one reference. */
struct sap_pool *sap_pool_new(struct sap_engine *engine, const struct sap_settings *settings);
void sap_pool_release(struct sap_pool *pool);

/* Completes what is in flight as closed, closes the connections. */
void sap_pool_close(struct sap_pool *pool);

/* For engine.c and transfer.c. */
CURLM *sap_pool_multi(struct sap_pool *pool);                   /* NULL without memory */
struct sap_handle *sap_pool_take_handle(struct sap_pool *pool); /* with every constant option set, or NULL */
void sap_pool_give_handle(struct sap_pool *pool, struct sap_handle *handle);
void sap_pool_act(struct sap_pool *pool, curl_socket_t fd, int events); /* lets libcurl work, then collects */
void sap_pool_abandon(struct sap_pool *pool); /* after a fork: forgets what belongs to the parent */

#endif
