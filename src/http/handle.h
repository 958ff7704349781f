/* Keeps one of libcurl's easy handles from call to call, with all that stays the same set on it. */
#ifndef SAP_HTTP_HANDLE_H
#define SAP_HTTP_HANDLE_H

#include <curl/curl.h>

#include "http/kept.h"
#include "http/loopback.h"
#include "http/settings.h"

struct sap_transfer;

struct sap_handle {
  CURL *easy;
  const struct sap_settings *settings;
  struct sap_kept_by by; /* what is asked about its connections */
  CURLU *url;            /* `origin`, parsed */
  char *origin;          /* where its requests go, NULL before the first, and in what was made from a model */
  bool keeps;            /* its connections may be kept where they speak HTTP/1 */
  struct sap_loopback loopback;
  struct sap_transfer *transfer; /* the one that it carries, or NULL */
  char detail[CURL_ERROR_SIZE];  /* libcurl's words on a failure */
};

/* NULL without memory, or where this libcurl lacks what is needed. It borrows the settings. */
struct sap_handle *sap_handle_new(const struct sap_settings *settings, struct sap_kept_by by);

/* One that is aimed where the model is; cheaper than a new one. NULL without memory. */
struct sap_handle *sap_handle_from_model(const struct sap_handle *model);

void sap_handle_free(struct sap_handle *handle);

/* Sets where the next request goes: scheme://host[:port]. */
CURLcode sap_handle_aim(struct sap_handle *handle, const char *origin);

#endif
