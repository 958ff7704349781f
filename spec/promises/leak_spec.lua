-- Thousands of calls, good and bad, and nothing grows: memory, descriptors, threads.
--
-- LEAK_CALLS says how many (default 10,000); what is there after the first tenth is there at the end.

local child = require "support.child"
local process = require "spec.process"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local made = require "support.values"

local CALLS = tonumber(os.getenv("LEAK_CALLS")) or 10000
local TOLERANCE = 1024 -- KiB of resident memory: pages that the allocators have not given back

local function read(path, pattern)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return tonumber(text:match(pattern))
end

-- LuaJIT's traces, of which there are more each time, go too.
local function collect()
  if rawget(_G, "jit") then require("jit").flush() end
  collectgarbage()
  collectgarbage()
end

local function measure()
  collect()
  return {
    resident = read("/proc/self/statm", "^%d+ (%d+)") * 4, lua = collectgarbage("count"),
    descriptors = #process.descriptors(), threads = read("/proc/self/status", "Threads:%s*(%d+)"),
  }
end

describe("after " .. CALLS .. " calls", function()
  local service, client

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)

  local function expect(kind, result, err)
    if kind then
      assert(result == nil and err.kind == kind, tostring(err))
    else
      assert(result, tostring(err))
    end
  end

  local function ask(kind, more, with)
    local result, err = (with or client):oauth_url(service:asking(more))
    expect(kind, result, err)
  end

  local places

  -- One of each in ten calls; the others are good ones.
  local ways = {
    function() ask("auth", { api_key = "wrong" }) end,
    function() ask("connect", { base_url = places.cut }) end,
    function() ask("connect", { base_url = service.refused_url }) end,
    function() ask("json", { base_url = places.html }) end,
    function()
      local other = service:client {}
      ask(nil, nil, other)
      other:close()
      ask("closed", nil, other)
    end,
    function() expect("usage", client:create_instance { name = 1 }) end,
    function()
      local results = sapanywhere.all { function() ask() return true end, function() ask() return true end }
      assert(results[1] and results[2])
    end,
    function()
      local pool = made.connections(client):pool {}
      pool:start { -- forgotten at once
        method = "GET", origin = places.origin, target = "/", headers = {}, timeout = 5, connect_timeout = 5,
        max_bytes = 1000,
      }
    end,
  }

  -- Makes calls with one client, and measures when that is closed.
  local function run(from, upto)
    client = service:client {}
    for i = from, upto do
      local way = ways[i % 20]
      if way then way() else ask() end
    end
    client:close()
    return measure()
  end

  -- The collector's own slack is not what is looked for: it may let a heap grow to twice its size first.
  local function set_pause(percent) -- Lua 5.5 has another name for it
    if not pcall(collectgarbage, "setpause", percent) then collectgarbage("param", "pause", percent) end
  end

  setup(function() set_pause(100) end)
  teardown(function() set_pause(200) end)

  -- Where this process is watched, memory is kept to find uses of what was freed.
  local function has_grown(before, after)
    if child.is_watched() then return false end
    return after.resident > before.resident + TOLERANCE or after.lua > before.lua + 64
  end

  it("nothing has grown", function()
    places = {
      cut = service:url { cut = 100 }, html = service:url { body = "html" },
      origin = service.base_url:match("^http://[^/]+"),
    }
    run(1, CALLS / 10)
    local before = run(CALLS / 10 + 1, CALLS / 2)
    local after = run(CALLS / 2 + 1, CALLS)
    for _ = 1, 2 do -- what grows once, such as Lua's own table of strings, or an arena of malloc's, does not grow again
      if has_grown(before, after) then before, after = after, run(CALLS / 2 + 1, CALLS) end
    end
    local grown = ("resident %d to %d KiB, Lua %.0f to %.0f KiB"):format(before.resident, after.resident, before.lua,
      after.lua)
    assert.equal(before.descriptors, after.descriptors)
    assert.equal(before.threads, after.threads)
    assert(not has_grown(before, after), grown)
  end)
end)
