/* Seals text with AES-256-GCM (NIST SP 800-38D): nobody without the key reads it, or changes it unseen. */
#include "bytes/seal.h"

#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "bytes/secure.h"

enum { UNSEALING = 0, SEALING = 1 };

/* Takes the key, the nonce and the label in. */
static bool begin(EVP_CIPHER_CTX *context, const struct sap_seal *seal, int direction) {
  int len;
  return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, seal->key, seal->nonce, direction) == 1 &&
         EVP_CipherUpdate(context, NULL, &len, (const unsigned char *)seal->label.data,
                          (int)seal->label.len) == 1;
}

static bool turn(EVP_CIPHER_CTX *context, const char *from, size_t len, unsigned char *out) {
  int written;
  return len == 0 || EVP_CipherUpdate(context, out, &written, (const unsigned char *)from, (int)len) == 1;
}

static bool end_sealing(EVP_CIPHER_CTX *context, unsigned char *tag) {
  int written;
  unsigned char none[SAP_SEAL_TAG_SIZE];
  return EVP_CipherFinal_ex(context, none, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SAP_SEAL_TAG_SIZE, tag) == 1;
}

static bool end_unsealing(EVP_CIPHER_CTX *context, const char *tag) {
  int written;
  unsigned char none[SAP_SEAL_TAG_SIZE];
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SAP_SEAL_TAG_SIZE, (void *)tag) == 1 &&
         EVP_CipherFinal_ex(context, none, &written) == 1;
}

static bool is_too_long(const struct sap_seal *seal, const struct sap_slice *text) {
  return text->len > SAP_SEAL_MAX + SAP_SEAL_TAG_SIZE || seal->label.len > SAP_SEAL_MAX;
}

int sap_seal(const struct sap_seal *seal, const struct sap_slice *text, unsigned char *out) {
  if (is_too_long(seal, text)) return -1;
  ERR_set_mark();
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool done = context != NULL && begin(context, seal, SEALING) && turn(context, text->data, text->len, out) &&
              end_sealing(context, out + text->len);
  EVP_CIPHER_CTX_free(context);
  ERR_pop_to_mark();
  return done ? 0 : -1;
}

int sap_unseal(const struct sap_seal *seal, const struct sap_slice *sealed, unsigned char *out) {
  if (sealed->len < SAP_SEAL_TAG_SIZE || is_too_long(seal, sealed)) return -1;
  size_t len = sealed->len - SAP_SEAL_TAG_SIZE;
  ERR_set_mark();
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool done = context != NULL && begin(context, seal, UNSEALING) && turn(context, sealed->data, len, out) &&
              end_unsealing(context, sealed->data + len);
  EVP_CIPHER_CTX_free(context);
  ERR_pop_to_mark();
  if (!done) sap_wipe(out, len);
  return done ? 0 : -1;
}
