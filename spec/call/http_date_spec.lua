local http_date = require "sapanywhere.call.http_date"

local NOW = 1700000000 -- 2023-11-14 22:13:20 UTC

describe("a Retry-After that is made to be slow", function()
  it("is none", function()
    local started = os.clock()
    assert.is_nil(http_date.retry_after("x" .. (" "):rep(60000) .. "x", 0))
    assert.is_true(os.clock() - started < 5)
  end)
end)

describe("http_date", function()
  local dates = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Wed Nov 16 08:49:37 1994", 784975777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
    { "Wed, 01 Mar 2000 00:00:00 GMT", 951868800 },
    { "Fri, 31 Dec 1999 23:59:59 GMT", 946684799 },
    { "Thu, 31 Dec 2099 23:59:59 GMT", 4102444799 },
    { "Friday, 01-Jan-73 00:00:00 GMT", 3250454400 }, -- 50 years ahead, not 50 behind
    { "Tuesday, 01-Jan-74 00:00:00 GMT", 126230400 },
    { "Thu, 29 Feb 2001 00:00:00 GMT" }, { "Mon, 29 Feb 2100 00:00:00 GMT" },
      { "Mon, 31 Apr 2023 00:00:00 GMT" },
    { "Mon, 00 Apr 2023 00:00:00 GMT" }, { "Mon, 01 Foo 2023 00:00:00 GMT" },
      { "Mon, 01 Apr 2023 24:00:00 GMT" },
    { "Mon, 01 Apr 2023 00:60:00 GMT" }, { "Mon, 01 Apr 2023 00:00:61 GMT" },
      { "Mon, 01 Apr 2023 00:00:00 CET" },
    { "2023-04-01T00:00:00Z" }, { "" }, { "Mon, 1 Apr 2023 00:00:00 GMT" },
  }
  for _, case in ipairs(dates) do
    it(("reads %q as %s"):format(case[1], tostring(case[2])), function()
      assert.equal(case[2], http_date.read(case[1], NOW))
    end)
  end

  local waits = {
    { "120", 120 }, { " 0 ", 0 }, { "Tue, 14 Nov 2023 22:14:20 GMT", 60 },
      { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
    { "99999999999999999999999", 2 ^ 31 }, { "-1" }, { "1.5" }, { "soon" }, { "" }, { "0x10" },
  }
  for _, case in ipairs(waits) do
    it(("takes Retry-After %q for %s seconds"):format(case[1], tostring(case[2])), function()
      assert.equal(case[2], http_date.retry_after(case[1], NOW))
    end)
  end
end)
