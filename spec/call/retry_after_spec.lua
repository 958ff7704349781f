local retry_after = require "sapanywhere.call.retry_after"

local NOW = "Sun, 06 Nov 1994 08:49:37 GMT"

describe("Retry-After", function()
  local cases = {
    { "0", 0 }, { "7", 7 }, { "007", 7 }, { "86400", 86400 }, { ("9"):rep(40), 2 ^ 31 },
    { ("9"):rep(64), 2 ^ 31 }, { "2147483647", 2147483647 }, { "2147483649", 2 ^ 31 },
    { "Sun, 06 Nov 1994 08:49:38 GMT", 1 },
    { "Sunday, 06-Nov-94 08:50:37 GMT", 60 },
    { "Sun Nov  6 09:49:37 1994", 3600 },
    { "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
    { "Mon, 07 Nov 1994 08:49:37 GMT", 86400 },
    { "" }, { "soon" }, { "-1" }, { "1.5" }, { "7 s" }, { "1994-11-07" }, { "0x10" }, { "1e3" },
    { "Sun, 06 Foo 1994 08:49:37 GMT" }, { "Sun" }, { ("9"):rep(65) },
    { "Sun, 06 Nov 1994 08:49:38 GMT" .. (" "):rep(60) },
  }
  for _, case in ipairs(cases) do
    it(("reads %q as %s"):format(case[1], tostring(case[2])), function()
      assert.equal(case[2], retry_after.read(case[1], NOW))
    end)
  end

  it("takes a date of at most 64 bytes for the server's clock", function()
    local value = "Sun, 06 Nov 1994 08:49:38 GMT"
    for length, seconds in pairs { [29] = 1, [64] = 1, [65] = 0 } do
      assert.equal(seconds, retry_after.read(value, NOW .. (" "):rep(length - #NOW)))
    end
  end)

  it("is told by this machine's clock where the answer has no date, or none that can be read", function()
    for _, date in ipairs { false, "", "yesterday", ("x"):rep(100) } do
      local seconds = retry_after.read(os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 60), date or nil)
      assert.truthy(seconds >= 58 and seconds <= 60, seconds)
    end
  end)
end)
