/* Decides, each time that libcurl is about to send a request, whether it may. */
#ifndef SAP_HTTP_BEGIN_H
#define SAP_HTTP_BEGIN_H

struct sap_handle;

/* Lets a handle ask for the transfer that it carries. */
void sap_begin_set_callbacks(struct sap_handle *handle);

#endif
