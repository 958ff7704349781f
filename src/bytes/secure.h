/* What must be right about secrets: random bytes, comparing without telling, forgetting, and HMAC. */
#ifndef SAP_BYTES_SECURE_H
#define SAP_BYTES_SECURE_H

#include <stdbool.h>
#include <stddef.h>

enum { SAP_SHA256_SIZE = 32 };

/* Fills `out` from the system's generator. Returns 0, or -1 with errno set. */
int sap_random(void *out, size_t len);

/* Whether the two are equal, in a time that depends on their lengths only. */
bool sap_equal(const void *a, size_t alen, const void *b, size_t blen);

/* Overwrites memory in a way that the compiler may not leave out. */
void sap_wipe(void *bytes, size_t len);

/* HMAC-SHA256 (RFC 2104). Returns 0, or -1 when libcrypto refuses. */
int sap_hmac_sha256(const void *key, size_t key_len, const void *message, size_t message_len,
                    unsigned char out[SAP_SHA256_SIZE]);

#endif
