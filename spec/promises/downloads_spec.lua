-- A download holds nobody up, ends where nothing comes any more, and leaves nothing that it should not: however fast
-- the server is, however long the disk takes, and whatever becomes of the client and the process meanwhile.

local child = require "support.child"
local core = require "sapanywhere.core"
local download = require "sapanywhere.call.download"
local made = require "support.values"
local peers = require "support.peers"
local perform = require "sapanywhere.call.perform"
local read = require("support.file").read
local options = require "sapanywhere.api.options"
local rows = require "sapanywhere.api.rows"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local OLD = "what was there before"
local MEGABYTE = 1024 * 1024

describe("a download", function()
  local service, client, shop, root, dir, library, preload
  local count = 0

  setup(function()
    service = services.start {}
    client = service:client { user_secret = service.user_secret }
    local instance = assert(client:create_instance(service:creating {}))
    shop = assert(client:instance { token = instance.token })
    root = system.output("mktemp -d"):gsub("\n", "")
    library, preload = child.compile_preload("spec/support/preload.c")
  end)
  teardown(function()
    client:close()
    service:stop()
    os.remove(library)
    os.execute("rm -rf " .. system.quote(root))
  end)
  before_each(function()
    count = count + 1
    dir = root .. "/" .. count
    assert(os.execute("mkdir " .. dir))
  end)

  local function list()
    local names = {}
    for name in system.output("ls -A " .. system.quote(dir)):gmatch("[^\n]+") do names[#names + 1] = name end
    return names
  end

  -- A job whose file has so many bytes.
  local function job_of(bytes)
    return assert(shop:bulk_query {
      query = "select * from orders", base_url = service:url { job_seconds = 0, job_bytes = bytes },
    }).id
  end

  local function get(id, more)
    local given = { id = id, object = "orders", to = dir .. "/rows" }
    for name, value in pairs(more or {}) do given[name] = value end
    return shop:bulk_download(given)
  end

  describe("that comes faster than it can be kept", function()
    -- Several at once, stepped by hand; gives the most bytes that one step took, and the failures.
    local function step_through(ids, most, base_url)
      local engine = core.engine()
      local pool = engine:pool { max_connections = #ids, ca_file = service.ca_file }
      local origin, prefix = base_url:match("^(%a+://[^/]+)(.*)$")
      local files, largest, before = {}, 0, 0
      for i, id in ipairs(ids) do
        local sink = assert(core.sink(("%s/%d"):format(dir, i), most))
        files[i] = { sink = sink, transfer = pool:start {
          method = "GET", origin = origin, target = ("%s/hubs/ecommerce/bulk/%s/orders"):format(prefix, id),
          headers = { "Authorization: User " .. service.user_secret .. ", Element " .. service:instances()[1].token },
          sink = sink, timeout = 60, connect_timeout = 10, max_bytes = 1000,
        } }
      end
      local function count_bytes()
        local sum = 0
        for _, file in ipairs(files) do sum = sum + file.sink:progress() end
        return sum
      end
      local function are_done()
        for _, file in ipairs(files) do
          if not file.transfer:done() then return false end
        end
        return true
      end
      assert(engine:step({}))
      while not are_done() do
        assert(core.poll(engine:fd(), 20), "nothing wakes the loop")
        if before < MEGABYTE then core.poll(-1, 0.2) end -- the system takes what it can meanwhile
        assert(engine:step({}))
        local bytes = count_bytes()
        largest, before = math.max(largest, bytes - before), math.max(bytes, before)
      end
      local failures = {}
      for i, file in ipairs(files) do
        local response, failure = file.transfer:result()
        failures[i] = failure and failure.kind or response.status
        file.sink:close()
      end
      engine:close()
      return largest, failures
    end

    for _, origin in ipairs { "base_url", "tls_base_url" } do
      it("takes no more than a megabyte or so in one step, with others or without: " .. origin, function()
        local id = job_of(30 * MEGABYTE)
        for _, ids in ipairs { { id }, { id, id, id, id } } do
          local largest, said = step_through(ids, 2 ^ 40, service[origin])
          for i = 1, #ids do
            assert.equal(200, said[i])
            assert.equal(tostring(30 * MEGABYTE), system.output(("stat -c %%s %s/%d"):format(dir, i)):match("%d+"))
          end
          assert.truthy(largest > MEGABYTE / 16 and largest < 1.5 * MEGABYTE, largest)
        end
        assert.equal("", system.output(("cd %s; for i in 2 3 4; do cmp 1 $i; done 2>&1"):format(dir)))
      end)
    end

    it("is whole, chunked or not, and ends where it has more than it may have", function()
      local id = job_of(10 * MEGABYTE)
      for _, wishes in ipairs { {}, { chunked = true } } do
        assert.equal(10 * MEGABYTE, assert(get(id, { base_url = service:url(wishes) })).bytes)
        local _, err = get(id, { base_url = service:url(wishes), max_bytes = 5 * MEGABYTE + 1 })
        assert.equal("too_large", err.kind)
      end
      assert.same({ "rows" }, list())
    end)

    -- Where the answer is there as soon as the request is sent, libcurl never waits on the connection, and does not say
    -- that it is in use.
    it("is whole over a connection that was kept, however early it comes", function()
      local said = child.run([[
        local sapanywhere = require "sapanywhere"
        local client = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
        local shop = client:instance { token = given.token }
        local bytes, message
        for _ = 1, 3 do
          local result, err = shop:bulk_download { id = given.id, object = "orders", to = given.to, retry = false }
          bytes, message = result and result.bytes, err and err.message
          if not result then break end
        end
        return { bytes = bytes, message = message }
      ]], {
        base_url = service.base_url, user_secret = service.user_secret, token = service:instances()[1].token,
        id = job_of(6 * MEGABYTE), to = dir .. "/rows",
      }, { environment = { LD_PRELOAD = preload, SEND_SLEEP = "0.3" } })
      assert.equal(6 * MEGABYTE, said.bytes, said.message)
    end)

    it("lets a client be closed, and a process end, between two steps", function()
      local said = child.run([[
        local sapanywhere = require "sapanywhere"
        local client = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
        local shop = client:instance { token = given.token }
        local result, err
        sapanywhere.all {
          function()
            result, err = shop:bulk_download { id = given.id, object = "orders", to = given.to,
              on_progress = function(bytes) if bytes > 2e6 then client:close() end end }
          end,
        }
        return { bytes = result and result.bytes, kind = err and err.kind, outcome = err and err.outcome }
      ]], {
        base_url = service.base_url, user_secret = service.user_secret, token = service:instances()[1].token,
        id = job_of(200 * MEGABYTE), to = dir .. "/rows",
      })
      assert.same({ kind = "closed", outcome = "unknown" }, said)
      assert.same({}, list())
    end)

    it("has a connection of its own over TLS, so that small answers do not wait behind it", function()
      service:clear_log()
      assert(get(job_of(100000), { base_url = service.tls_base_url }))
      assert(shop:ping { base_url = service.tls_base_url })
      local log, connections = service:log(), {}
      for _, request in ipairs(log) do
        if request.uri:find("/bulk/%d+/orders$") then connections.file = request.connection end
        if request.uri:find("/ping$") then connections.ping = request.connection end
      end
      assert.truthy(connections.file and connections.ping)
      assert.are_not.equal(connections.file, connections.ping)
    end)
  end)

  describe("of which nothing comes any more", function()
    -- As the call is made, but with less patience.
    local function get_with_silence(seconds, given)
      given.object, given.to = "orders", dir .. "/rows"
      return download.call(made.owner(shop), rows["instance:bulk_download"], given, options, {
        fail = perform.fail,
        run = function(owner, row, values, started)
          assert.equal(60, values.silence)
          values.silence = seconds
          return perform.run(owner, row, values, started)
        end,
      })
    end

    it("ends after its silence, and leaves what was there", function()
      system.write_file(dir .. "/rows", OLD)
      local peer = peers.start("stalls", "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n" .. ("x"):rep(500))
      local started = core.now()
      local result, err = get_with_silence(1, {
        id = 1, retry = false, base_url = ("http://127.0.0.1:%d/"):format(peer.port),
      })
      local elapsed = core.now() - started
      peer:stop()
      assert.is_nil(result)
      assert.equal("timeout", err.kind, tostring(err))
      assert.equal("unknown", err.outcome)
      assert.truthy(elapsed >= 0.9 and elapsed < 20, elapsed)
      assert.same({ "rows" }, list())
      assert.equal(OLD, read(dir .. "/rows"))
    end)

    it("goes on where a byte comes now and then", function()
      local peer = peers.start("drips", "123456", 0.4)
      local result, err = get_with_silence(1, { id = 1, base_url = ("http://127.0.0.1:%d/"):format(peer.port) })
      peer:stop()
      assert(result, tostring(err))
      assert.equal("123456", read(dir .. "/rows"))
    end)
  end)

  -- What a process says whose disk takes a second to sync: `code` runs with `shop`, `client`, `quick()` (another call)
  -- and `wait_for_sync()` at hand.
  local function with_slow_disk(code)
    local said = child.run(([[
      local process, sapanywhere = require "spec.process", require "sapanywhere"
      local client = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
      local other = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
      local shop = client:instance { token = given.token }
      local quick_shop = other:instance { token = given.token }
      local function quick() assert(quick_shop:ping {}) end
      local function wait_for_sync()
        local mark
        repeat
          quick()
          mark = io.open(given.mark)
        until mark
        mark:close()
      end
      local order, result, err = {}, nil, nil
      local function get()
        result, err = shop:bulk_download { id = given.id, object = "orders", to = given.to, retry = false }
        order[#order + 1] = "file"
      end
      %s
      return { order = table.concat(order, " "), kind = err and err.kind, outcome = err and err.outcome,
        bytes = result and result.bytes }
    ]]):format(code), {
      base_url = service.base_url, user_secret = service.user_secret, token = service:instances()[1].token,
      id = job_of(100000), to = dir .. "/rows", mark = root .. "/mark" .. count,
    }, { environment = { LD_PRELOAD = preload, FSYNC_SLEEP = "1", FSYNC_MARK = root .. "/mark" .. count } })
    return said
  end

  describe("whose disk takes its time in the end", function()
    it("lets other calls go on meanwhile", function()
      local said = with_slow_disk [[
        sapanywhere.all { get, function()
          wait_for_sync()
          quick()
          order[#order + 1] = "quick"
        end }
      ]]
      assert.same({ order = "quick file", bytes = 100000 }, said)
      assert.same({ "rows" }, list())
    end)

    it("is given up with its client, and its thread removes what it has", function()
      system.write_file(dir .. "/rows", OLD)
      local said = with_slow_disk [[
        sapanywhere.all { get, function()
          wait_for_sync()
          client:close()
          order[#order + 1] = "closed"
        end }
        local ends = require("sapanywhere.core").now() + 2
        repeat quick() until require("sapanywhere.core").now() > ends
      ]]
      assert.same({ order = "closed file", kind = "closed", outcome = "unknown" }, said)
      assert.same({ "rows" }, list())
      assert.equal(OLD, read(dir .. "/rows"))
    end)

    it("may be forked meanwhile: it is the parent's", function()
      local said = with_slow_disk [[
        sapanywhere.all { get, function()
          wait_for_sync()
          for _, leave in ipairs { function() process.exit(0) end, function() os.exit(0, true) end } do
            local pid = process.fork()
            if pid == 0 then
              quick()
              client:close()
              collectgarbage()
              leave()
            end
            assert(process.wait(pid, 20) == "exit")
          end
          order[#order + 1] = "forked"
        end }
      ]]
      assert.truthy(said.order == "forked file" or said.order == "file forked", said.order)
      assert.equal(100000, said.bytes)
      assert.same({ "rows" }, list())
      assert.equal("100000\n", system.output("stat -c %s " .. dir .. "/rows"))
    end)

    it("leaves a temporary file where the process ends before it does, and no other", function()
      system.write_file(dir .. "/rows", OLD)
      with_slow_disk [[
        sapanywhere.all { get, function()
          wait_for_sync()
          client:close()
        end }
      ]]
      local names = list()
      assert.truthy(#names <= 2 and names[#names] == "rows")
      assert.truthy(#names == 1 or names[1]:find("^%.rows%.%x+%.part$"), names[1])
      assert.equal(OLD, read(dir .. "/rows"))
      assert(get(job_of(1000)))
      assert.same({ "rows" }, list())
    end)
  end)

  it("keeps its file to itself, and an upload its own: a program that is started meanwhile has neither", function()
    system.write_file(dir .. "/sent", "a\n1\n")
    local sink, source = assert(core.sink(dir .. "/rows", 1000)), assert(core.source(dir .. "/sent", "", ""))
    local own, others = system.output("ls -l /proc/$PPID/fd"), system.output("ls -l /proc/self/fd")
    assert.truthy(own:find(dir .. "/sent", 1, true) and own:find(dir .. "/.rows", 1, true), own)
    assert.is_nil(others:find(dir, 1, true))
    sink:close()
    source:close()
    assert.same({ "sent" }, list())
  end)

  describe("whose process is killed", function()
    it("leaves a temporary file, nothing under its name, and is cleared by the next", function()
      system.write_file(dir .. "/rows", OLD)
      local peer = peers.start("stalls", "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n" .. ("x"):rep(500))
      system.write_file(root .. "/killed.lua", ([[
        local sapanywhere = require "sapanywhere"
        local shop = sapanywhere.instance { base_url = "http://127.0.0.1:%d/", user_secret = "u", token = "t" }
        shop:bulk_download { id = 1, object = "orders", to = %q }
      ]]):format(peer.port, dir .. "/rows"))
      local command = ("LUA_PATH=%s LUA_CPATH=%s %s %s >/dev/null 2>&1 & echo $!"):format(
        system.quote(package.path), system.quote(package.cpath), child.interpreter(), root .. "/killed.lua")
      local pid = system.output(command):match("%d+")
      local ends = core.now() + 20
      repeat
        core.poll(-1, 0.02)
        local part = list()[1]
      until part:find("%.part$") and #read(dir .. "/" .. part) == 500 or core.now() > ends
      system.output("kill -9 " .. pid)
      peer:stop()
      local names = list()
      assert.equal(2, #names)
      assert.matches("^%.rows%.%x+%.part$", names[1])
      assert.equal(500, #read(dir .. "/" .. names[1]))
      assert.equal(OLD, read(dir .. "/rows"))
      repeat core.poll(-1, 0.02) until not io.open("/proc/" .. pid .. "/fd/0") or core.now() > ends
      assert(get(job_of(1000)))
      assert.same({ "rows" }, list())
    end)
  end)
end)
