-- Sealed states between the workers of an nginx, and between machines that share a Redis.
-- nginx's Lua is LuaJIT: these run once, with LuaJIT's core.
if not rawget(_G, "jit") then return end

local core = require "sapanywhere.core"
local ports = require "sapanywhere.sandbox.carrier.ports"
local redis = require "support.redis"
local sandbox = require "sapanywhere.sandbox"
local system = require "sapanywhere.sandbox.carrier.system"

local OLD_KEY, NEW_KEY = core.hex(core.random(32)), core.hex(core.random(32))
local CALLBACK_URL = "https://www.mycoolapp.com/auth"
local AT_ONCE = 64

-- Two sealers that differ in where a used state is noted: as the README shows them.
local SEALERS = [[
  local sapanywhere = require "sapanywhere"
  local found, redis = pcall(require, "resty.redis")
  if not found then redis = require "nginx.redis" end -- where Debian has it

  local function note_in_dictionary(nonce, seconds)
    return ngx.shared.states:add(nonce, true, seconds)
  end

  local function note_in_redis(nonce, seconds)
    local store = redis:new()
    store:set_timeout(10000)
    local ok, err = store:connect("unix:%s")
    if not ok then return nil, err end
    ok, err = store:set("oauth-state:" .. nonce, 1, "NX", "EX", seconds)
    if not ok then return nil, err end
    store:set_keepalive(10000, 100)
    return ok == "OK"
  end

  sealers = {}
  for name, on_use in pairs { dictionary = note_in_dictionary, redis = note_in_redis } do
    sealers[name] = assert(sapanywhere.state { key = { %s }, callback_url = "%s", on_use = on_use })
  end
]]

-- reuseport: the kernel deals connections out to the workers, so that each has some.
local SERVER = [[
  lua_shared_dict states 1m;
  init_by_lua_block { %s }
  server {
    listen 127.0.0.1:%d reuseport;
    location = /issue {
      content_by_lua_block { ngx.print(sealers[ngx.var.arg_store]:issue { bind = ngx.var.arg_bind }) }
    }
    location = /auth {
      content_by_lua_block {
        local grant, err = require("sapanywhere").parse_callback(ngx.var.request_uri, {
          state = sealers[ngx.var.arg_store], bind = ngx.var.arg_bind,
        })
        ngx.print(grant and "granted" or err.reason or err.kind, " ", ngx.worker.pid(), " ", tostring(err))
      }
    }
  }
]]

-- Where nginx finds the core that runs these.
local function core_path()
  local file = package.searchpath("sapanywhere.core", package.cpath) -- luacheck: ignore 143
  return (system.output("realpath " .. system.quote(assert(file))):gsub("sapanywhere/core%.so\n$", "?.so"))
end

-- An nginx with two workers and these keys (as text).
local function start_host(keys, socket)
  local port = ports.pick({ "http" }).http
  local host = assert(sandbox.start {
    workers = 2, log = false,
    nginx = {
      user = "root", -- who alone may use the socket of the Redis
      lua_package_cpath = core_path(),
      http = SERVER:format(SEALERS:format(socket, keys, CALLBACK_URL), port),
    },
  })
  host.origin = "http://127.0.0.1:" .. port
  return host
end

local engine = core.engine()
local pool = engine:pool { max_connections = 2 * AT_ONCE }

-- Asks for all targets, { origin, path }, at the same time; the bodies in their order.
local function get_all(targets)
  local transfers, bodies, done = {}, {}, {}
  for i, target in ipairs(targets) do
    transfers[i] = assert(pool:start {
      method = "GET", origin = target[1], target = target[2], headers = {}, max_bytes = 1e6,
      timeout = 60, connect_timeout = 10,
    })
  end
  for i, transfer in ipairs(transfers) do
    while not transfer:done() do assert(engine:wait(done, 60)) end
    local response, failure = transfer:result()
    if not response then error(failure.message) end
    assert.equal(200, response.status)
    bodies[i] = response.body
  end
  return bodies
end

local function get(host, path)
  return get_all({ { host.origin, path } })[1]
end

local function issue(host, store, bind)
  return get(host, ("/issue?store=%s&bind=%s"):format(store, bind or "session"))
end

local function callback(store, state, more)
  return ("/auth?store=%s&%s&state=%s"):format(store, more or "bind=session&code=c", state)
end

-- The callback of one state, many times at once, dealt out to the hosts: how often each was answered, and the
-- workers that answered.
local function race(hosts, store, state)
  local targets, counts, workers = {}, {}, {}
  for i = 1, AT_ONCE do targets[i] = { hosts[i % #hosts + 1].origin, callback(store, state) } end
  for _, body in ipairs(get_all(targets)) do
    local said, worker = body:match("^([%a_]+) (%d+)")
    counts[said] = (counts[said] or 0) + 1
    workers[worker] = true
  end
  return counts, workers
end

-- Many races; exactly one wins each, whoever issued the state.
local function run_races(hosts, store)
  local seen, seen_count = {}, 0
  for round = 1, 20 do
    local counts, workers = race(hosts, store, issue(hosts[round % #hosts + 1], store))
    assert.same({ granted = 1, replayed = AT_ONCE - 1 }, counts)
    for worker in pairs(workers) do
      if not seen[worker] then seen_count = seen_count + 1 end
      seen[worker] = true
    end
  end
  assert.equal(2 * #hosts, seen_count)
end

describe("a sealed state", function()
  local store, first, second

  setup(function()
    store = redis.start()
    first = start_host(("%q"):format(OLD_KEY), store.socket)
    second = start_host(("%q, %q"):format(NEW_KEY, OLD_KEY), store.socket)
  end)

  teardown(function()
    if first then first:stop() end
    if second then second:stop() end
    if store then store:stop() end
  end)

  it("is granted once among the workers of one nginx, with a shared dictionary", function()
    run_races({ first }, "dictionary")
  end)

  it("is granted once among the workers of two nginx, with one Redis", function()
    local counts = race({ first, second }, "redis", issue(first, "redis"))
    assert.same({ granted = 1, replayed = AT_ONCE - 1 }, counts)
    -- The first of them takes the new key, too, as one does before the new key signs.
    first:stop()
    first = start_host(("%q, %q"):format(OLD_KEY, NEW_KEY), store.socket)
    run_races({ first, second }, "redis")
  end)

  it("is forgotten by Redis when no clock can find it alive", function()
    store:ask("flushall")
    get(first, callback("redis", issue(first, "redis")))
    local name = store:ask("keys '*'")
    assert.matches("^oauth%-state:%x+$", name)
    local seconds = tonumber(store:ask("ttl " .. name))
    assert.truthy(seconds > 600 and seconds <= 660, seconds)
  end)

  for _, kind in ipairs { "dictionary", "redis" } do
    it("comes back through the consent page, and is used up by a no: " .. kind, function()
      for decision, said in pairs { allow = "granted", deny = "denied" } do
        local state = issue(first, kind)
        local url = assert(first:authorize({ callback_url = CALLBACK_URL, state = state }, decision))
        local path = callback(kind, state, "bind=session&" .. url:match("%?(.*)$"):gsub("&?state=[^&]*", ""))
        assert.matches("^" .. said, get(first, path))
        assert.matches("^replayed", get(first, path))
      end
    end)

    it("is not used up by another session's callback: " .. kind, function()
      local state = issue(first, kind)
      assert.matches("^another_session", get(first, callback(kind, state, "bind=other&code=c")))
      assert.matches("^granted", get(first, callback(kind, state)))
    end)
  end

  it("is neither granted nor called used when the store is gone", function()
    local state = issue(first, "redis")
    store:stop()
    for _, host in ipairs { first, second } do
      local said = get(host, callback("redis", state))
      assert.matches("^store %d+ .*on_use failed: ", said)
    end
  end)

  it("leaves no key in an error log", function()
    for _, host in ipairs { first, second } do
      local log = host:error_log()
      assert.is_nil(log:find(OLD_KEY, 1, true))
      assert.is_nil(log:find(NEW_KEY, 1, true))
      assert.is_nil(log:find("stack traceback", 1, true), log)
    end
  end)
end)
