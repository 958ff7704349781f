local callback = require "sapanywhere.callback"
local errors = require "sapanywhere.errors"

local STATE = "Zq9state"
local EXPECTED = { state = STATE }

-- what came in any of the four forms
local function forms(query, decoded)
  return {
    url = "https://www.mycoolapp.com/auth?" .. query, path = "/auth?" .. query, query = query,
    marked = "?" .. query, fragment = "/auth?" .. query .. "#code=other&state=x", table = decoded,
  }
end

describe("parse_callback", function()
  for form, input in pairs(forms("code=abc%2Bd+e%252F&state=Zq9state&realmId=7", {
    code = "abc+d e%2F", state = STATE, realmId = "7",
  })) do
    it("reads a grant from a " .. form .. ", decoding once", function()
      local grant, err = callback.parse(input, EXPECTED)
      assert.is_nil(err)
      assert.same({ code = "abc+d e%2F", state = STATE, realmId = "7" }, grant)
    end)
  end

  it("reads a query whose values hold a question mark", function()
    assert.equal("a?b", callback.parse("code=a?b&state=Zq9state", EXPECTED).code)
    assert.equal("a?b", callback.parse("/auth?code=a?b&state=Zq9state", EXPECTED).code)
  end)

  it("leaves out what is not well percent-encoded, and reads the rest", function()
    assert.same({ code = "c", state = STATE, y = "1" },
      callback.parse("/auth?x=100%&code=c&%zz=2&state=Zq9state&y=%31", EXPECTED))
    assert.equal("state", select(2, callback.parse("code=c&state=%zz", { state = false })).kind)
  end)

  it("reads a URL as it was pasted", function()
    for _, form in ipairs { " %s\n", '"%s"', "\t'%s' ", "<%s>", "`%s`\r\n", '" %s "' } do
      for _, url in ipairs { "https://www.mycoolapp.com/auth?code=c&state=Zq9state", "/auth?code=c&state=Zq9state" } do
        assert.same({ code = "c", state = STATE }, callback.parse(form:format(url), EXPECTED))
      end
    end
    assert.equal("c'", callback.parse("/auth?state=Zq9state&code=c'", EXPECTED).code)
    assert.equal("state", select(2, callback.parse((" "):rep(16000), EXPECTED)).kind)
    assert.equal("state", select(2, callback.parse(('"'):rep(16000), EXPECTED)).kind)
  end)

  describe("a denial without a state", function()
    local said = "error=access_denied&error_description=Zq9words&error_uri=Zq9uri"
    for form, input in pairs(forms(said, { error = "access_denied", error_description = "Zq9words" })) do
      it("is told as one, from a " .. form, function()
        local grant, err = callback.parse(input, EXPECTED)
        assert.is_nil(grant)
        assert.equal("denied", err.kind)
        assert.is_true(err.state_missing)
        assert.equal("access_denied", err.error)
        assert.is_nil(err.error_description)
        assert.is_nil(err.error_uri)
        assert.is_nil(tostring(err):find("Zq9", 1, true))
      end)
    end

    it("is one where the state is empty", function()
      assert.is_true(select(2, callback.parse("?error=no&state=", EXPECTED)).state_missing)
      assert.is_true(select(2, callback.parse({ error = "no", state = true }, EXPECTED)).state_missing)
    end)

    it("asks no sealer", function()
      local sealer = { verify = function() error("asked") end }
      assert.is_true(select(2, callback.parse("?error=no", { state = sealer, bind = "b" })).state_missing)
    end)

    it("says so only where a state was expected, and none came", function()
      assert.is_nil(select(2, callback.parse("?error=no", { state = false })).state_missing)
      assert.is_nil(select(2, callback.parse("?error=no&state=Zq9state", EXPECTED)).state_missing)
    end)

    it("keeps the words for what was not the user", function()
      local _, err = callback.parse("?error=server_error", EXPECTED)
      assert.equal("callback", err.kind)
      assert.is_true(err.state_missing)
    end)
  end)

  it("knows the words of OAuth that are no refusal by the user, and takes all others for one", function()
    for _, word in ipairs {
      "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "server_error",
      "temporarily_unavailable",
    } do
      assert.equal("callback", select(2, callback.parse("?state=" .. STATE .. "&error=" .. word, EXPECTED)).kind)
    end
    for _, word in ipairs { "access_denied", "no", "invalid", "server_error2", "" } do
      local _, err = callback.parse("?state=" .. STATE .. "&error=" .. word, EXPECTED)
      assert.equal(word == "" and "callback" or "denied", err.kind)
    end
  end)

  it("shows 500 bytes of a description at most", function()
    local function description(length)
      local words = "%20" .. ("d"):rep(length)
      local query = "?state=" .. STATE .. "&error=no&error_description=x" .. words
      return select(2, callback.parse(query, EXPECTED)).error_description
    end
    assert.equal("x " .. ("d"):rep(498), description(498))
    assert.truthy(#description(499) < 501 + #"…", #description(499))
    assert.not_equal("x " .. ("d"):rep(499), description(499))
  end)

  it("finds no query in an address that has none", function()
    local query = "code=c&state=" .. STATE
    for _, address in ipairs { "/auth&" .. query, "https://www.mycoolapp.com/auth&" .. query, "myapp://" .. query } do
      local grant, err = callback.parse(address, EXPECTED)
      assert.is_nil(grant, address)
      assert.equal("state", err.kind)
    end
    assert.equal("c", assert(callback.parse("myapp://cb?" .. query, EXPECTED)).code)
  end)

  it("reads what ngx.req.get_uri_args gives", function()
    local grant = assert(callback.parse({ code = "c", state = STATE, flag = true, list = { "1", "2" } },
      EXPECTED))
    assert.same({ code = "c", state = STATE, flag = "", list = "1" }, grant)
  end)

  it("goes without a state only on purpose", function()
    assert.equal("c", callback.parse("code=c", { state = false }).code)
    assert.equal("any", callback.parse("code=c&state=any", { state = false }).state)
    for _, opts in ipairs { {}, { state = true }, { state = "" }, { state = 5 }, { state = {} } } do
      local grant, err = callback.parse("code=c&state=x", opts)
      assert.is_nil(grant)
      assert.equal("usage", err.kind)
    end
    local _, err = callback.parse("code=c")
    assert.same({ "state" }, err.missing)
    _, err = callback.parse("code=c", { stat = "x" })
    assert.truthy(tostring(err):find("did you mean 'state'", 1, true))
    _, err = callback.parse(nil, EXPECTED)
    assert.equal("usage", err.kind)
  end)

  -- input, kind, a part of the message
  local REFUSED = {
    { "code=Zq9code", "state", "holds no state" },
    { "code=Zq9code&state=", "state", "holds no state" },
    { "code=Zq9code&state=Zq9stat", "state", "not the one that was sent" },
    { "code=Zq9code&state=zQ9STATE", "state", "not the one that was sent" },
    { "code=Zq9code&state=Zq9state&state=Zq9state", "state", "more than one state" },
    { "error=access_denied&state=Zq9other", "state", "not the one that was sent" },
    { "state=Zq9%zz&code=Zq9code", "state", "state is not well percent-encoded" },
    { "state=Zq9state&state=%zz&code=Zq9code", "state", "more than one state" },
    { "state=%zz&error=access_denied", "state", "state is not well percent-encoded" },
    { "error=access_denied&code=Zq9code", "state", "holds no state" },
    { "error=access_denied&code=%zz", "state", "holds no state" },
    { "error=a&error=b", "state", "holds no state" },
    { "error=%zz", "state", "holds no state" },
    { "error=", "state", "holds no state" },
    { { error = { "a", "b" } }, "state", "holds no state" },
    { { error = "a", code = true }, "state", "holds no state" },
    { "state=Zq9state&error=%zz&code=Zq9code", "callback", "error is not well percent-encoded" },
    { "state=Zq9state&error=access_denied&code=%zz", "callback", "code is not well percent-encoded" },
    { "state=Zq9state&error=", "callback", "error parameter is empty" },
    { "state=Zq9state&error", "callback", "error parameter is empty" },
    { { state = STATE, error = true }, "callback", "error parameter is empty" },
    { { code = "Zq9code", state = { STATE, STATE } }, "state", "more than one state" },
    { { code = "Zq9code", state = true }, "state", "holds no state" },
    { "", "state", "holds no state" },
    { "/auth", "state", "holds no state" },
    { "https://www.mycoolapp.com/auth", "state", "holds no state" },
    { "state=Zq9state", "callback", "neither a code nor an error" },
    { "state=Zq9state&code=", "callback", "neither a code nor an error" },
    { "state=Zq9state&code", "callback", "neither a code nor an error" },
    { "state=Zq9state&code=Zq9code&code=Zq9code", "callback", "more than one code" },
    { { state = STATE, code = { "Zq9code", "Zq9code" } }, "callback", "more than one code" },
    { "state=Zq9state&error=a&error=b", "callback", "more than one error" },
    { "state=Zq9state&error=access_denied&code=Zq9code", "callback", "both a code and an error" },
    { "state=Zq9state&code=Zq9code%", "callback", "not well percent-encoded" },
    { "state=Zq9state&code=Zq9code%zz", "callback", "not well percent-encoded" },
    { "state=Zq9state&code=Zq9code%0D%0A", "callback", "code is not text" },
    { "state=Zq9state&code=Zq9code%00", "callback", "code is not text" },
    { "state=Zq9state&code=Zq9code%FF", "callback", "code is not text" },
    { "state=Zq9state&error=access_denied", "denied", "did not allow it (access_denied)" },
    { "state=Zq9state&error=no", "denied", "did not allow it (no)" },
    { "state=Zq9state&error=access_denied&error_description=The+user+said+no", "denied",
      "access_denied: The user said no" },
    { "state=Zq9state&error=temporarily_unavailable", "callback",
      "could not ask the user (temporarily_unavailable)" },
    { "state=Zq9state&error=invalid_scope", "callback", "could not ask the user (invalid_scope)" },
    { "code=Zq9code&state=Zq9state&x=" .. ("x"):rep(16384), "too_large", "larger than 16 KiB" },
    { { code = "Zq9code", state = STATE, x = ("x"):rep(16384) }, "too_large", "larger than 16 KiB" },
    { { code = { "Zq9code" }, state = STATE, [("x"):rep(16384)] = true }, "too_large", "larger than 16 KiB" },
  }
  for _, case in ipairs(REFUSED) do
    local shown = type(case[1]) == "string" and case[1]:sub(1, 60) or "a table"
    it(("refuses %q as %s: %s"):format(shown, case[2], case[3]), function()
      local grant, err = callback.parse(case[1], EXPECTED)
      assert.is_nil(grant)
      assert.equal(case[2], err.kind)
      assert.truthy(err.message:find(case[3], 1, true), err.message)
      assert.is_nil(tostring(err):find("Zq9", 1, true))
    end)
  end

  it("makes the provider's words fit to show", function()
    local _, err = callback.parse("state=Zq9state&error=no%0D%0Ano&error_description=%1B[31m"
      .. ("x"):rep(900)
      .. "&error_uri=https://x.example/?code=Zq9code", EXPECTED)
    assert.equal("no no", err.error)
    assert.truthy(#err.error_description < 510)
    assert.is_nil(tostring(err):find("[%c\27]"))
    assert.equal("https://x.example/?code=[hidden]", err.error_uri)
  end)

  describe("with a sealer", function()
    local seen
    local sealer = {}
    function sealer:verify(value, opts)
      seen = { self == sealer, value, opts.bind }
      if value == "good" then return true end
      if value == "old" then return nil, errors.new("state", { message = "expired" }) end
    end

    it("asks it about the state, with what it is bound to", function()
      assert.equal("c", callback.parse("code=c&state=good", { state = sealer, bind = "session" }).code)
      assert.same({ true, "good", "session" }, seen)
    end)

    it("returns its errors, or one for it", function()
      local _, err = callback.parse("code=c&state=old", { state = sealer })
      assert.equal("expired", err.message)
      _, err = callback.parse("code=c&state=bad", { state = sealer })
      assert.equal("state", err.kind)
      _, err = callback.parse("code=c", { state = sealer })
      assert.equal("state", err.kind)
    end)
  end)
end)

describe("a callback's options", function()
  it("are all judged at once", function()
    local _, err = callback.parse(5, { stat = "a", bnd = 1 })
    assert.equal("usage", err.kind)
    assert.same({ "state" }, err.missing)
    assert.equal(4, #err.problems)
    for _, words in ipairs { "'stat' (did you mean 'state'?)", "'bnd' (did you mean 'bind'?)", "not a number" } do
      assert.truthy(err.message:find(words, 1, true), err.message)
    end
  end)

  it("bind goes with a sealer alone", function()
    for _, state in ipairs { "s", false } do
      local _, err = callback.parse("?code=c&state=s", { state = state, bind = "session" })
      assert.equal("usage", err.kind)
      assert.equal("bind", err.problems[1].option)
    end
  end)
end)

describe("a callback with an error that says nothing", function()
  it("is no use, and nobody's no", function()
    local _, err = callback.parse("?error=&state=s", { state = "s" })
    assert.equal("callback", err.kind)
  end)
end)

describe("parameters that are no text", function()
  it("are told of, for they may not be what was sent", function()
    for name, map in pairs {
      code = { code = 123, state = "s" }, state = { code = "c", state = 5 }, error = { error = false, state = "s" },
    } do
      local _, err = callback.parse(map, { state = "s" })
      assert.equal("usage", err.kind)
      assert.truthy(err.message:find("the callback's " .. name .. " must be a string", 1, true), err.message)
    end
    local _, err = callback.parse({ code = { "1", 2 }, state = "s" }, { state = "s" })
    assert.equal("usage", err.kind)
  end)
end)

describe("what is missing", function()
  it("is named with what it takes", function()
    local _, err = callback.parse("?code=c", {})
    assert.same({ "state" }, err.missing)
    assert.truthy(err.message:find("the one that oauth_url returned, or false", 1, true), err.message)
  end)
end)
