-- The examples run as they stand, in what they are for.

local core = require "sapanywhere.core"
local ports = require "sapanywhere.sandbox.carrier.ports"
local redis = require "support.redis"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

-- The paths of a Lua in another directory: those of this one, made absolute.
local function absolute(path)
  local here = system.output("pwd -P"):gsub("\n", "")
  return (path:gsub("[^;]+", function(template)
    return template:sub(1, 1) == "/" and template or here .. "/" .. template
  end))
end

-- nginx's Lua is LuaJIT.
describe("examples/webhook.nginx", function()
  if not rawget(_G, "jit") then return end

  local KEY = "Zq9signature-key"
  local dir, port, pipe

  -- Ends with its pipe, however this program ends.
  local COMMAND = "cd %s && WEBHOOK_KEY=%s %s LUA_PATH=%s LUA_CPATH=%s %s -p \"$PWD\" -c nginx.conf >log 2>&1 & "
    .. "cat >/dev/null; kill $!; wait"

  local program = system.output("PATH=$PATH:/usr/sbin:/usr/local/openresty/nginx/sbin command -v nginx"):gsub("\n", "")
  local built = system.output(program .. " -V 2>&1")

  -- The configuration on another port; an nginx that has Lua built in needs no module for it.
  local function read_config()
    local config = system.read_file(dir .. "/nginx.conf"):gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
    if built:find("openresty", 1, true) then config = config:gsub("load_module [^\n]*\n", "") end
    return config
  end

  local function log() return system.read_file(dir .. "/log") end

  -- Copies the example, on another port, with a change to its configuration, and starts it.
  local function start(variables, change)
    dir, port = system.output("mktemp -d"):gsub("\n", ""), ports.pick({ "http" }).http
    os.execute(("cp examples/webhook.nginx/* %s && mkdir %s/temp && chmod -R a+rX %s"):format(dir, dir, dir))
    local config = read_config()
    system.write_file(dir .. "/nginx.conf", change and change(config) or config)
    local quote = system.quote
    pipe = assert(io.popen(COMMAND:format(quote(dir), quote(KEY), variables or "", quote(absolute(package.path)),
      quote(absolute(package.cpath)), program), "w"))
    local ready = "for i in $(seq 100); do curl -s -o /dev/null 127.0.0.1:%d/ && echo yes && break; sleep 0.02; done"
    if system.output(ready:format(port)) ~= "yes\n" then error(log()) end
  end

  after_each(function()
    if pipe then pipe:close() end
    pipe = nil
    os.execute("rm -rf " .. system.quote(dir))
  end)

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
