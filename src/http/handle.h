/* Keeps one of libcurl's easy handles from call to call, with all that stays the same set on it. */
#ifndef SAP_HANDLE_H
#define SAP_HANDLE_H

#include <curl/curl.h>

#include "http/settings.h"

struct sap_transfer;

struct sap_handle {
  CURL *easy;
  CURLU *url;                    /* `origin`, parsed */
  char *origin;                  /* where its requests go, NULL before the first */
  struct sap_transfer *transfer; /* the one that it carries, or NULL */
  char detail[CURL_ERROR_SIZE];  /* libcurl's words on a failure */
};

/* NULL without memory, or where this libcurl lacks what is needed. */
struct sap_handle *sap_handle_new(const struct sap_settings *settings);
void sap_handle_free(struct sap_handle *handle);

/* Sets where the next request goes: scheme://host[:port]. */
CURLcode sap_handle_aim(struct sap_handle *handle, const char *origin);

#endif
