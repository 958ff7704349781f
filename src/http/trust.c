/* Chooses where the certificates of the system's CAs are read from. */
#include "http/trust.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <curl/curl.h>

/* OpenSSL looks a CA up under the hash of its name: eight hex digits, a dot and a number. */
static bool is_hash_link(const char *name) {
  const char digits[] = "0123456789abcdefABCDEF";
  return strspn(name, digits) == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

static bool is_hashed(const char *path) {
  bool found = false;
  DIR *dir = opendir(path);
  if (dir == NULL) return false;
  for (struct dirent *entry; !found && (entry = readdir(dir)) != NULL;) found = is_hash_link(entry->d_name);
  closedir(dir);
  return found;
}

struct sap_trust sap_trust_default(void) {
  struct sap_trust trust = { NULL, NULL };
#if LIBCURL_VERSION_NUM >= 0x074600
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age < CURLVERSION_SEVENTH || info->ssl_version == NULL) return trust;
  if (strncmp(info->ssl_version, "OpenSSL", 7) != 0) return trust;
  if (info->capath != NULL && is_hashed(info->capath))
    trust.ca_path = info->capath;
  else
    trust.ca_file = info->cainfo;
#endif
  return trust;
}
