/* The body of a request, and the promise that it leaves at most once. */
#ifndef SAP_HTTP_UPLOAD_H
#define SAP_HTTP_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "bytes/buffer.h"
#include "http/source.h"

struct sap_handle;
struct sap_request;

/* Part of a transfer; all zero is no body. */
struct sap_upload {
  bool any; /* there is a body */
  struct sap_buffer body;
  struct sap_source *source; /* in place of that, or NULL */
  size_t taken;              /* bytes of it that libcurl has fetched, where it fetches them */
};

/* Lets a handle call back for the upload of the transfer that it carries. */
void sap_upload_set_callbacks(struct sap_handle *handle);

/* Tells the handle the method and the body, which is copied or held, and takes the body out of it again, which may be gone
   by then. */
CURLcode sap_upload_load(struct sap_handle *handle, const struct sap_request *request);
void sap_upload_unload(struct sap_handle *handle);

/* Lets go of the body. */
void sap_upload_free(struct sap_upload *upload);

#endif
