-- The examples run as they stand, in what they are for.

local child = require "support.child"
local core = require "sapanywhere.core"
local kept = require "support.kept"
local nginx_cannot_wait = require "support.nginx_waits"
local nginx_example = require "support.nginx_example"
local redis = require "support.redis"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

-- nginx's Lua is LuaJIT.
describe("examples/webhook.nginx", function()
  if not rawget(_G, "jit") then return end

  local KEY = "Zq9signature-key"
  local example, dir, port

  local function log() return example:log() end

  local function start(variables, change)
    example = nginx_example.start("webhook.nginx", {
      variables = ("WEBHOOK_KEY=%s %s"):format(KEY, variables or ""), change = change,
    })
    dir, port = example.dir, example.port
  end

  after_each(function() example:stop() end)

  local function sign(body) return "sha256=" .. core.base64(core.hmac_sha256(KEY, body)) end

  -- Posts a body, with a signature or false for none: the status of the answer.
  local function post(body, signature)
    system.write_file(dir .. "/body", body)
    local header = signature and "-H " .. system.quote("Elements-Webhook-Signature: " .. signature) or ""
    local command = "curl -s -m 20 -o /dev/null -w '%%{http_code}' -H 'Content-Type: application/json' "
      .. "--data-binary @%s/body %s 127.0.0.1:%d/notifications"
    return tonumber(system.output(command:format(dir, header, port)))
  end

  local function body_of(id, event_id)
    return ('{"message":{"eventId":"%s","events":[{"objectType":"orders","objectId":%s,"eventType":"CREATED"}],'
      .. '"raw":{"instance_id":1001}}}'):format(event_id or "e" .. id, id)
  end

  local function count(line)
    return select(2, log():gsub(line, ""))
  end

  -- Waits until the log has a line so often.
  local function expect(times, line)
    for _ = 1, 250 do
      if count(line) >= times then break end
      os.execute("sleep 0.02")
    end
    assert.equal(times, count(line), log())
  end

  local function check_once()
    for id = 1, 5 do
      local body = body_of(id)
      assert.equal(200, post(body, sign(body)), log())
      assert.equal(200, post(body, sign(body)))
      assert.equal(200, post(body, sign(body)))
    end
    for id = 1, 5 do expect(1, ("instance 1001: orders %d CREATED"):format(id)) end
    local next_part = body_of(6, "e1")
    assert.equal(200, post(next_part, sign(next_part)))
    expect(1, "orders 6 CREATED")
    expect(6, "CREATED")
  end

  it("answers at once, and works once for each notification", function()
    start()
    check_once()
    assert.is_nil(log():find("%[error%][^\n]*%[lua%]"), log())
  end)

  it("takes what the local service sends", function()
    start()
    local service = services.start {}
    finally(function() service:stop() end)
    local instance = assert(service:client {}:create_instance(service:creating { configuration = {
      ["event.notification.enabled"] = "true", ["event.vendor.type"] = "webhook",
      ["event.notification.callback.url"] = ("http://127.0.0.1:%d/notifications"):format(port),
      ["event.notification.signature.key"] = KEY,
    } }))
    local events = { { objectType = "orders", objectId = 77, eventType = "CREATED" } }
    assert.equal(200, service:notify { instance = instance.id, events = events })
    expect(1, ("instance %d: orders 77 CREATED"):format(instance.id))
  end)

  it("refuses what is not signed, and what is none", function()
    start()
    local body = body_of(1)
    assert.equal(400, post(body, false))
    assert.equal(400, post(body, "sha1=x"))
    assert.equal(400, post(body, sign(body .. " ")))
    assert.equal(400, post("", sign("")))
    assert.equal(400, post("{}", sign("{}")))
    assert.equal(413, post(("x"):rep(8000001), "sha256=x"))
    assert.equal(400, post(("x"):rep(8000000), sign(("x"):rep(8000000))))
    assert.equal(200, post(body, sign(body)))
    expect(1, "CREATED")
    assert.is_nil(log():find(KEY, 1, true))
  end)

  -- Adds locations that fill and empty the dictionary of what was read.
  local function with_filler(config)
    return (config:gsub("location = /notifications", [[
      location = /fill { content_by_lua_block {
        local notes, i = ngx.shared.notifications, 0
        repeat i = i + 1 until not notes:safe_add("filler" .. i, ("x"):rep(50))
      } }
      location = /empty { content_by_lua_block {
        ngx.shared.notifications:flush_all()
        ngx.shared.notifications:flush_expired()
      } }
      %0]]):gsub("notifications 10m", "notifications 100k"))
  end

  it("answers 503 when its dictionary is full, and 200 when there is room", function()
    start(nil, with_filler)
    local body = body_of(1)
    system.output(("curl -s 127.0.0.1:%d/fill"):format(port))
    assert.equal(503, post(body, sign(body)))
    system.output(("curl -s 127.0.0.1:%d/empty"):format(port))
    assert.equal(200, post(body, sign(body)))
    expect(1, "CREATED")
  end)

  it("gets what was missed, by examples/notifications.lua", function()
    start(nil, with_filler)
    local notifications = dofile "examples/notifications.lua"
    local service = services.start {}
    finally(function() service:stop() end)
    local client = service:client {
      user_secret = service.user_secret, organization_secret = service.organization_secret,
    }
    local instance = assert(client:create_instance(service:creating()))
    local url = ("http://127.0.0.1:%d/notifications"):format(port)
    assert(notifications.switch_on(client, { id = instance.id, url = url, key = KEY }))
    assert.equal(0, notifications.fetch_missed(client))

    local events = { { objectType = "orders", objectId = 78, eventType = "CREATED" } }
    system.output(("curl -s 127.0.0.1:%d/fill"):format(port))
    assert.equal(503, service:notify { instance = instance.id, events = events })
    assert.equal(0, count("orders 78 CREATED"))
    system.output(("curl -s 127.0.0.1:%d/empty"):format(port))
    assert.equal(1, notifications.fetch_missed(client))
    expect(1, "orders 78 CREATED")
  end)

  it("answers 503 when it has no timer, and works when the notification comes again", function()
    start(nil, function(config)
      return (config:gsub("init_by_lua_block", "lua_max_pending_timers 1;\n  %0"):gsub("location = /notifications", [[
        location = /hold { content_by_lua_block { ngx.timer.at(1, function() end) } }
        %0]]):gsub("worker_processes 2", "worker_processes 1"))
    end)
    local body = body_of(1)
    system.output(("curl -s 127.0.0.1:%d/hold"):format(port))
    assert.equal(503, post(body, sign(body)), log())
    os.execute("sleep 1.2")
    assert.equal(200, post(body, sign(body)))
    expect(1, "CREATED")
  end)

  if not redis.nginx_has_client() then return end

  it("works with Redis, and answers 503 without", function()
    local server = redis.start()
    finally(function() server:stop() end)
    start("NOTES=redis REDIS=127.0.0.1:" .. server.port)
    check_once()
    local name = server:ask("keys '*'"):match("[^\n]+")
    assert.matches("^notification:e[1-5]%-%x+$", name)
    local seconds = tonumber(server:ask("ttl " .. name))
    assert.is_true(seconds > 7 * 86400 - 60 and seconds <= 7 * 86400)
    server:stop()
    local body = body_of(7)
    assert.equal(503, post(body, sign(body)))
    assert.equal(0, count("orders 7 CREATED"))
  end)
end)

-- nginx's Lua is LuaJIT.
describe("examples/application.nginx", function()
  if not rawget(_G, "jit") then return end
  local why_not = nginx_cannot_wait()
  if why_not then
    return it("needs an nginx in which calls wait", function() pending(why_not) end)
  end

  local service, application
  local STORE_KEY = core.random_hex(32)

  local function quote(value)
    if type(value) == "string" then return ("%q"):format(value) end
    local parts = {}
    for name, entry in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(name, quote(entry)) end
    return "{ " .. table.concat(parts, ", ") .. " }"
  end

  local function secrets_of(self)
    return { ["secrets.lua"] = "return " .. quote {
      state_key = core.random_hex(32),
      client = {
        base_url = service.base_url, api_key = service.api_key, api_secret = service.api_secret,
        callback_url = self.origin .. "/auth", user_secret = service.user_secret,
        organization_secret = service.organization_secret,
      },
      store = { path = self.dir .. "/kept/shops.json", key = STORE_KEY },
    } }
  end

  before_each(function()
    service = assert(sandbox.start {})
    application = nginx_example.start("application.nginx", { files = secrets_of, change = function(config)
      return (config:gsub("location = /connect", [[
        location = /fill { content_by_lua_block {
          local states, count = ngx.shared.states, 0
          while states:safe_add(("%%032d"):format(count), true, 600) do count = count + 1 end
        } }
        %0]]):gsub("states 10m", "states 100k"))
    end })
  end)

  after_each(function()
    application:stop()
    service:stop()
  end)

  -- A visit by a browser, which is its file of cookies: the status, where it is sent, the whole answer.
  local function visit(browser, url)
    local jar = system.quote(application.dir .. "/temp/" .. browser)
    local said = system.output(("curl -s -m 20 -i -b %s -c %s %s"):format(jar, jar, system.quote(url)))
    return tonumber(said:match("^HTTP/%S+ (%d+)")), said:match("\nLocation: ([^\r\n]+)"), said
  end

  local function begin(browser)
    local status, consent = visit(browser, application.origin .. "/connect")
    return consent, status
  end

  it("connects a shop, once, for the browser that began, and keeps its token", function()
    local consent, status = begin "mine"
    assert.equal(302, status, application:log())
    local callback = assert(service:authorize(consent))
    assert.equal(400, (visit("yours", callback)))
    local created, _, page = visit("mine", callback)
    assert.equal(200, created, application:log())
    assert.truthy(page:find("<h1>Connected</h1>", 1, true))
    assert.truthy(page:lower():find("referrer-policy: no-referrer", 1, true))
    assert.equal(400, (visit("mine", callback)))
    assert.equal(1, #service:instances())

    local store = assert(sapanywhere.store.file { path = application.dir .. "/copy.json", key = STORE_KEY })
    system.write_file(application.dir .. "/copy.json", system.read_file(application.dir .. "/kept/shops.json"))
    os.execute("chmod 600 " .. system.quote(application.dir .. "/copy.json"))
    assert.equal(service:instances()[1].token, assert(store:get("1001")).token)
  end)

  it("has a page for each ending, and begins again", function()
    assert.equal(403, (visit("mine", assert(service:authorize((begin "mine"), "deny")))))
    assert.equal(400, (visit("mine", application.origin .. "/auth?code=1&state=2")))
    local consent = begin "mine"
    local callback = assert(service:authorize(consent))
    service:kill()
    local status, _, page = visit("mine", callback)
    assert.equal(502, status)
    assert.truthy(page:find('href="/connect"', 1, true))
    assert.equal(502, (visit("mine", application.origin .. "/connect")))
  end)

  it("answers 503 when its dictionary is full, and lets one address begin ten times", function()
    local consent = begin "mine"
    visit("mine", application.origin .. "/fill")
    assert.equal(503, (visit("mine", assert(service:authorize(consent)))))
    os.execute "sleep 0.2"
    assert.truthy(application:log():find("whether the state has been used is not known", 1, true), application:log())
    local begun = 0
    for _ = 1, 20 do
      if begin "mine" then begun = begun + 1 end
    end
    assert.is_true(begun >= 9 and begun <= 11, begun)
  end)

  it("writes no code, state or secret to its logs", function()
    local consent = begin "mine"
    local callback = assert(service:authorize(consent))
    visit("mine", callback)
    visit("mine", callback)
    service:kill()
    visit("mine", application.origin .. "/connect")
    os.execute "sleep 0.2"
    local logs = application:log() .. system.read_file(application.dir .. "/access.log")
    assert.truthy(logs:find("GET /auth", 1, true), logs)
    assert.truthy(logs:find("sapanywhere: ", 1, true), logs)
    for _, secret in ipairs {
      callback:match("code=([^&]+)"), callback:match("state=([^&]+)"), service.api_secret, service.api_key,
      service.user_secret, service.organization_secret, STORE_KEY,
    } do
      assert.is_nil(logs:find(secret, 1, true))
    end
  end)

  it("counts its calls for Prometheus, in all workers", function()
    for _ = 1, 6 do begin "mine" end
    local _, _, page = visit("mine", application.origin .. "/metrics")
    assert.truthy(page:find('\nsapanywhere_requests_total{call="oauth_url",kind="ok",outcome="ok"} 6\n', 1, true), page)
  end)
end)

describe("examples/states.redis", function()
  if not rawget(_G, "jit") or not redis.nginx_has_client() then return end

  it("takes a sealed state once", function()
    local server = redis.start()
    local host = assert(sandbox.start { log = false, nginx = {
      lua_package_path = nginx_example.absolute("examples/states.redis/?.lua;" .. package.path),
      lua_package_cpath = nginx_example.absolute(package.cpath),
      server = ([[location = /twice { content_by_lua_block {
        local sealer = assert(require "sapanywhere".state {
          key = ("k"):rep(32), on_use = require "note" ("unix:%s"),
        })
        local state = assert(sealer:issue { bind = "b" })
        local first = sealer:verify(state, { bind = "b" })
        local again, err = sealer:verify(state, { bind = "b" })
        ngx.print(tostring(first ~= nil), " ", tostring(again or err.reason))
      } }]]):format(server.socket),
    } })
    finally(function()
      host:stop()
      server:stop()
    end)
    local url = host.base_url:match("^http://[^/]+") .. "/twice"
    assert.equal("true replayed", system.output("curl -s -m 20 " .. url), host:error_log())
    assert.is_true(tonumber(server:ask("ttl " .. server:ask("keys '*'"))) > 600)
    server:stop()
    assert.equal("false store", system.output("curl -s -m 20 " .. url), host:error_log())
  end)
end)

-- What a program in examples/ prints, its lines sorted.
local function run(command, before)
  local paths = ("LUA_PATH=%s LUA_CPATH=%s"):format(
    system.quote("../?.lua;?.lua;" .. nginx_example.absolute(package.path)),
    system.quote(nginx_example.absolute(package.cpath)))
  local said = system.output(("cd examples && %s %s timeout -s KILL 60 %s 2>&1"):format(before or "", paths, command))
  local lines = {}
  for line in said:gmatch("[^\n]+") do lines[#lines + 1] = line end
  table.sort(lines)
  return lines, said
end

describe("examples/with_*.lua", function()
  for _, name in ipairs { "cqueues", "copas", "luv" } do
    local is_there = (pcall(kept, name))
    it("makes calls at the same time in " .. name, is_there and function()
      local lines = run(child.interpreter() .. (" with_%s.lua"):format(name))
      local expected = { "customers\t1000", "orders\t100", "products\t50" }
      if name ~= "copas" then expected[#expected + 1] = "the clock went on\ttrue" end
      assert.same(expected, lines)
    end or nil)
  end
end)

describe("examples/busted", function()
  it("passes, as the spec of an application", function()
    local busted = system.output("command -v busted"):gsub("\n", "")
    local command = ("%s %s --output=plainTerminal --pattern=_spec ."):format(child.interpreter(), busted)
    local _, said = run(command, "cd busted &&")
    assert.truthy(said:find("4 successes / 0 failures / 0 errors", 1, true), said)
  end)
end)

describe("examples/metrics.lua", function()
  it("counts requests, how they ended, and what was done again", function()
    local metrics = dofile "examples/metrics.lua"
    local service = services.start {}
    finally(function() service:stop() end)
    local counts = metrics.plain()
    local client = service:client { on_event = counts.on_event, retry = { base = 0.01 } }
    assert(client:oauth_url(service:asking()))
    assert(client:oauth_url(service:asking { base_url = service:url { status = 503, fail = 1 } }))
    client:create_instance(service:creating { base_url = service.refused_url, retry = false })
    local text = counts:text()
    for _, line in ipairs {
      "# TYPE sapanywhere_requests_total counter",
      'sapanywhere_requests_total{call="oauth_url",kind="ok",outcome="ok"} 2',
      'sapanywhere_requests_total{call="oauth_url",kind="server",outcome="rejected"} 1',
      'sapanywhere_requests_total{call="create_instance",kind="connect",outcome="not_sent"} 1',
      'sapanywhere_retries_total{call="oauth_url",kind="server"} 1',
    } do
      assert.truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true), text)
    end
    for line in text:gmatch("[^\n]+") do
      assert(line:find("^# [HT][EY][LP][PE] [%w_]+ .") or line:find('^[%w_]+{[%w_="%- ,]+} [%d.e+-]+$'), line)
    end
  end)
end)

describe("examples/provision.lua", function()
  local service, dir

  before_each(function()
    service, dir = assert(sandbox.start {}), system.output("mktemp -d"):gsub("\n", "")
  end)

  after_each(function()
    service:stop()
    os.execute("rm -rf " .. system.quote(dir))
  end)

  local function environment()
    local parts = {
      "LUA_PATH=" .. system.quote(nginx_example.absolute(package.path)),
      "LUA_CPATH=" .. system.quote(nginx_example.absolute(package.cpath)),
      "SAPANYWHERE_STORE_KEY=" .. ("k"):rep(32),
    }
    for _, name in ipairs {
      "base_url", "api_key", "api_secret", "callback_url", "user_secret", "organization_secret",
    } do
      parts[#parts + 1] = ("SAPANYWHERE_%s=%s"):format(name:upper(), system.quote(service[name]))
    end
    return table.concat(parts, " ")
  end

  -- Runs it beside somebody who opens the address, decides, and pastes the callback: what it printed, and its status.
  local function provision(decision)
    local here = system.output("pwd -P"):gsub("\n", "")
    local typed = assert(io.popen(("cd %s && %s timeout -s KILL 60 %s %s/examples/provision.lua 'my shop' >said 2>&1; "
      .. "echo $? >status"):format(dir, environment(), child.interpreter(), here), "w"))
    local address
    for _ = 1, 500 do
      local file = io.open(dir .. "/said")
      address = file and file:read("*a"):match("\n(http[^\n]+)\n")
      if file then file:close() end
      if address then break end
      os.execute "sleep 0.02"
    end
    typed:write(assert(service:authorize(assert(address), decision)), "\n")
    typed:close()
    return system.read_file(dir .. "/said"), system.read_file(dir .. "/status")
  end

  it("connects a shop, and keeps its token sealed", function()
    local said, status = provision "allow"
    assert.truthy(said:find("my shop is connected as instance 1001, and has 0 customers", 1, true), said)
    assert.equal("0\n", status)
    local kept_file = system.read_file(dir .. "/shops.json")
    assert.truthy(kept_file:find("my%%20shop"))
    assert.is_nil(kept_file:find(service:instances()[1].token, 1, true))
  end)

  it("says why it did not", function()
    local said, status = provision "deny"
    assert.truthy(said:find("sapanywhere: denied: ", 1, true), said)
    assert.equal("1\n", status)
    assert.equal(0, #service:instances())
  end)
end)
