-- Which calls share a connection, how many there are, and that none outlives its client.

local child = require "support.child"
local core = require "sapanywhere.core"
local libcurl = require "support.libcurl"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local NONE_IS_KEPT = libcurl.why_none_is_kept()

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

local function count_descriptors()
  return tonumber(system.output("ls /proc/$PPID/fd | wc -l"))
end

-- The kernel and libcurl's resolver threads may need a moment.
local function assert_at_most(before)
  local now
  for _ = 1, 30 do
    collect()
    now = count_descriptors()
    if now <= before then return end
    system.output("sleep 0.1")
  end
  error(("%d descriptors instead of %d"):format(now, before), 2)
end

describe("connections", function()
  local service, copy

  setup(function()
    service = services.start {}
    copy = os.tmpname()
    system.write_file(copy, system.read_file(service.ca_file))
  end)
  teardown(function()
    service:stop()
    os.remove(copy)
  end)
  before_each(function() service:clear_log() end)

  -- The serial numbers of the connections that the calls since the last time came over, in order.
  local function connections()
    local list = {}
    for index, request in ipairs(service:take_log()) do list[index] = request.connection end
    return list
  end

  local function count_distinct(list)
    local seen, count = {}, 0
    for _, value in ipairs(list) do
      if not seen[value] then count = count + 1 end
      seen[value] = true
    end
    return count
  end

  it("that died let no call wait for them", function()
    local client = service:client { retry = false, timeout = 8 }
    local _, err = client:create_instance(service:creating { base_url = service:url { die = true } })
    assert.equal("unknown", err.outcome)
    _, err = client:oauth_url(service:asking { base_url = service.base_url:gsub("^http", "https") })
    assert.equal("tls", err.kind) -- the port is the same, and that is what libcurl goes by
    client:close()
  end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("are kept for the next call: " .. origin, function()
      if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
      local client = service:client { base_url = service[origin] }
      for _ = 1, 5 do
        assert(client:oauth_url(service:asking()))
        assert(client:create_instance(service:creating()))
      end
      local list, reading, creating = connections(), {}, {}
      assert.equal(10, #list)
      for index, connection in ipairs(list) do table.insert(index % 2 == 1 and reading or creating, connection) end
      assert.equal(1, count_distinct(reading))
      assert.equal(1, count_distinct(creating))
      assert.equal(origin == "base_url" and 1 or 2, count_distinct(list))
    end)
  end

  -- A stream of HTTP/2 may be refused, and libcurl does not tell that from a connection that died.
  it("have one creation at a time with TLS too, and are kept for the next", function()
    if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
    local client = service:client { base_url = service.tls_base_url }
    for _ = 1, 2 do
      local tasks = {}
      for index = 1, 8 do
        tasks[index] = function() return client:create_instance(service:creating()) end
      end
      local _, errors = sapanywhere.all(tasks)
      assert.same({ n = 8 }, errors)
    end
    client:close()
    local busy, versions = {}, {}
    for _, request in ipairs(service:log()) do
      if request.method == "POST" then
        busy[request.connection] = (busy[request.connection] or 0) + 1
        versions[request.version] = true
      end
    end
    assert.same({ ["1.1"] = true }, versions)
    local used = 0
    for _ in pairs(busy) do used = used + 1 end
    assert.truthy(used <= 8, used)
  end)

  it("are kept between calls of the module that have equal options", function()
    local function ask(more)
      local options = service:asking { base_url = service.tls_base_url, tls = { ca_file = service.ca_file } }
      for name, value in pairs(more or {}) do options[name] = value end
      assert(sapanywhere.oauth_url(options))
    end
    for _ = 1, 3 do ask() end
    ask { user_agent = "another", timeout = 5, null = "keep" }
    ask { tls = { ca_file = service.ca_file, min_version = "1.3" } }
    ask()
    local list = connections()
    assert.equal(6, #list)
    assert.equal(2, count_distinct(list))
    assert.equal(list[1], list[6])
    assert.is_not.equal(list[1], list[5])
  end)

  it("never serve two different settings of TLS or of the proxy", function()
    if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
    local one, other = peers.start("proxy"), peers.start("proxy")
    local function proxy(peer, user) return ("http://%s127.0.0.1:%d"):format(user or "", peer.port) end
    local file = service.ca_file
    local settings = {
      { tls = { ca_file = file } },
      { tls = { ca_file = copy } },
      { tls = { ca_file = file, min_version = "1.2" } },
      { tls = { ca_file = file, min_version = "1.3" } },
      { tls = { ca_file = file, cert_file = service.client_cert_file, key_file = service.client_key_file } },
      { tls = { ca_file = file, ca_path = "/etc/ssl/certs" } },
      { tls = { ca_file = file }, proxy = proxy(one) },
      { tls = { ca_file = file }, proxy = proxy(other) },
      { tls = { ca_file = file }, proxy = proxy(one, "me:one@") },
      { tls = { ca_file = file }, proxy = proxy(one, "me:two@") },
    }
    for _, base_url in ipairs { service.base_url, service.tls_base_url } do
      local client = service:client { base_url = base_url }
      for _ = 1, 2 do
        for _, setting in ipairs(settings) do
          local options = service:asking(setting)
          assert(client:oauth_url(options))
        end
      end
      local list = connections()
      assert.equal(2 * #settings, #list)
      assert.equal(#settings, count_distinct(list))
      for index in ipairs(settings) do assert.equal(list[index], list[index + #settings]) end
      client:close()
    end
    assert.equal(6, one:count("connection"))
    assert.equal(2, other:count("connection"))
    one:stop()
    other:stop()
  end)

  it("that were trusted are not trusted by a call that trusts less", function()
    local client = service:client { base_url = service.tls_base_url }
    assert(client:oauth_url(service:asking()))
    local result, err = client:oauth_url(service:asking { tls = {} })
    assert.is_nil(result)
    assert.equal("tls", err.kind)
    assert(client:oauth_url(service:asking()))
  end)

  local function ask_at_once(count, options)
    local client = service:client(options)
    local tasks = {}
    for index = 1, count do
      tasks[index] = function() return client:oauth_url(service:asking()) end
    end
    local results = sapanywhere.all(tasks)
    for index = 1, count do assert.truthy(results[index]) end
    client:close()
    return connections()
  end

  it("are one for calls at the same time over HTTP/2", function()
    if libcurl.is_before(7, 80) then return pending("before libcurl 7.80 there may be two") end
    local started = core.now()
    local list = ask_at_once(50, { base_url = service:url { delay = 1, tls = true } })
    assert.equal(50, #list)
    assert.equal(1, count_distinct(list))
    assert.truthy(core.now() - started < 40) -- 50 one after the other
  end)

  it("are at most max_connections for calls at the same time over HTTP/1.1", function()
    if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
    for _, most in ipairs { 1, 4 } do
      local list = ask_at_once(20, { base_url = service:url { delay = 0.02 }, max_connections = most })
      assert.equal(20, #list)
      assert.equal(most, count_distinct(list))
    end
  end)

  it("are as many as calls where that is allowed", function()
    local list = ask_at_once(30, { base_url = service:url { delay = 0.3 } })
    assert.equal(30, count_distinct(list))
  end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("of a slow call do not make another one wait: " .. origin, function()
      local client = service:client {}
      local order = {}
      sapanywhere.all {
        function()
          local url = service:url { delay = 1.5, tls = origin == "tls_base_url" }
          assert(client:oauth_url(service:asking { base_url = url }))
          order[#order + 1] = "slow"
        end,
        function()
          assert(client:oauth_url(service:asking { base_url = service[origin] }))
          order[#order + 1] = "quick"
        end,
      }
      assert.same({ "quick", "slow" }, order)
      client:close()
    end)
  end

  -- Six calls of so many seconds over one connection: how many were answered, how many never got to it.
  local function call_in_turn(delay, timeout)
    local client = service:client { base_url = service:url { delay = delay }, max_connections = 1, timeout = timeout }
    local tasks = {}
    for index = 1, 6 do tasks[index] = function() return client:create_instance(service:creating()) end end
    local results, errors = sapanywhere.all(tasks)
    local done, waited = 0, 0
    for index = 1, 6 do
      if results[index] then
        done = done + 1
      else
        assert.equal("timeout", errors[index].kind, tostring(errors[index]))
        if errors[index].outcome == "not_sent" then waited = waited + 1 end
      end
    end
    client:close()
    return done, waited
  end

  it("wait for one another within the deadline", function()
    if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
    local done, waited
    for _, pace in ipairs { 1, 5 } do -- more slowly where the machine is busy
      done, waited = call_in_turn(0.4 * pace, pace)
      if done >= 1 and waited >= 2 then break end
    end
    -- Those that were still waiting for the connection say that they did not get to it.
    assert.truthy(done >= 1 and waited >= 2, done .. " " .. waited)
  end)

  it("end with the client", function()
    local before = count_descriptors()
    local function use(close)
      local client = service:client { base_url = service.tls_base_url }
      assert(client:oauth_url(service:asking()))
      if close then client:close() end
    end
    for number = 1, 10 do use(number > 5) end
    assert_at_most(before)
  end)

  it("of clients that nobody has any more make room where descriptors get short", function()
    local code = [[
      collectgarbage("stop") -- so that nothing but the want of descriptors ends them
      local sapanywhere = require "sapanywhere"
      local failed = 0
      for _ = 1, 150 do
        local client = assert(sapanywhere.new(given))
        if not client:oauth_url {} then failed = failed + 1 end
      end
      return failed
    ]]
    local given = service:asking { base_url = service.base_url, retry = false }
    assert.equal(0, (child.run(code, given, { before = "ulimit -n 96;" })))
  end)

  it("of clients that nobody has any more are collected before there are many", function()
    local code = [[
      local process, sapanywhere = require "spec.process", require "sapanywhere"
      local most = 0
      for _ = 1, 200 do
        assert(sapanywhere.new(given)):oauth_url {}
        most = math.max(most, #process.descriptors())
      end
      return most
    ]]
    local most = child.run(code, service:asking { base_url = service.base_url })
    assert.truthy(most < 300, most) -- each has three
  end)

  it("end with the calls that were in flight", function()
    local before = count_descriptors()
    local client = service:client { base_url = service:url { delay = 20 } }
    local tasks = {}
    for index = 1, 20 do tasks[index] = function() return client:oauth_url(service:asking()) end end
    tasks[21] = function()
      local other = service:client { base_url = service:url { delay = 0.1 } }
      assert(other:oauth_url(service:asking()))
      other:close()
      client:close()
    end
    local _, errors = sapanywhere.all(tasks)
    for index = 1, 20 do assert.equal("closed", errors[index].kind) end
    assert_at_most(before)
  end)

  it("of old settings are let go when there are many", function()
    local client = service:client { base_url = service.base_url }
    local counts = {}
    for most = 1, 60 do
      assert(client:oauth_url(service:asking { max_connections = most }))
      if most % 20 == 0 then
        collect()
        counts[#counts + 1] = count_descriptors()
      end
    end
    assert.truthy(counts[3] <= counts[1] + 3, table.concat(counts, " "))
    client:close()
  end)

  it("of old settings end with the client, where calls are in flight on them", function()
    local before = count_descriptors()
    local client = assert(sapanywhere.new { base_url = service:url { delay = 20 }, retry = false })
    local function call(more)
      return function() return client:oauth_url(service:asking(more)) end
    end
    local _, errors = sapanywhere.all {
      call(), call { max_connections = 1000 }, call { max_connections = 1000 },
      function()
        for most = 1, 40 do
          assert(client:oauth_url(service:asking { max_connections = most, base_url = service.base_url }))
        end
        collect()
        client:close()
      end,
    }
    for index = 1, 3 do assert.equal("closed", errors[index].kind) end
    assert.is_nil(errors[4])
    assert_at_most(before)
  end)

  it("of the client's usual settings are kept, however many others there are", function()
    if NONE_IS_KEPT then return pending(NONE_IS_KEPT) end
    local client = assert(sapanywhere.new { base_url = service.base_url })
    for most = 1, 40 do
      assert(client:oauth_url(service:asking()))
      assert(client:oauth_url(service:asking { max_connections = most }))
    end
    local usual = {}
    for index, connection in ipairs(connections()) do
      if index % 2 == 1 then usual[#usual + 1] = connection end
    end
    assert.equal(40, #usual)
    assert.equal(1, count_distinct(usual))
    client:close()
  end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("that died while nobody used them are not used for a creation: " .. origin, function()
      local client = service:client { base_url = service[origin] }
      assert(client:oauth_url(service:asking()))
      local options = service:creating { name = "after the restart " .. origin }
      assert(service:restart())
      local result, err, meta = client:create_instance(options)
      assert.truthy(result, tostring(err))
      assert.equal(1, meta.attempts)
      assert.equal(1, service:count_names()["after the restart " .. origin])
    end)
  end
end)

describe("a transfer that is given up", function()
  it("makes room for the next one at once, though nothing else happens", function()
    local service = services.start {}
    local engine, completed = core.engine(), {}
    local pool = engine:pool { max_connections = 1 }
    local origin, path = service:url({ delay = 30 }):match("^(%w+://[^/]+)(.*)$")
    local function start(target)
      return pool:start {
        method = "GET", origin = origin, target = target, headers = {}, timeout = 60, connect_timeout = 50,
        max_bytes = 1e6,
      }
    end
    local slow = start(path .. "/elements/sapanywhere/oauth/url")
    local quick = start("/elements/api-v2/elements/sapanywhere/oauth/url")
    for _ = 1, 20 do
      assert(engine:step(completed))
      core.poll(engine:fd(), 0.02)
    end
    assert.is_false(quick:done())
    slow:close()
    local started = core.now()
    while not quick:done() do
      assert(core.poll(engine:fd(), 20), "nothing woke the loop")
      assert(engine:step(completed))
    end
    assert.truthy(core.now() - started < 15)
    assert.equal(400, quick:result().status)
    service:stop()
  end)
end)

describe("a client", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  -- All that a printer of tables would find.
  local function find(value, text, seen)
    seen = seen or {}
    if type(value) == "string" then return value:find(text, 1, true) ~= nil end
    if type(value) ~= "table" or seen[value] then return false end
    seen[value] = true
    for key, entry in pairs(value) do
      if find(key, text, seen) or find(entry, text, seen) then return true end
    end
    return false
  end

  it("shows none of its secrets when it is printed", function()
    local client = service:client {
      api_secret = "secret-of-the-client", proxy = "http://me:secret-of-the-client@127.0.0.1:1",
    }
    client:oauth_url { api_key = "k", callback_url = "https://www.mycoolapp.com/auth" }
    assert.is_false(find(client, "secret-of-the-client"))
    client:close()
  end)

  it("is closed with a colon", function()
    local client = service:client {}
    assert.has_error(function() client.close() end, "close: call it with a colon, client:close()")
    client:close()
  end)

  it("that is closed ends the pause before a repetition", function()
    local client = service:client {
      retry = { max = 1, base = 30, cap = 30 }, timeout = 60, base_url = service:url {
        status = 503, header = { ["Retry-After"] = "30" },
      },
    }
    local started = core.now()
    local _, errors = sapanywhere.all {
      function() return client:oauth_url(service:asking {}) end,
      function()
        local other = service:client {}
        assert(other:oauth_url(service:asking { base_url = service:url { delay = 1 } }))
        client:close()
      end,
    }
    assert.equal("closed", errors[1].kind)
    assert.truthy(core.now() - started < 20)
  end)

  it("that got no answer has no headers to show, but a place for them", function()
    local client = service:client { base_url = service.refused_url }
    local _, err, meta = client:oauth_url(service:asking {})
    assert.equal("connect", err.kind)
    assert.is_nil(meta.headers["Content-Type"])
    _, _, meta = client:oauth_url {}
    assert.is_nil(meta.headers["Content-Type"])
  end)
end)
