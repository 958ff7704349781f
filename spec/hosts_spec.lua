local contract = require "support.contract"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

-- Debian has copas for Lua 5.1 (and so LuaJIT) and 5.2 only.
local NAMES = { "plain", "cqueues", "luv" }
if _VERSION == "Lua 5.1" or _VERSION == "Lua 5.2" then table.insert(NAMES, "copas") end

for _, name in ipairs(NAMES) do
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
end

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

  it("raises for what is no list of functions", function()
    for _, wrong in ipairs { 1, { 1 }, { items = {} }, { worker = print }, { items = 1, worker = print },
      { print, concurrency = 0 } } do
      assert.has_error(function() sapanywhere.all(wrong) end)
    end
  end)
end)
