--- The Lua files that nginx runs, in the sandbox's directory: its workers may not be allowed to read where the
-- program has them.
-- @module sapanywhere.sandbox.carrier.modules

local core = require "sapanywhere.core"
local system = require "sapanywhere.sandbox.carrier.system"

local modules = {}

local entry = "sapanywhere.sandbox.carrier.handler"

--- Where this library's Lua files are.
-- @treturn[1] string an absolute path
-- @return[2] nil it is not known
function modules.find_root()
  local source = debug.getinfo(1, "S").source
  local dir = source:match("^@(.*)sapanywhere/sandbox/carrier/modules%.lua$")
  if not dir then return nil end
  return core.real_path(dir == "" and "." or dir)
end

-- A module and all it requires, by name.
local function collect(root, name, files)
  if files[name] then return end
  local text = system.read_file(root .. "/" .. name:gsub("%.", "/") .. ".lua")
  if text == "" then return end
  files[name] = text
  for required in text:gmatch("require%s*%(?%s*[\"'](sapanywhere[%w_.]*)[\"']") do collect(root, required, files) end
end

local function list_directories(dir, files)
  local known, list = {}, {}
  local function add(path)
    if known[path] then return end
    known[path] = true
    if path ~= dir then add(path:match("^(.*)/")) end
    if path ~= dir then list[#list + 1] = path end
  end
  for name in pairs(files) do add(dir .. "/lua/" .. (name:gsub("%.", "/"):match("^(.*)/"))) end
  return list
end

local function join(first, list)
  local all = { (table.unpack or unpack)(first) }
  for _, value in ipairs(list) do all[#all + 1] = value end
  return all
end

--- Copies them, and makes directories.
-- @tparam table supervisor
-- @tparam string root from `find_root`
-- @tparam table others the paths of directories that are made besides
-- @treturn[1] table the paths of all that is theirs
-- @return[2] nil
-- @treturn[2] string what went wrong
function modules.copy(supervisor, root, others)
  local files = {}
  collect(root, entry, files)
  local paths = list_directories(supervisor.dir, files)
  local said, problem = supervisor:run(join(join({ "mkdir", "-p" }, others), paths))
  if not said then return nil, problem end
  for name, text in pairs(files) do
    local path = supervisor.dir .. "/lua/" .. name:gsub("%.", "/") .. ".lua"
    system.write_file(path, text)
    paths[#paths + 1] = path
  end
  return paths
end

return modules
