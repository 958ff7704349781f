/* The rule by name: whether what stands under a name is never to be shown. */
#ifndef SAP_BYTES_NAMES_H
#define SAP_BYTES_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Names are compared without case, punctuation, digits at their end and the s of a plural, so `oauth.user.refresh_token`,
   `X-Api-Key`, `tokens` and `password_2` are found. The locale is not asked what a letter is. Takes no longer than the
   name is long. */
bool sap_is_sensitive_name(const char *name, size_t len);

#endif
