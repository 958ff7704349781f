local core = require "sapanywhere.core"

local every_byte = {}
for byte = 0, 255 do every_byte[#every_byte + 1] = string.char(byte) end
every_byte = table.concat(every_byte)

describe("percent-encoding", function()
  it("leaves the unreserved characters of RFC 3986 alone, and them only", function()
    local expected = every_byte:gsub("[^%w%-%._~]", function(c) return ("%%%02X"):format(c:byte()) end)
    assert.equal(expected, core.percent_encode(every_byte))
  end)

  for plain, encoded in pairs {
    [""] = "",
    ["https://www.mycoolapp.com/auth?a=b&c"] = "https%3A%2F%2Fwww.mycoolapp.com%2Fauth%3Fa%3Db%26c",
    ["100% + 1"] = "100%25%20%2B%201",
    ["caf\195\169"] = "caf%C3%A9",
    ["%41"] = "%2541",
  } do
    it("writes " .. encoded, function() assert.equal(encoded, core.percent_encode(plain)) end)
  end

  it("does long texts like short ones", function()
    for _, length in ipairs { 341, 342, 1000, 100000 } do
      assert.equal(("%2F"):rep(length), core.percent_encode(("/"):rep(length)))
    end
  end)
end)

describe("percent-decoding of what somebody else wrote", function()
  for encoded, plain in pairs {
    [""] = "", ["a%20b+c"] = "a b+c", ["%2520"] = "%20", ["100%"] = "100%", ["%4"] = "%4", ["%zz%41"] = "%zzA",
    ["%%41"] = "%A", ["%c3%A9"] = "\195\169", ["%00"] = "\0",
  } do
    it("reads " .. encoded, function() assert.equal(plain, core.percent_decode(encoded)) end)
  end

  it("reads a plus sign as a space where that is asked for", function()
    assert.equal("a b+", core.percent_decode("a+b%2B", true))
  end)

  it("undoes what was encoded", function()
    assert.equal(every_byte, core.percent_decode(core.percent_encode(every_byte)))
  end)
end)

-- The query of names and values.
local function query(list)
  return core.target("", {}, {}, list)
end

describe("a query that is built", function()
  it("has each name and value encoded once, in the given order", function()
    assert.equal("apiKey=k%26y&state=&call%20back=https%3A%2F%2Fx%2F%3Fa%3Db",
      query { "apiKey", "k&y", "state", "", "call back", "https://x/?a=b" })
  end)

  it("is empty without pairs", function() assert.equal("", query {}) end)

  it("may be long", function()
    local list, expected = {}, {}
    for i = 1, 2000 do
      list[#list + 1], list[#list + 2] = "n" .. i, " "
      expected[i] = "n" .. i .. "=%20"
    end
    assert.equal(table.concat(expected, "&"), query(list))
  end)

  it("is refused for anything but strings, and names without a value", function()
    assert.has_error(function() query { "a", 1 } end)
    assert.has_error(function() query { "a", false } end)
    assert.has_error(function() query { "a" } end)
    assert.has_error(function() query "a=b" end)
  end)
end)

describe("a query that is read", function()
  local cases = {
    { "", {} },
    { "&&", {} },
    { "a=b", { { "a", "b" } } },
    { "a=b&", { { "a", "b" } } },
    { "&a=b&&c=d", { { "a", "b" }, { "c", "d" } } },
    { "a", { { "a", "" } } },
    { "a=", { { "a", "" } } },
    { "=b", { { "", "b" } } },
    { "a=b=c", { { "a", "b=c" } } },
    { "a=1&a=2", { { "a", "1" }, { "a", "2" } } },
    { "%61%3D=%26%3d", { { "a=", "&=" } } },
    { "a=%2541", { { "a", "%41" } } },
    { "a=%00%ff", { { "a", "\0\255" } } },
    { "a=b?c#d", { { "a", "b?c#d" } } },
  }
  for _, case in ipairs(cases) do
    it(("takes %q apart"):format(case[1]), function()
      assert.same(case[2], core.parse_query(case[1]))
    end)
  end

  it("has + for a space only where that is asked for", function()
    assert.same({ { "a b", "c d" } }, core.parse_query("a+b=c+d", true))
    assert.same({ { "a+b", "c+d" } }, core.parse_query("a+b=c+d", false))
    assert.same({ { "a", "+" } }, core.parse_query("a=%2B", true))
  end)

  -- What cannot be decoded: a value is false, a name leaves its pair out; the others are read.
  for bad, list in pairs {
    ["%"] = {}, ["a%"] = {}, ["%g4=b"] = {}, ["a=%4"] = { { "a", false } }, ["a=%zz"] = { { "a", false } },
    ["a=%4g"] = { { "a", false } }, ["a=%%41"] = { { "a", false } }, ["a=% 41"] = { { "a", false } },
    ["a=%4&b=1"] = { { "a", false }, { "b", "1" } }, ["a=b&c=%"] = { { "a", "b" }, { "c", false } },
    ["%=a&b=%41"] = { { "b", "A" } },
  } do
    it(("leaves out what is not well encoded in %q"):format(bad), function()
      assert.same(list, core.parse_query(bad, true))
    end)
  end

  it("gives back what was written, whatever it was", function()
    assert.same({ { every_byte, every_byte:reverse() } },
      core.parse_query(query { every_byte, every_byte:reverse() }))
    local long = every_byte:rep(100)
    assert.same({ { long, "" }, { "", long } }, core.parse_query(query { long, "", "", long }, true))
  end)
end)
