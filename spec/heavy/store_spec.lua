-- A store in a file under load, and with its writers killed. Not part of `make test`: this takes a minute.

local child = require "support.child"
local store = require "sapanywhere.store"
local system = require "sapanywhere.sandbox.carrier.system"

local KEY = ("k"):rep(32)

local root = system.output("mktemp -d"):gsub("\n", "")
local count = 0

local function fresh_path()
  count = count + 1
  return ("%s/%d/shops.json"):format(root, count)
end

local function write_script(text)
  local path = ("%s/%d.lua"):format(root, count)
  system.write_file(path, text)
  return path
end

local function list(path)
  return system.output("ls -A " .. system.quote(path:match("^.*/")))
end

-- An entry that shows whether it is whole.
local ENTRY = [[
  local function entry_of(number)
    return { number = number, filler = ("<" .. number .. ">"):rep(200) }
  end
  local function check(entry)
    assert(entry.filler == ("<" .. entry.number .. ">"):rep(200), "an entry that is not whole")
    return entry.number
  end
]]

local entry_of, check = (loadstring or load)(ENTRY .. "return entry_of, check")()

describe("a store in a file", function()
  teardown(function() os.execute("rm -rf " .. system.quote(root)) end)

  it("loses nothing and shows nothing half to 50 processes that put and read for 5 seconds", function()
    local PROCESSES, SECONDS = 50, 5
    local path = fresh_path()
    local script = write_script(ENTRY .. ([[
      local core = require "sapanywhere.core"
      local store = assert(require "sapanywhere.store".file { path = "%s", key = "%s" })
      local own, due, last, puts, gets = "shop " .. arg[1], core.now() + %d, 0, 0, 0
      math.randomseed(tonumber(arg[1]))
      while core.now() < due or last == 0 do
        last = last + 1
        assert(store:put(own, entry_of(last)))
        puts = puts + 1
        for _ = 1, 3 do
          assert(check(assert(store:get(own))) == last, "an entry was lost")
          local other, err = store:get("shop " .. math.random(%d))
          assert(other or not err, err)
          if other then check(other) end
          gets = gets + 2
        end
      end
      print(arg[1], last, puts, gets)
    ]]):format(path, KEY, SECONDS, PROCESSES))
    local said = system.output(("for i in $(seq %d); do %s %s $i 2>&1 & done; wait"):format(
      PROCESSES, child.interpreter(), script))
    local one, puts, gets, seen = assert(store.file { path = path, key = KEY }), 0, 0, 0
    for name, last, put, got in said:gmatch("(%d+)\t(%d+)\t(%d+)\t(%d+)\n") do
      assert.equal(tonumber(last), check(one:get("shop " .. name)))
      puts, gets, seen = puts + put, gets + got, seen + 1
    end
    assert.equal(PROCESSES, seen, said)
    assert.equal(PROCESSES, #one:names())
    assert.equal("shops.json\nshops.json.lock\n", list(path))
    print(("%d processes: %d puts and %d gets in %d s"):format(PROCESSES, puts, gets, SECONDS))
  end)

  -- The calls of the system that a traced run makes behind the mark: { name, which of that name it is }.
  local function calls_of(log)
    local counts, calls, marked = {}, {}, false
    for line in system.read_file(log):gmatch("[^\n]+") do
      local name = line:match("^%d*%s*([%w_]+)%(")
      if name then
        counts[name] = (counts[name] or 0) + 1
        if marked and name ~= "exit_group" then calls[#calls + 1] = { name, counts[name] } end
        marked = marked or line:find("/the-mark", 1, true) ~= nil
      end
    end
    return calls
  end

  -- What changes files; the others are memory and the like, whose number may differ from run to run.
  local LASTING = {
    mkdir = true, openat = true, flock = true, fchmod = true, write = true, fsync = true, rename = true, close = true,
    unlink = true,
  }

  local function strace(script, options)
    return system.output(("strace -f -o %s.log %s %s %s >/dev/null 2>&1; echo $?"):format(
      script, options, child.interpreter(), script))
  end

  for _, case in ipairs { { "the first", nil }, { "another", 1 } } do
    it("holds the old or the new, whole, when " .. case[1] .. " put is killed at any call of the system", function()
      local path = fresh_path()
      local script = write_script(ENTRY .. ([[
        local store = assert(require "sapanywhere.store".file { path = "%s", key = "%s" })
        store:token("x")()
        io.open("/the-mark")
        assert(store:put("x", entry_of(2)))
      ]]):format(path, KEY))
      local one = assert(store.file { path = path, key = KEY })
      local function prepare()
        os.execute("rm -rf " .. system.quote((path:match("^(.*)/"))))
        if case[2] then
          assert(one:put("x", entry_of(case[2])))
          assert(one:put("y", entry_of(9)))
        end
      end
      prepare()
      assert.equal("0\n", strace(script, ""))
      local calls, killed, old, new = calls_of(script .. ".log"), 0, 0, 0
      assert.is_true(#calls > 15, #calls)
      for _, call in ipairs(calls) do
        prepare()
        local said = strace(script, ("-e inject=%s:signal=KILL:when=%d"):format(call[1], call[2]))
        if said == "137\n" then killed = killed + 1 end
        assert(said == "137\n" or not LASTING[call[1]], ("not killed at %s %d"):format(call[1], call[2]))
        local found, err = one:get("x")
        assert.is_nil(err)
        local number = found and check(found)
        assert(number == case[2] or number == 2, tostring(number))
        if number == 2 then new = new + 1 else old = old + 1 end
        if case[2] then assert.equal(9, check(one:get("y"))) end
        assert(one:put("x", entry_of(3)))
        assert.equal(3, check(one:get("x")))
        assert.equal("shops.json\nshops.json.lock\n", list(path))
      end
      assert.is_true(old > 5 and new > 1, ("%d old, %d new"):format(old, new))
      print(("killed at %d of %d calls: %d times the old entry, %d times the new one"):format(killed, #calls, old, new))
    end)
  end
end)

