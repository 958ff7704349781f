/* Looks into the TLS of a connection that libcurl holds, without a link to the library that does it: the dynamic linker
   finds the one that libcurl uses, or none. */
#include "http/tls_view.h"

#include <stddef.h>
#include <string.h>

struct ssl_st;
extern int SSL_has_pending(const struct ssl_st *) __attribute__((weak));
extern void SSL_get0_alpn_selected(const struct ssl_st *, const unsigned char **, unsigned *)
    __attribute__((weak));

bool sap_tls_view_is_linked(void) {
  return SSL_has_pending != NULL && SSL_get0_alpn_selected != NULL;
}

bool sap_tls_view_has_rest(const void *tls) {
  return SSL_has_pending(tls) != 0;
}

bool sap_tls_view_is_http2(const void *tls) {
  const unsigned char *name = NULL;
  unsigned len = 0;
  SSL_get0_alpn_selected(tls, &name, &len);
  return len == 2 && memcmp(name, "h2", 2) == 0;
}
