/* Judges why a transfer failed and what the server may have done meanwhile. */
#include "http/failure.h"

#include <stddef.h>

struct cause {
  CURLcode code;
  const char *kind;
  const char *message;
};

static const char lost[] = "the connection was lost before the answer was complete";
static const char sent_already[] =
    "a kept connection died before the answer, and the request is not sent a second time";
static const char handshake[] = "the TLS handshake failed";
static const char distrusted[] = "the server's certificate could not be verified";
static const char ca_unreadable[] = "the CA certificates could not be read (see tls.ca_file, tls.ca_path)";
static const char client_cert[] =
    "the client certificate or its key could not be used (see tls.cert_file, tls.key_file)";
static const char gave_up[] = "libcurl could not start or go on";

static const struct cause by_code[] = {
  { CURLE_COULDNT_RESOLVE_HOST, "dns", "the host name could not be resolved" },
  { CURLE_COULDNT_RESOLVE_PROXY, "dns", "the proxy's host name could not be resolved" },
  { CURLE_COULDNT_CONNECT, "connect", "no connection could be made" },
  { CURLE_PROXY, "connect", "the proxy refused or failed" },
  { CURLE_INTERFACE_FAILED, "connect", "no connection could be made" },
  { CURLE_GOT_NOTHING, "connect", "the server closed the connection without an answer" },
  { CURLE_PARTIAL_FILE, "connect", lost },
  { CURLE_SEND_ERROR, "connect", "the connection was lost while the request was sent" },
  { CURLE_RECV_ERROR, "connect", lost },
  { CURLE_HTTP2, "connect", lost },
  { CURLE_HTTP2_STREAM, "connect", lost },
  { CURLE_SEND_FAIL_REWIND, "connect", sent_already },
  { CURLE_OPERATION_TIMEDOUT, "timeout", "the time allowed for the call has passed" },
  { CURLE_SSL_CONNECT_ERROR, "tls", handshake },
  { CURLE_PEER_FAILED_VERIFICATION, "tls", distrusted },
  { CURLE_SSL_ISSUER_ERROR, "tls", distrusted },
  { CURLE_SSL_INVALIDCERTSTATUS, "tls", distrusted },
  { CURLE_SSL_PINNEDPUBKEYNOTMATCH, "tls", distrusted },
  { CURLE_SSL_CACERT_BADFILE, "tls", ca_unreadable },
  { CURLE_SSL_CRL_BADFILE, "tls", ca_unreadable },
  { CURLE_SSL_CERTPROBLEM, "tls", client_cert },
#if LIBCURL_VERSION_NUM >= 0x074d00
  { CURLE_SSL_CLIENTCERT, "tls", client_cert },
#endif
  { CURLE_SSL_CIPHER, "tls", handshake },
  { CURLE_USE_SSL_FAILED, "tls", handshake },
  { CURLE_SSL_ENGINE_NOTFOUND, "tls", handshake },
  { CURLE_SSL_ENGINE_SETFAILED, "tls", handshake },
  { CURLE_SSL_ENGINE_INITFAILED, "tls", handshake },
  { CURLE_SSL_SHUTDOWN_FAILED, "tls", lost },
  { CURLE_UNSUPPORTED_PROTOCOL, "protocol", "the answer is not HTTP" },
  { CURLE_WEIRD_SERVER_REPLY, "protocol", "the answer is not well-formed HTTP" },
  { CURLE_BAD_CONTENT_ENCODING, "protocol", "the answer's compression is broken" },
  { CURLE_URL_MALFORMAT, "usage", "base_url must be a URL that libcurl accepts" },
  { CURLE_OUT_OF_MEMORY, "cancelled", "there was not enough memory to go on" },
  { CURLE_FAILED_INIT, "cancelled", gave_up },
  { CURLE_NOT_BUILT_IN, "cancelled", "this libcurl lacks a feature that the call needs" },
};

static const struct cause by_verdict[] = {
  [SAP_VERDICT_NONE] = { CURLE_OK, NULL, NULL },
  [SAP_VERDICT_BODY_TOO_LARGE] = { CURLE_OK, "too_large", "the answer is larger than max_response_bytes" },
  [SAP_VERDICT_HEAD_TOO_LARGE] = { CURLE_OK, "too_large", "the answer's headers are larger than 64 KiB" },
  [SAP_VERDICT_NO_MEMORY] = { CURLE_OK, "cancelled", "there was not enough memory to go on" },
  [SAP_VERDICT_SENT_ALREADY] = { CURLE_OK, "connect", sent_already },
  [SAP_VERDICT_CANCELLED] = { CURLE_OK, "cancelled", "the call was given up by its caller" },
  [SAP_VERDICT_CLOSED] = { CURLE_OK, "closed", "the client was closed" },
  [SAP_VERDICT_FORKED] = { CURLE_OK, "closed", "the process forked; the call went on in the parent only" },
};

static const struct cause *find_cause(const struct sap_facts *facts) {
  static const struct cause other = { CURLE_OK, "connect", "the transfer failed" };
  if (facts->verdict != SAP_VERDICT_NONE) return &by_verdict[facts->verdict];
  for (size_t i = 0; i < sizeof by_code / sizeof by_code[0]; i++)
    if (by_code[i].code == facts->code) return &by_code[i];
  return &other;
}

/* The server cannot have acted on a request of which no byte left this process. What a proxy was asked before the
   tunnel stood counts as libcurl's bytes, but not as the server's: hence both conditions. After a fork the parent goes
   on with the request. */
static bool reached_server(const struct sap_facts *facts) {
  return facts->verdict == SAP_VERDICT_FORKED || facts->answered ||
         (facts->established && facts->request_size > 0);
}

struct sap_failure sap_failure_judge(const struct sap_facts *facts) {
  const struct cause *cause = find_cause(facts);
  struct sap_failure failure = { cause->kind, reached_server(facts) ? "unknown" : "not_sent",
                                 cause->message };
  return failure;
}
