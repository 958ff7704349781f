local core = require "sapanywhere.core"
local options = require "sapanywhere.api.options"
local redact = require "sapanywhere.redact"
local suggest = require "sapanywhere.base.suggest"
local made = require "support.values"

local OAUTH = { api_key = "k-1234", api_secret = "s-1234", callback_url = "https://www.mycoolapp.com/auth" }
local CREATE = {
  api_key = "k-1234", api_secret = "s-1234", callback_url = "https://www.mycoolapp.com/auth",
  user_secret = "u-1234", organization_secret = "o-1234", code = "c-1234", name = "my shop",
}

local function with(base, more, without)
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(more or {}) do all[key] = value end
  if without then all[without] = nil end
  return all
end

local function read(name, given, client)
  if name == "new" then return made.client(given) end
  return made.call(name, given, client)
end

local function body(more, without)
  local whole = {
    element = { key = "sapanywhere" }, providerData = { code = "c-1234" }, name = "my shop",
    configuration = {
      ["oauth.callback.url"] = "https://x.example", ["oauth.api.key"] = "k-1234",
        ["oauth.api.secret"] = "s-1234",
    },
  }
  return with(whole, more, without)
end

local function nested(depth)
  local value = {}
  for _ = 1, depth do value = { a = value } end
  return value
end

local looped = {}
looped.again = looped

local NAN, INFINITY = 0 / 0, math.huge
local PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
local MARK = "Zq9marker" -- stands in wrong values and must not come back

-- call, what is given beside what it needs, the option named, a part of what is said
local WRONG = {
  { "oauth_url", { api_key = 5 }, "api_key", "api_key must be a string, not a number" },
  { "oauth_url", { api_key = "" }, "api_key", "api_key must not be empty" },
  { "oauth_url", { api_secret = MARK .. "\r\nX: y" }, "api_secret", "must not hold control characters" },
  { "oauth_url", { callback_url = MARK .. "\0" }, "callback_url", "must not hold control characters" },
  { "oauth_url", { callback_url = MARK .. "\127" }, "callback_url", "must not hold control characters" },
  { "oauth_url", { scope = MARK .. "\255" }, "scope", "must be valid UTF-8" },
  { "oauth_url", { state = MARK .. "\237\160\128" }, "state", "must be valid UTF-8" },
  { "oauth_url", { state = "" }, "state", "must not be empty" },
  { "oauth_url", { state = true }, "state", "must be a string" },
  { "oauth_url", { site_address = {} }, "site_address", "must be a string" },
  { "oauth_url", { api_secret = "********" }, "api_secret", "not the server's mask" },
  { "oauth_url", { secrets_in = MARK }, "secrets_in", 'must be "query" or "body"' },
  { "oauth_url", { extra = { a = {} } }, "extra.a", "extra.a must be a string, a number or a boolean" },
  { "oauth_url", { extra = { a = MARK .. "\n" } }, "extra.a", "must not hold control characters" },
  { "oauth_url", { extra = { [MARK .. "\n"] = "x" } }, "extra: a name", "must not hold control characters" },
  { "oauth_url", { extra = { "x" } }, "extra", "must have strings for names" },
  { "oauth_url", { extra = { [""] = "x" } }, "extra", "must not have an empty name" },
  { "oauth_url", { extra = MARK }, "extra", "extra must be a table" },
  { "oauth_url", { extra = { a = NAN } }, "extra.a", "must be a finite number" },
  { "oauth_url", { element = "a/b" }, "element", "must be one segment of a path" },
  { "oauth_url", { element = "a?b" }, "element", "must be one segment of a path" },
  { "oauth_url", { element = "a#b" }, "element", "must be one segment of a path" },
  { "oauth_url", { element = ".." }, "element", "must be one segment of a path" },
  { "oauth_url", { element = "" }, "element", "must not be empty" },
  { "oauth_url", { element = "a\n" }, "element", "must not hold control characters" },
  { "oauth_url", { element = 1.5 }, "element", "must be a positive whole number" },
  { "oauth_url", { element = -1 }, "element", "must be a positive whole number" },
  { "oauth_url", { element = NAN }, "element", "must be a positive whole number" },
  { "oauth_url", { element = true }, "element", "must be a key or a numeric id" },
  { "oauth_url", { user_secret = "a b" }, "user_secret", "must not hold a comma or white space" },
  { "create_instance", { user_secret = "a,b" }, "user_secret", "must not hold a comma or white space" },
  { "create_instance", { organization_secret = "a\tb" }, "organization_secret", "must not hold" },
  { "create_instance", { organization_secret = 7 }, "organization_secret", "must be a string" },
  { "create_instance", { code = false }, "code", "must be a string, not a boolean" },
  { "create_instance", { name = "" }, "name", "name must not be empty" },
  { "create_instance", { tags = "eu" }, "tags", "must be a list of strings" },
  { "create_instance", { tags = { a = "eu" } }, "tags", "without gaps or names" },
  { "create_instance", { tags = { "eu", "" } }, "tags[2]", "tags[2] must not be empty" },
  { "create_instance", { tags = { 1 } }, "tags[1]", "tags[1] must be a string" },
  { "create_instance", { configuration = { ["a.b"] = {} } }, "configuration.a.b",
    "must be a string, a number" },
  { "create_instance", { configuration = { ["a.b"] = core.null } }, "configuration.a.b",
    "must be a string, a number" },
  { "create_instance", { configuration = { ["a.b"] = "********" } }, "configuration.a.b",
    "the server's mask" },
  { "create_instance", { configuration = { "x" } }, "configuration", "must have strings for names" },
  { "create_instance", { recover = 1 }, "recover", "must be true or false" },
  { "create_instance", { extra = looped }, "extra.again", "must not hold itself" },
  { "create_instance", { extra = nested(64) }, nil, "be nested deeper than 64" },
  { "create_instance", { element = 0 }, "element", "must be a positive whole number where it is an id" },
  { "create_instance", { element = 2 ^ 53 + 2 }, "element", "must be a positive whole number where it is an id" },
  { "create_instance", { element = 1.5 }, "element", "must be a positive whole number where it is an id" },
  { "create_instance", { element = NAN }, "element", "must be a positive whole number where it is an id" },
  { "create_instance", { extra = { a = { 1, b = 2, c = 3, [3] = 4 } } }, "extra.a", "not both" },
  { "create_instance", { extra = { a = { 1, b = 2 } } }, "extra.a", "either a list or a table of names" },
  { "create_instance", { extra = { a = print } }, "extra.a", "must be a string, a number or a boolean" },
  { "create_instance", { extra = { 1 } }, "extra", "must be a table of names" },
  { "create_instance", { extra = { a = { 1, nil, 3 } } }, "extra.a", "must be" },
  { "create_instance", { extra = { a = { 1, 2, [1.5] = 3 } } }, "extra.a", "either a list or a table of names" },
  { "create_instance", { extra = { element = { id = 2198 } } }, "element",
    "give element in place of extra.element.id" },
  { "new", { state = "fixed" }, "state", "belongs to each call" },
  { "create_instance", { tls = { key_file = "/k" } }, "tls", "tls.key_file needs the cert_file" },
  { "create_instance", { base_url = "http://127.0.0.1:1", proxy = "http://h.example:3128" }, "proxy",
    "proxy must be on this machine (a loopback address) where base_url is http" },
  { "new", { base_url = "http://localhost", proxy = "socks5h://u:p@h.example" }, "proxy", "must be on this machine" },
  { "create_instance", { extra = { configuration = 5 } }, "extra", "extra.configuration must be a table" },
  { "new", { base_url = "http://h.example/x" }, "base_url", "must be https" },
  { "new", { base_url = "http://127.0.0.1.evil.example" }, "base_url", "must be https" },
  { "new", { base_url = "http://127.0.0.1@evil.example" }, "base_url", "must not hold credentials" },
  { "new", { base_url = "http://localhost.evil.example" }, "base_url", "must be https" },
  { "new", { base_url = "http://127.0.0.999" }, "base_url", "must be https" },
  { "new", { base_url = "ftp://h.example" }, "base_url", "must be https" },
  { "new", { base_url = "https://u:" .. MARK .. "@h.example" }, "base_url", "must not hold credentials" },
  { "new", { base_url = "https://h.example/?a=" .. MARK }, "base_url", "must not have a query" },
  { "new", { base_url = "https://h.example/#" .. MARK }, "base_url", "must not have a fragment" },
  { "new", { base_url = "https://h.example:0" }, "base_url", "must have a port from 1 to 65535" },
  { "new", { base_url = "https://h.example:65536" }, "base_url", "must have a port from 1 to 65535" },
  { "new", { base_url = "https://h.example:x" }, "base_url", "must have a port" },
  { "new", { base_url = "https:///x" }, "base_url", "must name a host" },
  { "new", { base_url = "h.example/x" }, "base_url", "must be a URL" },
  { "new", { base_url = "https://h.example/a b" }, "base_url", "must be a URL" },
  { "new", { base_url = "https://h.example/\r\n" }, "base_url", "must be a URL" },
  { "new", { base_url = 7 }, "base_url", "base_url must be a string" },
  { "new", { timeout = 0 }, "timeout", "must be a number of seconds" },
  { "new", { timeout = -1 }, "timeout", "must be a number of seconds" },
  { "new", { timeout = NAN }, "timeout", "must be a number of seconds" },
  { "new", { timeout = INFINITY }, "timeout", "must be a number of seconds" },
  { "new", { timeout = 86401 }, "timeout", "must be a number of seconds" },
  { "new", { timeout = "10" }, "timeout", "must be a number of seconds" },
  { "new", { connect_timeout = 0 }, "connect_timeout", "must be a number of seconds" },
  { "new", { max_response_bytes = 1023 }, "max_response_bytes", "from 1024 to 2147483648" },
  { "new", { max_response_bytes = 2 ^ 31 + 1 }, "max_response_bytes", "from 1024 to 2147483648" },
  { "new", { max_response_bytes = 2000.5 }, "max_response_bytes", "must be a whole number" },
  { "new", { max_connections = 0 }, "max_connections", "from 1 to 10000" },
  { "new", { max_connections = NAN }, "max_connections", "from 1 to 10000" },
  { "new", { user_agent = MARK .. "\r\nX: y" }, "user_agent", "must not hold control characters" },
  { "new", { user_agent = "" }, "user_agent", "must not be empty" },
  { "new", { traceparent = PARENT }, "traceparent", "belongs to a call, not to a client" },
  { "oauth_url", { traceparent = 5 }, "traceparent", 'must be "00-"' },
  { "oauth_url", { traceparent = PARENT:upper() }, "traceparent", "small letters" },
  { "oauth_url", { traceparent = PARENT .. "-x" }, "traceparent", 'must be "00-"' },
  { "oauth_url", { traceparent = "ff" .. PARENT:sub(3) }, "traceparent", 'must be "00-"' },
  { "oauth_url", { traceparent = PARENT:gsub("%-%x+%-", "-" .. ("0"):rep(32) .. "-", 1) }, "traceparent",
    "not all zero" },
  { "oauth_url", { traceparent = PARENT:gsub("%x+%-01", ("0"):rep(16) .. "-01") }, "traceparent", "not all zero" },
  { "new", { null = "drop" }, "null", 'must be "omit" or "keep"' },
  { "new", { wait = "copas" }, "wait", 'must be "auto", a function, or the name of a host such as "plain"' },
  { "new", { wait = "engine" }, "wait", 'must be "auto", a function, or the name of a host such as "plain"' },
  { "new", { wait = "../wait/plain" }, "wait", 'must be "auto", a function, or the name of a host such as "plain"' },
  { "new", { wait = 1 }, "wait", 'must be "auto", a function, or the name of a host such as "plain"' },
  { "new", { on_event = MARK }, "on_event", "must be a function" },
  { "new", { retry = true }, "retry", "retry must be a table" },
  { "new", { retry = { max = -1 } }, "retry.max", "must be a whole number from 0 to 10" },
  { "new", { retry = { base = 0 } }, "retry.base", "must be a number of seconds" },
  { "new", { retry = { maximum = 1 } }, "retry", "unknown key of retry 'maximum'" },
  { "new", { retry = { mx = 1 } }, "retry", "(did you mean 'max'?)" },
  { "new", { proxy = "socks4://h.example" }, "proxy", "must be an http://, https:// or socks5h:// URL" },
  { "new", { proxy = "http://u:" .. MARK .. "@h.example/x" }, "proxy", "must have no path" },
  { "new", { proxy = "http://u:" .. MARK .. "@h.example:x" }, "proxy", "must have a port" },
  { "new", { proxy = 1 }, "proxy", "proxy must be a string" },
  { "new", { tls = MARK }, "tls", "tls must be a table" },
  { "new", { tls = { ca_file = "" } }, "tls.ca_file", "must not be empty" },
  { "new", { tls = { min_version = "1.1" } }, "tls.min_version", 'must be "1.2" or "1.3"' },
  { "new", { tls = { verify = false } }, "tls.verify", "tls.verify: verification cannot be turned off; to trust a "
    .. "certificate of your own give ca_file" },
  { "new", { retry = 3 }, "retry", "retry must be a table such as { max = 3 }, or false" },
  { "new", { tls = { cafile = "x" } }, "tls", "(did you mean 'ca_file'?)" },
  { "new", { code = MARK }, "code", "option 'code' belongs to a call, not to a client" },
  { "new", { api_secret = MARK .. "\n" }, "api_secret", "must not end in a newline" },
  { "new", { api_secret = MARK .. "\nx" }, "api_secret", "must not hold control characters" },
}

local UNKNOWN = {
  { "create_instance", "nmae", "name" }, { "create_instance", "naem", "name" },
    { "create_instance", "apiKey", "api_key" },
  { "create_instance", "apiSecret", "api_secret" }, { "create_instance", "callbackUrl", "callback_url" },
  { "create_instance", "oauth.api.key", "api_key" },
    { "create_instance", "oauth.callback.url", "callback_url" },
  { "create_instance", "configuration.oauth.api.secret", "api_secret" },
    { "create_instance", "providerData.code", "code" },
  { "create_instance", "element.key", "element" }, { "create_instance", "userSecret", "user_secret" },
  { "create_instance", "organisation_secret", "organization_secret" }, { "create_instance", "tag", "tags" },
  { "create_instance", "config", nil }, { "create_instance", "state", nil },
    { "create_instance", "xyz", nil },
  { "oauth_url", "siteAddress", "site_address" }, { "oauth_url", "api-key", "api_key" },
    { "oauth_url", "stat", "state" },
  { "oauth_url", "code", nil }, { "oauth_url", "callback_uri", "callback_url" },
    { "new", "baseUrl", "base_url" },
  { "new", "time_out", "timeout" },
}

local NEEDED = { oauth_url = OAUTH, create_instance = CREATE, new = {} }

describe("options", function()
  for _, case in ipairs(WRONG) do
    local call, given, option, said = case[1], case[2], case[3], case[4]
    local name, value = next(given)
    it(("refuse %s for %s (%s): %s"):format(name, call, type(value), said), function()
      local values, err = read(call, with(NEEDED[call], given))
      assert.is_nil(values)
      assert.equal("usage", err.kind)
      assert.truthy(err.message:find(said, 1, true), err.message)
      assert.equal(1, #err.problems, err.message)
      if option then assert.equal(option, err.problems[1].option) end
      assert.is_nil(tostring(err):find(MARK, 1, true))
      assert.is_nil(tostring(err):find("%c"))
    end)
  end

  for _, case in ipairs(UNKNOWN) do
    it(("refuse %s for %s and suggest %s"):format(case[2], case[1], tostring(case[3])), function()
      local values, err = read(case[1], with(NEEDED[case[1]], { [case[2]] = MARK }))
      assert.is_nil(values)
      assert.equal("unknown", err.problems[1].kind)
      assert.equal(case[3], err.message:match("did you mean '([^']+)'"))
      assert.is_nil(tostring(err):find(MARK, 1, true))
    end)
  end

  it("do not repeat odd names", function()
    for _, name in ipairs { "a b\n" .. MARK, MARK:rep(20), 1, true } do
      local _, err = read("oauth_url", with(OAUTH, { [name] = MARK }))
      assert.equal("unknown", err.problems[1].kind)
      assert.is_nil(tostring(err):find(MARK, 1, true))
    end
  end)

  it("list everything at once, sorted", function()
    local _, err = read("create_instance", {
      nmae = "x", timeout = 0, tls = { ca_fil = "x" }, base_url = "http://x.example", api_key = "k", tags = 1,
    })
    assert.same({ "api_secret", "callback_url", "code", "name", "organization_secret", "user_secret" },
      err.missing)
    local listed = {}
    for i, problem in ipairs(err.problems) do listed[i] = problem.kind .. " " .. problem.option end
    assert.same({
      "missing api_secret", "missing callback_url", "missing code", "missing name",
        "missing organization_secret",
      "missing user_secret", "unknown nmae", "unknown tls", "wrong base_url", "wrong tags", "wrong timeout",
    }, listed)
    assert.equal("sapanywhere: usage: create_instance: missing api_secret, callback_url, code, name,"
      .. " organization_secret, user_secret; unknown option 'nmae' (did you mean 'name'?); unknown key of tls"
      .. " 'ca_fil' (did you mean 'ca_file'?); base_url must be https (http only to a loopback address);"
      .. " tags must be a list of strings, such as { \"eu\" };"
      .. " timeout must be a number of seconds above 0 and at most 86400", tostring(err))
  end)

  for call, needed in pairs { oauth_url = OAUTH, create_instance = CREATE } do
    for name in pairs(needed) do
      it(("name %s where %s misses it"):format(name, call), function()
        local _, err = read(call, with(needed, nil, name))
        assert.same({ name }, err.missing)
      end)
    end
  end

  it("have the documented defaults", function()
    local values = assert(read("oauth_url", OAUTH))
    assert.equal("https://api.cloud-elements.com/elements/api-v2", values.base_url)
    assert.is_nil(values.max_response_bytes)
    assert.same({ 70, 10, "omit", "auto", "sapanywhere", "query", false }, {
      values.timeout, values.connect_timeout, values.null, values.wait,
        values.element,
      values.secrets_in, values.recover,
    })
    assert.same({ max = 2, base = 0.5, cap = 8 }, values.retry)
  end)

  it("take a client's values, and a call's before them", function()
    local client = assert(read("new", { api_key = "k", api_secret = "s", timeout = 5, retry = { max = 1 } }))
    local values = assert(read("oauth_url", { callback_url = "https://x.example", api_key = "other" },
      client))
    assert.same({ "other", "s", 5 }, { values.api_key, values.api_secret, values.timeout })
    assert.same({ max = 1, base = 0.5, cap = 8 }, values.retry)
    assert.is_false(assert(read("oauth_url", with(OAUTH, { retry = false }), client)).retry)
    assert.equal("k", client.api_key)
    assert.is_false(assert(read("oauth_url", OAUTH, assert(read("new", { state = false })))).state)
  end)

  it("are taken by value", function()
    local given = with(CREATE, {
      tags = { "a" }, configuration = { x = "1" }, extra = { deep = { list = { 1 } } },
        tls = { ca_file = "a" }, retry = { max = 1 },
    })
    local before = redact.copy(given)
    local values = assert(read("create_instance", given))
    given.tags[1], given.configuration.x, given.extra.deep.list[1], given.tls.ca_file, given.retry.max = "b",
      "2", 2, "b", 2
    assert.same({ "a" }, values.tags)
    assert.same({ "1", 1, "a", 1 },
      { values.configuration.x, values.extra.deep.list[1], values.tls.ca_file, values.retry.max })
    given.tags[1], given.configuration.x, given.extra.deep.list[1], given.tls.ca_file, given.retry.max = "a",
      "1", 1, "a", 1
    assert.same(before, redact.copy(given))
  end)

  it("show the names of entries inside up to 64 characters, if they are ordinary", function()
    local function message(name)
      return select(2, read("create_instance", with(CREATE, { extra = { [name] = print } }))).message
    end
    local long = ("n"):rep(64)
    assert.truthy(message(long):find("extra." .. long .. " must be", 1, true))
    assert.truthy(message("a-b_c.D9"):find("extra.a-b_c.D9 must be", 1, true))
    for _, name in ipairs { long .. "n", "a b", "é", "a=b" } do
      assert.truthy(message(name):find("extra.(odd name) must be", 1, true), message(name))
    end
  end)

  it("may be nested 64 deep, and count elements from 1 on", function()
    assert(read("create_instance", with(CREATE, { extra = nested(63) })))
    assert.equal("1", assert(read("create_instance", with(CREATE, { element = 1 }))).element)
    assert.equal("9007199254740992", assert(read("create_instance", with(CREATE, { element = 2 ^ 53 }))).element)
  end)

  it("have a state of their own, unless the system has no random bytes", function()
    local random_hex = core.random_hex
    core.random_hex = function() return nil, "none" end
    local ok, values, err = pcall(read, "oauth_url", OAUTH)
    local with_state = read("oauth_url", with(OAUTH, { state = "mine" }))
    core.random_hex = random_hex
    assert.is_true(ok)
    assert.is_nil(values)
    assert.equal("oauth_url: state must be given: this system has no random bytes", err.message)
    assert.equal("mine", with_state.state)
    assert.matches("^%x+$", assert(read("oauth_url", OAUTH)).state)
    assert.equal(32, #assert(read("oauth_url", OAUTH)).state)
  end)

  it("are asked for by their own names, also where their entries came with the client", function()
    local client = assert(read("new", { configuration = { ["oauth.api.key"] = "k", x = "1" } }))
    local _, err = read("create_instance", with(CREATE, nil, "api_key"), client)
    assert.equal("create_instance: give api_key in place of configuration['oauth.api.key']", err.message)
  end)

  it("count where they are inherited, as much as where they are given", function()
    local inherited = setmetatable({}, { __index = with(CREATE, { tags = { "a" } }) })
    local values = assert(read("create_instance", inherited))
    assert.same({ "c-1234", "my shop", { "a" } }, { values.code, values.name, values.tags })
    local _, err = read("create_instance", setmetatable({}, { __index = with(CREATE, { name = "" }) }))
    assert.equal("create_instance: name must not be empty", err.message)
    local retry = setmetatable({}, { __index = { max = 7 } })
    assert.equal(7, assert(read("create_instance", with(CREATE, { retry = retry }))).retry.max)
  end)

  describe("given twice", function()
    local TWICE = {
      { "oauth_url", { extra = { apiKey = MARK } }, "api_key and extra.apiKey are the same entry" },
      { "oauth_url", { state = "s", extra = { state = MARK } }, "state and extra.state are the same entry" },
      { "oauth_url", { state = false, extra = { state = MARK } },
        "state and extra.state are the same entry" },
      { "create_instance", { configuration = { ["oauth.api.key"] = MARK } },
        "api_key and configuration['oauth.api.key'] are the same entry: give api_key alone" },
      { "create_instance", { extra = { name = MARK } }, "name and extra.name are the same entry" },
      { "create_instance", { extra = { providerData = { code = MARK } } },
        "code and extra.providerData.code are the same" },
      { "create_instance", { extra = { configuration = { ["oauth.api.secret"] = MARK } } },
        "api_secret and extra.configuration['oauth.api.secret'] are the same entry" },
      { "create_instance", { element = "x", extra = { element = { key = MARK } } },
        "element and extra.element.key are the same" },
      { "create_instance", { element = "x", extra = { element = { id = 5 } } },
        "element and extra.element.id are the same" },
      { "create_instance", { configuration = { x = "1" }, extra = { configuration = { x = MARK } } },
        "configuration.x and extra.configuration.x are the same entry" },
    }
    for _, case in ipairs(TWICE) do
      it("are refused: " .. case[3], function()
        local _, err = read(case[1], with(NEEDED[case[1]], case[2]))
        assert.truthy(err and err.message:find(case[3], 1, true), tostring(err))
        assert.equal(1, #err.problems)
        assert.is_nil(tostring(err):find(MARK, 1, true))
      end)
    end

    it("are refused also where one comes from the client", function()
      local client = assert(read("new", { api_key = "k", element = "y" }))
      local _, err = read("create_instance", with(CREATE, {
        configuration = { ["oauth.api.key"] = "x" }, extra = { element = { key = "z" } },
      }, "api_key"), client)
      assert.equal("create_instance: api_key and configuration['oauth.api.key'] are the same entry: give api_key alone;"
        .. " element and extra.element.key are the same entry: give element alone", err.message)
    end)

    it("are refused where given once, but elsewhere", function()
      local _, err = read("oauth_url", with(OAUTH, { extra = { apiKey = "" } }, "api_key"))
      assert.equal("oauth_url: give api_key in place of extra.apiKey", err.message)
    end)
  end)

  describe("with a whole body", function()
    local SECRETS = { user_secret = "u-1234", organization_secret = "o-1234" }

    it("need nothing else but the secrets", function()
      assert(read("create_instance", with(SECRETS, { body = body() })))
      local _, err = read("create_instance", { body = body() })
      assert.same({ "organization_secret", "user_secret" }, err.missing)
    end)

    it("name what is missing by its path", function()
      local _, err = read("create_instance", with(SECRETS, { body = { name = "", configuration = {} } }))
      assert.same({
        "configuration.oauth.api.key", "configuration.oauth.api.secret", "configuration.oauth.callback.url",
          "element.key",
        "providerData.code",
      }, err.missing)
      assert.truthy(err.message:find("body.name must not be empty", 1, true))
    end)

    it("take an element's id for its key", function()
      assert(read("create_instance", with(SECRETS, { body = body { element = { id = 2198 } } })))
    end)

    it("refuse the options it stands for, and name them", function()
      local _, err = read("create_instance", with(SECRETS, {
        body = body(), name = "x", element = "y", extra = { a = 1 }, configuration = { b = "2" },
      }))
      assert.equal("create_instance: body stands for configuration, element, extra, name:"
        .. " give it or them, not both", err.message)
    end)

    it("stand before what the client was made with", function()
      local client = assert(read("new",
        with(SECRETS, { api_key = "k", callback_url = "https://x.example", element = "y" })))
      assert(read("create_instance", { body = body() }, client))
    end)

    it("check what is inside", function()
      local cases = {
        { { tags = "eu" }, "body.tags must be a list" },
          { { name = "a\n" }, "body.name must not hold control" },
        { { providerData = { code = 5 } }, "body.providerData.code must be a string" },
        { { x = { y = "\255" } }, "body.x.y must be valid UTF-8" },
          { { x = NAN }, "body.x must be a finite number" },
      }
      for _, case in ipairs(cases) do
        local _, err = read("create_instance", with(SECRETS, { body = body(case[1]) }))
        assert.truthy(err and err.message:find(case[2], 1, true), tostring(err))
      end
    end)
  end)

  describe("that are secrets, given as functions", function()
    it("are asked once for each call", function()
      local asked = 0
      local client = assert(read("new",
        { api_secret = function() asked = asked + 1 return "s" .. asked end }))
      assert.equal(0, asked)
      for i = 1, 2 do
        local values = assert(read("oauth_url", with(OAUTH, nil, "api_secret"), client))
        assert.equal("s" .. i, values.api_secret)
      end
      assert.equal(2, asked)
    end)

    it("are asked by every call where they are a proxy", function()
      local asked = 0
      local client = assert(read("new", { proxy = function() asked = asked + 1 return "HTTP://u:p@H.example/" end }))
      assert.equal(0, asked)
      assert.equal("http://u:p@h.example", assert(read("oauth_url", OAUTH, client)).proxy)
      assert.equal("http://u:p@h.example", assert(read("create_instance", CREATE, client)).proxy)
      assert.equal(2, asked)
      assert.equal("http://other.example", assert(read("oauth_url", with(OAUTH, {
        proxy = function() return "http://other.example" end,
      }), client)).proxy)
      assert.equal(2, asked)
    end)

    it("are judged as a proxy is, once they are asked", function()
      local cases = {
        { function() error(MARK) end, "proxy: its function raised an error" },
        { function() return nil, MARK end, "proxy: its function must return a string" },
        { function() return false end, "proxy: its function must return a string" },
        { function() return "" end, "proxy must be an http://, https:// or socks5h:// URL" },
        { function() return "socks4://" .. MARK end, "proxy must be an http://, https:// or socks5h:// URL" },
        { function() return "http://u:" .. MARK .. "@h.example/x" end, "proxy must have no path, query or fragment" },
      }
      for _, case in ipairs(cases) do
        local _, err = read("oauth_url", with(OAUTH, { proxy = case[1] }))
        assert.equal("oauth_url: " .. case[2], err.message)
      end
      local away = function() return "http://h.example:3128" end
      local here = function() return "http://127.0.0.1:3128" end
      local _, err = read("oauth_url", with(OAUTH, { base_url = "http://localhost", proxy = away }))
      assert.truthy(err.message:find("proxy must be on this machine", 1, true), err.message)
      assert(read("oauth_url", with(OAUTH, { base_url = "http://localhost", proxy = here })))
      assert(read("new", { base_url = "http://localhost", proxy = away }))
    end)

    it("are not asked by a call that does not send them", function()
      local never = function() error("asked") end
      assert(read("oauth_url", with(OAUTH, { user_secret = never, organization_secret = never })))
    end)

    it("are refused without their words when they fail", function()
      local cases = {
        { function() error(MARK) end, "api_secret: its function raised an error" },
        { function() return nil, MARK end, "api_secret: its function must return a string" },
        { function() return 5 end, "api_secret: its function must return a string" },
        { function() return "" end, "api_secret must not be empty" },
        { function() return MARK .. "\n" end, "api_secret must not end in a newline" },
      }
      for _, case in ipairs(cases) do
        local _, err = read("oauth_url", with(OAUTH, { api_secret = case[1] }))
        assert.equal("oauth_url: " .. case[2], err.message)
      end
    end)
  end)

  it("mark as secret only what redact hides by name", function()
    for _, name in ipairs(options.SECRETS) do
      assert.is_true(name == "proxy" or redact.is_sensitive(name), name)
    end
  end)

  it("take what is right", function()
    local right = {
      proxy = "http://u:p@h.example:3128/", tls = { ca_file = "/x", min_version = "1.3" }, wait = print,
        on_event = print,
      null = "keep", retry = { max = 0, base = 1, cap = 2 }, max_connections = 10, timeout = 0.5,
        max_response_bytes = 1024,
    }
    local values = assert(read("new", right))
    assert.equal("http://u:p@h.example:3128", values.proxy)
    assert(read("oauth_url", with(OAUTH, right)))
    assert(read("create_instance", with(CREATE, right)))
    assert(read("create_instance",
      with(CREATE, { extra = { a = core.null, b = require("sapanywhere").array {}, c = { { d = 1 } } } })))
  end)
end)

describe("a suggestion", function()
  it("is the nearest of the known names, within two edits", function()
    local names = { "name", "tags", "timeout", "code" }
    for wrong, right in pairs { nmae = "name", Name = "name", tgas = "tags", timout = "timeout", cod = "code",
      time_out = "timeout" } do
      assert.equal(right, suggest.nearest(wrong, names))
    end
    for _, wrong in ipairs { "x", "zzzz", "", "timeoutseconds", ("x"):rep(100) } do
      assert.is_nil(suggest.nearest(wrong, names))
    end
  end)
end)
