/* Reads the versions of the libraries that run. */
#include "http/versions.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

struct sap_version sap_version_of(int i) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  const struct sap_version versions[] = {
    { "libcurl", info->version },
    { "libcurl's TLS", info->ssl_version != NULL ? info->ssl_version : "none" },
    { "libcrypto", OpenSSL_version(OPENSSL_VERSION) },
    { "zlib", info->libz_version != NULL ? info->libz_version : "none" },
    { NULL, NULL },
  };
  return versions[i];
}
