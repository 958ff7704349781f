/* Judges why a transfer failed and what the server may have done meanwhile. */
#ifndef SAPANYWHERE_FAILURE_H
#define SAPANYWHERE_FAILURE_H

#include <stdbool.h>

#include <curl/curl.h>

/* What ended a transfer, where libcurl's own code does not say it. */
enum sap_verdict {
  SAP_VERDICT_NONE,
  SAP_VERDICT_BODY_TOO_LARGE,
  SAP_VERDICT_HEAD_TOO_LARGE,
  SAP_VERDICT_NO_MEMORY,
  SAP_VERDICT_SENT_ALREADY,
  SAP_VERDICT_CANCELLED,
  SAP_VERDICT_CLOSED,
  SAP_VERDICT_FORKED
};

/* What is known of a transfer that ended without a whole answer. */
struct sap_facts {
  CURLcode code;
  enum sap_verdict verdict;
  bool established;  /* the connection, its tunnel and its TLS were ready for the request */
  long request_size; /* bytes of the request that libcurl handed to the system */
  bool answered;     /* at least one byte of an answer arrived */
};

struct sap_failure {
  const char *kind;    /* one of the public error kinds */
  const char *outcome; /* "not_sent" or "unknown" */
  const char *message; /* a sentence without any value of the request */
};

struct sap_failure sap_failure_judge(const struct sap_facts *facts);

#endif
