/* The body of a request, and the promise that it leaves at most once. */
#ifndef SAP_HTTP_UPLOAD_H
#define SAP_HTTP_UPLOAD_H

#include <stddef.h>

#include <curl/curl.h>

#include "bytes/buffer.h"

struct sap_handle;
struct sap_request;

/* Part of a transfer; all zero is no body. */
struct sap_upload {
  struct sap_buffer body;
  size_t taken; /* bytes of it that libcurl has fetched, where it fetches them */
};

/* Lets a handle call back for the upload of the transfer that it carries. */
void sap_upload_set_callbacks(struct sap_handle *handle);

/* Tells the handle the method and the body, which is copied, and takes the body out of it again, whose copy may be gone
   by then. */
CURLcode sap_upload_load(struct sap_handle *handle, const struct sap_request *request);
void sap_upload_unload(struct sap_handle *handle);

#endif
