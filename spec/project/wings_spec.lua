-- The house as it is drawn: which wing may know which. Arrows point down only.

local system = require "sapanywhere.sandbox.carrier.system"

-- Lua: each wing may require what stands behind it, itself, and the core in C. "named" is what a user can name: the
-- files beside the folders. The errors and the version are such, too, but know nothing, so all may know them.
local LUA_WINGS = {
  face = { named = true, api = true, call = true, wait = true, hide = true, base = true },
  named = { api = true, call = true, wait = true, hide = true, base = true },
  api = { call = true, wait = true, hide = true, base = true },
  call = { api = true, wait = true, hide = true, base = true },
  wait = { base = true },
  hide = { base = true },
  base = {},
  cli = { face = true, base = true },
  sandbox = { base = true },
}

-- Beside the wings: the rooms of another one that a wing may enter by their doors.
local DOORS = { cli = { sandbox = true } }

local FOR_ALL = { errors = true, version = true }

-- What a user can name and has a folder for itself, and what belongs to another wing.
local PART_OF = { store = "named", redact = "hide" }

-- C: whose headers each wing may include, beside its own, and the library whose header it alone includes.
local C_WINGS = {
  bytes = {},
  json = { bytes = true },
  process = { bytes = true },
  http = { bytes = true },
  lua = { bytes = true, json = true, process = true, http = true },
}

local ONLY_IN = { ["lua"] = "lua", ["lauxlib"] = "lua", ["lualib"] = "lua", ["luaconf"] = "lua", ["curl/"] = "http" }

local function list_files(pattern)
  local list = {}
  for path in system.output("find " .. pattern .. " | sort"):gmatch("[^\n]+") do list[#list + 1] = path end
  assert(#list > 0, "no files: " .. pattern)
  return list
end

-- The lines of a file without Lua's comments.
local function read_code(path)
  return (system.read_file(path):gsub("%-%-[^\n]*", ""))
end

-- "sapanywhere.call.plan" is the room "call/plan"; "sapanywhere" is the face.
local function room_of(module)
  local rest = module:match("^sapanywhere%.(.+)$")
  return rest and rest:gsub("%.", "/") or "face"
end

local function wing_of(room)
  if room == "face" then return "face" end
  if room == "sandbox" then return "sandbox" end
  local folder = room:match("^([^/]+)/")
  if not folder then return PART_OF[room] or "named" end
  return PART_OF[folder] or folder
end

local function list_modules()
  local known = {}
  for _, path in ipairs(list_files "lua -name '*.lua'") do
    known[path:match("^lua/(.*)%.lua$"):gsub("/", ".")] = path
  end
  return known
end

-- The element has the face's name, so that one counts only where it is required.
local NAMED = { "[\"'](sapanywhere%.[%w_.]+)[\"']", "require[%s(]*[\"'](sapanywhere)[\"']" }

-- Calls what(from, to) for each module that another one names in quotes, whichever way it then loads it.
local function each_arrow(what)
  local known = list_modules()
  for module, path in pairs(known) do
    for _, pattern in ipairs(NAMED) do
      for other in read_code(path):gmatch(pattern) do
        if known[other] and other ~= module then what(room_of(module), room_of(other)) end
      end
    end
  end
end

local function is_allowed(from, to)
  local wing, other = wing_of(from), wing_of(to)
  return wing == other or FOR_ALL[to] or (DOORS[wing] or {})[to] or (LUA_WINGS[wing] or {})[other] == true
end

describe("the wings of the house", function()
  it("in Lua are those that are drawn", function()
    for module in pairs(list_modules()) do
      assert.truthy(LUA_WINGS[wing_of(room_of(module))], module .. " stands in no wing")
    end
  end)

  it("in Lua know only what is below them", function()
    local wrong = {}
    each_arrow(function(from, to)
      if not is_allowed(from, to) then wrong[#wrong + 1] = from .. " -> " .. to end
    end)
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("in C are those that are drawn", function()
    for _, path in ipairs(list_files "src -name '*.[ch]'") do
      assert.truthy(C_WINGS[path:match("^src/(%w+)/")], path .. " stands in no wing")
    end
  end)

  it("in C include only what is below them", function()
    local wrong = {}
    for _, path in ipairs(list_files "src -name '*.[ch]'") do
      local wing = path:match("^src/(%w+)/")
      for header in system.read_file(path):gmatch('#%s*include%s+"([^"]+)"') do
        local other = header:match("^(%w+)/")
        if other ~= wing and not C_WINGS[wing][other] then wrong[#wrong + 1] = path .. ": " .. header end
      end
    end
    assert.same({}, wrong)
  end)

  it("keep Lua's headers in src/lua and curl's in src/http", function()
    local wrong, seen = {}, {}
    for _, path in ipairs(list_files "src -name '*.[ch]'") do
      local wing = path:match("^src/(%w+)/")
      for header in system.read_file(path):gmatch("#%s*include%s+<([^>]+)>") do
        local owner = ONLY_IN[header:match("^%w+/") or header:match("^(%w+)%.h$")]
        if owner then seen[owner] = true end
        if owner and owner ~= wing then wrong[#wrong + 1] = path .. ": " .. header end
      end
    end
    assert.same({}, wrong)
    assert.same({ lua = true, http = true }, seen)
  end)

  it("in C guard each header by the name of its wing and file", function()
    local wrong = {}
    for _, path in ipairs(list_files "src -name '*.h'") do
      local guard = "SAP_" .. path:match("^src/(.+)%.h$"):gsub("/", "_"):upper() .. "_H"
      local code = system.read_file(path):gsub("/%*.-%*/", "")
      if not code:find("^%s*#ifndef " .. guard .. "\n#define " .. guard .. "\n") then wrong[#wrong + 1] = path end
    end
    assert.same({}, wrong)
  end)

  it("in C begin with a file's own header, so that each header stands for itself", function()
    local wrong, seen, headers = {}, 0, {}
    for _, path in ipairs(list_files "src -name '*.h'") do headers[path] = true end
    for _, path in ipairs(list_files "src -name '*.c'") do
      local own = path:gsub("%.c$", ".h")
      if headers[own] then
        local first = system.read_file(path):match("#include ([^\n]+)")
        seen = seen + 1
        if first ~= '"' .. own:gsub("^src/", "") .. '"' then wrong[#wrong + 1] = path .. ": " .. first end
      end
    end
    assert.same({}, wrong)
    assert.truthy(seen > 30)
  end)
end)
