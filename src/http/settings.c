/* What calls must have in common to share connections. */
#include "http/settings.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/secure.h"
#include "http/trust.h"

static bool copy_string(char **copy, const char *string) {
  *copy = string != NULL ? strdup(string) : NULL;
  return string == NULL || *copy != NULL;
}

static void free_secret(char *string) {
  if (string != NULL) sap_wipe(string, strlen(string));
  free(string);
}

void sap_settings_free(struct sap_settings *settings) {
  free(settings->ca_file);
  free(settings->ca_path);
  free(settings->cert_file);
  free(settings->key_file);
  free_secret(settings->proxy);
}

/* Looking for the system's CAs takes a look into a directory: once here, not for each handle. */
static struct sap_trust find_trust(const struct sap_settings *from) {
  struct sap_trust given = { from->ca_file, from->ca_path };
  return from->ca_file != NULL || from->ca_path != NULL ? given : sap_trust_default();
}

bool sap_settings_copy(struct sap_settings *copy, const struct sap_settings *from) {
  struct sap_trust trust = find_trust(from);
  copy->tls_1_3 = from->tls_1_3;
  copy->one_at_a_time = from->one_at_a_time;
  copy->max_connections = from->max_connections;
  return copy_string(&copy->ca_file, trust.ca_file) && copy_string(&copy->ca_path, trust.ca_path) &&
         copy_string(&copy->cert_file, from->cert_file) && copy_string(&copy->key_file, from->key_file) &&
         copy_string(&copy->proxy, from->proxy);
}
