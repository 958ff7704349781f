local child = require "support.child"
local core = require "sapanywhere.core"
local has_module = require "support.optional"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

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

  it("takes no less than one at a time, and all of a list at once where there is room", function()
    for concurrency, expected in pairs { [1] = 1, [3] = 3, [5] = 5, [6] = 5 } do
      local running, most = 0, 0
      sapanywhere.all { items = { 1, 2, 3, 4, 5 }, concurrency = concurrency, worker = function()
        running = running + 1
        most = math.max(most, running)
        coroutine.yield()
        running = running - 1
      end }
      assert.equal(expected, most)
    end
  end)

  it("goes on where the one who is told how far it is raises", function()
    local told = 0
    local results = sapanywhere.all {
      function() return 1 end, function() return 2 end,
      on_progress = function() told = told + 1 error "oops" end,
    }
    assert.same({ 1, 2, n = 2 }, results)
    assert.equal(2, told)
  end)

  it("has the same error for each where the program cannot wait, and runs nothing", function()
    local said = child.run [=[
      ngx = { -- the real one, without lua-resty-core
        get_phase = function() return "content" end, sleep = error, timer = { at = error },
        config = { subsystem = "http", ngx_lua_version = 10013 },
      }
      local ran = 0
      local function run() ran = ran + 1 end
      local results, errors = require "sapanywhere".all { run, run, run }
      local said = { ran = ran, results = results.n, errors = errors.n, of = #results }
      for i = 1, 3 do said[i] = errors[i].kind end
      return said
    ]=]
    assert.same({
      ran = 0, results = 3, errors = 3, of = 0, "wrong_phase", "wrong_phase", "wrong_phase",
    }, said)
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
        assert.truthy(message:find("all_spec.lua:" .. line .. ":", 1, true), message)
      end)
    end

    it("nothing for the least that it takes", function()
      assert.same({ 1, n = 1 }, (sapanywhere.all { function() return 1 end, concurrency = 1 }))
      assert.same({ n = 0 }, (sapanywhere.all { items = {}, worker = nothing }))
    end)
  end)
end)
