local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"

-- libcurl's codes by their names in <curl/curl.h>; the numbers are part of its ABI.
local CODE = {
  UNSUPPORTED_PROTOCOL = 1, FAILED_INIT = 2, URL_MALFORMAT = 3, COULDNT_RESOLVE_PROXY = 5, COULDNT_RESOLVE_HOST = 6,
  COULDNT_CONNECT = 7, WEIRD_SERVER_REPLY = 8, HTTP2 = 16, PARTIAL_FILE = 18, OUT_OF_MEMORY = 27,
  OPERATION_TIMEDOUT = 28, SSL_CONNECT_ERROR = 35, INTERFACE_FAILED = 45, GOT_NOTHING = 52, SEND_ERROR = 55,
  RECV_ERROR = 56, SSL_CERTPROBLEM = 58, PEER_FAILED_VERIFICATION = 60, BAD_CONTENT_ENCODING = 61,
  SEND_FAIL_REWIND = 65, SSL_CACERT_BADFILE = 77, HTTP2_STREAM = 92, PROXY = 97,
}

describe("the judge of failures", function()
  -- code, connection ready, bytes of the request sent, answer begun; kind, outcome
  local cases = {
    { "COULDNT_RESOLVE_HOST", false, 0, false, "dns", "not_sent" },
    { "COULDNT_RESOLVE_PROXY", false, 0, false, "dns", "not_sent" },
    { "COULDNT_CONNECT", false, 0, false, "connect", "not_sent" },
    { "INTERFACE_FAILED", false, 0, false, "connect", "not_sent" },
    { "PROXY", false, 0, false, "connect", "not_sent" },
    { "RECV_ERROR", false, 120, false, "connect", "not_sent" }, -- a proxy that hung up on CONNECT
    { "SSL_CONNECT_ERROR", false, 0, false, "tls", "not_sent" },
    { "SSL_CONNECT_ERROR", false, 120, false, "tls", "not_sent" }, -- behind a proxy's tunnel
    { "PEER_FAILED_VERIFICATION", false, 0, false, "tls", "not_sent" },
    { "SSL_CERTPROBLEM", false, 0, false, "tls", "not_sent" },
    { "SSL_CACERT_BADFILE", false, 0, false, "tls", "not_sent" },
    { "OPERATION_TIMEDOUT", false, 0, false, "timeout", "not_sent" },
    { "OPERATION_TIMEDOUT", true, 0, false, "timeout", "not_sent" },
    { "OPERATION_TIMEDOUT", true, 300, false, "timeout", "unknown" },
    { "OPERATION_TIMEDOUT", true, 300, true, "timeout", "unknown" },
    { "SEND_ERROR", true, 0, false, "connect", "not_sent" },
    { "SEND_ERROR", true, 300, false, "connect", "unknown" },
    { "SEND_FAIL_REWIND", true, 300, false, "connect", "unknown" },
    { "GOT_NOTHING", true, 300, false, "connect", "unknown" },
    { "RECV_ERROR", true, 300, false, "connect", "unknown" },
    { "PARTIAL_FILE", true, 300, true, "connect", "unknown" },
    { "HTTP2", true, 300, false, "connect", "unknown" },
    { "HTTP2_STREAM", true, 300, true, "connect", "unknown" },
    { "WEIRD_SERVER_REPLY", true, 300, false, "protocol", "unknown" },
    { "UNSUPPORTED_PROTOCOL", true, 300, false, "protocol", "unknown" },
    { "BAD_CONTENT_ENCODING", true, 300, true, "protocol", "unknown" },
    { "URL_MALFORMAT", false, 0, false, "usage", "not_sent" },
    { "OUT_OF_MEMORY", false, 0, false, "cancelled", "not_sent" },
    { "OUT_OF_MEMORY", true, 300, true, "cancelled", "unknown" },
    { "FAILED_INIT", false, 0, false, "cancelled", "not_sent" },
  }

  for _, case in ipairs(cases) do
    local name, established, sent, answered, kind, outcome = case[1], case[2], case[3], case[4], case[5], case[6]
    it(("says %s, %s of %s with %d bytes sent%s"):format(kind, outcome, name, sent, answered and ", answered" or ""),
      function()
        local failure = core.judge {
          code = CODE[name], established = established, request_size = sent, answered = answered, head_whole = answered,
        }
        assert.equal(kind, failure.kind)
        assert.equal(outcome, failure.outcome)
        assert.is_true(#failure.message > 10)
      end)
  end

  -- What tells the meanings of one code apart.
  local SYSCALL = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to localhost:4433 "
  local EOF = "OpenSSL/3.5.1: error:0A000126:SSL routines::unexpected eof while reading"
  local ALERT = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"
  local ECONNRESET = 104
  local told_apart = {
    { "a reset in the handshake", { code = 35, os_errno = ECONNRESET, verify_result = 1 },
      "connect", "not_sent", "handshake" },
    { "an end in the handshake, in the words of libcurl 7.88", { code = 35, detail = SYSCALL },
      "connect", "not_sent", "handshake" },
    { "an end in the handshake, in OpenSSL's words", { code = 35, detail = EOF }, "connect", "not_sent", "handshake" },
    { "an end in the handshake behind a proxy", { code = 35, request_size = 120, connect_status = 200, detail = EOF },
      "connect", "not_sent", "handshake" },
    { "a certificate that is refused, and a reset", { code = 35, os_errno = ECONNRESET, verify_result = 20 },
      "tls", "not_sent", "handshake" },
    { "a handshake that fails otherwise", { code = 35, detail = "sslv3 alert handshake failure" },
      "tls", "not_sent", "handshake" },
    { "a missing client certificate with TLS 1.3",
      { code = 56, established = true, request_size = 300, detail = ALERT }, "tls", "not_sent", "client certificate" },
    { "a missing client certificate that the sending is told of",
      { code = 55, established = true, request_size = 300, detail = ALERT }, "tls", "not_sent", "client certificate" },
    { "a client certificate that is refused with TLS 1.2", { code = 35, detail = "tlsv1 alert unknown ca" },
      "tls", "not_sent", "client certificate" },
    { "the words of an alert behind an answer that had begun",
      { code = 56, established = true, request_size = 300, answered = true, detail = ALERT },
      "connect", "unknown", "lost" },
    { "a loss while the answer was read",
      { code = 56, established = true, request_size = 300, os_errno = ECONNRESET }, "connect", "unknown", "lost" },
    { "a proxy's refusal", { code = 56, request_size = 120, connect_status = 407 }, "connect", "not_sent", "proxy" },
    { "a proxy's refusal, since libcurl 8.22", { code = 7, request_size = 120, connect_status = 403 },
      "connect", "not_sent", "proxy" },
    { "a line of the head that is too long, before libcurl 8.6",
      { code = 27, established = true, request_size = 300, answered = true }, "too_large", "unknown", "headers" },
    { "no memory for a body",
      { code = 27, established = true, request_size = 300, answered = true, head_whole = true },
      "cancelled", "unknown", "memory" },
    { "a line of the head that is too long, since libcurl 8.6",
      { code = 100, established = true, request_size = 300, answered = true }, "too_large", "unknown", "headers" },
    { "a request that is too long, since libcurl 8.6", { code = 100 }, "too_large", "not_sent", "request" },
  }
  for _, case in ipairs(told_apart) do
    it("tells " .. case[1], function()
      local failure = core.judge(case[2])
      assert.equal(case[3], failure.kind)
      assert.equal(case[4], failure.outcome)
      assert.truthy(failure.message:find(case[5], 1, true), failure.message)
    end)
  end

  it("passes on the status of a proxy's refusal only", function()
    assert.equal(407, core.judge({ code = 56, connect_status = 407 }).status)
    assert.is_nil(core.judge({ code = 56, connect_status = 200, established = true, request_size = 1 }).status)
  end)

  it("has words for every code of libcurl, and a kind for those that it does not know", function()
    for code = 1, 120 do
      local failure = core.judge { code = code, established = true, request_size = 1 }
      assert.truthy(errors.new(failure.kind, {}))
      assert.is_true(#failure.message > 5)
      assert.is_nil(failure.message:find("the transfer failed", 1, true))
    end
    assert.equal("connect", core.judge({ code = 9999 }).kind)
  end)
end)
