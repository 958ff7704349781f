/* Looks whether a connection that was kept is clean: nothing has arrived on it that nobody had asked for.
 *
 * An answer that comes while nobody waits, such as a balancer's 408 for a connection that was idle for too long, would be
 * taken for the answer to the next request, and each answer after it for that of the request after. A connection that the
 * server has half closed would lose the next request. libcurl looks for one or the other in some versions only, and none
 * can see what waits in TLS already. So the reactor ends a kept connection as soon as something arrives, and whoever
 * begins a request on one that the reactor has not come to yet takes the last look. HTTP/2 tells which answer belongs to
 * which request, and its server talks unasked: it is left to libcurl. */
#include "http/kept.h"

#include <string.h>

#include "http/quirks.h"
#include "http/tls_view.h"

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* The TLS that an https proxy has around it all cannot be looked into. */
bool sap_kept_is_possible(unsigned quirks, const char *origin, const struct sap_settings *settings) {
  if ((quirks & SAP_QUIRK_NEVER_ASKS) != 0) return false;
  if (settings->proxy != NULL && starts_with(settings->proxy, "https:")) return false;
  return !starts_with(origin, "https:") || (quirks & SAP_QUIRK_HIDES_TLS) == 0;
}

/* NULL without TLS. */
static const void *tls_of(CURL *easy) {
  struct curl_tlssessioninfo *session = NULL;
  CURLcode code = curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
  return code == CURLE_OK && session != NULL ? session->internals : NULL;
}

static bool is_new(CURL *easy) {
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  return connects > 0;
}

/* Where TLS is hidden, a connection that was kept has HTTP/2. */
bool sap_kept_may_carry(const struct sap_kept_by *by, CURL *easy, int local_port) {
  const void *tls = tls_of(easy);
  if (tls != NULL && ((by->quirks & SAP_QUIRK_HIDES_TLS) != 0 || sap_tls_view_is_http2(tls))) return true;
  switch (sap_reactor_use(by->reactor, by->owner, local_port)) {
    case SAP_USE_FIRST: return true;
    case SAP_USE_CLEAN: return tls == NULL || !sap_tls_view_has_rest(tls);
    case SAP_USE_UNKNOWN: return is_new(easy);
    default: return false;
  }
}

void sap_kept_is_paused(const struct sap_kept_by *by, CURL *easy) {
  long local_port = 0;
  curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
  sap_reactor_ignore_idle(by->reactor, by->owner, (int)local_port);
}
