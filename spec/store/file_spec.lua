local child = require "support.child"
local contract = require "support.store_contract"
local core = require "sapanywhere.core"
local get = require "support.get"
local process = require "spec.process"
local sandbox = require "sapanywhere.sandbox"
local store = require "sapanywhere.store"
local system = require "sapanywhere.sandbox.carrier.system"

local KEY, OTHER_KEY, INSTANCE = contract.KEY, contract.OTHER_KEY, contract.INSTANCE
local assert_failed = contract.assert_failed

local busted_words = { it = it, before_each = before_each, after_each = after_each }
local root = system.output("mktemp -d"):gsub("\n", "")
local count = 0

-- The path of a file that is not there, in a directory that is not there.
local function fresh_path()
  count = count + 1
  return ("%s/%d/deep/shops.json"):format(root, count)
end

local function open(path, key)
  return assert(store.file { path = path, key = key })
end

local function list(path)
  return system.output("ls -A " .. system.quote(path:match("^.*/")))
end

local function mode(path)
  return (system.output("stat -c %a " .. system.quote(path)):gsub("\n", ""))
end

describe("a store in a file", function()
  teardown(function() os.execute("rm -rf " .. system.quote(root)) end)

  describe("without a key", function()
    local path = fresh_path()
    contract.describe(busted_words, function() return open(path) end)
  end)

  describe("with a key", function()
    local path = fresh_path()
    contract.describe(busted_words, function() return open(path, KEY) end)

    describe("which seals", function()
      local function change_document(change)
        local document = assert(core.decode(system.read_file(path)))
        change(document.entries)
        system.write_file(path, core.encode(document))
      end

      contract.describe_sealed(busted_words,
        function(key) return open(path, key) end,
        function(a, b) change_document(function(entries) entries[a], entries[b] = entries[b], entries[a] end) end,
        function(name, make)
          change_document(function(entries) entries[name].sealed = make(entries[name].sealed) end)
        end,
        function() return system.read_file(path) end)
    end)

    it("refuses an entry that is not sealed, as one without a key refuses a sealed one", function()
      local sealed, plain = fresh_path(), fresh_path()
      assert(open(sealed, KEY):put("x", INSTANCE))
      assert(open(plain):put("x", INSTANCE))
      for _, one in ipairs { open(sealed), open(plain, KEY) } do
        assert_failed("key", one:get("x"))
        assert_failed("key", one:put("x", INSTANCE))
        assert_failed("key", one:put("y", INSTANCE))
        assert_failed("key", one:remove("x"))
      end
    end)

    it("changes nothing beside an entry of another key, or a damaged one", function()
      local mixed = fresh_path()
      assert(open(mixed, KEY):put("x", INSTANCE))
      local before = system.read_file(mixed)
      assert_failed("key", open(mixed, OTHER_KEY):put("y", INSTANCE))
      assert.equal(before, system.read_file(mixed))
      system.write_file(mixed, (before:gsub('.."}}', '_"}}')))
      before = system.read_file(mixed)
      assert_failed("damaged", open(mixed, KEY):put("y", INSTANCE))
      assert.equal(before, system.read_file(mixed))
    end)
  end)

  it("is for its owner only, and so is what is made on the way to it", function()
    local path = fresh_path()
    assert(open(path):put("x", INSTANCE))
    assert.equal("600", mode(path))
    assert.equal("600", mode(path .. ".lock"))
    assert.equal("700", mode(path:match("^(.*)/")))
    assert.equal("700", mode(path:match("^(.*)/[^/]*/")))
    assert.equal("shops.json\nshops.json.lock\n", list(path))
  end)

  it("may lie in the current directory, and in one like /tmp", function()
    local directory = fresh_path():match("^(.*)/")
    os.execute("mkdir -p " .. directory)
    local said = child.run(([[
      local store = assert(require "sapanywhere.store".file { path = given.path })
      assert(store:put("x", { id = 7 }))
      return store:get("x").id
    ]]), { path = "sapanywhere-spec-" .. core.random_hex(8) .. ".json" },
      { before = ("here=$PWD; export LUA_PATH=\"$here/lua/?.lua;;\" LUA_CPATH=\"%s\"; cd %s;"):format(
        (package.cpath:gsub("%f[%w./]build/", "$here/build/"):gsub("%./%$here", "$here")), directory) })
    assert.equal(7, said)
    local path = os.tmpname()
    os.remove(path)
    assert(open(path):put("x", INSTANCE))
    os.remove(path)
    os.remove(path .. ".lock")
  end)

  describe("that others may use", function()
    local DOORS = {
      { "chmod 640 %s", "its group may read" }, { "chmod 604 %s", "others may read" },
      { "chmod 620 %s", "its group may write" }, { "chmod 601 %s", "others may run" },
      { "chmod 770 $(dirname %s)", "is in a directory of its group" },
      { "chmod 777 $(dirname %s)", "is in a directory of everybody", },
    }
    if system.output("id -u") == "0\n" then DOORS[#DOORS + 1] = { "chown 65534 %s", "belongs to another" } end
    for _, case in ipairs(DOORS) do
      it("is refused: " .. case[2], function()
        local path = fresh_path()
        local one = open(path, KEY)
        assert(one:put("x", INSTANCE))
        os.execute(case[1]:format(path))
        local before = system.read_file(path)
        assert_failed("open_to_others", one:put("y", INSTANCE))
        if not case[1]:find("dirname") then
          assert_failed("open_to_others", one:get("x"))
          assert_failed("open_to_others", one:names())
          assert_failed("open_to_others", one:remove("x"))
        end
        assert.equal(before, system.read_file(path))
        assert.equal("shops.json\nshops.json.lock\n", list(path))
      end)
    end
  end)

  describe("that is damaged", function()
    local function each_fault(path)
      local whole = system.read_file(path)
      local faults = { "", "\0", "{}", "null", "[]", '{"version":1}', '{"version":2,"entries":{}}', whole .. "x" }
      for length = 0, #whole - 1, 7 do faults[#faults + 1] = whole:sub(1, length) end
      for _, entries in ipairs {
        '{"a b":{"plain":"{}"}}', '{"%6d":{"plain":"{}"}}', '{"a":5}', '{"a":{}}', '{"a":{"plain":5}}',
        '{"a":{"plain":"{}","sealed":"x"}}', '{"a":{"other":"x"}}', "5", "null",
      } do
        faults[#faults + 1] = ('{"version":1,"entries":%s}'):format(entries)
      end
      return faults
    end

    it("is an error, and left as it is", function()
      local path = fresh_path()
      local one = open(path)
      assert(one:put("x", INSTANCE))
      for _, fault in ipairs(each_fault(path)) do
        system.write_file(path, fault)
        assert_failed("damaged", one:get("x"))
        assert_failed("damaged", one:names())
        assert_failed("damaged", one:put("x", INSTANCE))
        assert_failed("damaged", one:remove("x"))
        assert.equal(fault, system.read_file(path))
      end
    end)

    it("in one entry is an error for that, and for changes", function()
      local path = fresh_path()
      local one = open(path)
      assert(one:put("x", INSTANCE))
      system.write_file(path, '{"version":1,"entries":{"x":{"plain":"5"},"y":{"plain":"{\\"id\\":1}"}}}')
      assert_failed("damaged", one:get("x"))
      assert.same({ id = 1 }, one:get("y"))
      assert_failed("damaged", one:put("y", INSTANCE))
      assert.is_true(one:remove("x"))
      assert.is_true(one:put("y", INSTANCE))
    end)
  end)

  it("is none where the path is a directory, a pipe or below a file", function()
    local path = fresh_path()
    assert(open(path):put("x", INSTANCE))
    assert_failed("io", open(path .. "/below"):put("x", INSTANCE))
    assert_failed("io", open(path .. "/below"):get("x"))
    local directory, pipe = fresh_path(), fresh_path()
    os.execute(("mkdir -p -m 700 %s && mkdir -p %s && mkfifo -m 600 %s"):format(directory, pipe:match("^(.*)/"), pipe))
    for _, other in ipairs { directory, pipe } do
      assert_failed("io", open(other):get("x"))
      assert_failed("io", open(other):put("x", INSTANCE))
    end
  end)

  it("clears what writers that died have left, and nothing else", function()
    local path = fresh_path()
    local one = open(path)
    assert(one:put("x", INSTANCE))
    local left = ("%s.%s.new"):format(path, ("0a"):rep(16))
    system.write_file(left, "half")
    for _, other in ipairs { "other.json.00.new", "shops.json.old", "shops.json.zz.new", "shops.jsonx" } do
      system.write_file(path:match("^.*/") .. other, "not ours")
    end
    assert.same(INSTANCE, one:get("x"))
    assert(one:put("y", INSTANCE))
    assert.equal("other.json.00.new\nshops.json\nshops.json.lock\nshops.json.old\nshops.json.zz.new\nshops.jsonx\n",
      list(path))
  end)

  it("leaves no descriptor open", function()
    local path = fresh_path()
    local one = open(path, KEY)
    assert(one:put("x", INSTANCE))
    local before = #process.descriptors()
    for i = 1, 20 do
      assert(one:put("x" .. i, INSTANCE))
      assert(one:get("x"))
      assert(one:names())
      assert(one:remove("x" .. i))
    end
    assert.equal(before, #process.descriptors())
  end)

  it("waits for another process, and gives up after a while", function()
    local path = fresh_path()
    local one = open(path)
    assert(one:put("x", INSTANCE))
    local lock = assert(core.lock_file(path .. ".lock"))
    local now, at = core.now, 0
    core.now = function()
      at = at + 1
      return at
    end
    local result, err = one:put("y", INSTANCE)
    core.now = now
    assert_failed("locked", result, err)
    assert.same(INSTANCE, one:get("x")) -- readers wait for nobody
    lock:release()
    lock:release()
    assert.is_true(one:put("y", INSTANCE))
  end)

  -- nginx's Lua is LuaJIT.
  if rawget(_G, "jit") then
    it("lets nginx go on while another process changes it", function()
      local path = fresh_path()
      -- A directory like /tmp: nginx's workers may be another user's.
      local directory = path:match("^(.*)/")
      os.execute(("mkdir -p %s && chmod 1777 %s && chmod 755 %s/.. %s"):format(directory, directory, directory, root))
      local file = package.searchpath("sapanywhere.core", package.cpath) -- luacheck: ignore 143
      local host = assert(sandbox.start { log = false, workers = 1, nginx = {
        lua_package_cpath = system.output("realpath " .. file):gsub("sapanywhere/core%.so\n$", "?.so"),
        server = ([[
          location = /put { content_by_lua_block {
            local store = assert(require "sapanywhere.store".file { path = "%s", key = "%s" })
            local done, err = store:put(ngx.var.arg_name, { id = 7 })
            ngx.print(tostring(done or err), " ", table.concat(store:names(), ","))
          } }
        ]]):format(path, KEY),
      } })
      finally(function() host:stop() end)
      local origin = host.base_url:match("^http://[^/]+")
      local _, first = get(origin, "/put?name=x")
      assert.equal("true x", first)
      local lock = assert(io.popen(("flock %s.lock sh -c 'touch %s.held; cat'"):format(path, path), "w"))
      system.output(("for i in $(seq 500); do test -e %s.held && break; sleep 0.02; done"):format(path))
      local waiting = assert(io.popen(("curl -s -m 20 %s/put?name=y"):format(origin)))
      for _ = 1, 5 do
        os.execute("sleep 0.05")
        assert.truthy((get(origin, "/")))
      end
      assert.is_nil(system.read_file(path):find('"y"', 1, true))
      lock:close()
      assert.equal("true x,y", waiting:read("*a"))
      waiting:close()
      assert.is_nil(host:error_log():find("[error]", 1, true), host:error_log())
    end)
  end

  it("is not kept from others by a writer that raises", function()
    local path = fresh_path()
    local one = open(path)
    assert(one:put("x", INSTANCE))
    local replace = core.replace_file
    core.replace_file = function() error "no memory" end
    assert.has_error(function() one:put("y", INSTANCE) end)
    core.replace_file = replace
    assert.is_true(one:put("y", INSTANCE))
  end)

  it("says when the disk is full, and keeps what was there", function()
    local path = fresh_path()
    local one = open(path)
    assert(one:put("x", INSTANCE))
    local said = child.run([[
      local store = assert(require "sapanywhere.store".file { path = given.path })
      local done, err = store:put("y", { filler = ("f"):rep(100000) })
      return { done = done, reason = err.reason, kind = err.kind }
    ]], { path = path }, { before = "trap '' XFSZ; ulimit -f 8;" })
    assert.same({ reason = "io", kind = "store" }, said)
    assert.same({ "x" }, one:names())
    assert.equal("shops.json\nshops.json.lock\n", list(path))
  end)

  it("is at most 32 MiB", function()
    local path = fresh_path()
    local one = open(path)
    assert(one:put("x", INSTANCE))
    assert_failed("io", one:put("y", { filler = ("f"):rep(33 * 1024 * 1024) }))
    assert.same({ "x" }, one:names())
    os.execute("truncate -s 33M " .. path)
    assert_failed("io", one:get("x"))
  end)

  describe("is opened", function()
    local WRONG = {
      { "without a path", {}, "path must be given" },
      { "with an empty path", { path = "" }, "path must be the path" },
      { "with a directory's path", { path = "/tmp/" }, "path must be the path" },
      { "with a NUL in its path", { path = "/tmp/\0x" }, "path must be the path" },
      { "with a short key", { path = "x", key = ("Zq9"):rep(10) }, "at least 32 bytes" },
      { "with a short key in a list", { path = "x", key = { KEY, "Zq9" } }, "key[2]" },
      { "with an empty list", { path = "x", key = {} }, "without gaps" },
      { "with an unknown option", { path = "x", kye = KEY }, "did you mean 'key'?" },
    }
    for _, case in ipairs(WRONG) do
      it("not " .. case[1], function()
        local made, err = store.file(case[2])
        assert.is_nil(made)
        assert.equal("usage", err.kind)
        assert.truthy(tostring(err):find(case[3], 1, true), tostring(err))
        assert.is_nil(tostring(err):find("Zq9", 1, true))
      end)
    end

    it("without looking at the file", function()
      assert.truthy(store.file { path = "/proc/none/x" })
      assert.has_error(function() store.file "x" end)
    end)
  end)
end)
