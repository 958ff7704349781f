--- Requires a module when it is first used: a short script compiles no more than it needs.
--
-- The module's text is read at once, and kept where `require` looks first. What is used later is then what was
-- installed when the program began, and opens no file: a failure can be told when no descriptor is left.
-- In nginx everything is compiled at once: the master does it for all workers. So it is where files cannot be read.

local io = rawget(_G, "io")
if rawget(_G, "ngx") or not io then return require end

local compile = rawget(_G, "loadstring") or load

-- The text of a module, and its path. Nothing where `require` has it from elsewhere than a file of Lua.
local function read(name)
  local part = name:gsub("%.", "/")
  for template in package.path:gmatch("[^;]+") do
    local path = template:gsub("%?", part)
    local file = io.open(path, "rb")
    if file then
      local text = file:read("*a")
      file:close()
      return text, path
    end
  end
end

-- Calls what(name) for each module that a text requires. They are named at its head.
local HEAD, NAMED = 2048, '"sapanywhere.'

local function each_named(text, what)
  local head = text:sub(1, HEAD)
  local at = head:find(NAMED, 1, true)
  while at do
    local name = head:match('^"([%w_.]+)"', at)
    if name then what(name) end
    at = head:find(NAMED, at + 1, true)
  end
end

-- Keeps a module for later, with those that its text names. Whether it could be kept.
local function keep(name)
  if package.loaded[name] or package.preload[name] then return true end
  local text, path = read(name)
  if not text then return false end
  package.preload[name] = function(...)
    local module = assert(compile(text, "@" .. path))(...)
    package.preload[name] = nil
    return module
  end
  each_named(text, keep)
  return true
end

local NAME = {} -- the key of a stand-in's name

local metatable = {}

function metatable.__index(stand_in, key)
  local value = require(rawget(stand_in, NAME))[key]
  stand_in[key] = value
  return value
end

--- @tparam string name of a module that is a table of functions
-- @treturn table one that stands in for it
return function(name)
  if not keep(name) then return require(name) end
  return setmetatable({ [NAME] = name }, metatable)
end
