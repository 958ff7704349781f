/* Judges why a transfer failed and what the server may have done meanwhile. */
#include "http/failure.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bytes/files.h"

/* Since 8.6 libcurl has a code of its own for a line that is too long. */
enum { TOO_LARGE = 100 };

/* What must be so, beside the code, for a row to count. */
enum when {
  ALWAYS,
  PROXY_REFUSED,   /* the proxy answered CONNECT with a refusal */
  HANDSHAKE_CUT,   /* the connection ended while TLS was being agreed on */
  CERT_REFUSED,    /* the server sent the alert that it wants another client certificate, or one at all */
  HEAD_UNFINISHED, /* a status line arrived, and the head did not end */
  REQUEST_UNSENT   /* nothing was ready to take the request */
};

struct cause {
  int code; /* libcurl's, or ANY */
  enum when when;
  const char *kind;
  const char *message;
};

enum { ANY = -1 };

static const char lost[] = "the connection was lost before the answer was complete";
static const char sent_already[] =
    "a kept connection died before the answer, and the request is not sent a second time";
static const char handshake[] = "the TLS handshake failed";
static const char handshake_cut[] = "the connection was lost during the TLS handshake";
static const char distrusted[] = "the server's certificate could not be verified";
static const char ca_unreadable[] = "the CA certificates could not be read (see tls.ca_file, tls.ca_path)";
static const char client_cert[] =
    "the client certificate or its key could not be used (see tls.cert_file, tls.key_file)";
static const char cert_refused[] =
    "the server wants a client certificate, or refuses the one that it was shown (see tls.cert_file)";
static const char proxy_refused[] = "the proxy refused to connect to the server";
static const char gave_up[] = "libcurl could not start or go on";
static const char no_memory[] = "there was not enough memory to go on";
static const char head_too_large[] = "the answer's headers are larger than 64 KiB";
static const char request_too_large[] = "the request's line and headers are larger than 1 MB";
static const char not_http[] = "the answer is not well-formed HTTP";
static const char refused_address[] = "no connection could be made";
static const char refused_url[] = "base_url must be a URL that libcurl accepts";

/* One code means several things: the first row that fits counts. What is not here cannot come from a request over HTTP,
   and is told in libcurl's own words. */
static const struct cause causes[] = {
  { ANY, PROXY_REFUSED, "connect", proxy_refused },
  { CURLE_SSL_CONNECT_ERROR, HANDSHAKE_CUT, "connect", handshake_cut },
  { CURLE_RECV_ERROR, CERT_REFUSED, "tls", cert_refused },
  { CURLE_SEND_ERROR, CERT_REFUSED, "tls", cert_refused },
  { CURLE_SSL_CONNECT_ERROR, CERT_REFUSED, "tls", cert_refused },
  /* Before 8.6 it was called a want of memory. */
  { CURLE_OUT_OF_MEMORY, HEAD_UNFINISHED, "too_large", head_too_large },
  /* A first header that is folded, where there is none to fold it onto. */
  { CURLE_BAD_FUNCTION_ARGUMENT, HEAD_UNFINISHED, "protocol", not_http },
  { TOO_LARGE, REQUEST_UNSENT, "too_large", request_too_large },
  { TOO_LARGE, ALWAYS, "too_large", head_too_large },
  { CURLE_COULDNT_RESOLVE_HOST, ALWAYS, "dns", "the host name could not be resolved" },
  { CURLE_COULDNT_RESOLVE_PROXY, ALWAYS, "dns", "the proxy's host name could not be resolved" },
  { CURLE_COULDNT_CONNECT, ALWAYS, "connect", refused_address },
  { CURLE_PROXY, ALWAYS, "connect", "the proxy refused or failed" },
  { CURLE_INTERFACE_FAILED, ALWAYS, "connect", refused_address },
  { CURLE_NO_CONNECTION_AVAILABLE, ALWAYS, "connect", "no connection was free" },
  { CURLE_GOT_NOTHING, ALWAYS, "connect", "the server closed the connection without an answer" },
  { CURLE_PARTIAL_FILE, ALWAYS, "connect", lost },
  { CURLE_SEND_ERROR, ALWAYS, "connect", "the connection was lost while the request was sent" },
  { CURLE_RECV_ERROR, ALWAYS, "connect", lost },
  { CURLE_HTTP2, ALWAYS, "connect", lost },
  { CURLE_HTTP2_STREAM, ALWAYS, "connect", lost },
  { CURLE_HTTP3, ALWAYS, "connect", lost },
  { CURLE_AGAIN, ALWAYS, "connect", lost },
  { CURLE_SEND_FAIL_REWIND, ALWAYS, "connect", sent_already },
  { CURLE_OPERATION_TIMEDOUT, ALWAYS, "timeout", "the time allowed for the call has passed" },
  { CURLE_SSL_CONNECT_ERROR, ALWAYS, "tls", handshake },
  { CURLE_PEER_FAILED_VERIFICATION, ALWAYS, "tls", distrusted },
  { CURLE_SSL_ISSUER_ERROR, ALWAYS, "tls", distrusted },
  { CURLE_SSL_INVALIDCERTSTATUS, ALWAYS, "tls", distrusted },
  { CURLE_SSL_PINNEDPUBKEYNOTMATCH, ALWAYS, "tls", distrusted },
  { CURLE_SSL_CACERT_BADFILE, ALWAYS, "tls", ca_unreadable },
  { CURLE_SSL_CRL_BADFILE, ALWAYS, "tls", ca_unreadable },
  { CURLE_SSL_CERTPROBLEM, ALWAYS, "tls", client_cert },
#if LIBCURL_VERSION_NUM >= 0x074d00
  { CURLE_SSL_CLIENTCERT, ALWAYS, "tls", cert_refused },
#endif
  { CURLE_SSL_CIPHER, ALWAYS, "tls", handshake },
  { CURLE_USE_SSL_FAILED, ALWAYS, "tls", handshake },
  { CURLE_SSL_ENGINE_NOTFOUND, ALWAYS, "tls", handshake },
  { CURLE_SSL_ENGINE_SETFAILED, ALWAYS, "tls", handshake },
  { CURLE_SSL_ENGINE_INITFAILED, ALWAYS, "tls", handshake },
  { CURLE_SSL_SHUTDOWN_FAILED, ALWAYS, "tls", lost },
  { CURLE_UNSUPPORTED_PROTOCOL, ALWAYS, "protocol", "the answer is not HTTP" },
  { CURLE_WEIRD_SERVER_REPLY, ALWAYS, "protocol", not_http },
  { CURLE_HTTP_RETURNED_ERROR, ALWAYS, "protocol", not_http },
  { CURLE_RANGE_ERROR, ALWAYS, "protocol", not_http },
  { CURLE_BAD_DOWNLOAD_RESUME, ALWAYS, "protocol", not_http },
  { CURLE_TOO_MANY_REDIRECTS, ALWAYS, "protocol", "the answer is a redirect" },
  { CURLE_BAD_CONTENT_ENCODING, ALWAYS, "protocol", "the answer's compression is broken" },
  { CURLE_URL_MALFORMAT, ALWAYS, "usage", refused_url },
  { CURLE_FILESIZE_EXCEEDED, ALWAYS, "too_large", "the answer is larger than max_response_bytes" },
  { CURLE_OUT_OF_MEMORY, ALWAYS, "cancelled", no_memory },
  { CURLE_FAILED_INIT, ALWAYS, "cancelled", gave_up },
  { CURLE_BAD_FUNCTION_ARGUMENT, ALWAYS, "cancelled", gave_up },
  { CURLE_UNKNOWN_OPTION, ALWAYS, "cancelled", gave_up },
  { CURLE_READ_ERROR, ALWAYS, "cancelled", "the request's body could not be read" },
  { CURLE_WRITE_ERROR, ALWAYS, "cancelled", "the answer could not be kept" },
  { CURLE_ABORTED_BY_CALLBACK, ALWAYS, "cancelled", "the call was given up" },
  { CURLE_NOT_BUILT_IN, ALWAYS, "cancelled", "this libcurl lacks a feature that the call needs" },
};

static const struct cause by_verdict[] = {
  [SAP_VERDICT_NONE] = { ANY, ALWAYS, NULL, NULL },
  [SAP_VERDICT_BODY_TOO_LARGE] = { ANY, ALWAYS, "too_large", "the answer is larger than max_response_bytes" },
  [SAP_VERDICT_HEAD_TOO_LARGE] = { ANY, ALWAYS, "too_large", head_too_large },
  [SAP_VERDICT_REQUEST_TOO_LARGE] = { ANY, ALWAYS, "too_large", request_too_large },
  [SAP_VERDICT_CODED] = { ANY, ALWAYS, "protocol",
                          "the answer is coded in a way that was not asked for (see its Content-Encoding and "
                          "Transfer-Encoding)" },
  [SAP_VERDICT_NO_MEMORY] = { ANY, ALWAYS, "cancelled", no_memory },
  [SAP_VERDICT_NO_DESCRIPTOR] = { ANY, ALWAYS, "connect",
                                  "no connection could be made: this process has no file descriptor left" },
  [SAP_VERDICT_SENT_ALREADY] = { ANY, ALWAYS, "connect", sent_already },
  [SAP_VERDICT_CANCELLED] = { ANY, ALWAYS, "cancelled", "the call was given up by its caller" },
  [SAP_VERDICT_CLOSED] = { ANY, ALWAYS, "closed", "the client was closed" },
  [SAP_VERDICT_FORKED] = { ANY, ALWAYS, "closed", "the process forked; the call went on in the parent only" },
  [SAP_VERDICT_NOT_WRITTEN] = { ANY, ALWAYS, "file", "the file could not be written" },
  [SAP_VERDICT_FILE_TOO_LARGE] = { ANY, ALWAYS, "too_large", "the answer is larger than max_bytes" },
  [SAP_VERDICT_NOT_READ] = { ANY, ALWAYS, "file", "the file could not be read to its end" },
  [SAP_VERDICT_NO_END] = { ANY, ALWAYS, "protocol",
                           "the answer does not say where it ends, so nobody knows whether it is whole" },
  [SAP_VERDICT_NO_FILE] = { ANY, ALWAYS, "protocol",
                            "the server answered with a success that is no whole file" },
};

/* What libcurl says where the handshake was cut. OpenSSL names no error of its own for it ("SSL_ERROR_SYSCALL"), or,
   from 3.0 on, the end that it did not expect; since 8.12 libcurl leaves the name of its function out. */
static const char *const cut_words[] = {
  "SSL_ERROR_SYSCALL",        "SSL_ERROR_ZERO_RETURN",   "unexpected eof",
  "Connection reset by peer", "non-properly terminated", /* GnuTLS */
  "in the pull function",                                /* GnuTLS */
  "in the push function",                                /* GnuTLS */
};

/* The alerts (RFC 8446, 6.2) with which a server refuses what a client shows of itself, in OpenSSL's words. With TLS 1.3
   the client learns of it after its own side of the handshake is done. */
static const char *const cert_alerts[] = {
  "alert certificate required", "alert bad certificate",     "alert unsupported certificate",
  "alert certificate revoked",  "alert certificate expired", "alert certificate unknown",
  "alert unknown ca",           "alert access denied",       "Certificate is required", /* GnuTLS */
};

static bool holds_one(const char *text, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strstr(text, words[i]) != NULL) return true;
  return false;
}

#define HOLDS_ONE_OF(text, words) holds_one(text, words, sizeof(words) / sizeof(words)[0])

static bool is_proxy_refusal(const struct sap_facts *facts) {
  return !facts->established && facts->connect_status >= 300;
}

/* libcurl's word for a certificate that nobody has looked at yet. */
enum { NOT_LOOKED_AT = 1 };

/* A certificate that was refused ends the handshake too. */
static bool is_handshake_cut(const struct sap_facts *facts, const char *detail) {
  if (facts->established || facts->verify_result > NOT_LOOKED_AT) return false;
  return facts->os_errno == ECONNRESET || facts->os_errno == EPIPE || HOLDS_ONE_OF(detail, cut_words);
}

static bool is_cert_refusal(const struct sap_facts *facts, const char *detail) {
  return !facts->answered && HOLDS_ONE_OF(detail, cert_alerts);
}

static bool holds(enum when when, const struct sap_facts *facts, const char *detail) {
  switch (when) {
    case PROXY_REFUSED: return is_proxy_refusal(facts);
    case HANDSHAKE_CUT: return is_handshake_cut(facts, detail);
    case CERT_REFUSED: return is_cert_refusal(facts, detail);
    case HEAD_UNFINISHED: return facts->answered && !facts->head_whole;
    case REQUEST_UNSENT: return facts->request_size == 0;
    default: return true;
  }
}

static bool fits(const struct cause *cause, const struct sap_facts *facts, const char *detail) {
  return (cause->code == ANY || cause->code == (int)facts->code) && holds(cause->when, facts, detail);
}

static struct cause find_cause(const struct sap_facts *facts, const char *detail) {
  if (facts->verdict != SAP_VERDICT_NONE) return by_verdict[facts->verdict];
  for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
    if (fits(&causes[i], facts, detail)) return causes[i];
  return (struct cause){ ANY, ALWAYS, "connect", curl_easy_strerror(facts->code) };
}

/* The server cannot have acted on a request of which no byte left this process. What a proxy was asked before the
   tunnel stood counts as libcurl's bytes, but not as the server's: hence both conditions. A server that refuses the
   client's certificate reads no request. After a fork the parent goes on with the request. */
static bool reached_server(const struct sap_facts *facts, const struct cause *cause) {
  if (cause->when == CERT_REFUSED) return false;
  return facts->verdict == SAP_VERDICT_FORKED || facts->answered ||
         (facts->established && facts->request_size > 0);
}

void sap_facts_read(struct sap_facts *facts, CURL *easy) {
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &facts->request_size);
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &facts->os_errno);
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &facts->connect_status);
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &facts->verify_result);
}

struct sap_failure sap_failure_judge(const struct sap_facts *facts, const char *detail) {
  struct cause cause = find_cause(facts, detail);
  struct sap_failure failure = { .kind = cause.kind,
                                 .outcome = reached_server(facts, &cause) ? "unknown" : "not_sent",
                                 .message = cause.message };
  if (strcmp(cause.kind, "file") == 0) failure.reason = sap_file_reason(facts->file_fault);
  if (cause.when == PROXY_REFUSED) failure.status = facts->connect_status;
  return failure;
}
