/* Connects "localhost" to loopback addresses whatever the resolver says, as libcurl does by itself from 7.78 on. */
#ifndef SAP_HTTP_LOOPBACK_H
#define SAP_HTTP_LOOPBACK_H

#include <curl/curl.h>

/* What to tell libcurl of the server's and of the proxy's name. Stays where it is once it was listed. */
struct sap_loopback {
  char origin[sizeof "localhost:65535:127.0.0.1,[::1]"], proxy[sizeof "localhost:65535:127.0.0.1,[::1]"];
  struct curl_slist items[2];
};

/* Notes the name in a URL, scheme://[credentials@]host[:port] in small letters; NULL is none. */
void sap_loopback_note_origin(struct sap_loopback *loopback, const char *url);
void sap_loopback_note_proxy(struct sap_loopback *loopback, const char *url);

/* The list for CURLOPT_RESOLVE; NULL where neither is "localhost". It is to be set for each request: libcurl takes it into
   the cache of the multi handle, which may be another one each time, and does not look at it again. */
struct curl_slist *sap_loopback_list(struct sap_loopback *loopback);

#endif
