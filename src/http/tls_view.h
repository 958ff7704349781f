/* Looks into the TLS of a connection that libcurl holds, without a link to the library that does it. */
#ifndef SAP_HTTP_TLS_VIEW_H
#define SAP_HTTP_TLS_VIEW_H

#include <stdbool.h>

/* Whether libcurl has brought OpenSSL with it. The others may be called only then, with an OpenSSL connection. */
bool sap_tls_view_is_linked(void);

/* Whether it has read something that nobody has taken out of it. */
bool sap_tls_view_has_rest(const void *tls);

/* Whether both sides have agreed on HTTP/2. */
bool sap_tls_view_is_http2(const void *tls);

#endif
