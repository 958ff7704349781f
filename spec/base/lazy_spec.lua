-- A short script compiles no more than it needs, and what it needs later is there without a file.

local child = require "support.child"
local rows = require "sapanywhere.api.rows"
local system = require "sapanywhere.sandbox.carrier.system"

-- All modules but those of the local service and the command, which are programs of their own and have the frame of
-- their pages in common.
local function list_modules()
  local list = {}
  for path in system.output("find lua/sapanywhere -name '*.lua' | sort"):gmatch("lua/([^\n]+)%.lua") do
    local name = path:gsub("/", ".")
    if not name:find("^sapanywhere%.sandbox") and not name:find("^sapanywhere%.cli")
      and name ~= "sapanywhere.base.page" then list[#list + 1] = name end
  end
  assert(#list > 40)
  return list
end

describe("a module that is used later", function()
  it("needs no file, nor does what it requires", function()
    local missing = child.run([[
      require "sapanywhere"
      package.path, package.cpath = "", ""
      local missing = {}
      for _, name in ipairs(given) do
        local ok, why = pcall(require, name)
        if not ok then missing[#missing + 1] = why end
      end
      return table.concat(missing, "\n")
    ]], (function()
      local list = {}
      for _, name in ipairs(list_modules()) do
        if name ~= "sapanywhere.wait.nginx" then list[#list + 1] = name end -- in nginx it is there from the start
      end
      return list
    end)())
    assert.equal("", missing)
  end)

  it("is not compiled before, and stays where its compilation failed", function()
    local compiled = child.run([[
      local sapanywhere = require "sapanywhere"
      local client = assert(sapanywhere.new {})
      local compiled = {}
      for _, name in ipairs(given) do
        compiled[name] = package.loaded[name] and true or nil
        assert(compiled[name] or package.preload[name], name)
      end
      local kept = package.preload["sapanywhere.redact"]
      package.preload["sapanywhere.hide.text"] = function() error("not enough memory", 0) end
      assert(not pcall(sapanywhere.redact, "x"))
      assert(kept == package.preload["sapanywhere.redact"])
      return compiled
    ]], { "sapanywhere.redact", "sapanywhere.hide.text", "sapanywhere.api.instances", "sapanywhere.api.hub",
      "sapanywhere.api.bulk", "sapanywhere.call.failure", "sapanywhere.call.compound", "sapanywhere.base.suggest" })
    assert.same({}, compiled)
  end)

  it("comes from where require has it, where that is no file", function()
    assert.equal("from elsewhere", child.run([[
      package.preload["sapanywhere.redact"] = function() return { copy = function() return "from elsewhere" end } end
      return require("sapanywhere").redact "x"
    ]], {}))
  end)
end)

describe("the index of calls", function()
  local function titles_in(file)
    local titles = {}
    for _, row in ipairs(require("sapanywhere.api." .. file)) do
      titles[#titles + 1] = row.title .. (row.each and ", " .. row.each.name or "")
    end
    return titles
  end

  it("has the rows of all files, in their order", function()
    local expected, found = {}, {}
    assert(#rows.list > 20)
    for _, file in ipairs { "oauth", "instances", "hub", "bulk" } do
      for _, title in ipairs(titles_in(file)) do expected[#expected + 1] = title end
    end
    for i, call in ipairs(rows.calls) do
      found[i] = call.title .. (call.each and ", " .. call.each or "")
      assert.equal(call.name, rows[call.title].name)
      assert.equal(call.of, rows[call.title].of)
    end
    assert.same(expected, found)
  end)

  it("gives the module the same names before a call and after", function()
    local seen = child.run([[
      local sapanywhere = require "sapanywhere"
      local function names()
        local list = {}
        for name in pairs(sapanywhere) do list[#list + 1] = name end
        table.sort(list)
        return table.concat(list, " ")
      end
      local before = names()
      sapanywhere.get_instance {}
      sapanywhere.oauth_url { apiKye = "x" }
      return { before = before, after = names() }
    ]], {})
    assert.equal(seen.before, seen.after)
    assert.truthy(seen.before:find("each_instance", 1, true))
  end)
end)
