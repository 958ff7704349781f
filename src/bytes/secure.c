/* Random bytes, constant-time comparison, wiping and HMAC, each from the library that is trusted with it. */
#include "bytes/secure.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int sap_random(void *out, size_t len) {
  unsigned char *at = out;
  while (len > 0) {
    ssize_t got = getrandom(at, len, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    at += got;
    len -= (size_t)got;
  }
  return 0;
}

bool sap_equal(const void *a, size_t alen, const void *b, size_t blen) {
  return alen == blen && (alen == 0 || CRYPTO_memcmp(a, b, alen) == 0);
}

void sap_wipe(void *bytes, size_t len) {
  explicit_bzero(bytes, len);
}

int sap_hmac_sha256(const void *key, size_t key_len, const void *message, size_t message_len,
                    unsigned char out[SAP_SHA256_SIZE]) {
  unsigned int out_len = SAP_SHA256_SIZE;
  if (key_len > INT_MAX) return -1;
  return HMAC(EVP_sha256(), key, (int)key_len, message, message_len, out, &out_len) != NULL ? 0 : -1;
}
