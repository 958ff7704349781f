local errors = require "sapanywhere.errors"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local rows = require "sapanywhere.api.rows"
local sapanywhere = require "sapanywhere"

local function row_with(more)
  local row = { name = "made_up", method = "GET", path = "/x", auth = "none", fields = {}, answer = { is = "value" } }
  for key, value in pairs(more) do row[key] = value end
  return row
end

local function complaint(more)
  local ok, message = pcall(prepare.check, row_with(more))
  return not ok and message or nil
end

describe("a row", function()
  it("has a field for each name in its path, or is refused when the library is loaded", function()
    assert.truthy(complaint { path = "/x/{id}" }:find("the row made_up has no field for {id} in /x/{id}", 1, true))
    assert.truthy(complaint({ path = "/x", fields = { { option = "id", place = "path" } } })
      :find("has a field for {id}, which no path of it holds", 1, true))
    assert.is_nil(complaint { path = "/x/{id}", fields = { { option = "id", place = "path" } } })
  end)

  it("says who signs its calls, and where a field goes", function()
    assert.truthy(complaint { auth = "somebody" }:find("has an auth that is not none, account or instance", 1, true))
    assert.truthy(complaint { fields = { { option = "name", place = "body" } } }
      :find("does not say where name goes", 1, true))
  end)

  for _, row in ipairs(rows.list) do
    it("of " .. row.title .. " takes options that there are, and names what it misses", function()
      for name in pairs(prepare.ready(row, options).known) do
        assert(options.by_name[name] or name == "body", name)
      end
      if row.of then return end
      local result, err, meta = sapanywhere[row.name] {}
      assert.is_nil(result)
      assert.is_true(errors.is(err))
      assert.equal("usage", err.kind)
      assert.equal(0, meta.attempts)
      for _, name in ipairs(row.required) do
        if options.defaults[name] == nil then assert.truthy(err.message:find(name, 1, true), err.message) end
      end
    end)
  end
end)

describe("the functions of the module and the methods of a client", function()
  it("are the rows", function()
    local client = assert(sapanywhere.new {})
    for _, row in ipairs(rows.list) do
      if not row.of then
        assert.equal("function", type(sapanywhere[row.name]))
        assert.equal("function", type(client[row.name]))
      end
    end
    client:close()
  end)

  it("raise for what is not a table, and for a missing colon, in the line of the caller", function()
    local client = assert(sapanywhere.new {})
    for name, call in pairs {
      get_instance = function() sapanywhere.get_instance(5) end,
      each_instance = function() sapanywhere.each_instance() end,
      delete_instance = function() client:delete_instance() end,
    } do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.truthy(message:find("rows_spec.lua:%d+: " .. name .. ": a table of options is expected"), message)
    end
    local ok, message = pcall(client.get_instance, { id = 1 })
    assert.is_false(ok)
    assert.truthy(message:find("get_instance: call it with a colon, client:get_instance { … }", 1, true))
    client:close()
  end)
end)
