-- A store in Redis: with a stand-in for one, with a real one in plain Lua, and inside nginx.

local contract = require "support.store_contract"
local core = require "sapanywhere.core"
local processes = require "support.redis"
local sandbox = require "sapanywhere.sandbox"
local store = require "sapanywhere.store"
local system = require "sapanywhere.sandbox.carrier.system"

local KEY, INSTANCE = contract.KEY, contract.INSTANCE
local assert_failed = contract.assert_failed
local busted_words = { it = it, before_each = before_each, after_each = after_each }

local PREFIX = "sapanywhere:shops"

-- The four commands, on a table: prefix → field → value.
local function stand_in(data)
  local commands = {}
  function commands.HSET(hash, field, value)
    hash[field] = value
    return 1
  end
  function commands.HGET(hash, field) return hash[field] end
  function commands.HDEL(hash, field)
    local count = hash[field] and 1 or 0
    hash[field] = nil
    return count
  end
  function commands.HKEYS(hash)
    local list = {}
    for field in pairs(hash) do list[#list + 1] = field end
    return list
  end
  return function(name, prefix, ...)
    data[prefix] = data[prefix] or {}
    return commands[name](data[prefix], ...)
  end
end

local function open(command, key, prefix)
  return assert(store.redis { command = command, prefix = prefix or PREFIX, key = key or KEY })
end

describe("a store in Redis", function()
  local data = {}
  local command = stand_in(data)
  contract.describe(busted_words, function() return open(command) end)

  describe("seals", function()
    local function snapshot()
      local lines = {}
      for field, value in pairs(data[PREFIX]) do lines[#lines + 1] = field .. "=" .. value end
      table.sort(lines)
      return table.concat(lines, "\n")
    end

    contract.describe_sealed(busted_words,
      function(key) return open(command, key) end,
      function(a, b)
        local hash = data[PREFIX]
        hash[a], hash[b] = hash[b], hash[a]
      end,
      function(name, make) data[PREFIX][name] = make(data[PREFIX][name]) end,
      snapshot)
  end)

  it("keeps each prefix by itself", function()
    local one, other = open(command), open(command, KEY, "other")
    assert(one:put("x", { id = 1 }))
    assert.same({}, other:names())
    assert(other:put("x", { id = 2 }))
    assert.equal(1, one:get("x").id)
    assert(one:remove("x"))
    assert.equal(2, other:get("x").id)
  end)

  it("takes a null of C for none, and false for a reply", function()
    local nothing = open(function() return core.null end)
    assert.is_nil(nothing:get("x"))
    local said = open(function(name)
      if name == "HSET" then return false end -- as lua-redis says of a field that was there
    end)
    assert.is_true(said:put("x", INSTANCE))
  end)

  local FAILING = {
    { "raises an error", function() error("no connection, key " .. KEY) end },
    { "raises a table", function() error {} end },
    { "fails", function() return nil, "no connection, key " .. KEY end },
    { "fails with a table", function() return false, { KEY } end },
  }
  for _, case in ipairs(FAILING) do
    it("says so when the command " .. case[1], function()
      local failing = open(case[2])
      assert_failed("io", failing:put("x", INSTANCE))
      assert_failed("io", failing:get("x"))
      assert_failed("io", failing:names())
      assert_failed("io", failing:remove("x"))
      assert_failed("io", failing:token("x")())
    end)
  end

  it("is not content with no reply to a change", function()
    local silent = open(function() end)
    assert_failed("io", silent:put("x", INSTANCE))
    assert_failed("io", silent:remove("x"))
    assert.is_nil(silent:get("x"))
  end)

  it("takes what is no text for damage", function()
    for _, reply in ipairs { 5, true, {}, "", "x", ("A"):rep(100) } do
      local broken = open(function() return reply end)
      local entry, err = broken:get("x")
      assert.is_nil(entry)
      assert.equal("damaged", err.reason)
    end
  end)

  describe("is opened", function()
    local WRONG = {
      { "without anything", {}, { "command", "key", "prefix" } },
      { "without a key", { command = print, prefix = "p" }, { "key" } },
      { "with wrong values", { command = "Zq9", prefix = "", key = "Zq9" }, { "command", "key", "prefix" } },
      { "with an unknown option", { command = print, prefix = "p", key = KEY, path = "x" }, { "path" } },
    }
    for _, case in ipairs(WRONG) do
      it("not " .. case[1], function()
        local made, err = store.redis(case[2])
        assert.is_nil(made)
        assert.equal("usage", err.kind)
        local options = {}
        for i, problem in ipairs(err.problems) do options[i] = problem.option end
        assert.same(case[3], options)
        assert.is_nil(tostring(err):find("Zq9", 1, true))
      end)
    end
  end)
end)

describe("a store in a real Redis", function()
  if not processes.client() then return end -- not every release of Debian has it for every Lua
  local server, command

  setup(function()
    server = processes.start()
    command = dofile("examples/store.redis/plain_client.lua")("127.0.0.1", server.port)
  end)
  teardown(function() server:stop() end)

  describe("by lua-redis", function()
    contract.describe(busted_words, function() return open(command) end)

    it("holds no token that can be read", function()
      assert(open(command):put("my shop", INSTANCE))
      local text = server:ask("hgetall " .. PREFIX)
      assert.matches("^my shop\n[%w_-]+$", text)
      server:ask("flushall")
    end)

    it("says so where the prefix is something else in Redis", function()
      server:ask("set taken 1")
      local taken = open(command, KEY, "taken")
      assert_failed("io", taken:put("x", INSTANCE))
      assert_failed("io", taken:get("x"))
      assert_failed("io", taken:names())
    end)

    it("connects again when its connection was lost", function()
      local one = open(command)
      assert(one:put("x", { id = 1 }))
      server:ask("client kill type normal skipme yes")
      assert_failed("io", one:get("x"))
      assert.equal(1, one:get("x").id)
      assert(one:remove("x"))
    end)
  end)

  -- nginx's Lua is LuaJIT.
  if rawget(_G, "jit") and processes.nginx_has_client() then
    local function core_path()
      local file = package.searchpath("sapanywhere.core", package.cpath) -- luacheck: ignore 143
      return (system.output("realpath " .. system.quote(assert(file))):gsub("sapanywhere/core%.so\n$", "?.so"))
    end

    it("works in nginx by lua-resty-redis, and shares its entries with others", function()
      local host = assert(sandbox.start { log = false, nginx = {
        lua_package_cpath = core_path(),
        server = ([[
          location = /store { content_by_lua_block {
            local command = dofile("%s/examples/store.redis/nginx_client.lua")("unix:%s")
            local sapanywhere_store = require "sapanywhere.store"
            local store = assert(sapanywhere_store.redis { command = command, prefix = "%s", key = "%s" })
            local taken = assert(sapanywhere_store.redis { command = command, prefix = "taken", key = "%s" })
            local _, err = taken:put("x", {})
            local none, nothing = store:get("none")
            assert(store:put("in nginx", { token = "made there" }))
            ngx.say(store:token("outside")(), " ", err.reason, " ", tostring(none), " ", tostring(nothing), " ",
              table.concat(store:names(), ","), " ", tostring(store:remove("outside")))
          } }
        ]]):format(system.output("pwd -P"):gsub("\n", ""), server.socket, PREFIX, KEY, KEY),
      } })
      finally(function() host:stop() end)
      server:ask("set taken 1")
      local outside = open(command)
      assert(outside:put("outside", { token = "made here" }))
      local _, said = require "support.get"(host.base_url:match("^http://[^/]+"), "/store")
      assert.equal("made here io nil nil in nginx,outside true\n", said, host:error_log())
      assert.equal("made there", outside:token("in nginx")())
      assert.same({ "in nginx" }, outside:names())
      assert.is_nil(host:error_log():find(KEY, 1, true))
    end)
  end

  it("says so when Redis is gone", function()
    local gone = open(command)
    server:stop()
    assert_failed("io", gone:put("x", INSTANCE))
    assert_failed("io", gone:get("x"))
  end)
end)
