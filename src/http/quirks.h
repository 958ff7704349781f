/* What this libcurl does wrong, or cannot do, by its version. */
#ifndef SAP_HTTP_QUIRKS_H
#define SAP_HTTP_QUIRKS_H

#include <stdbool.h>

/* Each is one bit; the versions, the reasons and the specs stand in quirks.c. */
enum sap_quirk {
  SAP_QUIRK_RAISES_SIGPIPE = 1,
  SAP_QUIRK_NEVER_ASKS = 2,
  SAP_QUIRK_HANDLE_REMEMBERS = 4,
  SAP_QUIRK_CLOSING_WAITS = 8,
  SAP_QUIRK_HIDES_TLS = 16
};

/* The bits that hold for the libcurl that runs. */
unsigned sap_quirks(void);

/* Whether it lacks what is used without a look. */
bool sap_libcurl_is_too_old(void);

#endif
