/* What this libcurl does wrong, or cannot do, by its version: the one that runs, which may be newer or older than the one
   whose headers were there at build time. Of no version is it believed that kept connections are clean (see kept.c), or
   that a handle forgets the connections that died (see sap_transfer_wore_out), or that a socket which still connects is
   closed with our knowledge (see rest in reactor.c). What it calls by another name than it is
   stands in true_code in pool.c, and in failure.c. */
#include "http/quirks.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "http/tls_view.h"

/* A build for specs may pretend another version, in hexadecimal as in LIBCURL_VERSION_NUM. */
#ifndef SAP_PRETENDED_LIBCURL
#define SAP_PRETENDED_LIBCURL 0
#endif

enum { FIRST = 0, LAST = 0xffffff, OLDEST = 0x074400 };

static const struct {
  enum sap_quirk quirk;
  unsigned from, before; /* versions: 0xMMmmpp */
} quirks[] = {
  /* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to the application, and lets OpenSSL write to sockets that the peer may
     have closed. See pipe_guard.c; no spec shows it with a newer libcurl. */
  { SAP_QUIRK_RAISES_SIGPIPE, FIRST, 0x075700 },

  /* There is no CURLOPT_PREREQFUNCTION: nobody is asked before a request is sent (again). See upload.c, begin.c;
     spec/promises/once_spec.lua and kept_spec.lua in `make check-older`. */
  { SAP_QUIRK_NEVER_ASKS, FIRST, 0x075000 },

  /* An easy handle keeps a pointer to the last header of its last transfer, whose memory it has freed: a first header that
     is folded writes there. See pool.c; spec/promises/folded_spec.lua. */
  { SAP_QUIRK_HANDLE_REMEMBERS, 0x075400, 0x080100 },

  /* CURLOPT_QUICK_EXIT of an easy handle no longer keeps curl_multi_cleanup from waiting for the resolver's threads: it has
     an option of its own. See pool.c; spec/promises/faults_spec.lua, "names are not answered". */
  { SAP_QUIRK_CLOSING_WAITS, 0x081400, LAST },
};

/* What the headers of the build did not have yet is not used, whatever runs. */
enum { BY_HEADERS = LIBCURL_VERSION_NUM < 0x075000 ? SAP_QUIRK_NEVER_ASKS : 0 };

static unsigned version(void) {
  return SAP_PRETENDED_LIBCURL != 0 ? SAP_PRETENDED_LIBCURL : curl_version_info(CURLVERSION_NOW)->version_num;
}

bool sap_libcurl_is_too_old(void) {
  return version() < OLDEST;
}

/* Both have the version after their name and one character: "OpenSSL/3.0.17", "OpenSSL 3.0.17 1 Jul 2025". */
static bool has_our_openssl(void) {
  const char *theirs = curl_version_info(CURLVERSION_NOW)->ssl_version;
  if (theirs == NULL || strncmp(theirs, "OpenSSL/", sizeof "OpenSSL") != 0) return false;
  const char *ours = OpenSSL_version(OPENSSL_VERSION) + sizeof "OpenSSL";
  theirs += sizeof "OpenSSL";
  size_t len = strcspn(theirs, " ");
  return strcspn(ours, " ") == len && memcmp(ours, theirs, len) == 0;
}

/* Another TLS than OpenSSL, or an OpenSSL of libcurl's own, is not asked what it holds. */
unsigned sap_quirks(void) {
  unsigned running = version();
  unsigned found = sap_tls_view_is_linked() && has_our_openssl() ? 0 : SAP_QUIRK_HIDES_TLS;
  found |= BY_HEADERS;
  for (size_t i = 0; i < sizeof quirks / sizeof quirks[0]; i++)
    if (running >= quirks[i].from && running < quirks[i].before) found |= quirks[i].quirk;
  return found;
}
