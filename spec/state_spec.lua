local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local sapanywhere = require "sapanywhere"

local KEY = "Zq9key--abcdefghijklmnopqrstuvwxyz012345"
local OTHER_KEY = "Zq9other-abcdefghijklmnopqrstuvwxyz01234"
local CALLBACK_URL = "https://www.mycoolapp.com/auth"
local BIND = "Zq9session"
local ISSUED = 1700000000

local at = {}

-- A sealer whose clock shows `at.now`, with more options, or without those that are "none".
local function sealer(more)
  local given = {
    key = KEY, ttl = 600, callback_url = CALLBACK_URL, clock = function() return at.now end,
  }
  for name, value in pairs(more or {}) do
    given[name] = value ~= "none" and value or nil
  end
  return assert(sapanywhere.state(given))
end

local function assert_refused(reason, ok, err)
  assert.is_nil(ok)
  assert.is_true(errors.is(err))
  assert.equal("state", err.kind)
  assert.equal(reason, err.reason)
  assert.is_false(err.retryable)
  assert.is_nil(tostring(err):find("Zq9", 1, true), "a secret is shown")
end

-- Whether a text stands anywhere that can be reached from a value without the debug library.
local function reaches(value, text, seen)
  if type(value) == "string" then return value:find(text, 1, true) ~= nil end
  if type(value) ~= "table" or seen[value] then return false end
  seen[value] = true
  for key, entry in pairs(value) do
    if reaches(key, text, seen) or reaches(entry, text, seen) then return true end
  end
  return reaches(getmetatable(value), text, seen)
end

describe("a sealer", function()
  before_each(function() at.now = ISSUED end)

  it("issues values that fit in a URL as they are, and verifies them", function()
    local sealed = sealer()
    local value = assert(sealed:issue { bind = BIND })
    assert.matches("^[%w_-]+$", value)
    assert.equal(88, #value)
    assert.is_true(sealed:verify(value, { bind = BIND }))
    assert.is_true(sealer():verify(value, { bind = BIND }))
  end)

  it("issues no value twice", function()
    local sealed, seen = sealer(), {}
    for _ = 1, 1000 do
      local value = sealed:issue { bind = BIND }
      assert.is_nil(seen[value])
      seen[value] = true
    end
  end)

  it("needs nothing but a key", function()
    local sealed = assert(sapanywhere.state { key = KEY })
    assert.is_true(sealed:verify(sealed:issue { bind = BIND }, { bind = BIND }))
  end)

  it("goes without a bind only on purpose", function()
    local sealed = sealer()
    local value = sealed:issue { bind = false }
    assert.is_true(sealed:verify(value, { bind = false }))
    assert_refused("another_session", sealed:verify(value, { bind = BIND }))
    assert_refused("another_session", sealed:verify(sealed:issue { bind = BIND }, { bind = false }))
  end)

  -- Made from the description at the head of state.lua by another program, in another language: what is in
  -- the users' browsers, and what other releases read and write, must not change.
  local KNOWN = {
    { CALLBACK_URL, "session-1",
      "AQBlU_EAoKGio6SlpqeoqaqrrK2ur0_rJkK_zDHYcpRfC1_-znhJF3QUuJxtCPsNyghZZJyRv3tElrWIQtIe2PLE" },
    { "none", false,
      "AQBlU_EAoKGio6SlpqeoqaqrrK2urwFeN4zQs5m5bpZA3ymvB7gbNKG-3PmHHN1UnM6X_MLEOJIb_cSImqUTo5Xf" },
  }
  for number, case in ipairs(KNOWN) do
    it("writes and reads the known value " .. number, function()
      local key, nonce = "", ""
      for byte = 0, 31 do key = key .. string.char(byte) end
      for byte = 0xA0, 0xAF do nonce = nonce .. string.char(byte) end
      local sealed = sealer { key = key, callback_url = case[1] }
      local random = core.random
      core.random = function() return nonce end
      local value = sealed:issue { bind = case[2] }
      core.random = random
      assert.equal(case[3], value)
      assert.is_true(sealed:verify(case[3], { bind = case[2] }))
    end)
  end

  describe("refuses", function()
    -- the options of the sealer that verifies, the bind, the reason
    local SWAPPED = {
      { "another key", { key = OTHER_KEY }, BIND, "forged" },
      { "two other keys", { key = { OTHER_KEY, KEY .. "x" } }, BIND, "forged" },
      { "another element", { element = "sage200" }, BIND, "forged" },
      { "an element's id", { element = 39 }, BIND, "forged" },
      { "another callback URL", { callback_url = CALLBACK_URL .. "/" }, BIND, "forged" },
      { "no callback URL", { callback_url = "none" }, BIND, "forged" },
      { "another session", {}, BIND .. "x", "another_session" },
      { "a part of the bind", {}, BIND:sub(1, -2), "another_session" },
      { "a bind in other letters", {}, BIND:lower(), "another_session" },
      { "no bind", {}, false, "another_session" },
    }
    for _, case in ipairs(SWAPPED) do
      it("what was made for " .. case[1] .. ", both ways", function()
        local ours, theirs = sealer(), sealer(case[2])
        assert_refused(case[4], theirs:verify(ours:issue { bind = BIND }, { bind = case[3] }))
        assert_refused(case[4], ours:verify(theirs:issue { bind = case[3] }, { bind = BIND }))
      end)
    end

    it("fields that were moved across their borders", function()
      local long = sealer { element = "ab", callback_url = "chttps://x" }
      local short = sealer { element = "abc", callback_url = "https://x" }
      assert_refused("forged", short:verify(long:issue { bind = BIND }, { bind = BIND }))
      local with = sealer { callback_url = "https://x/s" }
      local without = sealer { callback_url = "https://x/" }
      assert_refused("forged", without:verify(with:issue { bind = "b" }, { bind = "sb" }))
    end)

    it("a value in which one bit has changed, whichever", function()
      local sealed = sealer { ttl = 86400 }
      local bytes = core.unbase64url(sealed:issue { bind = BIND })
      for position = 1, #bytes do
        local byte = bytes:byte(position)
        local reason = position == 1 and "malformed" or position <= 34 and "forged" or "another_session"
        for bit = 0, 7 do
          local power = 2 ^ bit
          local is_set = math.floor(byte / power) % 2 == 1
          local flipped = string.char(math.floor(byte + (is_set and -power or power)))
          local value = core.base64url(bytes:sub(1, position - 1) .. flipped .. bytes:sub(position + 1))
          assert_refused(reason, sealed:verify(value, { bind = BIND }))
        end
      end
    end)

    it("a value in which one character is another, whichever", function()
      local sealed = sealer()
      local value = sealed:issue { bind = BIND }
      for position = 1, #value do
        for char in ("ABYZabyz0189-_+/=.%~ \0\255"):gmatch(".") do
          if char ~= value:sub(position, position) then
            local changed = value:sub(1, position - 1) .. char .. value:sub(position + 1)
            local ok, err = sealed:verify(changed, { bind = BIND })
            assert.is_nil(ok)
            assert.equal("state", err.kind)
          end
        end
      end
    end)

    it("what is no value at all, and what was cut or added to", function()
      local sealed = sealer()
      local value = sealed:issue { bind = BIND }
      local list = {
        "", "Zq9", ("A"):rep(88), ("-"):rep(88), ("A"):rep(100000), value .. "A", value .. "=",
        value .. value, " " .. value:sub(2), 5, true, {}, false,
      }
      for length = 0, 87 do list[#list + 1] = value:sub(1, length) end
      for _, wrong in ipairs(list) do
        local ok, err = sealed:verify(wrong, { bind = BIND })
        assert.is_nil(ok)
        assert.equal("malformed", err.reason)
      end
      assert_refused("malformed", sealed:verify(nil, { bind = BIND }))
    end)

    it("parts of two values put together", function()
      local sealed = sealer()
      local one = core.unbase64url(sealed:issue { bind = BIND })
      local two = core.unbase64url(sealed:issue { bind = BIND })
      for border = 1, #one - 1 do
        local mixed = one:sub(1, border) .. two:sub(border + 1)
        if mixed ~= one and mixed ~= two then
          local ok, err = sealed:verify(core.base64url(mixed), { bind = BIND })
          assert.is_nil(ok)
          local is_beginning_whole = mixed:sub(1, 34) == one:sub(1, 34) -- a byte may be the same in both
          assert.equal(is_beginning_whole and "another_session" or "forged", err.reason)
        end
      end
    end)
  end)

  -- seconds after the issue, the reason for a refusal
  local AGES = {
    { -61, "early" }, { -60 }, { -1 }, { 0 }, { 0.9 }, { 1 }, { 599 }, { 599.9 }, { 600, "expired" },
    { 601, "expired" }, { 1e9, "expired" }, { -1e9, "early" },
  }
  for _, case in ipairs(AGES) do
    local does = case[2] and "refuses" or "accepts"
    it(("%s a value %.1f seconds after its issue"):format(does, case[1]), function()
      local sealed = sealer()
      local value = sealed:issue { bind = BIND }
      at.now = ISSUED + case[1]
      if case[2] then
        assert_refused(case[2], sealed:verify(value, { bind = BIND }))
      else
        assert.is_true(sealed:verify(value, { bind = BIND }))
      end
    end)
  end

  it("lives by its own ttl, and by 600 seconds where none is given", function()
    local value = sealer { ttl = 5 }:issue { bind = BIND }
    at.now = ISSUED + 5
    assert_refused("expired", sealer { ttl = 5 }:verify(value, { bind = BIND }))
    local default = sealer { ttl = "none" }
    at.now = ISSUED
    value = default:issue { bind = BIND }
    at.now = ISSUED + 599
    assert.is_true(default:verify(value, { bind = BIND }))
    at.now = ISSUED + 600
    assert_refused("expired", default:verify(value, { bind = BIND }))
  end)

  it("goes by the system's clock where none is given", function()
    local sealed = assert(sapanywhere.state { key = KEY, ttl = 1 })
    local value = core.unbase64url(sealed:issue { bind = BIND })
    local issued = 0
    for i = 2, 6 do issued = issued * 256 + value:byte(i) end
    assert.truthy(math.abs(issued - os.time()) <= 2)
  end)

  it("counts whole seconds, whatever its clock does", function()
    local seconds
    local sealed = sealer { on_use = function(_, left) seconds = left return true end }
    at.now = ISSUED + 0.9
    local value = assert(sealed:issue { bind = BIND })
    at.now = ISSUED + 10.1
    assert.is_true(sealed:verify(value, { bind = BIND }))
    assert.equal("650", tostring(seconds))
  end)

  it("says when its clock does not tell the time", function()
    local values = { "soon", -1, 0 / 0, math.huge, 2 ^ 40, {} }
    for _, wrong in ipairs(values) do
      at.now = ISSUED
      local sealed = sealer()
      local value = sealed:issue { bind = BIND }
      at.now = wrong
      assert_refused("clock", sealed:issue { bind = BIND })
      assert_refused("clock", sealed:verify(value, { bind = BIND }))
    end
    assert_refused("clock", sealer { clock = function() error "Zq9" end }:issue { bind = BIND })
  end)

  -- A function of the core, and at which of its calls it begins to fail.
  for _, case in ipairs { { "random", 1 }, { "hmac_sha256", 1 }, { "hmac_sha256", 2 } } do
    it(("says when %s fails at call %d"):format(case[1], case[2]), function()
      local sealed = sealer()
      local value = sealed:issue { bind = BIND }
      local works, calls = core[case[1]], 0
      local function run(call)
        calls = 0
        core[case[1]] = function(...)
          calls = calls + 1
          if calls < case[2] then return works(...) end
          return nil, "Zq9"
        end
        local ok, err = call()
        core[case[1]] = works
        return ok, err
      end
      assert_refused("crypto", run(function() return sealed:issue { bind = BIND } end))
      local ok, err = run(function() return sealed:verify(value, { bind = BIND }) end)
      if calls > 0 then assert_refused("crypto", ok, err) end
    end)
  end

  it("keeps every bind apart, whatever bytes it holds", function()
    local sealed = sealer()
    for _ = 1, 300 do
      local bind = core.random(1 + core.random(1):byte() % 100)
      local other = core.random(#bind)
      local value = assert(sealed:issue { bind = bind })
      assert.is_true(sealed:verify(value, { bind = bind }))
      if other ~= bind then assert_refused("another_session", sealed:verify(value, { bind = other })) end
      assert_refused("another_session", sealed:verify(value, { bind = bind .. "\0" }))
    end
  end)

  describe("with a list of keys", function()
    it("signs with the first and verifies with all, so keys can be changed one by one", function()
      local old, both, new = sealer(), sealer { key = { OTHER_KEY, KEY } }, sealer { key = { OTHER_KEY } }
      local ready = sealer { key = { KEY, OTHER_KEY } }
      local by_old, by_both = old:issue { bind = BIND }, both:issue { bind = BIND }
      assert.is_true(both:verify(by_old, { bind = BIND }))
      assert.is_true(both:verify(by_both, { bind = BIND }))
      assert.is_true(new:verify(by_both, { bind = BIND }))
      assert.is_true(ready:verify(by_both, { bind = BIND }))
      assert.is_true(old:verify(ready:issue { bind = BIND }, { bind = BIND }))
      assert_refused("forged", old:verify(by_both, { bind = BIND }))
      assert_refused("forged", new:verify(by_old, { bind = BIND }))
      assert_refused("another_session", both:verify(by_old, { bind = "x" }))
      assert_refused("another_session", both:verify(by_both, { bind = "x" }))
    end)

    it("keeps a list of its own", function()
      local keys = { KEY }
      local sealed = sealer { key = keys }
      keys[1] = OTHER_KEY
      assert.is_true(sealer():verify(sealed:issue { bind = BIND }, { bind = BIND }))
    end)
  end)

  describe("with on_use", function()
    -- What a store does, kept in a table; `asked` counts.
    local noted, asked, last

    local function note(nonce, seconds)
      asked, last = asked + 1, { nonce, seconds }
      if noted[nonce] then return false end
      noted[nonce] = true
      return true
    end

    before_each(function() noted, asked, last = {}, 0, nil end)

    it("accepts a value once", function()
      local sealed = sealer { on_use = note }
      local one, two = sealed:issue { bind = BIND }, sealed:issue { bind = BIND }
      assert.is_true(sealed:verify(one, { bind = BIND }))
      assert_refused("replayed", sealed:verify(one, { bind = BIND }))
      assert.is_true(sealed:verify(two, { bind = BIND }))
      assert_refused("replayed", sealed:verify(two, { bind = BIND }))
      assert_refused("replayed", sealed:verify(one, { bind = BIND }))
    end)

    it("asks for the nonce to be noted while any clock may find the value alive", function()
      local sealed = sealer { on_use = note }
      for _, age in ipairs { -60, 0, 1, 599 } do
        at.now = ISSUED
        local value = sealed:issue { bind = BIND }
        at.now = ISSUED + age
        assert.is_true(sealed:verify(value, { bind = BIND }))
        assert.equal(660 - age, last[2])
        assert.equal(core.hex(core.unbase64url(value):sub(7, 22)), last[1])
        assert.matches("^%d+$", tostring(last[2]))
      end
    end)

    it("does not ask about what is refused anyway", function()
      local sealed = sealer { on_use = note }
      local value = sealed:issue { bind = BIND }
      assert_refused("another_session", sealed:verify(value, { bind = "x" }))
      assert_refused("malformed", sealed:verify(value:sub(2), { bind = BIND }))
      local forged = sealer { key = OTHER_KEY }:issue { bind = BIND }
      assert_refused("forged", sealed:verify(forged, { bind = BIND }))
      at.now = ISSUED + 600
      assert_refused("expired", sealed:verify(value, { bind = BIND }))
      at.now = ISSUED - 61
      assert_refused("early", sealed:verify(value, { bind = BIND }))
      local _, err = sealed:verify(value, {})
      assert.equal("usage", err.kind)
      assert.equal(0, asked)
    end)

    -- what on_use returns, the reason, a part of the message
    local ANSWERS = {
      { { false }, "replayed" }, { { nil }, "replayed" }, { { "OK" }, "replayed" }, { { 1 }, "replayed" },
      { { {} }, "replayed" }, { { core.null }, "replayed" }, { { false, "exists" }, "replayed" },
      { { nil, "exists" }, "replayed" },
      { { nil, "connection refused" }, "store", "connection refused" },
      { { false, "no memory" }, "store", "no memory" },
      { { nil, {} }, "store", "(a table)" },
      { { false, true }, "store", "(a boolean)" },
      { { nil, "no " .. KEY .. "\nfor " .. BIND }, "store", "no [hidden] for [hidden]" },
      { { nil, "redis://user:Zq9@host is down" }, "store", "is down" },
    }
    for _, case in ipairs(ANSWERS) do
      it(("takes %s, %s as %s"):format(tostring(case[1][1]), type(case[1][2]), case[2]), function()
        local sealed = sealer { on_use = function() return case[1][1], case[1][2] end }
        local ok, err = sealed:verify(sealed:issue { bind = BIND }, { bind = BIND })
        assert_refused(case[2], ok, err)
        assert.truthy(err.message:find(case[3] or "", 1, true), err.message)
      end)
    end

    it("accepts a value that pushed another out of a dictionary", function()
      local sealed = sealer { on_use = function() return true, nil, true end }
      assert.is_true(sealed:verify(sealed:issue { bind = BIND }, { bind = BIND }))
    end)

    it("returns what it raises, without the secrets in it", function()
      for _, raised in ipairs { "down: " .. KEY, setmetatable({}, { __tostring = error }), false } do
        local sealed = sealer { on_use = function() error(raised) end }
        local ok, err = sealed:verify(sealed:issue { bind = BIND }, { bind = BIND })
        assert_refused("store", ok, err)
        assert.truthy(err.message:find("on_use raised an error", 1, true))
      end
    end)
  end)

  describe("shows its key", function()
    it("to nobody", function()
      local sealed = sealer { key = { KEY, OTHER_KEY } }
      assert.equal("sapanywhere.state", tostring(sealed))
      assert.is_false(reaches(sealed, "Zq9", {}))
      assert.same({}, sapanywhere.redact(sealed))
    end)
  end)

  it("is collected with its key", function()
    local weak = setmetatable({ sealer() }, { __mode = "v" })
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)
end)

describe("the options of", function()
  -- options, missing, parts of the message
  local WRONG = {
    { {}, { "key" } },
    { { ttl = 0, elemnt = "x", on_use = 5, clock = "now", callback_url = "", element = {} }, { "key" }, {
      "missing key", "did you mean 'element'", "ttl must be", "on_use must be a function",
      "clock must be a function", "callback_url must not be empty", "element must be",
    } },
    { { key = "Zq9" }, {}, { "key must be a string of at least 32 bytes" } },
    { { key = ("Z"):rep(31) }, {}, { "at least 32 bytes" } },
    { { key = 5 }, {}, { "at least 32 bytes" } },
    { { key = false }, {}, { "at least 32 bytes" } },
    { { key = {} }, {}, { "key must be a string or a list" } },
    { { key = { key = KEY } }, {}, { "key must be a string or a list" } },
    { { key = { KEY, nil, KEY } }, {}, { "without gaps" } },
    { { key = { KEY, "Zq9" } }, {}, { "key[2] must be a string of at least 32 bytes" } },
    { { key = { "Zq9", {} } }, {}, { "key[1] must be", "key[2] must be" } },
    { { key = KEY, ttl = 0.5 }, {}, { "ttl must be a whole number" } },
    { { key = KEY, ttl = 86401 }, {}, { "ttl must be a whole number" } },
    { { key = KEY, ttl = "600" }, {}, { "ttl must be a whole number" } },
    { { key = KEY, bind = BIND }, {}, { "unknown option 'bind'" } },
    { { key = KEY, [KEY] = 1 }, {}, { "unknown option" } },
    { { key = KEY, [5] = 1 }, {}, { "one is a number" } },
    { { key = KEY, callback_url = "Zq9\r\n" }, {}, { "callback_url must not hold control characters" } },
  }
  for number, case in ipairs(WRONG) do
    it("a sealer that are wrong come back all at once: " .. number, function()
      local sealed, err = sapanywhere.state(case[1])
      assert.is_nil(sealed)
      assert.equal("usage", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.same(case[2], err.missing)
      for _, part in ipairs(case[3] or {}) do assert.truthy(err.message:find(part, 1, true), err.message) end
      if not case[1][KEY] then assert.is_nil(tostring(err):find("Zq9", 1, true)) end
    end)
  end

  local WRONG_CALLS = {
    {}, { bind = "" }, { bind = 5 }, { bind = true }, { bnd = BIND }, { bind = BIND, x = 1 },
  }
  for number, given in ipairs(WRONG_CALLS) do
    it("issue and verify are checked: " .. number, function()
      local sealed = sealer()
      at.now = ISSUED
      for _, call in ipairs { "issue", "verify" } do
        local ok, err
        if call == "issue" then ok, err = sealed:issue(given) else ok, err = sealed:verify("Zq9", given) end
        assert.is_nil(ok)
        assert.equal("usage", err.kind)
        assert.truthy(err.message:find(call .. ": ", 1, true))
        assert.truthy(err.message:find(given.x and "'x'" or "bind", 1, true), err.message)
        assert.is_nil(tostring(err):find("Zq9", 1, true))
      end
    end)
  end

  it("a sealer's calls raise, where there is no sealer or no table", function()
    local sealed = sealer()
    local cases = {
      { function() sapanywhere.state() end, "state: a table of options" },
      { function() sapanywhere.state(KEY) end, "state: a table of options" },
      { function() sealed:issue() end, "issue: a table of options" },
      { function() sealed:verify("x") end, "verify: a table of options" },
      { function() sealed.issue { bind = BIND } end, "issue: call it as a method" },
      { function() sealed.verify("x", { bind = BIND }) end, "verify: call it as a method" },
    }
    for _, case in ipairs(cases) do
      local ok, raised = pcall(case[1])
      assert.is_false(ok)
      assert.truthy(raised:find("state_spec.lua:%d+: " .. case[2]), raised)
      assert.is_nil(raised:find("Zq9", 1, true))
    end
  end)
end)

describe("parse_callback with a sealer", function()
  local noted

  local function sealed_once()
    noted = {}
    return sealer { on_use = function(nonce)
      if noted[nonce] then return false end
      noted[nonce] = true
      return true
    end }
  end

  before_each(function() at.now = ISSUED end)

  it("reads a grant in one step", function()
    local sealed = sealed_once()
    local value = sealed:issue { bind = BIND }
    local url = CALLBACK_URL .. "?code=c&state=" .. value
    local grant = assert(sapanywhere.parse_callback(url, { state = sealed, bind = BIND }))
    assert.same({ code = "c", state = value }, grant)
    assert_refused("replayed", sapanywhere.parse_callback(url, { state = sealed, bind = BIND }))
  end)

  it("uses the state up when the user said no", function()
    local sealed = sealed_once()
    local value = sealed:issue { bind = BIND }
    local grant, err = sapanywhere.parse_callback("error=access_denied&state=" .. value,
      { state = sealed, bind = BIND })
    assert.is_nil(grant)
    assert.equal("denied", err.kind)
    assert_refused("replayed", sapanywhere.parse_callback("code=c&state=" .. value,
      { state = sealed, bind = BIND }))
  end)

  it("looks at nothing else, and uses nothing up, where the state is refused", function()
    local sealed = sealed_once()
    local value = sealed:issue { bind = BIND }
    local function parse(query, bind)
      return sapanywhere.parse_callback(query, { state = sealed, bind = bind })
    end
    for _, rest in ipairs { "error=Zq9", "code=Zq9", "code=Zq9%00", "code=Zq9&error=x" } do
      local query = rest .. "&state=" .. value
      assert_refused("another_session", parse(query, "x"))
      assert_refused("malformed", parse(rest .. "&state=Zq9", BIND))
      local _, err = parse(query)
      assert.equal("usage", err.kind)
      assert.same({ "bind" }, err.missing)
      _, err = parse(query .. "&state=" .. value, BIND)
      assert.equal("state", err.kind)
      _, err = parse(query .. ("&x=x"):rep(5000), BIND)
      assert.equal("too_large", err.kind)
    end
    assert.is_nil(next(noted))
    assert.truthy(parse("code=c&state=" .. value, BIND))
  end)
end)
