/* Keys and certificates for a server that specs talk to, as PEM. */
#ifndef SAP_BYTES_CERTIFICATE_H
#define SAP_BYTES_CERTIFICATE_H

#include <stdint.h>

#include "bytes/slice.h"

enum { SAP_PEM_SIZE = 4096 };

/* What is certified: the public part of a key, by whoever has the issuer's key; the issuer's own where both are one. */
struct sap_certificate {
  struct sap_slice key, issuer_key; /* private keys as PEM */
  const char *name, *issuer_name;   /* common names */
  int64_t from, to;                 /* seconds since 1970 */
  const char *const (
      *extensions)[2]; /* names and values as OpenSSL's configuration has them; NULL ends the list */
};

/* Makes a private key on the curve P-256. Returns its length, or -1 when libcrypto refuses. */
int sap_make_key(char out[SAP_PEM_SIZE]);

/* Makes a certificate. Returns its length, or -1 when libcrypto refuses, or knows no such extension. */
int sap_make_certificate(const struct sap_certificate *wanted, char out[SAP_PEM_SIZE]);

#endif
