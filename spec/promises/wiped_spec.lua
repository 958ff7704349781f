-- The library's own buffers are wiped before they are given up: each piece of work that had a secret in one is done in
-- a process where what is wiped is kept in a file.

local child = require "support.child"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local SECRET = "Wiped-7c41e9-secret" -- long enough for no other text to hold it by chance

describe("what is wiped", function()
  local service, preload_file, preload

  setup(function()
    service = services.start {}
    preload_file, preload = child.compile_preload "spec/support/wiped.c"
  end)
  teardown(function()
    os.remove(preload_file)
    service:stop()
  end)

  -- Runs code that returns a list of texts; what was wiped meanwhile, and the texts.
  local function run(code, given)
    local path = os.tmpname()
    local environment = { LD_PRELOAD = preload, WIPED = path }
    local texts = child.run(code, given or { secret = SECRET }, { environment = environment })
    local wiped = system.read_file(path)
    os.remove(path)
    return wiped, texts
  end

  local function count(wiped, text)
    local found, from = 0, 1
    while true do
      local first, last = wiped:find(text, from, true)
      if not first then return found end
      found, from = found + 1, last + 1
    end
  end

  -- Of a piece of work its code, with `core` and `secret` at hand, that returns what its buffers held.
  local work = {
    ["random bytes"] = [[ return core.random(32) ]],
    ["random bytes in hex, and as they were"] = [[
      local text = core.random_hex(32)
      return text, (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
    ]],
    ["an HMAC"] = [[ return core.hmac_sha256("key", secret) ]],
    ["hex"] = [[ return core.hex(secret) ]],
    ["base64"] = [[ return core.base64(secret), core.base64url(secret .. "??>") ]],
    ["what base64 stood for"] = [[ return core.unbase64url(core.base64url("un" .. secret)) ]],
    ["the beginning of what was no base64"] = [[
      core.unbase64url(core.base64url("not" .. secret .. "xyz") .. "!")
      return "not" .. secret
    ]],
    ["a text with escapes"] = [[ return core.percent_encode("%/" .. secret) ]],
    ["a text without its escapes"] = [[ return core.percent_decode("a%2Fb" .. secret, true) ]],
    ["a query"] = [[ return core.target("/path", { "secret", "apiSecret" }, { secret = secret }) ]],
    ["the values of a query"] = [[ core.parse_query("a=" .. secret .. "%21", true) return secret .. "!" ]],
    ["a text in lower case"] = [[ return core.lower("LOWER" .. secret) ]],
    ["what is sealed"] = [[ return core.seal(("k"):rep(32), ("n"):rep(12), "label", secret) ]],
    ["what was sealed"] = [[
      local key, nonce = ("k"):rep(32), ("n"):rep(12)
      return core.unseal(key, nonce, "label", core.seal(key, nonce, "label", "un" .. secret))
    ]],
    ["what was sealed, and then changed"] = [[
      local key, nonce = ("k"):rep(32), ("n"):rep(12)
      local sealed = core.seal(key, nonce, "label", "changed" .. secret)
      assert(not core.unseal(key, nonce, "label", sealed:sub(1, -2) .. "\0"))
      return "changed" .. secret
    ]],
    ["JSON"] = [[ return (assert(core.encode({ secret = secret }))) ]],
    ["what was read of a file"] = [[
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write("file", secret)
      file:close()
      os.execute("chmod 600 " .. path)
      local text = core.read_private(path, 1000)
      os.remove(path)
      return text
    ]],
    ["a text that was searched, without its escapes"] = [[
      core.may_hold("searched%2F" .. secret, { "another secret" })
      return "searched/" .. secret
    ]],
    ["a secret that was searched for, and its base64"] = [[
      core.may_hold("some other text", { secret })
      -- As they are compared: both alphabets of base64 are one. The longest piece of base64 begins before the secret.
      local function plain(text) return (text:gsub("-", "+"):gsub("_", "/")) end
      local longest = core.base64("\0" .. secret):sub(1, 18)
      return plain(secret:sub(1, 16)), plain(core.base64(secret):sub(1, 16)), plain(longest)
    ]],
  }
  for name, code in pairs(work) do
    it("is " .. name, function()
      local wiped, texts = run("local core, secret = require 'sapanywhere.core', given.secret\nreturn { (function() "
        .. code .. " end)() }")
      assert.truthy(#texts > 0)
      for _, text in ipairs(texts) do assert.truthy(count(wiped, text) > 0, text) end
    end)
  end

  it("is also where a text outgrows its buffer", function()
    local wiped = run [[
      local list = {}
      for i = 1, 200 do list[i] = given.secret .. i end
      assert(require "sapanywhere.core".encode(list))
      return {}
    ]]
    -- Buffers of 512 bytes, 1 KiB, 2 KiB and 4 KiB begin with the same text; and then there is the whole.
    assert.truthy(count(wiped, '["' .. SECRET .. '1"') >= 4, count(wiped, '["' .. SECRET .. '1"'))
  end)

  -- Makes a call in the child, closes its client and collects everything.
  local function call(options, more)
    local given = { options = options }
    for name, value in pairs(more or {}) do given[name] = value end
    return run([[
      local sapanywhere = require "sapanywhere"
      local name = given.options.code and "create_instance" or "oauth_url"
      local client = assert(sapanywhere.new { tls = given.tls, proxy = given.proxy })
      local result, err = client[name](client, given.options)
      assert((result ~= nil) == (given.fails == nil), err)
      client:close()
      client = nil
      collectgarbage()
      collectgarbage()
      return { result and result.token, result and result.oauthUrl }
    ]], given)
  end

  it("is all of a call that creates an instance: its headers, its body, the answer", function()
    local callback = assert(service:authorize { state = "wiped" })
    local code = assert(callback:match "code=([^&]+)")
    local wiped, texts = call(service:creating { base_url = service.base_url, code = code, name = "my shop" })
    assert.truthy(count(wiped, "Authorization: User " .. service.user_secret) > 0)
    assert.truthy(count(wiped, '"oauth.api.secret":"' .. service.api_secret .. '"') >= 2) -- as written, and as sent
    assert.truthy(count(wiped, texts[1]) >= 2) -- as it arrived, and as it was decoded
  end)

  it("is an address with secrets in its query, and the answer's headers", function()
    local url = service:url { header = { ["X-Echo"] = SECRET } }
    local wiped = call(service:asking { base_url = url })
    local headers = wiped:gsub("X%-Echo: ", "x-echo:") -- as they came, or as they are kept
    assert.truthy(count(headers, "x-echo:" .. SECRET) > 0)
    assert.truthy(count(wiped, "apiSecret=" .. service.api_secret) > 0)
  end)

  it("is the proxy with its password", function()
    local wiped = call(service:asking { retry = false }, {
      proxy = "http://me:" .. SECRET .. "@" .. service.refused_url:match("//([^/]+)"), fails = true,
    })
    assert.truthy(count(wiped, ":" .. SECRET .. "@") > 0)
  end)
end)
