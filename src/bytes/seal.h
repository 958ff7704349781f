/* Seals text with AES-256-GCM (NIST SP 800-38D): nobody without the key reads it, or changes it unseen. */
#ifndef SAP_BYTES_SEAL_H
#define SAP_BYTES_SEAL_H

#include "bytes/slice.h"

enum { SAP_SEAL_KEY_SIZE = 32, SAP_SEAL_NONCE_SIZE = 12, SAP_SEAL_TAG_SIZE = 16, SAP_SEAL_MAX = 1 << 28 };

/* A key and a nonce may meet only once for sealing. `label` is not sealed in, but must be the same for unsealing. */
struct sap_seal {
  const unsigned char *key;   /* SAP_SEAL_KEY_SIZE bytes */
  const unsigned char *nonce; /* SAP_SEAL_NONCE_SIZE bytes */
  struct sap_slice label;
};

/* Writes text->len + SAP_SEAL_TAG_SIZE bytes, the sealed text and its tag, where neither text nor label is longer than
   SAP_SEAL_MAX. Returns 0, or -1 when libcrypto refuses. */
int sap_seal(const struct sap_seal *seal, const struct sap_slice *text, unsigned char *out);

/* Writes sealed->len - SAP_SEAL_TAG_SIZE bytes. Returns 0; or -1, with `out` wiped, for what was not sealed so. */
int sap_unseal(const struct sap_seal *seal, const struct sap_slice *sealed, unsigned char *out);

#endif
