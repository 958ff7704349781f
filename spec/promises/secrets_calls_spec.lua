-- A secret is only ever in a request, of every call: secrets of the account, of the app, an instance's token that comes
-- from a store with a key, a notification key that is put into a configuration, and what the caller sends under a name
-- that says what it is. Servers repeat what they are asked; nothing that comes of it holds one.

local calls = require "support.calls"
local core = require "sapanywhere.core"
local hidden = require "support.secrets"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local STYLES = { "raw", "html", "percent", "percent_lower", "base64", "json", "json_slashes", "list" }
local STATUSES = { 200, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503 }

describe("no secret of any call", function()
  local service, echo, dir, known
  local looked = 0

  setup(function()
    service, echo = services.start {}, peers.start("echo")
    dir = system.output("mktemp -d"):gsub("\n", "")
    system.write_file(dir .. "/rows.csv", "a\n1\n")
    known = { instance = 1, row = 1, job = 1, running = 1, file = dir .. "/rows.csv", to = dir .. "/got" }
  end)
  teardown(function()
    echo:stop()
    service:stop()
    os.execute("rm -rf " .. system.quote(dir))
  end)

  local function make_secrets()
    local secrets = hidden.make()
    secrets.token, secrets.webhook_key = hidden.header_secret(), hidden.any_secret()
    secrets.refresh = hidden.any_secret()
    secrets.store_key = hidden.any_secret() .. ("K"):rep(32)
    return secrets
  end

  -- A client, and a shop whose token is in a store.
  local function objects_of(secrets)
    os.remove(dir .. "/shops.json") -- of other secrets
    local store = assert(sapanywhere.store.file { path = dir .. "/shops.json", key = secrets.store_key })
    assert(store:put("my shop", { token = secrets.token }))
    local client = assert(sapanywhere.new {
      api_key = secrets.api_key, api_secret = secrets.api_secret, callback_url = "https://app.example/auth",
      user_secret = secrets.user_secret, organization_secret = secrets.organization_secret, retry = false, timeout = 10,
    })
    return { client = client, shop = assert(client:instance { token = store:token("my shop") }) }
  end

  -- Where else a call may have secrets: title of a row → options in the place of the example's.
  local OPTIONS = {
    oauth_url = function(secrets) return { extra = { password = secrets.password } } end,
    create_instance = function(secrets)
      return { name = "x", code = secrets.code, configuration = { ["oauth.user.token"] = secrets.refresh },
        extra = { nested = { password = secrets.password } } }
    end,
    reauthenticate_instance = function(secrets)
      return { id = 1, name = "x", external_authentication = "initial", configuration = {
        ["oauth.user.token"] = secrets.password, ["oauth.user.refresh_token"] = secrets.refresh,
        ["event.notification.signature.key"] = secrets.webhook_key,
      } }
    end,
    update_instance = function(secrets)
      return { id = 1, configuration = { ["event.notification.signature.key"] = secrets.webhook_key },
        extra = { providerData = { code = secrets.code } } }
    end,
    request = function(secrets)
      return { method = "PUT", path = "/accounts/1", query = { apiKey = secrets.password },
        headers = { ["X-Api-Key"] = secrets.refresh }, body = { password = secrets.code } }
    end,
    ["resource:create"] = function(secrets) return { body = { name = "x", password = secrets.password } } end,
    ["resource:update"] = function(secrets)
      return { id = 1, body = core.encode { apiSecret = secrets.password, list = { { token = secrets.refresh } } } }
    end,
    ["resource:list"] = function(secrets) return { query = { apiKey = secrets.password } } end,
    ["instance:request"] = function(secrets)
      return { method = "POST", path = "/x", body = '{"password":' .. core.encode(secrets.code) .. "}",
        headers = { ["X-Auth-Token"] = secrets.refresh }, query = { access_token = secrets.password } }
    end,
    ["instance:bulk_upload"] = function(secrets)
      return { object = "orders", file = known.file, meta_data = { password = secrets.password } }
    end,
  }

  -- Makes the call of every row with secrets of its own, at the same time, and looks at what comes of each.
  local function try_all(where, more_of, secrets)
    secrets = secrets or make_secrets()
    local needles, objects, back = hidden.needles_of(secrets), objects_of(secrets), {}
    local _, raised = sapanywhere.all {
      items = calls.rows(), concurrency = 100,
      worker = function(row)
        local more, events = more_of(), {}
        more.on_event = function(event) events[#events + 1] = event end
        local own = OPTIONS[row.title]
        local _, err, meta = calls.make(row, known, objects, more, own and own(secrets))
        back[row.title] = { err = err, meta = meta, events = events }
      end,
    }
    for i = 1, raised.n do assert.is_nil(raised[i], tostring(raised[i])) end
    for title, said in pairs(back) do
      hidden.check(said, needles, title .. " " .. where)
      if said.err then hidden.check_text("so: " .. said.err, needles, title .. " " .. where) end
      hidden.check(sapanywhere.redact(said), needles, "a copy of " .. title .. " " .. where)
      looked = looked + 1
    end
    for _, object in ipairs { objects.client, objects.shop, objects.shop.orders } do
      hidden.check(object, needles, "an object")
    end
    objects.client:close()
    return back
  end

  -- Each style with every fourth status, and each status with two styles.
  for number, style in ipairs(STYLES) do
    it("is in what comes of an answer that repeats the request: " .. style, function()
      for index = number % 4 + 1, #STATUSES, 4 do
        local status = STATUSES[index]
        try_all(style .. " " .. status, function()
          return { base_url = ("http://127.0.0.1:%d/%d/%s"):format(echo.port, status, style) }
        end)
      end
    end)
  end

  for _, header in ipairs { "Elements-Request-Id", "Elements-Next-Page-Token", "ETag", "Server", "Cache-Control" } do
    it("is in what comes of a success where only an ordinary header repeats it: " .. header, function()
      local secrets = make_secrets()
      secrets.user_secret = "Zq9/+" .. secrets.user_secret:gsub("[^%w]", "") .. "=="
      local peer = peers.start("says", ("HTTP/1.1 200 OK\\r\\n%s: a %s b\\r\\nContent-Length: 2\\r\\n\\r\\n[]"):format(
        header, secrets.user_secret))
      try_all(header, function() return { base_url = ("http://127.0.0.1:%d/"):format(peer.port) } end, secrets)
      peer:stop()
    end)
  end

  local FAILURES = {
    refused = function() return { base_url = service.refused_url } end,
    died = function() return { base_url = service:url { die = true } } end,
    cut = function() return { base_url = service:url { cut = 250 } } end,
    slow = function() return { base_url = service:url { delay = 5, act = false }, timeout = 0.1 } end,
    ["not HTTP"] = function() return { base_url = service:url { raw = "what?" } } end,
    html = function() return { base_url = service:url { body = "html" } } end,
    garbage = function() return { base_url = service:url { body = "garbage" } } end,
    unauthorized = function() return { base_url = service.base_url } end,
    again = function()
      return { base_url = service:url { status = 503, act = false }, retry = { max = 1, base = 0.001 } }
    end,
    ["unknown option"] = function() return { no_such_option = 1 } end,
  }
  for name, more_of in pairs(FAILURES) do
    it("is in what comes of a failure: " .. name, function()
      local back = try_all(name, more_of)
      if name ~= "html" and name ~= "garbage" and name ~= "not HTTP" then
        for title, said in pairs(back) do
          assert(said.err or title == "oauth_url" and name == "unauthorized", title .. " has not failed")
        end
      end
    end)
  end

  it("was looked for in vain", function()
    assert.truthy(looked > 900)
    assert.truthy(echo:count("answered") > 700)
    assert.equal(0, echo:count("failed"), echo:report():match("failed[^\n]*"))
  end)
end)
