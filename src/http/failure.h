/* Judges why a transfer failed and what the server may have done meanwhile. */
#ifndef SAP_HTTP_FAILURE_H
#define SAP_HTTP_FAILURE_H

#include <stdbool.h>

#include <curl/curl.h>

/* What ended a transfer, where libcurl's own code does not say it. */
enum sap_verdict {
  SAP_VERDICT_NONE,
  SAP_VERDICT_BODY_TOO_LARGE,
  SAP_VERDICT_HEAD_TOO_LARGE,
  SAP_VERDICT_REQUEST_TOO_LARGE,
  SAP_VERDICT_CODED,
  SAP_VERDICT_NO_MEMORY,
  SAP_VERDICT_NO_DESCRIPTOR,
  SAP_VERDICT_SENT_ALREADY,
  SAP_VERDICT_CANCELLED,
  SAP_VERDICT_CLOSED,
  SAP_VERDICT_FORKED,
  SAP_VERDICT_NOT_WRITTEN, /* the file that the answer arrives in */
  SAP_VERDICT_FILE_TOO_LARGE,
  SAP_VERDICT_NOT_READ, /* the file that is sent */
  SAP_VERDICT_NO_END,
  SAP_VERDICT_NO_FILE
};

/* What is known of a transfer that ended without a whole answer. */
struct sap_facts {
  CURLcode code;
  enum sap_verdict verdict;
  bool established;    /* the connection, its tunnel and its TLS were ready for the request */
  long request_size;   /* bytes of the request that libcurl handed to the system */
  bool answered;       /* at least one line of an answer arrived */
  bool head_whole;     /* the head of that answer did */
  long os_errno;       /* of the connection that failed; a reset sets it, an orderly end does not */
  long connect_status; /* what a proxy answered to CONNECT, 0 for none */
  int file_fault;      /* of a file that could not be written or read, see bytes/files.h */
  long verify_result;  /* OpenSSL's on the server's certificate: 0 for a good one, 1 before there is any */
};

struct sap_failure {
  const char *kind;    /* one of the public error kinds */
  const char *outcome; /* "not_sent" or "unknown" */
  const char *message; /* a sentence without any value of the request */
  const char *reason;  /* of kind "file", else NULL */
  long status;         /* of a proxy's refusal, 0 for none */
};

/* Asks the handle of a transfer that has just ended for what it knows beside the code. */
void sap_facts_read(struct sap_facts *facts, CURL *easy);

/* `detail` holds libcurl's own words, empty where it has none. */
struct sap_failure sap_failure_judge(const struct sap_facts *facts, const char *detail);

#endif
