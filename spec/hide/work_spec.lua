-- Whoever sends a text may want it to take for ever: the steps that what reads it takes grow with its length and no
-- faster, up to the limits, whatever it repeats. Steps are counted, not seconds.

local callback = require "sapanywhere.callback"
local core = require "sapanywhere.core"
local headers = require "sapanywhere.hide.headers"
local redact = require "sapanywhere.redact"
local retry_after = require "sapanywhere.call.retry_after"
local steps = require "support.steps"

local LIMIT = 16 * 1024
local SIZE = 400 -- bytes; enough to tell growth from growth

local SECRET = "SECRET-0a1b2c3d4e5f"
local SECRETS = { SECRET, "secret 5678", "aaaaaaaaaaaaaaaaaaaaaaab", "xyz" }

-- What the texts repeat, alone or behind the beginning of something that each repetition could be looked at for.
local UNITS = {
  "a", "a%", "%25", "%2526", "a%3D", "\\", "\\\\\"", '"', '"a" ', '"a":', "'a", "<", "<a ", "<token>", "<token a=",
  "</",
  "a, ", " ", "\n", "//", "//a:", "//a:b@", "a@", "a: ", "=", "a=", "[", "{", "&", "&#1", "\\u00",
  "code=", "code%253D",
  "code: ", '"token":"', '"token":"\\', '"token":[', '"key":"token",', "token='", "User a,", "User a, b ", "Bearer a",
  "cookie:", "a.", "1", "token1", "s", "a;", "\194\155", "\195", "é", SECRET, SECRET:sub(1, -2), "aaaa",
  core.base64(SECRET), "xyz ", core.percent_encode("secret 5678"), "secret 567",
}
local FRAMES = { { "", "" }, { '//a:b=%3D<token "', '"@:,' } }

local function fill(unit, size, frame)
  return frame[1] .. unit:rep(math.floor((size - #frame[1] - #frame[2]) / #unit)) .. frame[2]
end

-- Calls work(text) with texts of each kind, and sees how its steps grow.
local function check(name, work, limit)
  for _, unit in ipairs(UNITS) do
    for _, frame in ipairs(FRAMES) do
      steps.assert_linear(("%s of %q in %q"):format(name, unit, frame[1]), function(size)
        work(fill(unit, size, frame))
      end, limit)
    end
  end
end

describe("the counter of steps", function()
  it("matches as Lua does", function()
    for _, case in ipairs {
      { "abc 12", "(%a+) (%d+)" }, { "a[b[c]]d", "%b[]" }, { "THE (quick) fox", "%f[%a]%a+()" }, { "x=1,y", "()=" },
      { "aaa", "^a-$" }, { "key: v  ", "^(.-)%s*$" }, { "a.b", "%." }, { "", "^$" },
      { "a]b", "[]b]+" }, { "a-b", "[a%-]+" },
      { "abc", "^b" }, { "\0a", "%z" }, { "aXb", "[^%l]" }, { "ab", "a?b?c?" },
    } do
      local expected = { case[1]:find(case[2]) }
      local _, found = steps.count(function() return { case[1]:find(case[2]) } end)
      assert.same(expected, found)
    end
    for _, case in ipairs { { "a b", "%a" }, { "a,b", "[,;]" }, { "code", "^c" }, { "ab12", "%d+" } } do
      local _, changed = steps.count(function() return (case[1]:gsub(case[2], "<%0>")) end)
      assert.equal((case[1]:gsub(case[2], "<%0>")), changed)
    end
  end)

  it("sees a pattern that goes over the same bytes again and again", function()
    for _, slow in ipairs {
      function(size) return ("a<" .. ("a"):rep(size)):find("<([%w]+)[^<>]*>") end,
      function(size) return (("a"):rep(size)):match("%a*%d") end,
      function(size)
        local text = ("a"):rep(size)
        for i = 1, size do if text:find("b", i, true) then return end end
      end,
    } do
      assert.has_error(function() steps.assert_linear("slow", slow, 1000) end)
    end
  end)
end)

describe("the work grows with the text and no faster", function()
  it("in redact", function()
    check("redact", function(text) redact.line(redact.copy({ [text] = 1 }) and text, 500) end, SIZE)
  end)

  it("in redact, given secrets", function()
    check("redact, given secrets,", function(text) redact.copy(text, SECRETS) end, SIZE)
  end)

  it("in a callback", function()
    check("error_description", function(text)
      callback.parse("/auth?state=s&error=x&error_description=" .. text, { state = "s" })
    end, SIZE)
    check("a callback", function(text) callback.parse(text, { state = "s" }) end, SIZE)
    check("a callback's table", function(text)
      callback.parse({ state = "s", error = text, error_uri = { text } }, { state = "s" })
    end, SIZE)
  end)

  it("in the headers of an answer", function()
    check("a header", function(text) headers.clean({ ["x-a"] = text, date = text }, SECRETS) end, SIZE)
    check("a header's name", function(text) headers.clean({ [text] = "a" }, SECRETS) end, SIZE)
  end)

  it("in Retry-After", function()
    check("Retry-After", function(text) retry_after.read(text, "Sun, 06 Nov 1994 08:49:37 GMT") end, SIZE)
    check("a date", function(text) retry_after.read("Sun, 06 Nov 1994 08:49:37 " .. text, text) end, SIZE)
  end)

  it("up to the limits", function()
    for _, unit in ipairs {
      "<a", "<token>", '"token":"\\', "%25", "&#37;", core.base64(SECRET):sub(1, 24), "a, ", "//a:b",
    } do
      steps.assert_linear(unit, function(size)
        local text = fill(unit, size, FRAMES[1])
        redact.line(text, 500, SECRETS)
        callback.parse("/auth?error=" .. text:sub(1, -100), { state = "s" })
        headers.clean({ ["x-a"] = text }, SECRETS)
      end, LIMIT)
    end
  end)
end)

describe("a text that is long and holds a secret", function()
  it("is hidden whole", function()
    assert.equal("[hidden]", redact.text(("a "):rep(LIMIT) .. SECRET, SECRETS))
    assert.equal("(20000 bytes)", redact.line(("a "):rep(10000), 100, SECRETS))
  end)
end)
