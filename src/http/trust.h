/* Chooses where the certificates of the system's CAs are read from. */
#ifndef SAP_HTTP_TRUST_H
#define SAP_HTTP_TRUST_H

struct sap_trust {
  const char *ca_file; /* or NULL */
  const char *ca_path; /* or NULL */
};

/* libcurl's own default is a bundle and a directory at once, which makes OpenSSL parse the whole bundle for every new
   connection. One place is enough: the directory where it is hashed (only the needed CA is read), else the bundle
   alone (which libcurl keeps parsed). Both are NULL where libcurl's TLS library has a store of its own. */
struct sap_trust sap_trust_default(void);

#endif
