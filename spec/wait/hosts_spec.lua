local child = require "support.child"
local contract = require "support.contract"
local core = require "sapanywhere.core"
local has_module = require "support.optional"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

-- Debian has copas for Lua 5.1, and so LuaJIT; for 5.2, too, but that of Debian 13 does not load.
local NAMES = { "plain", "cqueues", "luv" }
if _VERSION == "Lua 5.1" or _VERSION == "Lua 5.2" then table.insert(NAMES, "copas") end

local function is_here(name)
  if name == "plain" or has_module(name) then return true end
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

-- A loop for functions of the user's own: it polls, and resumes whoever has something to read. It has no timers.
local function make_loop()
  local loop = { waiting = {}, cancelled = {}, raised = {} }

  function loop.wait(fd)
    local thread = coroutine.running()
    loop.waiting[thread] = fd
    coroutine.yield()
    if loop.cancelled[thread] then error("cancelled", 0) end
  end

  local function resume(thread)
    loop.waiting[thread] = nil
    local ok, err = coroutine.resume(thread)
    if not ok then loop.raised[thread] = err end
  end

  function loop.spawn(run)
    local thread = coroutine.create(run)
    resume(thread)
    return thread
  end

  function loop.cancel(thread)
    loop.cancelled[thread] = true
    resume(thread)
  end

  -- Until so many seconds have passed, or nobody waits.
  function loop.run(seconds)
    local ending = core.now() + seconds
    while next(loop.waiting) and core.now() < ending do
      local threads = {}
      for thread in pairs(loop.waiting) do threads[#threads + 1] = thread end
      for _, thread in ipairs(threads) do
        if loop.waiting[thread] and core.poll(loop.waiting[thread], 0.005) then resume(thread) end
      end
    end
  end

  return loop
end

describe("a wait function that raises", function()
  local service, client

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)
  before_each(function() client = service:client {} end)
  after_each(function() client:close() end)

  local function ask(wait, delay)
    return client:oauth_url(service:asking { wait = wait, base_url = service:url { delay = delay } })
  end

  it("leaves its coroutine free to call again at once", function()
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

describe("all", function()
  it("keeps the order and lets one failure not spoil the others", function()
    local results, errors = sapanywhere.all {
      function() return 1 end,
      function() error("oops", 0) end,
      function() return nil, "no" end,
      function() return 4 end,
    }
    assert.same({ 1, nil, nil, 4, n = 4 }, results)
    assert.same({ nil, "oops", "no", nil, n = 4 }, errors)
  end)

  it("runs a worker over a list, so many at a time, and tells how far it is", function()
    local running, most, told = 0, 0, {}
    local results = sapanywhere.all {
      items = { "a", "b", "c", "d", "e" }, concurrency = 2,
      worker = function(item, index)
        running = running + 1
        most = math.max(most, running)
        coroutine.yield()
        running = running - 1
        return item .. index
      end,
      on_progress = function(done, total) told[#told + 1] = done .. "/" .. total end,
    }
    assert.same({ "a1", "b2", "c3", "d4", "e5", n = 5 }, results)
    assert.equal(2, most)
    assert.same({ "1/5", "2/5", "3/5", "4/5", "5/5" }, told)
  end)

  it("lets go of what has ended while the rest goes on", function()
    local seen, most = setmetatable({}, { __mode = "k" }), 0
    local items = {}
    for index = 1, 200 do items[index] = index end
    sapanywhere.all {
      items = items, concurrency = 2,
      worker = function(index)
        seen[coroutine.running()] = true
        if index % 50 ~= 0 then return end
        collectgarbage()
        collectgarbage()
        local count = 0
        for _ in pairs(seen) do count = count + 1 end
        most = math.max(most, count)
      end,
    }
    assert.truthy(most < 10, most)
  end)

  it("takes an empty list", function()
    assert.same({ n = 0 }, (sapanywhere.all {}))
  end)

  it("goes on with calls and their pauses while a function yields again and again", function()
    local service = services.start { log = false }
    local client = service:client {}
    local ended, answers = core.now() + 20, 0
    local function call()
      local url = service:url { status = 503, fail = 1 }
      assert(client:oauth_url(service:asking { base_url = url, retry = { base = 0.1 } }))
      answers = answers + 1
    end
    local _, errors = sapanywhere.all {
      call, call,
      function()
        while answers < 2 do
          assert(core.now() < ended, "no answer while it yielded")
          coroutine.yield()
        end
      end,
    }
    service:stop()
    assert.same({ n = 3 }, errors)
  end)

  it("takes a yield of a function's own for no wait, whatever it yields", function()
    local service = services.start { log = false }
    local client = service:client {}
    local order = {}
    sapanywhere.all {
      function()
        for _, value in ipairs { true, false, 1, "x" } do coroutine.yield(value) end
        order[#order + 1] = "yield"
      end,
      function()
        assert(client:oauth_url(service:asking { base_url = service:url { delay = 0.5 } }))
        order[#order + 1] = "call"
      end,
    }
    service:stop()
    assert.same({ "yield", "call" }, order)
  end)

  it("lets the loop outside go on while a function only yields", function()
    if not has_module "cqueues" then return pending("there is no cqueues for this Lua") end
    local cqueues = require "support.hosts.cqueues"
    local is_set, seen = false, nil
    cqueues.run(function()
      cqueues.together {
        function()
          local ending = core.now() + 10
          sapanywhere.all { function()
            while not is_set and core.now() < ending do coroutine.yield() end
            seen = is_set
          end }
        end,
        function()
          cqueues.sleep(0.05)
          is_set = true
        end,
      }
    end)
    assert.is_true(seen)
  end)

  describe("with a call where its function cannot yield", function()
    local service

    setup(function() service = services.start { log = false } end)
    teardown(function() service:stop() end)

    -- Runs functions, each given a function that makes a call of so many seconds, in a process of its own: one that
    -- never ends is killed. Returns what they returned, or `false` and what they raised.
    local function run(code)
      return (child.run([[
        local sapanywhere = require "sapanywhere"
        local function call(delay)
          local options = { timeout = 10, retry = false, base_url = given.origin .. "/~delay=" .. delay .. given.path }
          for name, value in pairs(given.options) do options[name] = value end
          return sapanywhere.oauth_url(options) and "ok"
        end
        local function inside(delay)
          return function()
            local said
            local _ = ("x"):gsub("x", function() said = call(delay) end)
            return said
          end
        end
        local results, errors = sapanywhere.all { ]] .. code .. [[ }
        local said = {}
        for i = 1, results.n do said[i] = results[i] or "raised: " .. tostring(errors[i]) end
        return said
      ]], {
        origin = service.base_url:match("^http://[^/]+"), path = service.base_url:match("^http://[^/]+(.*)$"),
        options = service:asking {},
      }, { seconds = 20 }))
    end

    -- Lua 5.1 and 5.2 cannot tell where they cannot yield.
    local function assert_ok_or_raised(said)
      if rawget(coroutine, "isyieldable") or said == "ok" then return assert.equal("ok", said) end
      assert.matches("yield", said)
    end

    it("keeps what the others return when it follows", function()
      local said = run [[
        function() return call(0.5) end, inside(0.1), function() return call(0.6) end
      ]]
      assert.same({ "ok", "ok" }, { said[1], said[3] })
      assert_ok_or_raised(said[2])
    end)

    it("goes on when it leads, catches the error and calls again", function()
      local said = run [[
        function() pcall(inside(0)) return call(0) end, function() return call(0) end
      ]]
      assert.same({ "ok", "ok" }, said)
    end)

    it("goes on when it leads, catches the error and does something else", function()
      local said = run [[
        function() pcall(inside(0.2)) for _ = 1, 1000 do coroutine.yield() end return "ok" end,
        function() return call(0.1) end, function() return call(0.1) end
      ]]
      assert.same({ "ok", "ok", "ok" }, said)
    end)
  end)

  describe("inside all", function()
    local service

    setup(function() service = services.start { log = false } end)
    teardown(function() service:stop() end)

    -- Functions that make a call of so long, and then note their name.
    local function noting(order)
      local client = service:client {}
      return function(name, wishes, more)
        return function()
          local options = service:asking(more)
          options.base_url = service:url(wishes)
          assert(client:oauth_url(options))
          order[#order + 1] = name
        end
      end
    end

    local function nested(...)
      local tasks = { ... }
      return function()
        local _, errors = sapanywhere.all(tasks)
        for index = 1, errors.n do assert(not errors[index], errors[index]) end
      end
    end

    local SLOW, QUICK = { delay = 2 }, { delay = 0.2 }
    local cases = {
      ["a call beside it"] = function(call)
        return call("quick", QUICK), nested(call("slow", SLOW))
      end,
      ["a call beside it, begun later"] = function(call)
        return nested(call("slow", SLOW)), call("quick", QUICK)
      end,
      ["a call in another"] = function(call)
        return nested(call("slow", SLOW)), nested(call("quick", QUICK))
      end,
      ["a call deeper inside"] = function(call)
        return nested(call("slow", SLOW), nested(nested(call("quick", QUICK)))), nested(call("slow", SLOW))
      end,
      ["a pause between two attempts"] = function(call)
        return nested(call("slow", SLOW), call("quick", { status = 503, fail = 1 }, { retry = { base = 0.1 } }))
      end,
    }
    for name, tasks in pairs(cases) do
      it("does not keep " .. name .. " waiting for a slow one", function()
        local order = {}
        nested(tasks(noting(order)))()
        assert.same({ "quick", "slow" }, { order[1], order[2] })
      end)
    end

    it("learns of an answer that came while a function beside it was busy", function()
      local order = {}
      local call = noting(order)
      nested(nested(call("slow", SLOW), call("quick", QUICK)), function()
        call("first", {})()
        local ending = core.now() + 0.5
        repeat until core.now() > ending
        call("slow", SLOW)()
      end)()
      assert.same({ "first", "quick", "slow", "slow" }, order)
    end)

    -- A finalizer runs anywhere; here a hook does, and always where it hurts. LuaJIT's compiled code calls no hooks.
    it("learns of its answer when a client is closed while the answers are handed out", function()
      if rawget(_G, "jit") then return end
      local order, other, closed = {}, service:client {}, false
      local call = noting(order)
      for _ = 1, 4 do
        coroutine.wrap(function()
          local url = service:url { delay = 30 }
          other:oauth_url(service:asking { base_url = url, wait = coroutine.yield })
        end)()
      end
      local function close_in_between(event)
        local caller = debug.getinfo(2, "n")
        if closed or event ~= "call" or caller.name ~= "tell" then return end
        closed = true
        other:close()
      end
      nested(function()
        debug.sethook(close_in_between, "c")
        call("slow", SLOW)()
        debug.sethook()
      end, call("quick", QUICK), call("quick", QUICK), call("quick", QUICK), function()
        local ending = core.now() + 0.6
        repeat until core.now() > ending
      end)()
      assert.is_true(closed)
      assert.same({ "quick", "quick", "quick", "slow" }, order)
    end)

    it("keeps its own results, errors, progress and limit", function()
      local running, most, told = 0, 0, {}
      local results, errors = sapanywhere.all {
        function()
          local inner, failures = sapanywhere.all {
            items = { 1, 2, 3, 4 }, concurrency = 2,
            worker = function(item)
              running = running + 1
              most = math.max(most, running)
              coroutine.yield()
              running = running - 1
              if item == 3 then error("oops", 0) end
              return item * 10
            end,
            on_progress = function(done, total) told[#told + 1] = done .. "/" .. total end,
          }
          return inner, failures
        end,
        function() return (sapanywhere.all {}) end,
      }
      assert.same({ { 10, 20, nil, 40, n = 4 }, { n = 0 }, n = 2 }, results)
      assert.same({ nil, nil, "oops", nil, n = 4 }, errors[1])
      assert.equal(2, most)
      assert.same({ "1/4", "2/4", "3/4", "4/4" }, told)
    end)

    it("may be as deep as it likes", function()
      local function descend(depth)
        if depth == 0 then return "the ground" end
        return (sapanywhere.all { function() return descend(depth - 1) end })[1]
      end
      assert.equal("the ground", descend(500))
    end)
  end)

  it("pauses between two attempts for as long as it says, while others go on", function()
    local service = services.start { log = false }
    local delay, paused_at, again_at, other_at
    local client = service:client { on_event = function(event)
      if event.event == "retry" then delay, paused_at = event.delay, core.now() end
      if event.event == "request" and event.attempt == 2 then again_at = core.now() end
    end }
    local _, errors = sapanywhere.all {
      function()
        local url = service:url { status = 503, fail = 1 }
        return client:oauth_url(service:asking { base_url = url, retry = { base = 0.6, cap = 0.6 } })
      end,
      function()
        local other = service:client {}
        local result, err = other:oauth_url(service:asking { base_url = service:url { delay = 0.05 } })
        other_at = core.now()
        return result, err
      end,
    }
    service:stop()
    assert.same({ n = 2 }, errors)
    assert.is_number(other_at)
    assert.is_true(again_at - paused_at >= delay - 0.001, again_at - paused_at)
    assert.is_true(again_at - paused_at < delay + 5, again_at - paused_at)
  end)

  it("costs no more for each of many tasks, at whatever concurrency", function()
    local function steps(count, concurrency)
      local items, taken = {}, 0
      for index = 1, count do items[index] = index end
      local threads = {}
      sapanywhere.all { items = items, concurrency = concurrency, worker = function()
        threads[coroutine.running()] = true
        taken = taken + 1
        coroutine.yield()
      end }
      local made = 0
      for _ in pairs(threads) do made = made + 1 end
      assert.equal(count, taken)
      return made
    end
    for _, concurrency in ipairs { 1, 16, 256 } do assert.equal(concurrency, steps(2000, concurrency)) end
  end)

  describe("raises in its caller's line", function()
    local function nothing() end
    local cases = {
      { 1, "a table of functions is expected, not a number" },
      { nil, "a table of functions is expected, not a nil" },
      { { nothing, concurency = 4 }, "unknown entry 'concurency' (did you mean 'concurrency'?)" },
      { { items = {} }, "items needs a worker, a function that takes each of them" },
      { { worker = nothing }, "worker needs items, the list that it takes one by one" },
      { { items = 1, worker = nothing }, "items must be a list" },
      { { items = "ab", worker = nothing }, "items must be a list" },
      { { items = {}, worker = "name" }, "worker must be a function" },
      { { items = {}, worker = true }, "worker must be a function" },
      { { nothing, items = {}, worker = nothing }, "give either a list of functions, or items and worker" },
      { { nothing, concurrency = 0 }, "concurrency must be a whole number of at least 1" },
      { { nothing, concurrency = 0.99 }, "concurrency must be a whole number of at least 1" },
      { { nothing, concurrency = 1.5 }, "concurrency must be a whole number of at least 1" },
      { { nothing, concurrency = -1 }, "concurrency must be a whole number of at least 1" },
      { { nothing, concurrency = 0 / 0 }, "concurrency must be a whole number of at least 1" },
      { { nothing, concurrency = "4" }, "concurrency must be a whole number of at least 1" },
      { { nothing, on_progress = 5 }, "on_progress must be a function" },
      { { nothing, on_progress = false }, "on_progress must be a function" },
      { { 1 }, "entry 1 is not a function" },
      { { nothing, nothing, "name" }, "entry 3 is not a function" },
    }
    for _, case in ipairs(cases) do
      it("all: " .. case[2], function()
        local line = debug.getinfo(1, "l").currentline + 1
        local ok, message = pcall(function() sapanywhere.all(case[1]) end)
        assert.is_false(ok)
        assert.truthy(message:find("all: " .. case[2], 1, true), message)
        assert.truthy(message:find("hosts_spec.lua:" .. line .. ":", 1, true), message)
      end)
    end

    it("nothing for the least that it takes", function()
      assert.same({ 1, n = 1 }, (sapanywhere.all { function() return 1 end, concurrency = 1 }))
      assert.same({ n = 0 }, (sapanywhere.all { items = {}, worker = nothing }))
    end)
  end)
end)
