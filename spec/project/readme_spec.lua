-- The tables of README.md and docs/start.md are those of the code. Their blocks of code run in pages_spec.lua.

local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"
local options = require "sapanywhere.api.options"
local page = require "support.page"
local prepare = require "sapanywhere.call.prepare"
local stop = require "sapanywhere.cli.base.stop"
local system = require "sapanywhere.sandbox.carrier.system"

local README = page.read("README.md").text
local START = page.read("docs/start.md").text

-- The rows of the table below a heading, as lists of cells.
local function read_table(text, heading)
  local section, rows = (text .. "\n## "):match("\n## " .. heading .. "\n(.-)\n## "), {}
  for line in section:gmatch("[^\n]+") do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do cells[#cells + 1] = cell end
    if cells[2] and not cells[1]:find("^%-+$") then rows[#rows + 1] = cells end
  end
  table.remove(rows, 1)
  return rows
end

-- The option of a row, whose second cell must be its default.
local function read_option(cells)
  local name = cells[1]:match("^`([%w_]+)`$")
  local option = assert(options.by_name[name], cells[1])
  local default = option.default
  if type(default) == "string" and name ~= "user_agent" then
    assert.equal("`" .. default .. "`", cells[2])
  elseif type(default) == "number" or type(default) == "boolean" then
    assert.equal(tostring(default), cells[2])
  end
  return option
end

describe("README.md's tables", function()
  it("are the options of every call, and their defaults", function()
    local named = {}
    for _, cells in ipairs(read_table(README, "Options of every call")) do named[read_option(cells).name] = true end
    for _, option in ipairs(options.LIST) do
      assert.equal(option.client or nil, named[option.name], option.name)
    end
    local retry = options.RETRY_DEFAULT
    local shown = ("{ max = %d, base = %s, cap = %d }"):format(retry.max, retry.base, retry.cap)
    assert.truthy(README:find(shown, 1, true))
  end)

  it("are the kinds of errors", function()
    local named, known = {}, {}
    for i, cells in ipairs(read_table(README, "Errors")) do
      named[i] = cells[1]:match("^`([%w_]+)`$")
      assert.equal(5, #cells, cells[1])
    end
    for i, kind in ipairs(errors.KINDS) do known[i] = kind end
    table.sort(named)
    table.sort(known)
    assert.same(known, named)
  end)
end)

describe("the table of docs/start.md", function()
  it("is the options of the two first calls, and where each goes", function()
    local named = {}
    for _, cells in ipairs(read_table(START, "The options of the two first calls")) do
      local option = read_option(cells)
      named[option.name] = true
      for i, call in ipairs { "oauth_url", "create_instance" } do
        local row = prepare.ready(endpoints[call], options)
        assert.equal(row.known[option.name] ~= nil, cells[2 + i] ~= "–", option.name)
      end
    end
    for _, call in ipairs { "oauth_url", "create_instance" } do
      for name in pairs(endpoints[call].known) do
        assert(named[name] or options.by_name[name].client, "no row for " .. name)
      end
    end
  end)

  it("names what a client does not take", function()
    local sentence = START:match("All but.-\n\n")
    for _, name in ipairs { "code", "external_authentication", "extra", "body" } do
      assert.is_true(options.by_name[name].once)
      assert.truthy(sentence:find("`" .. name .. "`", 1, true), name)
    end
  end)
end)

describe("the table of docs/command.md", function()
  it("is the exit codes of the command", function()
    local codes = {}
    for i, code in ipairs(stop.CODES) do codes[i] = { ("%d"):format(code[1]), code[2] } end
    assert.same(codes, read_table(page.read("docs/command.md").text, "For programs"))
  end)
end)

describe("README.md", function()
  it("links every guide, and every example from a page", function()
    local texts = {}
    for i, one in ipairs(page.all()) do texts[i] = one.text end
    local all = table.concat(texts)
    for path in system.output("ls docs/*.md"):gmatch("[^\n]+") do
      assert(README:find("](" .. path .. ")", 1, true), path)
    end
    for path in system.output("ls examples"):gmatch("[^\n]+") do
      assert(path == "local_shop.lua" or all:find("examples/" .. path, 1, true), path)
    end
  end)
end)

describe("the picture of the house", function()
  local picture = README:match("\n## The house\n.-```text\n(.-)```")

  local function exists(path)
    return system.output("ls -d " .. path .. " 2>/dev/null") ~= ""
  end

  -- The words of a line that name rooms: those before what is said of them.
  local function rooms_of(line)
    local list = line:gsub(", and each host:", ""):match("^(.-)   *%a") or line
    if line:find("each host:", 1, true) then list = line:gsub(", and each host:", "") end
    return list:gmatch("%l[%l%d_]*")
  end

  it("has the wings and the rooms that there are", function()
    local root, seen = nil, 0
    for line in picture:gmatch("[^\n]+") do
      root = line:match("^(%l[%l/]*/)$") or root
      local wing, rooms = line:match("^  (%l+/) +(.*)$")
      if wing then assert(exists(root .. wing), line) end
      local listed = wing and ("api/ call/ wait/ hide/ base/ http/ json/ bytes/"):find(wing, 1, true)
      if line:find("^  client ") then wing, rooms, listed = "", line, true end
      for room in (listed and rooms_of(rooms) or ("").gmatch("", "x")) do
        assert(exists(root .. wing .. room .. ".[lch]*"), wing .. room)
        seen = seen + 1
      end
    end
    assert.is_true(seen > 40)
  end)

  it("names everything that a user can", function()
    local named = {}
    for room in rooms_of(picture:match("\n  (client [^\n]+)")) do named[room] = true end
    for path in system.output("ls lua/sapanywhere/*.lua"):gmatch("([%w_]+)%.lua") do
      assert(named[path] or path == "sandbox", path)
    end
  end)
end)
