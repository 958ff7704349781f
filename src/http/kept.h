/* Looks whether a connection that was kept is clean: nothing has arrived on it that nobody had asked for. */
#ifndef SAP_HTTP_KEPT_H
#define SAP_HTTP_KEPT_H

#include <stdbool.h>

#include <curl/curl.h>

#include "http/reactor.h"
#include "http/settings.h"

/* Whether a connection with HTTP/1 to this origin may be kept: it can be looked into before each further use. */
bool sap_kept_is_possible(unsigned quirks, const char *origin, const struct sap_settings *settings);

/* Whose connections they are. */
struct sap_kept_by {
  struct sap_reactor *reactor;
  const void *owner; /* of the sockets */
  unsigned quirks;
};

/* Asked before each request, while libcurl has given it its connection: whether it may go over that. A connection with
   HTTP/1 is noted: from now on the reactor ends it when something arrives while it is idle. */
bool sap_kept_may_carry(const struct sap_kept_by *by, CURL *easy, int local_port);

/* Called while a transfer takes bytes and then wants no more for a while: its connection is not idle. libcurl does not
   say so where request and answer came so fast one after the other that it never had to wait. */
void sap_kept_is_paused(const struct sap_kept_by *by, CURL *easy);

#endif
