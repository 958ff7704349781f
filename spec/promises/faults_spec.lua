-- What a machine, a network and a server can do to a call: each ends in time, within memory, with an honest
-- error. The times are bounds against hanging only.

local child = require "support.child"
local libcurl = require "support.libcurl"
local core = require "sapanywhere.core"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

local MEMORY = 64 -- MiB

describe("when", function()
  local service, preload_file, preload

  setup(function()
    service = services.start {}
    preload_file, preload = child.compile_preload("spec/support/preload.c")
  end)
  teardown(function()
    service:stop()
    os.remove(preload_file)
  end)

  -- What a child process needs to make calls.
  local function given(more)
    local all = {
      base_url = service.base_url, ca_file = service.ca_file,
      asking = service:asking { retry = false },
    }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  -- Code for a child: `ask(more)` and `describe(result, err)`.
  local prelude = [[
    local core = require "sapanywhere.core"
    local sapanywhere = require "sapanywhere"
    local function ask(more, name)
      local options = {}
      for key, value in pairs(given.asking) do options[key] = value end
      for key, value in pairs(more) do options[key] = value end
      options.base_url = options.base_url or given.base_url
      return sapanywhere[name or "oauth_url"](options)
    end
    local function describe(result, err)
      if result then return { ok = true } end
      return { ok = false, kind = err.kind, outcome = err.outcome, message = err.message }
    end
  ]]

  local function run(code, more, how)
    return child.run(prelude .. code, given(more), how)
  end

  local function check_memory(peak)
    if not child.is_watched() then assert.truthy(peak < MEMORY, peak .. " MiB") end
  end

  it("the service is killed and restarted under 200 calls, none is lost, none is made twice", function()
    local started = core.now()
    local client = service:client { retry = { max = 10, base = 0.1, cap = 0.4 }, timeout = 30 }
    local tasks, creations = {}, {}
    for index = 1, 100 do
      local delay = index % 4 * 0.15
      tasks[#tasks + 1] = function()
        assert(client:oauth_url(service:asking { base_url = service:url { delay = delay } }))
      end
      local name = "restart " .. index
      local options = service:creating { name = name, base_url = service:url { delay = delay } }
      tasks[#tasks + 1] = function()
        local result, err = client:create_instance(options)
        creations[name] = { result = result, err = err }
      end
    end
    tasks[#tasks + 1] = function()
      assert(client:oauth_url(service:asking { base_url = service:url { delay = 0.2, fail = 1 } }))
      service:kill()
      assert(service:restart())
    end
    local _, errors = sapanywhere.all { items = tasks, concurrency = 256, worker = function(task) task() end }
    for index = 1, #tasks do assert.is_nil(errors[index], tostring(errors[index])) end
    client:close()

    local count, sums = service:count_names(), { success = 0, unknown = 0, not_sent = 0 }
    for name, creation in pairs(creations) do
      local word = creation.result and "success" or creation.err.outcome
      sums[word] = sums[word] + 1
      local found = count[name] or 0
      if word == "success" then assert.equal(1, found, name) end
      if word == "not_sent" then assert.equal(0, found, name) end
      assert.truthy(found <= 1, name)
    end
    assert.truthy(sums.success > 0 and sums.unknown > 0, "too calm")
    assert.equal(100, sums.success + sums.unknown + sums.not_sent)
    assert.truthy(core.now() - started < 60)
  end)

  -- Takes all descriptors but some, whatever numbers those have that the child inherits.
  local LEAVE_SOME = [[
    require "sapanywhere"
    local files = {}
    while true do
      local file = io.open("/dev/null")
      if not file then break end
      files[#files + 1] = file
    end
    for _ = 1, 36 do table.remove(files):close() end
  ]]

  it("there are no descriptors left for more connections, those calls were not sent", function()
    local creating = {}
    for index = 1, 60 do creating[index] = service:creating { name = "descriptor " .. index } end
    local said = run(LEAVE_SOME .. [[
      local outcomes, tasks, client = {}, {}, sapanywhere.new { base_url = given.base_url }
      for index, options in ipairs(given.creating) do
        tasks[index] = function()
          options.base_url, options.retry, options.timeout = given.url, false, 30
          outcomes[index] = describe(client:create_instance(options))
        end
      end
      sapanywhere.all(tasks)
      local after = describe(client:oauth_url(given.asking))
      client:close() -- the kept connections take all descriptors that there are
      return { outcomes = outcomes, after = after }
    ]], { creating = creating, url = service:url { delay = 1 } }, { before = "ulimit -n 300;" })
    local count, done, refused = service:count_names(), 0, 0
    for index, outcome in ipairs(said.outcomes) do
      assert.equal(outcome.ok and 1 or 0, count["descriptor " .. index] or 0)
      if outcome.ok then
        done = done + 1
      else
        refused = refused + 1
        assert.equal("connect", outcome.kind, outcome.message)
        assert.equal("not_sent", outcome.outcome)
        assert.truthy(outcome.message:find("no file descriptor left", 1, true), outcome.message)
      end
    end
    assert.equal(60, done + refused)
    assert.truthy(done >= 10 and refused >= 10, done .. " " .. refused)
    assert.truthy(said.after.ok, said.after.message)
  end)

  it("there is not one descriptor left, the first call says so, and the next one works", function()
    local said = run([[
      local files = {}
      require "sapanywhere"
      while true do
        local file = io.open("/dev/null")
        if not file then break end
        files[#files + 1] = file
      end
      local before = describe(ask {})
      for _, file in ipairs(files) do file:close() end
      return { before = before, after = describe(ask {}) }
    ]], nil, { before = "ulimit -n 30;" })
    assert.equal("connect", said.before.kind, said.before.message)
    assert.equal("not_sent", said.before.outcome)
    assert.truthy(said.before.message:find("no file descriptor left", 1, true), said.before.message)
    assert.truthy(said.after.ok, said.after.message)
  end)

  it("names are not answered, a call ends in time, others go on, and the program can end", function()
    if libcurl.is_before(7, 87) then return pending("before libcurl 7.87 such a call takes as long as the resolver") end
    local started = core.now()
    local said = run([[
      local slow, quick, started = nil, nil, core.now()
      sapanywhere.all {
        function()
          local result, err = ask { base_url = "https://slow.example/", timeout = 2 }
          slow = describe(result, err)
          slow.elapsed = core.now() - started
        end,
        function()
          quick = describe(ask {})
          quick.first = slow == nil
        end,
      }
      return { slow = slow, quick = quick }
    ]], nil, { environment = { LD_PRELOAD = preload, RESOLVER_SLEEP = "20" } })
    assert.equal("timeout", said.slow.kind)
    assert.equal("not_sent", said.slow.outcome)
    assert.truthy(said.slow.elapsed >= 1.9 and said.slow.elapsed < 18, said.slow.elapsed)
    assert.truthy(said.quick.ok, said.quick.message)
    assert.truthy(said.quick.first, "it waited for the slow one")
    assert.truthy(core.now() - started < 60)
  end)

  it("a name does not exist, a creation may be repeated, and is", function()
    local options = service:creating {
      base_url = "https://sapanywhere.invalid/", retry = { max = 2, base = 0.01 }, timeout = 20,
    }
    local started = core.now()
    local result, err = service:client {}:create_instance(options)
    assert.is_nil(result)
    assert.equal("dns", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.equal(3, err.attempts)
    assert.truthy(core.now() - started < 60)
  end)

  it("a handshake hangs, connect_timeout ends it, and others go on", function()
    local peer = peers.start("silent")
    local started, client, order = core.now(), service:client {}, {}
    local results, errors = sapanywhere.all {
      function()
        local result, err = client:create_instance(service:creating {
          base_url = ("https://127.0.0.1:%d"):format(peer.port), connect_timeout = 2,
        })
        order[#order + 1] = "hanging"
        return result, err
      end,
      function()
        local result = client:oauth_url(service:asking())
        order[#order + 1] = "quick"
        return result
      end,
    }
    peer:stop()
    assert.is_nil(results[1])
    assert.equal("timeout", errors[1].kind)
    assert.equal("not_sent", errors[1].outcome)
    assert.truthy(results[2])
    assert.same({ "quick", "hanging" }, order)
    assert.truthy(core.now() - started < 60)
  end)

  it("a server takes the request and says nothing, it is unknown", function()
    local peer, started = peers.start("silent"), core.now()
    local result, err = service:client {}:create_instance(service:creating {
      base_url = ("http://127.0.0.1:%d"):format(peer.port), timeout = 1,
    })
    peer:stop()
    assert.is_nil(result)
    assert.equal("timeout", err.kind)
    assert.equal("unknown", err.outcome)
    assert.truthy(core.now() - started < 60)
  end)

  for _, back in ipairs { 86400, -86400 } do
    local way = back > 0 and "back" or "forward"
    it("the clock is set " .. way .. " during a call, its time stays its time", function()
      local said = run([[
        local before, started = os.time(), core.now()
        local late = describe(ask { base_url = given.late, timeout = 1 })
        late.elapsed = core.now() - started
        local jump = os.time() - before
        return { late = late, jump = jump, fine = describe(ask { base_url = given.fine, timeout = 5 }) }
      ]], { late = service:url { delay = 20 }, fine = service:url { delay = 0.3 } }, {
        environment = { LD_PRELOAD = preload, CLOCK_SET_AFTER = "0.3", CLOCK_SET_BACK = tostring(back) },
      })
      assert.truthy(math.abs(said.jump + back) < 60, "the clock was not set: " .. said.jump)
      assert.equal("timeout", said.late.kind)
      assert.truthy(said.late.elapsed >= 0.95 and said.late.elapsed < 18, said.late.elapsed)
      assert.truthy(said.fine.ok, said.fine.message)
    end)
  end

  -- Answers that are too much: how, kind, and what the message names.
  local bombs = {
    { "a small answer unpacks to 300 MB", { gzip_bomb = 300 * 1024 * 1024 },
      { oauth_url = "protocol", create_instance = "too_large" }, "" },
    { "the head never ends", { headers_forever = true }, "too_large", "headers" },
    { "interim answers keep coming", { interim = 5000 }, "too_large", "headers" },
    { "it is 200,000 lists deep", { body = "deep" }, "json", "JSON" },
    { "it is 100,000 objects deep", { body = "deep_closed" }, "json", "JSON" },
    { "it is 64 MB of JSON", { size = 64 * 1024 * 1024 }, "too_large", "max_response_bytes" },
  }
  for _, bomb in ipairs(bombs) do
    for _, name in ipairs { "oauth_url", "create_instance" } do
      it(("%s, %s fails within %d MiB"):format(bomb[1], name, MEMORY), function()
        local started = core.now()
        local asking = name == "oauth_url" and service:asking() or service:creating()
        asking.retry = false
        local said, peak = run("return describe(ask({ base_url = given.url }, given.name))", {
          url = service:url(bomb[2]), name = name, asking = asking,
        })
        assert.equal(type(bomb[3]) == "table" and bomb[3][name] or bomb[3], said.kind, said.message)
        assert.truthy(said.message:find(bomb[4], 1, true), said.message)
        if name == "create_instance" then assert.equal("unknown", said.outcome) end
        check_memory(peak)
        assert.truthy(core.now() - started < 60)
      end)
    end
  end

  it("an answer is just as large as is allowed, it is taken, packed or not", function()
    for _, more in ipairs { {}, { chunked = "1" } } do
      for size, ok in pairs { [4096] = true, [4097] = false } do
        more.size = size
        local result, err = service:client {}:oauth_url(service:asking {
          base_url = service:url(more), max_response_bytes = 4096,
        })
        assert.equal(ok, result ~= nil)
        assert.equal(ok, err == nil or err.kind ~= "too_large")
      end
    end
  end)

  for _, origin in ipairs { "plain", "TLS and HTTP/2" } do
    it("an answer comes drop by drop over " .. origin .. ", the deadline holds", function()
      local started = core.now()
      local result, err = service:client {}:create_instance(service:creating {
        base_url = service:url { drip = 0.05, tls = origin ~= "plain" }, timeout = 1,
      })
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      assert.equal("unknown", err.outcome)
      local elapsed = core.now() - started
      assert.truthy(elapsed >= 0.95 and elapsed < 12, elapsed)
    end)
  end

  -- Framing that is wrong: how, what a creation comes to, and whether it is one of several kinds.
  local frames = {
    { "chunks are garbage", { chunked = "garbage" }, { connect = true, protocol = true } },
    { "chunks end early", { chunked = "cut" }, { connect = true } },
    { "it is shorter than it says", { length = 100000 }, { connect = true } },
    { "it is longer than it says", { length = 20 }, { json = true } },
    { "its length is no number", { raw = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}" },
      { protocol = true, connect = true } },
    { "its packing is broken", { header = { ["Content-Encoding"] = "gzip" }, length = 200 },
      { json = true } },
    { "its status is nonsense", { raw = "HTTP/1.1 99999 OK\r\nContent-Length: 2\r\n\r\n{}" },
      { protocol = true, connect = true } },
    { "it is for another protocol",
      { raw = "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n" },
      { protocol = true, connect = true } },
  }
  for _, frame in ipairs(frames) do
    it("the answer is framed wrongly: " .. frame[1], function()
      local started = core.now()
      local result, err = service:client {}:create_instance(service:creating {
        base_url = service:url(frame[2]), timeout = 10,
      })
      assert.is_nil(result)
      assert.truthy(frame[3][err.kind], tostring(err))
      assert.equal("unknown", err.outcome)
      assert.truthy(core.now() - started < 60)
    end)
  end

  it("a few interim answers come first, the last one counts", function()
    assert(service:client {}:create_instance(service:creating { base_url = service:url { interim = 3 } }))
  end)

  for _, tls in ipairs { true, false } do
    it("a head of 50 KB comes over " .. (tls and "HTTP/2" or "HTTP/1.1") .. ", it is read", function()
      local result, err, meta = service:client { timeout = 10, retry = false }:oauth_url(service:asking {
        base_url = service:url { headers = 700, tls = tls or nil },
      })
      assert.is_nil(err)
      assert.truthy(result.oauthUrl)
      assert.truthy(#meta.headers["x-filler"] > 40000)
    end)
  end

  it("one line of the head has 120 KB, it is called too large and no want of memory", function()
    local peer = peers.start("says", "HTTP/1.1 200 OK\\r\\nX-A: " .. ("a"):rep(120000))
    local result, err = service:client { base_url = ("http://127.0.0.1:%d"):format(peer.port), retry = false }
      :create_instance(service:creating())
    peer:stop()
    assert.is_nil(result)
    assert.same({ "too_large", "unknown" }, { err.kind, err.outcome }, tostring(err))
  end)

  it("a request's head is larger than 1 MB, it is refused before anything is sent", function()
    service:clear_log()
    local result, err = service:client { retry = false }:create_instance(service:creating {
      user_secret = ("a"):rep(2 ^ 20),
    })
    assert.is_nil(result)
    assert.same({ "too_large", "not_sent" }, { err.kind, err.outcome }, tostring(err))
    assert.same({}, service:log())
  end)
end)
