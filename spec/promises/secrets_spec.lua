-- A secret is only ever in a request: random ones go through every call, option and failure, at servers that
-- repeat what they are asked; and nothing that the library returns or prints holds one, in any of the usual
-- encodings. SEED=… chooses others.

local child = require "support.child"
local core = require "sapanywhere.core"
local hidden = require "support.secrets"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local any_secret, check, check_text, make_secrets = hidden.any_secret, hidden.check, hidden.check_text, hidden.make
local needles_of, pick = hidden.needles_of, hidden.pick

-- The calls.

describe("no secret", function()
  local service, echo, refuser, hidden_calls

  setup(function()
    service, echo, refuser = services.start {}, peers.start("echo"), peers.start("refuse", "407")
    hidden_calls = 0
  end)
  teardown(function()
    echo:stop()
    refuser:stop()
    service:stop()
  end)

  local function echoing(status, style)
    return ("http://127.0.0.1:%d/%d/%s"):format(echo.port, status, style)
  end

  local function options_of(secrets, more)
    local options = {
      api_key = secrets.api_key, api_secret = secrets.api_secret, callback_url = "https://app.example/auth",
      user_secret = secrets.user_secret, organization_secret = secrets.organization_secret, retry = false,
      timeout = 10,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return options
  end

  local function asking(secrets, more)
    local options = options_of(secrets, more)
    options.extra = options.extra or { password = secrets.password }
    return options
  end

  local function creating(secrets, more)
    local options = options_of(secrets, more)
    options.code, options.name = options.code or secrets.code, "a name"
    options.configuration = { ["oauth.user.token"] = secrets.token }
    options.extra = { nested = { password = secrets.password } }
    return options
  end

  -- Makes a call, and looks at everything that comes of it. A result is the server's own word.
  local function try(secrets, where, name, options)
    local needles, events = needles_of(secrets), {}
    options.on_event = function(event) events[#events + 1] = event end
    local result, err, meta = sapanywhere[name](options)
    check(err, needles, where .. ": err")
    if err then check_text("so: " .. err, needles, where .. ": err in a text") end
    check(meta, needles, where .. ": meta")
    check(events, needles, where .. ": event")
    check(sapanywhere.redact(err), needles, where .. ": a copy of err")
    hidden_calls = hidden_calls + 1
    return result, err, meta
  end

  local STYLES = { "raw", "html", "percent", "percent_lower", "base64", "json", "json_slashes", "list" }
  local STATUSES = { 200, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503 }

  for _, style in ipairs(STYLES) do
    it("is in what comes of an answer that repeats the request: " .. style, function()
      for _, status in ipairs(STATUSES) do
        local secrets, url = make_secrets(), echoing(status, style)
        local where = style .. " " .. status
        try(secrets, "oauth_url " .. where, "oauth_url", asking(secrets, { base_url = url }))
        try(secrets, "oauth_url by body " .. where, "oauth_url",
          asking(secrets, { base_url = url, secrets_in = "body" }))
        try(secrets, "create_instance " .. where, "create_instance", creating(secrets, { base_url = url }))
      end
    end)
  end

  it("is in what comes of a retry", function()
    for _ = 1, 5 do
      local secrets = make_secrets()
      local options = asking(secrets, {
        base_url = echoing(503, pick(STYLES)), retry = { max = 2, base = 0.001 },
      })
      local _, err = try(secrets, "retry", "oauth_url", options)
      assert.truthy(err.attempts >= 1)
    end
  end)

  -- Each failure without an answer, or with a useless one: base_url and more of a call.
  local failures = {
    refused = function() return service.refused_url end,
    dns = function() return "https://sapanywhere.invalid/" end,
    tls = function() return service.tls_faults.wrong_name end,
    ["no TLS"] = function() return (service.base_url:gsub("^http", "https")) end,
    ["no CA"] = function() return service.tls_base_url, { tls = { ca_file = "/no/such/file" } } end,
    died = function() return service:url { die = true } end,
    cut = function() return service:url { cut = 250 } end,
    slow = function() return service:url { delay = 5 }, { timeout = 0.05 } end,
    large = function() return service:url { size = 50000 }, { max_response_bytes = 2048 } end,
    ["not HTTP"] = function() return service:url { raw = "what?" } end,
    html = function() return service:url { body = "html" } end,
    garbage = function() return service:url { body = "garbage" } end,
    unauthorized = function() return service.base_url end,
  }
  for name, failure in pairs(failures) do
    it("is in what comes of a failure: " .. name, function()
      for _ = 1, 4 do
        local secrets = make_secrets()
        for _, call in ipairs { "oauth_url", "create_instance" } do
          local url, more = failure()
          more = more or { tls = { ca_file = service.ca_file } }
          more.base_url = url
          local options = call == "oauth_url" and asking(secrets, more) or creating(secrets, more)
          local result, err = try(secrets, call .. " " .. name, call, options)
          assert.is_nil(result)
          assert.truthy(err)
        end
      end
    end)
  end

  it("of a proxy is in what comes of its refusal", function()
    for _ = 1, 10 do
      local secrets = make_secrets()
      local proxy = ("http://me:%s@127.0.0.1:%d"):format(core.percent_encode(secrets.proxy), refuser.port)
      for _, url in ipairs { service.base_url, service.tls_base_url } do
        local options = creating(secrets, { base_url = url, proxy = proxy })
        local _, err = try(secrets, "proxy", "create_instance", options)
        assert.equal("connect", err.kind)
        check(err, needles_of { credentials = "me:" .. secrets.proxy }, "err")
      end
    end
  end)

  -- Mistakes with a secret in them.
  local mistakes = {
    ["in an option's name"] = function(secrets, options) options[secrets.token .. "%"] = true end,
    ["in a name of configuration"] = function(secrets, options)
      options.configuration = { [secrets.token .. "\1"] = "x", ["oauth.api.secret"] = secrets.password }
    end,
    ["with a control character"] = function(secrets, options)
      options.api_secret = secrets.api_secret .. "\r\n"
    end,
    ["that is no UTF-8"] = function(secrets, options) options.api_secret = secrets.api_secret .. "\255" end,
    ["with a comma"] = function(secrets, options) options.user_secret = secrets.user_secret .. ", " end,
    ["in a table"] = function(secrets, options) options.api_secret = { secrets.api_secret } end,
    ["in base_url's credentials"] = function(secrets, options)
      options.base_url = "https://me:" .. secrets.password .. "@host/"
    end,
    ["in base_url's query"] = function(secrets, options)
      options.base_url = "https://host/?apiSecret=" .. secrets.password
    end,
    ["in a proxy that is none"] = function(secrets, options)
      options.proxy = "ftp://me:" .. secrets.proxy .. "@host:1/path"
    end,
    ["in a word"] = function(secrets, options)
      options.secrets_in, options.null = secrets.token, secrets.token
    end,
    ["in a time"] = function(secrets, options) options.timeout = secrets.token end,
    ["raised by its function"] = function(secrets, options)
      options.api_secret = function() error("vault: " .. secrets.api_secret) end
    end,
    ["returned broken by its function"] = function(secrets, options)
      options.api_secret = function() return secrets.api_secret .. "\n" end
    end,
    ["returned in a table by its function"] = function(secrets, options)
      options.api_secret = function() return { secrets.api_secret } end
    end,
    ["given twice"] = function(secrets, options)
      options.configuration = { ["oauth.api.secret"] = secrets.password, ["oauth.api.key"] = secrets.token }
      options.extra = { apiSecret = secrets.password }
    end,
    ["in a body that lacks entries"] = function(secrets, options)
      options.body = { configuration = { ["oauth.api.secret"] = secrets.password, x = { secrets.token } } }
    end,
    ["in a tag"] = function(secrets, options) options.tags = { [secrets.token] = secrets.token } end,
    ["in tls"] = function(secrets, options)
      options.tls = { [secrets.token .. "%"] = secrets.token, ca_file = 7 }
    end,
    ["in the code"] = function(secrets, options) options.code = secrets.code .. "\0" end,
  }
  for name, mistake in pairs(mistakes) do
    it("is in what comes of a mistake: " .. name, function()
      for _ = 1, 5 do
        local secrets = make_secrets()
        for _, call in ipairs { "oauth_url", "create_instance" } do
          local options = options_of(secrets, { base_url = service.base_url })
          mistake(secrets, options)
          local result, err = try(secrets, call, call, options)
          assert.is_nil(result)
          assert.equal("usage", err.kind)
        end
        local options = options_of(secrets)
        mistake(secrets, options)
        local _, err = sapanywhere.new(options)
        check(err, needles_of(secrets), "new")
      end
    end)
  end

  it("is in what comes of a callback", function()
    for _ = 1, 30 do
      local secrets = make_secrets()
      local encoded = core.percent_encode(secrets.code)
      for _, query in ipairs {
        "?code=" .. encoded .. "&state=another", "?code=" .. encoded,
        "?code=" .. encoded .. "&code=1&state=s",
        "?code=" .. encoded .. "&error=no&state=s", "?code=" .. encoded .. "%zz&state=s",
        "?code=" .. encoded .. "%00&state=s", "?token=" .. encoded .. "&state=s",
        "?error=no&error_description=code%3D" .. encoded .. "&state=s",
        "?code=" .. encoded .. ("x"):rep(17000),
      } do
        local grant, err = sapanywhere.parse_callback(query, { state = "s" })
        assert.is_nil(grant, query)
        check(err, needles_of(secrets), "parse_callback")
      end
      local options = { [secrets.token .. "%"] = 1, state = { secrets.token } }
      local _, err = sapanywhere.parse_callback("?x=1", options)
      check(err, needles_of(secrets), "parse_callback's usage")
    end
  end)

  -- What callbacks of the caller say, with a secret as it is and in the usual encodings.
  local function sayings(secret)
    return {
      "no connection for " .. secret, "at /?key=" .. core.percent_encode(secret), core.base64(secret),
      core.base64url(secret), { secret },
    }
  end

  it("is in what comes of a notification", function()
    for _ = 1, 10 do
      local secrets = { key = any_secret(), other = any_secret() }
      local needles = needles_of(secrets)
      local keys = { secrets.key, secrets.other }
      local body = ('{"message":{"events":[],"raw":%s}}'):format(core.encode { token = secrets.key })
      local signature = "sha256=" .. core.base64(core.hmac_sha256(secrets.other, body))
      for _, said in ipairs(sayings(secrets.key)) do
        for _, on_use in ipairs { function() error(said, 0) end, function() return nil, said end } do
          local reader = assert(sapanywhere.webhook { key = keys, on_use = on_use })
          local notification, err = reader:read { body = body, signature = signature }
          assert.equal("store", not notification and err.reason)
          check(err, needles, "on_use")
          check(reader, needles, "a reader")
        end
      end
      local reader = assert(sapanywhere.webhook { key = keys })
      for _, given in ipairs {
        { body = body, signature = secrets.key }, { body = secrets.key, signature = signature }, { body = body },
        { body = secrets.key, signature = "sha256=" .. core.base64(core.hmac_sha256(secrets.key, secrets.key)) },
        { body = { secrets.key } }, { body = body, signature = { secrets.key } }, { [secrets.key .. "%"] = 1 },
      } do
        local notification, err = reader:read(given)
        assert.is_nil(notification)
        check(err, needles, "read")
      end
      local _, err = sapanywhere.webhook { key = { secrets.key, 5 }, [secrets.other .. "%"] = 1 }
      check(err, needles, "webhook's usage")
    end
  end)

  it("is in what comes of a store", function()
    local path = os.tmpname()
    for _ = 1, 10 do
      local secrets = { key = any_secret() .. any_secret() .. ("K"):rep(32), token = any_secret() }
      local needles = needles_of(secrets)
      local function look(call, result, err)
        assert.is_nil(result)
        check(err, needles, call)
      end
      for _, said in ipairs(sayings(secrets.key)) do
        for _, command in ipairs { function() error(said, 0) end, function() return nil, said end } do
          local store = assert(sapanywhere.store.redis { command = command, prefix = "p", key = secrets.key })
          look("put", store:put("x", { token = secrets.token }))
          look("token", store:token("x")())
          check(store, needles, "a store")
        end
      end
      os.remove(path)
      local store = assert(sapanywhere.store.file { path = path, key = secrets.key })
      assert(store:put("x", { token = secrets.token }))
      check_text(system.read_file(path), needles, "the file")
      look("get", assert(sapanywhere.store.file { path = path, key = secrets.key .. "x" }):get("x"))
      look("put", store:put("x", { token = secrets.token, f = print }))
      look("put", store:put({ secrets.token }, { token = secrets.token }))
      local raised, said = pcall(store.put, store, "x", secrets.token)
      assert.is_false(raised)
      check_text(said, needles, "what put raises")
      system.write_file(path, secrets.token)
      look("get", store:get("x"))
      system.write_file(path, core.encode { version = 1, entries = { x = { sealed = secrets.token } } })
      look("get", store:get("x"))
      look("file", sapanywhere.store.file { path = path, key = { secrets.key, secrets.token:sub(1, 20) } })
    end
    os.remove(path)
    os.remove(path .. ".lock")
  end)

  it("is in an error that is raised, or its traceback", function()
    for _ = 1, 10 do
      local secrets = make_secrets()
      local client = assert(sapanywhere.new(options_of(secrets, { base_url = service.base_url })))
      local needles = needles_of(secrets)
      for _, misuse in ipairs {
        function() sapanywhere.oauth_url(secrets.token) end,
        function() sapanywhere.create_instance(secrets.token) end,
        function() sapanywhere.new(secrets.token) end,
        function() client.oauth_url(options_of(secrets)) end,
        function() client:create_instance(secrets.token) end,
        function() assert(client:create_instance(creating(secrets))) end,
      } do
        local ok, said = xpcall(misuse, function(problem) return debug.traceback(tostring(problem)) end)
        assert.is_false(ok)
        check_text(said, needles, "a traceback")
      end
      check_text(tostring(client), needles, "a client's name")
    end
  end)

  it("is in a copy of redact, by name or as the value of an answer", function()
    for _ = 1, 30 do
      local secrets = make_secrets()
      check(sapanywhere.redact {
        token = secrets.token, apiSecret = secrets.api_secret, configuration = {
          ["oauth.api.secret"] = secrets.api_secret, ["oauth.api.key"] = secrets.api_key,
          ["oauth.user.token"] = secrets.token, ["oauth.user.refresh_token"] = secrets.password,
        },
        providerData = { code = secrets.code },
        url = "https://h/?code=" .. core.percent_encode(secrets.code) .. "&apiSecret="
          .. core.percent_encode(secrets.api_secret),
      }, needles_of(secrets), "redact")
    end
  end)

  it("is printed", function()
    local secrets = make_secrets()
    local given = {}
    for index, style in ipairs(STYLES) do
      given[2 * index - 1] = creating(secrets, { base_url = echoing(500, style) })
      given[2 * index] = creating(secrets, { base_url = service.refused_url })
    end
    local _, _, said = child.run([[
      local sapanywhere = require "sapanywhere"
      for _, options in ipairs(given) do sapanywhere.create_instance(options) end
      return true
    ]], given)
    assert.equal("", said)
  end)

  -- The library in nginx, whose error log is told every error there is.
  if rawget(_G, "jit") then
    it("is in nginx's error log", function()
      local here = system.output("pwd -P"):match("^(.-)\n")
      local paths = package.cpath:match("([^;]*build[^;]*)")
      local secrets, calls = make_secrets(), {}
      for index, style in ipairs(STYLES) do
        calls[index] = creating(secrets, { base_url = echoing(pick(STATUSES), style) })
      end
      calls[#calls + 1] = creating(secrets, { base_url = service.refused_url })
      local place = os.tmpname()
      system.write_file(place, require "sapanywhere.sandbox.service.records".write(calls))
      local host = services.start { log = false, nginx = {
        user = "root", -- who alone may read the file below
        lua_package_path = here .. "/lua/?.lua",
        lua_package_cpath = paths:sub(1, 1) == "/" and paths or here .. "/" .. paths,
        server = ([[
          location = /calls { content_by_lua_block {
            local file = assert(io.open("%s"))
            local calls = require("sapanywhere.sandbox.service.records").read(file:read("*a"))
            file:close()
            for _, options in ipairs(calls) do
              options.on_event = function(event)
                ngx.log(ngx.ERR, event.event, " ", event.url, " ", event.message)
              end
              local _, err = require("sapanywhere").create_instance(options)
              ngx.log(ngx.ERR, err)
            end
            ngx.say("done")
          } }
        ]]):format(place),
      } }
      local origin = host.base_url:match("^http://[^/]+")
      local _, said = require "support.get"(origin, "/calls")
      local log = host:error_log()
      host:stop()
      os.remove(place)
      assert.equal("done\n", said)
      local lines = select(2, log:gsub("\n", ""))
      assert.truthy(lines >= 3 * #calls, log)
      check_text(log, needles_of(secrets), "the error log")
    end)
  end

  it("was looked for in vain", function()
    -- The calls did reach the server with the secrets in them.
    assert.truthy(hidden_calls > 300)
    assert.truthy(echo:count("answered") > 300)
    assert.equal(0, echo:count("failed"), echo:report():match("failed[^\n]*"))
    local caught = pcall(check, { a = { "x" .. core.base64("1" .. ("secret"):rep(3)) } },
      needles_of { a = ("secret"):rep(3) }, "")
    assert.is_false(caught)
  end)
end)
