local endpoints = require "sapanywhere.api.rows"
local retry = require "sapanywhere.call.retry"

local GET, POST = endpoints.oauth_url, endpoints.create_instance
local POLICY = { max = 2, base = 0.5, cap = 8 }

describe("retry", function()
  -- row, failure, whether it may be repeated
  local cases = {
    { GET, { kind = "connect", outcome = "not_sent" }, true },
    { GET, { kind = "connect", outcome = "unknown" }, true },
    { GET, { kind = "dns", outcome = "not_sent" }, true },
    { GET, { kind = "timeout", outcome = "unknown" }, true },
    { GET, { kind = "server", status = 502 }, true },
    { GET, { kind = "server", status = 503 }, true },
    { GET, { kind = "server", status = 504 }, true },
    { GET, { kind = "server", status = 500 }, false },
    { GET, { kind = "rate_limited", status = 429, retry_after = 1 }, true },
    { GET, { kind = "rate_limited", status = 429 }, false },
    { GET, { kind = "too_large", status = 429, retry_after = 1 }, false },
    { GET, { kind = "tls", outcome = "not_sent" }, false },
    { GET, { kind = "json", status = 200 }, false },
    { GET, { kind = "protocol" }, false },
    { GET, { kind = "auth", status = 401 }, false },
    { GET, { kind = "closed", outcome = "not_sent" }, false },
    { GET, { kind = "cancelled", outcome = "not_sent" }, false },
    { POST, { kind = "connect", outcome = "not_sent" }, true },
    { POST, { kind = "dns", outcome = "not_sent" }, true },
    { POST, { kind = "timeout", outcome = "not_sent" }, true },
    { POST, { kind = "connect", outcome = "unknown" }, false },
    { POST, { kind = "timeout", outcome = "unknown" }, false },
    { POST, { kind = "server", status = 503, outcome = "unknown" }, false },
    { POST, { kind = "rate_limited", status = 429, retry_after = 1, outcome = "rejected" }, false },
    { POST, { kind = "tls", outcome = "not_sent" }, false },
    { POST, { kind = "usage", outcome = "not_sent" }, false },
  }

  for _, case in ipairs(cases) do
    local row, err, expected = case[1], case[2], case[3]
    it(("%s %s after %s %s %s"):format(expected and "repeats" or "does not repeat", row.name, err.kind,
      err.status or "", err.outcome or ""), function()
      assert.equal(expected, retry.delay(row, err, 1, POLICY, 60) ~= nil)
    end)
  end

  it("waits at random below a limit that doubles and is capped", function()
    local err = { kind = "connect" }
    for attempt, limit in ipairs { 0.5, 1 } do
      local longest = 0
      for _ = 1, 300 do
        local seconds = retry.delay(GET, err, attempt, POLICY, 60)
        assert.is_true(seconds >= 0 and seconds < limit)
        longest = math.max(longest, seconds)
      end
      assert.is_true(longest > limit / 2)
    end
    for _ = 1, 100 do
      assert.is_true(retry.delay(GET, err, 9, { max = 10, base = 0.5, cap = 2 }, 60) < 2)
    end
  end)

  it("does not touch the host's math.random", function()
    math.randomseed(42)
    local expected = math.random(1, 1000000)
    math.randomseed(42)
    retry.delay(GET, { kind = "connect" }, 1, POLICY, 60)
    assert.equal(expected, math.random(1, 1000000))
  end)

  it("honours Retry-After, but not past the deadline", function()
    local err = { kind = "server", status = 503, retry_after = 7 }
    assert.equal(7, retry.delay(GET, err, 1, POLICY, 8))
    assert.is_nil(retry.delay(GET, err, 1, POLICY, 7))
  end)

  it("ends after max, and never begins where it is turned off", function()
    local err = { kind = "connect" }
    assert.is_not_nil(retry.delay(GET, err, 2, POLICY, 60))
    assert.is_nil(retry.delay(GET, err, 3, POLICY, 60))
    assert.is_nil(retry.delay(GET, err, 1, false, 60))
    assert.is_nil(retry.delay(GET, err, 1, { max = 0, base = 1, cap = 1 }, 60))
  end)
end)
