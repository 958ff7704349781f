-- Files of bulk jobs: a name appears only with a whole file behind it, whatever happens, and nothing else is left.

local cjson = require "cjson"
local child = require "support.child"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local read = require("support.file").read
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local OLD = "what was there before"

describe("a bulk file", function()
  local service, client, shop, job, root, dir
  local count = 0

  setup(function()
    service = services.start {}
    service:seed { customers = 20 }
    client = service:client {}
    local instance = assert(client:create_instance(service:creating {}))
    shop = assert(client:instance { token = instance.token, user_secret = service.user_secret })
    job = assert(shop:bulk_query { query = "select * from customers", base_url = service:url { job_seconds = 0 } })
    root = system.output("mktemp -d"):gsub("\n", "")
  end)
  teardown(function()
    client:close()
    service:stop()
    os.execute("rm -rf " .. system.quote(root))
  end)
  before_each(function()
    count = count + 1
    dir = root .. "/" .. count
    assert(os.execute("mkdir " .. dir))
  end)

  local function list(where)
    local names = {}
    for name in system.output("ls -A " .. system.quote(where or dir)):gmatch("[^\n]+") do names[#names + 1] = name end
    return names
  end

  local function download(more, wishes)
    local options = { id = job.id, object = "customers", to = dir .. "/rows.json" }
    if wishes then options.base_url = service:url(wishes) end
    for name, value in pairs(more or {}) do options[name] = value end
    return shop:bulk_download(options)
  end

  local function expect_failure(kind, fields, result, err)
    assert.is_nil(result)
    assert.equal(kind, err.kind, tostring(err))
    for name, value in pairs(fields) do assert.equal(value, err[name], name .. ": " .. tostring(err)) end
    return err
  end

  -- A job whose file has so many bytes.
  local function job_of(bytes)
    return assert(shop:bulk_query {
      query = "select * from customers", base_url = service:url { job_seconds = 0, job_bytes = bytes },
    }).id
  end

  describe("that is downloaded", function()
    it("is the job's rows, in each format, for this user only", function()
      for _, format in ipairs { "json", "jsonl", "csv" } do
        local result, err, meta = download { format = format, to = dir .. "/rows" }
        assert(result, tostring(err))
        local text = read(dir .. "/rows")
        assert.same({ path = dir .. "/rows", bytes = #text }, result)
        assert.equal(200, meta.status)
        assert.equal(format == "json" and 20 or format == "jsonl" and 20 or 21,
          format == "json" and #cjson.decode(text) or select(2, text:gsub("\n", "")))
        assert.equal("600\n", system.output("stat -c %a " .. dir .. "/rows"))
      end
      assert.same({ "rows" }, list())
    end)

    it("replaces the one that was there, or the one behind a link", function()
      system.write_file(dir .. "/real", OLD)
      assert(os.execute(("ln -s real %s/link"):format(dir)))
      assert(download { to = dir .. "/link" })
      assert.same({ "link", "real" }, list())
      assert.equal(20, #cjson.decode(read(dir .. "/real")))
    end)

    it("is told of as it arrives, to its end, however it is sent", function()
      for _, wishes in ipairs { {}, { chunked = true } } do
        local seen = {}
        local id = job_of(5000000)
        local result = assert(download({ id = id, on_progress = function(bytes, total)
          seen[#seen + 1] = bytes
          assert(total == nil or total >= bytes)
          error("nobody's business")
        end }, wishes))
        assert.equal(result.bytes, seen[#seen])
        for i = 2, #seen do assert.truthy(seen[i] > seen[i - 1]) end
      end
    end)

    it("may be large, and is not where max_bytes says so", function()
      local id = job_of(3000000)
      assert.equal(3000000, assert(download { id = id, max_response_bytes = 1024, timeout = 60 }).bytes)
      for _, wishes in ipairs { {}, { chunked = true } } do
        local err = expect_failure("too_large", { retryable = false },
          download({ id = id, max_bytes = 100000 }, wishes))
        assert.truthy(err.message:find("max_bytes", 1, true))
      end
    end)

    it("is asked for without a coding", function()
      local echo = peers.start("echo")
      local base_url = ("http://127.0.0.1:%d/200/json"):format(echo.port)
      local result, err = download { format = "csv", base_url = base_url }
      echo:stop()
      assert(result, tostring(err))
      local said = read(dir .. "/rows.json")
      assert.truthy(said:find("text/csv", 1, true), said)
      assert.truthy(said:find("identity", 1, true), said)
    end)

    it("is nothing where the caller errs, or the service does", function()
      system.write_file(dir .. "/rows.json", OLD)
      expect_failure("usage", {}, download { format = "xml" })
      expect_failure("usage", {}, download { max_bytes = 0 })
      expect_failure("usage", {}, download { to = 5 })
      expect_failure("usage", {}, shop:bulk_download { id = job.id, object = "customers" })
      expect_failure("not_found", { status = 404 }, download { object = "orders" })
      expect_failure("server", { status = 503 }, download({}, { status = 503 }))
      expect_failure("protocol", {}, download({}, { status = 202, act = true }))
      expect_failure("protocol", {}, download({}, { status = 206, act = true }))
      expect_failure("protocol", { status = 302 }, download({}, { redirect = "https://elsewhere.example/" }))
      assert.same({ "rows.json" }, list())
      assert.equal(OLD, read(dir .. "/rows.json"))
    end)

    it("is nothing where the answer does not say where it ends", function()
      local err = expect_failure("protocol", { outcome = "unknown" },
        download({}, { raw = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nid,name\n1,a\n" }))
      assert.truthy(err.message:find("whole", 1, true))
      assert.same({}, list())
    end)

    it("is nothing where it is coded though that was not asked for", function()
      expect_failure("protocol", {},
        download({}, { raw = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc" }))
      assert.same({}, list())
    end)

    it("is nothing where its answer is cut, at any byte, and the old file stays", function()
      system.write_file(dir .. "/rows.json", OLD)
      local body = ('{"a":1}\n'):rep(10)
      local plain = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
      local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n" .. body:sub(1, 40) .. "\r\n28\r\n"
        .. body:sub(41) .. "\r\n0\r\n\r\n"
      for _, answer in ipairs { plain, chunked } do
        for cut = 0, #answer do
          local result, err = download({ retry = false }, { raw = answer:sub(1, cut) })
          if result then
            assert.truthy(cut >= #answer - 2, cut) -- the line after the last chunk says nothing more
            assert.equal(body, read(dir .. "/rows.json"))
            system.write_file(dir .. "/rows.json", OLD)
          else
            assert.truthy(cut < #answer, tostring(err))
            assert.truthy(err.kind == "connect" or err.kind == "protocol", tostring(err))
            assert.equal(OLD, read(dir .. "/rows.json"), cut)
          end
          assert.same({ "rows.json" }, list())
        end
      end
    end)

    it("is tried again after a cut, from its beginning", function()
      local result, err, meta = download({ retry = { max = 2, base = 0.01 } }, { cut = 1500, fail = 1 })
      assert(result, tostring(err))
      assert.equal(2, meta.attempts)
      assert.equal(20, #cjson.decode(read(dir .. "/rows.json")))
    end)

    it("is nothing where a refusal has no end", function()
      local id = job_of(3000000)
      local err = expect_failure("server", { status = 500 }, download({ id = id }, { status = 500, size = 2 ^ 26 }))
      assert.truthy(#err.message < 2000)
      assert.same({}, list())
    end)

    it("is nothing where its time is up", function()
      expect_failure("timeout", { outcome = "unknown" },
        download({ timeout = 1, retry = false }, { delay_body = 9 }))
      assert.same({}, list())
    end)

    it("is nothing where the client is closed meanwhile", function()
      local other = service:client { base_url = service:url { delay_body = 5 } }
      local own = assert(other:instance { token = assert(client:create_instance(service:creating {})).token,
        user_secret = service.user_secret })
      local _, err
      sapanywhere.all {
        function() _, err = own:bulk_download { id = 1, object = "customers", to = dir .. "/rows" } end,
        function()
          service:client { base_url = service:url { delay = 0.1 } }:oauth_url(service:asking {})
          other:close()
        end,
      }
      assert.equal("closed", err.kind)
      assert.same({}, list())
    end)
  end)

  describe("that cannot be written", function()
    for _, case in ipairs {
      { "the directory is not there", "/none/rows", "missing" }, { "it is a directory", "", "io" },
      { "it is a device", "/zero", "io" }, { "the name is too long", "/" .. ("x"):rep(256), "io" },
      { "a part of the path is a file", "/rows/rows", "missing" },
    } do
      it("is not asked for: " .. case[1], function()
        system.write_file(dir .. "/rows", OLD)
        assert(os.execute(("ln -s /dev/zero %s/zero"):format(dir)))
        service:clear_log()
        local err = expect_failure("file", { reason = case[3], outcome = "not_sent", attempts = 0 },
          download { to = dir .. case[2] })
        assert.truthy(err.message:find("bulk_download: to: ", 1, true))
        assert.same({}, service:log())
        assert.same({ "rows", "zero" }, list())
      end)
    end

    -- What a process of its own gets for a download, and leaves.
    local function in_child(before, code, id)
      return child.run(([[
        %s
        local sapanywhere = require "sapanywhere"
        local client = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
        local shop = client:instance { token = given.token }
        local result, err = shop:bulk_download { id = given.id, object = "customers", to = given.to, retry = false }
        return { bytes = result and result.bytes, kind = err and err.kind, reason = err and err.reason,
          outcome = err and err.outcome, message = err and err.message }
      ]]):format(code or ""), {
        base_url = service.base_url, user_secret = service.user_secret, id = id, to = dir .. "/rows",
        token = service:instances()[1].token,
      }, { before = before })
    end

    it("for want of room ends with the kind file, and no litter", function()
      local id = job_of(3000000)
      local said = in_child("ulimit -f 1000;", nil, id) -- of 512 or 1024 bytes, by the shell
      assert.same({ kind = "file", reason = "full", outcome = "unknown" },
        { kind = said.kind, reason = said.reason, outcome = said.outcome }, said.message)
      assert.same({}, list())
    end)

    it("on a full disk ends with the kind file, and no litter", function()
      if os.execute("mount -t tmpfs -o size=1m tmpfs " .. dir .. " 2>/dev/null") ~= true
        and system.output("mountpoint -q " .. dir .. " && echo yes") ~= "yes\n" then
        return pending("this user cannot mount a small file system")
      end
      local ok, err = pcall(function()
        system.write_file(dir .. "/rows.json", OLD)
        expect_failure("file", { reason = "full", outcome = "unknown" }, download { id = job_of(3000000) })
        assert.same({ "rows.json" }, list())
        assert.equal(OLD, read(dir .. "/rows.json"))
      end)
      os.execute("umount " .. dir)
      assert(ok, err)
    end)

    it("in a directory of somebody else's is denied", function()
      assert(os.execute("chmod 555 " .. dir))
      local said = in_child(nil, [[require("sapanywhere.sandbox.carrier.system")]], job.id)
      if said.bytes then return pending("nothing is denied to root") end
      assert.same({ "file", "denied", "not_sent" }, { said.kind, said.reason, said.outcome })
    end)
  end)

  describe("of a process that was killed", function()
    it("is cleared by the next download to the same path, and a living one's is not", function()
      local script = dir .. "/script.lua"
      system.write_file(script, ([[
        local core = require "sapanywhere.core"
        local sink = assert(core.sink(%q, 1000))
        io.stdout:write("open\n")
        io.stdout:flush()
        io.read()
      ]]):format(dir .. "/rows.json"))
      local command = ("LUA_PATH=%q LUA_CPATH=%q exec %s %s")
      local lua = child.interpreter()
      local living = io.popen(("sleep 3 | %s >%s/said"):format(
        command:format(package.path, package.cpath, lua, script), dir), "w")
            local dead = dir .. "/.rows.json.0123456789abcdef.part"
      system.write_file(dead, "half")
      system.write_file(dir .. "/.rows.json.0123456789abcdeg.part", "somebody else's")
      repeat until (read(dir .. "/said") or "") ~= ""
      assert(download())
      local parts = {}
      for _, name in ipairs(list()) do parts[#parts + 1] = name:match("^%.rows%.json%..*%.part$") end
      assert.equal(2, #parts)
      assert.is_nil(read(dead))
      living:close()
    end)
  end)

  describe("that is uploaded", function()
    it("arrives with its name and what is said of it, once", function()
      local path = dir .. '/my "rows".csv'
      system.write_file(path, "firstName,lastName\nAda,Lovelace\nAlan,Turing\n")
      service:clear_log()
      local started, err = shop:bulk_upload { object = "customers", file = path, meta_data = { identifier = "id" } }
      assert(started, tostring(err))
      assert.equal(1, #service:log())
      assert.equal("COMPLETED", assert(shop:bulk_wait { id = started.id, interval = 0.05 }).status)
    end)

    it("may be large, or empty", function()
      for _, size in ipairs { 0, 1, 65536, 20000000 } do
        system.write_file(dir .. "/rows.jsonl", ('{"a":1}\n'):rep(math.floor(size / 8)))
        local started, err = shop:bulk_upload { object = "customers", file = dir .. "/rows.jsonl" }
        assert(started and started.id or size <= 1 and err.kind == "rejected", tostring(err))
      end
    end)

    for _, case in ipairs {
      { "is not there", "/none", "missing" }, { "is a directory", "", "io" },
    } do
      it("is not sent where it " .. case[1], function()
        service:clear_log()
        expect_failure("file", { reason = case[3], outcome = "not_sent" },
          shop:bulk_upload { object = "customers", file = dir .. case[2] })
        assert.same({}, service:log())
      end)
    end

    it("is not sent twice where its connection dies, and that is unknown", function()
      system.write_file(dir .. "/rows.csv", "a\n1\n")
      for _, wishes in ipairs { { die = true }, { act_then_die = true }, { cut = 20 }, { die_reused = true } } do
        local url = service:url(wishes)
        if wishes.die_reused then assert(shop:ping { base_url = url }) end
        service:clear_log()
        local result, err = shop:bulk_upload {
          object = "customers", file = dir .. "/rows.csv", base_url = url, retry = { max = 3, base = 0.01 },
        }
        local posts = 0
        for _, request in ipairs(service:log()) do posts = posts + (request.method == "POST" and 1 or 0) end
        assert.equal(1, posts)
        if not result then
          assert.equal("unknown", err.outcome)
          assert.equal(1, err.attempts)
        end
      end
    end)

    it("is an error where the file shrinks while it is sent", function()
      local core = require "sapanywhere.core"
      local path = dir .. "/rows.csv"
      system.write_file(path, ("x"):rep(100000))
      local source = assert(core.source(path, "before", "behind"))
      system.write_file(path, "x")
      local engine = core.engine()
      local pool = engine:pool { max_connections = 1 }
      local origin, prefix = service.base_url:match("^(%a+://[^/]+)(.*)$")
      local transfer = pool:start {
        method = "POST", origin = origin, target = prefix .. "/hubs/ecommerce/bulk/customers", headers = {},
        source = source, timeout = 20, connect_timeout = 10, max_bytes = 1000,
      }
      while not transfer:done() do assert(engine:wait({}, 5)) end
      local _, failure = transfer:result()
      assert.equal("file", failure.kind)
      assert.equal("io", failure.reason)
      assert.equal("unknown", failure.outcome)
      engine:close()
    end)
  end)
end)
