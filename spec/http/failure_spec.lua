local core = require "sapanywhere.core"

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
        local failure = core.judge(CODE[name], established, sent, answered)
        assert.equal(kind, failure.kind)
        assert.equal(outcome, failure.outcome)
        assert.is_true(#failure.message > 10)
      end)
  end

  it("has a kind for codes that it does not know", function()
    assert.equal("connect", core.judge(9999, true, 1, false).kind)
  end)
end)
