-- Engines, pools and transfers end once, in any order, and nothing of theirs is used afterwards.

local child = require "support.child"
local libcurl = require "support.libcurl"
local core = require "sapanywhere.core"
local process = require "spec.process"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local done = {}

describe("the life of", function()
  local service, origin

  setup(function()
    service = services.start { log = false }
    origin = service.base_url:match("^http://[^/]+")
  end)
  teardown(function() service:stop() end)

  -- A request that is refused, sooner or later.
  local function start(pool, wishes)
    local path = service:url(wishes or { delay = 30 }):match("^http://[^/]+(.*)$")
    return pool:start {
      method = "GET", origin = origin, target = path .. "/elements/sapanywhere/oauth/url", headers = {},
      timeout = 60, connect_timeout = 5, max_bytes = 1e6,
    }
  end

  -- An engine with two transfers that run and one that is done.
  local function make()
    local engine = core.engine()
    local pool = engine:pool { max_connections = 8 }
    local slow, other, quick = start(pool), start(pool), start(pool, {})
    while not quick:done() do engine:wait(done, 10) end
    return { engine = engine, pool = pool, slow = slow, other = other, quick = quick }
  end

  local function collect()
    if rawget(_G, "jit") then require("jit").flush() end -- what compiled code mentions is not collected
    collectgarbage()
    collectgarbage()
  end

  describe("an engine", function()
    it("deals with no more at once than it is asked to", function()
      local made = make()
      local engine, first, second = made.engine, start(made.pool, { delay = 0.5 }), start(made.pool, { delay = 0.5 })
      for _ = 1, 20 do -- both requests leave
        engine:step(done)
        core.poll(-1, 0.01)
      end
      core.poll(-1, 1.5) -- both answers arrive
      local total = 0
      while not (first:done() and second:done()) do
        local count = engine:step(done, 1)
        assert.truthy(count <= 1)
        total = total + count
        if count == 0 then core.poll(engine:fd(), 0.1) end
      end
      assert.equal(2, total)
      assert.has_error(function() engine:step(done, 0) end)
      engine:close()
    end)
  end)

  describe("an object", function()
    it("ends at a second close as silently as at the first", function()
      local made = make()
      for _, name in ipairs { "slow", "quick", "pool", "engine" } do
        made[name]:close()
        if name ~= "pool" then assert.has_no_error(function() made[name]:close() end) end
      end
      made.pool:close()
    end)

    it("says that it is closed when it is used afterwards", function()
      local made = make()
      for _, name in ipairs { "slow", "quick", "engine" } do made[name]:close() end
      for name, use in pairs {
        slow = function(object) object:done() end, quick = function(object) object:result() end,
        engine = function(object) object:fd() end,
      } do
        local ok, message = pcall(use, made[name])
        assert.is_false(ok)
        assert.matches("closed", message)
      end
      assert.has_error(function() made.engine:step {} end)
      assert.has_error(function() made.engine:pool {} end)
    end)

    it("takes no other for its own", function()
      local made = make()
      assert.has_error(function() made.engine.close(made.pool) end)
      assert.has_error(function() made.pool.start(made.slow, {}) end)
      assert.has_error(function() made.slow.id {} end)
      assert.has_error(function() made.slow.id() end)
    end)

    it("is not asked for a result while it runs", function()
      local made = make()
      assert.has_error(function() made.slow:result() end)
    end)
  end)

  it("a transfer ends with its pool: closed, and told so", function()
    local made = make()
    made.pool:close()
    for _, name in ipairs { "slow", "other" } do
      assert.is_true(made[name]:done())
      local response, failure = made[name]:result()
      assert.is_nil(response)
      assert.equal("closed", failure.kind)
    end
    assert.equal(400, made.quick:result().status)
    local late = start(made.pool)
    assert.is_true(late:done())
    assert.equal("closed", select(2, late:result()).kind)
  end)

  it("a transfer ends with its engine, and its result stays", function()
    local made = make()
    made.engine:close()
    assert.equal("closed", select(2, made.slow:result()).kind)
    assert.equal(400, made.quick:result().status)
    made.slow:close()
    made.pool:close()
  end)

  it("a pool goes on while only its transfers know it", function()
    local engine = core.engine()
    local transfer = start(engine:pool { max_connections = 2 }, { delay = 0.2 })
    collect()
    while not transfer:done() do engine:wait(done, 10) end
    assert.equal(400, transfer:result().status)
  end)

  it("all may end in any order, with transfers in flight", function()
    local names = { "engine", "pool", "slow", "other", "quick" }
    collect()
    local before = #process.descriptors()

    local function forget_in_order()
      local made = make()
      for _, name in ipairs(names) do
        made[name] = nil
        collect()
      end
    end

    local function permute(count)
      if count == 1 then return forget_in_order() end
      for i = 1, count do
        names[i], names[count] = names[count], names[i]
        permute(count - 1)
        names[i], names[count] = names[count], names[i]
      end
    end

    permute(4) -- of five: the quick one goes last
    for _ = 1, 5 do make() end
    collect()
    assert.equal(before, #process.descriptors())
  end)

  it("an engine that has written a file leaves no descriptor, and no file but that one", function()
    local dir = system.output("mktemp -d"):gsub("\n", "")
    local before = #process.descriptors()
    local target = core.target("/elements/sapanywhere/oauth/url", {
      "api_key", "apiKey", "api_secret", "apiSecret", "callback_url", "callbackUrl", "state", "state",
    }, { api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url, state = "s" })
    for _, number in ipairs { 1, 2 } do
      local engine, path = core.engine(), dir .. "/answer"
      local sink = assert(core.sink(path, 1e6))
      local transfer = engine:pool { max_connections = 1 }:start {
        method = "GET", origin = origin, target = service.base_url:match("^http://[^/]+(.*)$") .. target, headers = {},
        timeout = 60, connect_timeout = 5, max_bytes = 1e6, sink = sink,
      }
      while not transfer:done() do engine:wait(done, 10) end
      assert.equal(200, transfer:result().status)
      assert.matches("oauthUrl", system.read_file(path))
      assert.equal("answer\n", system.output("ls -A " .. dir))
      sink:close()
      sink:close()
      engine:close()
      assert.equal(before, #process.descriptors(), number)
    end
    os.execute("rm -rf " .. dir)
  end)

  it("a client ends at close, which may come twice, and says so afterwards", function()
    local client = service:client {}
    assert(client:oauth_url(service:asking {}))
    client:close()
    client:close()
    local result, err = client:oauth_url(service:asking {})
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.equal("not_sent", err.outcome)
  end)

  it("a client that is forgotten gives back its connections", function()
    collect()
    local before = #process.descriptors()
    for _ = 1, 20 do assert(service:client {}:oauth_url(service:asking {})) end
    collect()
    assert.is_true(#process.descriptors() <= before + 2)
  end)

  it("a pause ends in both processes after a fork", function()
    local host = require("sapanywhere.wait.descriptor").host(function(fd, seconds)
      coroutine.yield()
      core.poll(fd, seconds)
    end)
    local pausing = coroutine.create(function() host.sleep(0.2) end)
    coroutine.resume(pausing)
    local pid = process.fork()
    for _ = 1, 10 do coroutine.resume(pausing) end
    local status = coroutine.status(pausing)
    if pid == 0 then process.exit(status == "dead" and 0 or 1) end
    local how, code = process.wait(pid, 20)
    assert.same({ "dead", "exit", 0 }, { status, how, code })
  end)

  it("a call without a descriptor left pauses and follows as ever", function()
    local why_none_is_kept = libcurl.why_none_is_kept()
    if why_none_is_kept then return pending(why_none_is_kept) end
    local said = child.run([[
      local core, sapanywhere = require "sapanywhere.core", require "sapanywhere"
      local function wait(fd, seconds)
        coroutine.yield()
        core.poll(fd, seconds > 0.01 and 0.01 or seconds)
      end
      local function call(wishes, how)
        local options = { base_url = given.origin .. "/~" .. wishes .. given.path, retry = { max = 1, base = 0.1 } }
        for name, value in pairs(given.options) do options[name] = value end
        options.wait = how
        local result, err = sapanywhere.oauth_url(options)
        return result and "ok" or tostring(err)
      end
      local function side_by_side(count)
        local threads, said = {}, {}
        for i = 1, count do threads[i] = coroutine.create(function() said[i] = call("delay=0.1", wait) end) end
        repeat
          local is_live = false
          for i = 1, count do is_live = coroutine.resume(threads[i]) or is_live end
        until not is_live
        return said
      end
      side_by_side(2) -- which leaves two connections
      local held = {}
      repeat
        local file = io.open("/dev/null")
        held[#held + 1] = file
      until not file
      local said = side_by_side(2)
      said[3] = call("status=503;fail=1;run=plain")
      said[4] = call("status=503;fail=1;run=own", core.poll)
      for _, file in ipairs(held) do file:close() end
      return said
    ]], {
      origin = origin, path = service.base_url:match("^http://[^/]+(.*)$"), options = service:asking {},
    }, { before = "ulimit -n 60;", seconds = 30 })
    assert.same({ "ok", "ok", "ok", "ok" }, said)
  end)

  it("a to-be-closed variable is its block", function()
    local code = [[
      local made, sapanywhere, service, options = ...
      local kept
      do
        local client <close> = assert(sapanywhere.new { base_url = service.base_url })
        kept = client
        local engine <close> = made.engine
        local slow <close> = made.slow
        assert(client:oauth_url(options))
      end
      return kept:oauth_url(options)
    ]]
    local chunk = (loadstring or load)(code)
    if not chunk then return end -- no such variables in this Lua
    local made = make()
    local result, err = chunk(made, sapanywhere, service, service:asking {})
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.has_error(function() made.engine:fd() end)
    assert.has_error(function() made.slow:done() end)
  end)

  -- How a program ends with calls in flight: by itself, by os.exit with the state closed, or by an error.
  for name, ending in pairs {
    ["its last line"] = "", ["os.exit(0, true)"] = "os.exit(0, true)", ["os.exit(0)"] = "os.exit(0)",
  } do
    it("a program ends at " .. name .. " with calls in flight, at once and well", function()
      local script = ([[
        local core, sapanywhere = require "sapanywhere.core", require "sapanywhere"
        local engine = core.engine()
        local pool, done = engine:pool { max_connections = 9 }, {}
        running = {}
        for i = 1, 5 do
          running[i] = pool:start {
            method = i %% 2 == 0 and "POST" or "GET", origin = %q, target = %q, headers = {}, timeout = 60,
            connect_timeout = 5, max_bytes = 1e6, body = i %% 2 == 0 and "{}" or nil,
          }
        end
        for _ = 1, 5 do engine:wait(done, 0.02) end
        local client = assert(sapanywhere.new { base_url = %q })
        waiting = coroutine.create(function() client:oauth_url { api_key = "k", api_secret = "s",
          callback_url = "http://localhost/", base_url = %q } end)
        sapanywhere.all { function() coroutine.resume(waiting) end }
        %s
      ]]):format(origin, service:url({ delay = 30 }):match("^http://[^/]+(.*)$"), service.base_url,
        service:url { delay = 0.1 }, ending)
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write(script)
      file:close()
      local started = core.now()
      local pipe = assert(io.popen(child.interpreter() .. " " .. path .. " 2>&1; echo $?"))
      local said = pipe:read("*a")
      pipe:close()
      os.remove(path)
      assert.equal("0\n", said)
      assert.is_true(core.now() - started < 60)
    end)
  end
end)
