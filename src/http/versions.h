/* What the libraries under this one say of themselves. */
#ifndef SAP_HTTP_VERSIONS_H
#define SAP_HTTP_VERSIONS_H

struct sap_version {
  const char *name;
  const char *value;
};

/* The i-th library and its version; a NULL name after the last. Those that run, not those of the headers. */
struct sap_version sap_version_of(int i);

#endif
