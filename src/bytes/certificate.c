/* Keys and certificates for a server that specs talk to, as PEM. */
#include "bytes/certificate.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "bytes/secure.h"

/* Copies what was written, and frees it. Returns its length, or -1 where it is nothing or too much. */
static int take_text(BIO *written, bool done, char *out) {
  char *text = NULL;
  long len = done ? BIO_get_mem_data(written, &text) : 0;
  bool fits = len > 0 && len < SAP_PEM_SIZE;
  if (fits) memcpy(out, text, (size_t)len);
  BIO_free(written);
  return fits ? (int)len : -1;
}

/* --- Keys --- */

static EVP_PKEY *generate(void) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
  bool done = context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
              EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1 &&
              EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_NAMED_CURVE) == 1 &&
              EVP_PKEY_keygen(context, &key) == 1;
  EVP_PKEY_CTX_free(context);
  return done ? key : NULL;
}

int sap_make_key(char out[SAP_PEM_SIZE]) {
  ERR_set_mark();
  EVP_PKEY *key = generate();
  BIO *text = BIO_new(BIO_s_secmem());
  bool done =
      key != NULL && text != NULL && PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1;
  EVP_PKEY_free(key);
  int len = take_text(text, done, out);
  ERR_pop_to_mark();
  return len;
}

/* Nobody is asked at a terminal. */
static int no_password(char *out, int size, int for_writing, void *context) {
  (void)out, (void)size, (void)for_writing, (void)context;
  return -1;
}

static EVP_PKEY *read_key(const struct sap_slice *pem) {
  BIO *text = pem->len <= SAP_PEM_SIZE ? BIO_new_mem_buf(pem->data, (int)pem->len) : NULL;
  EVP_PKEY *key = text != NULL ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
  BIO_free(text);
  return key;
}

/* --- Certificates --- */

static bool set_name(X509_NAME *name, const char *common_name) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)common_name,
                                    -1, -1, 0) == 1;
}

static bool set_serial(X509 *certificate) {
  uint64_t number;
  return sap_random(&number, sizeof number) == 0 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1) == 1;
}

static bool set_times(X509 *certificate, const struct sap_certificate *wanted) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)wanted->from) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)wanted->to) != NULL;
}

static bool add_extension(X509 *certificate, const char *name, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &context, name, value);
  bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool add_extensions(X509 *certificate, const struct sap_certificate *wanted) {
  for (const char *const(*extension)[2] = wanted->extensions; (*extension)[0] != NULL; extension++) {
    if (!add_extension(certificate, (*extension)[0], (*extension)[1])) return false;
  }
  return true;
}

static bool fill(X509 *certificate, const struct sap_certificate *wanted, EVP_PKEY *key,
                 EVP_PKEY *issuer_key) {
  enum { VERSION_3 = 2 };
  return X509_set_version(certificate, VERSION_3) == 1 && set_serial(certificate) &&
         set_name(X509_get_subject_name(certificate), wanted->name) &&
         set_name(X509_get_issuer_name(certificate), wanted->issuer_name) && set_times(certificate, wanted) &&
         X509_set_pubkey(certificate, key) == 1 && add_extensions(certificate, wanted) &&
         X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

int sap_make_certificate(const struct sap_certificate *wanted, char out[SAP_PEM_SIZE]) {
  ERR_set_mark();
  EVP_PKEY *key = read_key(&wanted->key), *issuer_key = read_key(&wanted->issuer_key);
  X509 *certificate = X509_new();
  BIO *text = BIO_new(BIO_s_mem());
  bool done = key != NULL && issuer_key != NULL && certificate != NULL && text != NULL &&
              fill(certificate, wanted, key, issuer_key) && PEM_write_bio_X509(text, certificate) == 1;
  X509_free(certificate);
  EVP_PKEY_free(issuer_key);
  EVP_PKEY_free(key);
  int len = take_text(text, done, out);
  ERR_pop_to_mark();
  return len;
}
