/* What calls must have in common to share connections. */
#ifndef SAP_HTTP_SETTINGS_H
#define SAP_HTTP_SETTINGS_H

#include <stdbool.h>

/* NULL and 0 mean "not given". */
struct sap_settings {
  char *ca_file, *ca_path;
  char *cert_file, *key_file;
  char *proxy;
  bool tls_1_3;       /* nothing older than TLS 1.3, in place of 1.2 */
  bool one_at_a_time; /* HTTP/1.1 with TLS too: a connection has one request at a time */
  long max_connections;
};

/* Copies the strings too; where no CA is named, those of the system are. False without memory: what was copied is to be
   freed all the same. */
bool sap_settings_copy(struct sap_settings *copy, const struct sap_settings *from);
void sap_settings_free(struct sap_settings *settings);

#endif
