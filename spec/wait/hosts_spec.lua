local child = require "support.child"
local contract = require "support.contract"
local core = require "sapanywhere.core"
local has_module = require "support.optional"
local make_loop = require "support.hosts.own".make_loop
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

-- Debian has copas for Lua 5.1, and so LuaJIT; for 5.2, too, but that of Debian 13 does not load.
local NAMES = { "plain", "cqueues", "luv", "own" }
if _VERSION == "Lua 5.1" or _VERSION == "Lua 5.2" then table.insert(NAMES, "copas") end

local function is_here(name)
  if name == "plain" or name == "own" or has_module(name) then return true end
  it("the host " .. name, function() pending("there is no " .. name .. " for this Lua") end)
end

for _, name in ipairs(NAMES) do if is_here(name) then
  local host = require("support.hosts." .. name)
  describe("the host " .. host.name, function()
    local service

    setup(function() service = assert(sandbox.start {}) end)
    teardown(function() service:stop() end)

    for _, case in ipairs(contract.cases) do
      it(case[1], function()
        local state = "contract-state"
        local callback = assert(service:authorize { state = state })
        host.run(function() case[2](contract.environment(contract.describe(service), host, callback, state)) end)
      end)
    end
  end)
end end

describe("a host that is asked for by name", function()
  local service

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)

  local function ask(name)
    return service:client { wait = name }:oauth_url(service:asking {})
  end

  for _, name in ipairs { "nginx", "cqueues" } do
    it("is refused where the program does not run in it: " .. name, function()
      if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
      local result, err = ask(name)
      assert.is_nil(result)
      assert.equal("wrong_phase", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.truthy(err.message:find(name, 1, true), err.message)
    end)
  end

  it("serves where the program runs in it", function()
    assert(ask("plain"))
    if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
    require("support.hosts.cqueues").run(function() assert(ask("cqueues")) end)
  end)

  it("goes on with the others of all, and with its own loop", function()
    if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
    local cqueues = require "support.hosts.cqueues"
    local client = service:client { wait = "cqueues", base_url = service:url { delay = 0.5 } }
    local order = {}
    local function call()
      assert(client:oauth_url(service:asking {}))
      order[#order + 1] = "call"
    end
    cqueues.run(function()
      cqueues.together {
        function() sapanywhere.all { call, call } end,
        function()
          cqueues.sleep(0.05)
          order[#order + 1] = "sleep"
        end,
      }
    end)
    assert.same({ "sleep", "call", "call" }, order)
  end)
end)

describe("a stand-in for ngx, as specs of programs for OpenResty make it,", function()
  local service

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)

  local stand_ins = {
    ["is empty"] = "ngx = {}",
    ["is no table"] = "ngx = true",
    ["has a phase"] = [[ngx = {
      get_phase = function() return "content" end, sleep = function() end, timer = { at = function() return true end },
      config = { subsystem = "http" },
    }]],
    ["raises at its phase"] = "ngx = { get_phase = error }; package.loaded['ngx.semaphore'] = {}",
    ["has semaphores and no phase"] = "ngx = { sleep = print }; package.loaded['ngx.semaphore'] = {}",
    ["has semaphores and little else"] =
      "ngx = { get_phase = function() return 'content' end }; package.loaded['ngx.semaphore'] = {}",
  }

  -- The kind of failure, or "ok", of a call that waits as it can, of one in nginx, and of one in cqueues.
  local code = [[
    %s
    local sapanywhere = require "sapanywhere"
    %s
    local function ask(wait)
      given.wait = wait
      local result, err = sapanywhere.oauth_url(given)
      return result and "ok" or err.kind
    end
    local said = { ask "auto", ask "nginx", ask "auto" }
    local controller = require "cqueues".new()
    controller:wrap(function() said[4] = ask "auto" end)
    assert(controller:loop())
    return said
  ]]

  for name, stand_in in pairs(stand_ins) do
    it("is not taken for nginx: one that " .. name, function()
      if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
      local given = service:asking { base_url = service.base_url }
      for _, text in ipairs { code:format(stand_in, ""), code:format("", stand_in) } do
        assert.same({ "ok", "wrong_phase", "ok", "ok" }, (child.run(text, given)))
      end
    end)
  end

  -- The real one says its version.
  local function like_the_real_one(phase)
    return ([[
      ngx = {
        get_phase = function() return %q end, sleep = error, timer = { at = error },
        config = { subsystem = "http", ngx_lua_version = 10013 },
      }
      local result, err = require "sapanywhere".oauth_url(given)
      return result and "ok" or err.kind .. ": " .. err.message
    ]]):format(phase)
  end

  it("is refused with words where it is the real one without lua-resty-core, and blocks no worker", function()
    for _, wait in ipairs { "auto", "nginx" } do
      local said = child.run(like_the_real_one("content"), service:asking { base_url = service.base_url, wait = wait })
      assert.matches("^wrong_phase: .*lua%-resty%-core", said)
    end
  end)

  -- The newest Lua modules have more phases than the one that Debian has.
  it("waits, blocks or refuses by the phase", function()
    local ways = {
      waits = {
        "rewrite", "server_rewrite", "access", "precontent", "content", "timer", "preread", "ssl_cert",
        "ssl_session_fetch", "ssl_client_hello", "proxy_ssl_cert", "proxy_ssl_verify",
      },
      blocks = { "init", "init_worker", "exit_worker" },
      refuses = { "set", "balancer", "header_filter", "body_filter", "log", "ssl_session_store", "one_to_come" },
    }
    local found = child.run([[
      local phase
      ngx = {
        get_phase = function() return phase end, sleep = error, timer = { at = error },
        config = { subsystem = "http", ngx_lua_version = 10031 },
      }
      package.loaded["ngx.semaphore"] = { new = error }
      local nginx, found = require "sapanywhere.wait.nginx", {}
      for way, phases in pairs(given) do
        for _, name in ipairs(phases) do
          phase = name
          local host, err = nginx.here()
          found[name] = host and (host.blocks and "blocks" or "waits") or err.kind == "wrong_phase" and "refuses"
        end
      end
      return found
    ]], ways)
    for way, phases in pairs(ways) do
      for _, name in ipairs(phases) do assert.same({ name, way }, { name, found[name] }) end
    end
  end)

  it("looks at more at a time where the program's own timers leave it one look in a millisecond", function()
    local most = {}
    for timers = 0, 1 do
      most[timers] = child.run([[
        local semaphore, due = {}, function() end
        function semaphore:wait()
          due()
          return self.is_posted
        end
        function semaphore:post() self.is_posted = true end
        ngx = {
          get_phase = error, sleep = error, config = { subsystem = "http", ngx_lua_version = 10023 },
          timer = {
            running_count = function() return 0 end, pending_count = function() return given end,
            at = function(_, wake)
              due = wake
              return true
            end,
          },
        }
        package.loaded["ngx.semaphore"] = { new = function() return setmetatable({}, { __index = semaphore }) end }
        local host = require "sapanywhere.wait.nginx".host
        local look = host.pace.look()
        look:note(5, false)
        host.wait(nil, 1, look)
        return look:most()
      ]], timers)
    end
    assert.is_true(most[1] > most[0])
  end)

  it("may block without lua-resty-core where nginx starts", function()
    assert.equal("ok", (child.run(like_the_real_one("init"), service:asking { base_url = service.base_url })))
  end)
end)

describe("a loop inside a loop", function()
  it("learns of its answers from the leader of the other", function()
    if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
    local service = services.start { log = false }
    local client, order = service:client {}, {}
    local cqueues, inner = require "cqueues", require "cqueues".new()
    local function call(delay)
      assert(client:oauth_url(service:asking { base_url = service:url { delay = delay } }))
    end
    inner:wrap(function()
      for _ = 1, 5 do call(0.1) end
      order[#order + 1] = "five"
    end)
    require("support.hosts.cqueues").run(function()
      require("support.hosts.cqueues").together {
        function()
          call(3)
          order[#order + 1] = "slow"
        end,
        function()
          while not inner:empty() do
            assert(inner:step(0))
            cqueues.poll(inner)
          end
        end,
      }
    end)
    service:stop()
    assert.same({ "five", "slow" }, order)
  end)
end)

describe("a wait function that raises", function()
  local service, client

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)
  before_each(function() client = service:client {} end)
  after_each(function() client:close() end)

  local function ask(wait, delay)
    return client:oauth_url(service:asking { wait = wait, base_url = service:url { delay = delay } })
  end

  -- How long a call takes that its coroutine makes after one whose wait function has raised.
  local function call_again()
    local is_bad = true
    local function wait(fd, seconds)
      if is_bad then error("trouble", 0) end
      core.poll(fd, seconds)
    end
    local took
    coroutine.wrap(function()
      local ok, message = pcall(ask, wait, 0.2)
      assert.is_false(ok)
      assert.equal("trouble", message)
      is_bad = false
      local started = core.now()
      assert(ask(wait, 0.1))
      took = core.now() - started
    end)()
    return took
  end

  it("leaves its coroutine free to call again at once", function()
    local took = call_again()
    for _ = 1, 4 do -- a busy machine may be late once
      if took >= 0.9 then took = call_again() end
    end
    assert.truthy(took < 0.9, took)
  end)

  -- Calls of so many seconds in a loop without timers, the first of which leads; one of them is cancelled. Returns
  -- which of them were answered.
  local function cancel_one(delays, number)
    local loop, answered, threads = make_loop(), {}, {}
    for i, delay in ipairs(delays) do
      threads[i] = loop.spawn(function() answered[i] = ask(loop.wait, delay) ~= nil end)
    end
    loop.run(0.02)
    loop.cancel(threads[number])
    loop.run(10)
    assert.same({ [threads[number]] = "cancelled" }, loop.raised)
    return answered
  end

  it("and so cancels a follower does not keep the others waiting", function()
    for _ = 1, 8 do -- whom a leader names is chance
      assert.same({ true, nil, true }, cancel_one({ 0.1, 0.4, 0.2 }, 2))
    end
  end)

  it("and so cancels the leader does not keep its followers waiting", function()
    assert.same({ nil, true }, cancel_one({ 1, 0.2 }, 1))
  end)
end)

describe("a creation that is given up before anything of it has left", function()
  local service, names
  local close = rawget(coroutine, "close") -- Lua 5.4 only

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)
  before_each(function() names = {} end)

  local function options_of(name, wait, origin)
    names[#names + 1] = name
    return service:creating { name = name, wait = wait, retry = false, base_url = service[origin or "tls_base_url"] }
  end

  -- Nobody sends it later: neither the calls that come next, nor the collector.
  local function assert_never_made(client)
    for _ = 1, 2 do assert(client:oauth_url(service:asking {})) end
    core.poll(-1, 0.1)
    assert(client:oauth_url(service:asking {}))
    local count = service:count_names()
    for _, name in ipairs(names) do assert.is_nil(count[name], name) end
  end

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    for _, inside in ipairs { "the main program", "a coroutine that goes on" } do
      it(("is not sent after an error in wait: %s, in %s"):format(origin, inside), function()
        local client = service:client {}
        local function run()
          local options = options_of("wait raises", function() error("gone", 0) end, origin)
          local ok, message = pcall(client.create_instance, client, options)
          assert.is_false(ok)
          assert.equal("gone", message)
          assert_never_made(client)
        end
        if inside == "the main program" then run() else assert(coroutine.resume(coroutine.create(run))) end
        assert_never_made(client)
      end)
    end
  end

  it("is not sent after it has waited for a connection, and its coroutine was cancelled or closed meanwhile", function()
    for _, is_closed in ipairs { false, close ~= nil } do
      local loop, client = make_loop(), service:client { max_connections = 1 }
      local url = service:url { delay = 0.3 }
      loop.spawn(function() assert(client:oauth_url(service:asking { wait = loop.wait, base_url = url })) end)
      loop.run(0.05)
      local options = options_of("queued, closed: " .. tostring(is_closed), loop.wait, "base_url")
      local thread = loop.spawn(function() client:create_instance(options) end)
      loop.run(0.05)
      if is_closed then
        loop.waiting[thread] = nil
        close(thread)
      else
        loop.cancel(thread)
      end
      loop.run(5)
      assert_never_made(client)
    end
  end)

  it("is not sent after an error of a hook, as Ctrl-C raises it, at any instruction before the wait", function()
    local client, interrupted = service:client {}, 0
    assert(client:oauth_url(service:asking {}))
    local function wait(fd, seconds)
      debug.sethook()
      core.poll(fd, seconds)
    end
    local function interrupt()
      debug.sethook()
      error("interrupted", 0)
    end
    for count = 1, 1200, 7 do
      local options = options_of("hook " .. count, wait, "base_url")
      local ok = pcall(function()
        debug.sethook(interrupt, "", count)
        client:create_instance(options)
      end)
      debug.sethook()
      if ok then names[#names] = nil else interrupted = interrupted + 1 end
    end
    assert.is_true(interrupted > 5)
    assert_never_made(client)
  end)

  it("is not sent after its coroutine was cancelled or closed, whether it led or followed", function()
    local client = service:client {}
    for _, is_closed in ipairs { false, close ~= nil } do
      for _, position in ipairs { "leads", "follows" } do
        local loop = make_loop()
        local function ask()
          assert(client:oauth_url(service:asking { wait = loop.wait, base_url = service:url { delay = 0.2 } }))
        end
        if position == "follows" then loop.spawn(ask) end
        local name = ("%s, closed: %s"):format(position, tostring(is_closed))
        local thread = loop.spawn(function() client:create_instance(options_of(name, loop.wait)) end)
        if is_closed then
          loop.waiting[thread] = nil
          close(thread)
        else
          loop.cancel(thread)
        end
        loop.run(5)
        assert_never_made(client)
      end
    end
  end)

  it("closes what was sent, and lets the others of its loop go on", function()
    local loop, client, answered = make_loop(), service:client {}, false
    local url = service:url { delay = 0.3 }
    local thread = loop.spawn(function()
      client:create_instance(service:creating { name = "sent", wait = loop.wait, base_url = url })
    end)
    loop.spawn(function()
      answered = client:oauth_url(service:asking { wait = loop.wait, base_url = service:url { delay = 0.4 } }) ~= nil
    end)
    loop.run(0.1)
    loop.cancel(thread)
    loop.run(5)
    assert.is_true(answered)
    assert.equal("cancelled", loop.raised[thread])
  end)
end)

describe("a program without the libraries of the system", function()
  it("gets errors, and nothing is raised", function()
    local service = services.start { log = false }
    local said = child.run([[
      local kept = {}
      for _, name in ipairs { "os", "io", "debug", "load", "loadstring" } do
        kept[name], _G[name] = _G[name], nil
        package.loaded[name] = nil
      end
      local sapanywhere = require "sapanywhere"
      local said = {}
      local function note(name, ok, result, err)
        said[name] = not ok and "raised: " .. tostring(result) or result and "ok" or err.kind
      end
      for name, url in pairs(given.urls) do
        given.options.base_url = url
        note(name, pcall(sapanywhere.oauth_url, given.options))
      end
      local made, sealer = pcall(sapanywhere.state, { key = ("k"):rep(32) })
      note("state", made, sealer)
      note("issue", pcall(function() return sealer:issue { bind = "a session" } end))
      note("all", pcall(sapanywhere.all, { function() return sapanywhere.oauth_url(given.options) end }))
      for name, library in pairs(kept) do _G[name] = library end
      return said
    ]], {
      options = service:asking { retry = false },
      urls = { ok = service:url {}, refused = service:url { status = 400 }, down = service:url { status = 503 } },
    })
    service:stop()
    assert.same({
      ok = "ok", refused = "rejected", down = "server", state = "ok", issue = "state", all = "ok",
    }, said)
  end)
end)
