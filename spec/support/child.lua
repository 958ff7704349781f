--- Runs a piece of Lua in a process of its own, by the interpreter that runs the specs.

local records = require "sapanywhere.sandbox.service.records"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

--- The command of the running interpreter.
function M.interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

--- Whether a sanitizer or valgrind watches this process: what memory it takes says nothing then.
function M.is_watched()
  local maps = io.open("/proc/self/maps")
  if not maps then return false end
  local text = maps:read("*a")
  maps:close()
  return text:find("libasan", 1, true) ~= nil or text:find("valgrind", 1, true) ~= nil
end

-- Reads `given`, runs the code, writes what it returns and what it took of the system.
local program = [[
local records = require "sapanywhere.sandbox.service.records"
local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end
local given = records.read(read(%q))
local value = (function(given)
%s
end)(given)
local file = assert(io.open(%q, "wb"))
file:write(records.write {
  value = value, peak = tonumber(read("/proc/self/status"):match("VmHWM:%%s*(%%d+)")),
})
file:close()
]]

local function environment(variables)
  local parts = {}
  for name, value in pairs(variables or {}) do parts[#parts + 1] = name .. "=" .. system.quote(value) end
  table.sort(parts)
  return table.concat(parts, " ")
end

-- Gives a command a terminal at which nobody types: this end of a pipe stays open.
local terminal = "mkfifo %s.typed && script -qec %s /dev/null 0<>%s.typed"

--- Whether this system has pseudo-terminals to give.
function M.has_terminal()
  return system.output("script -qec 'echo yes' /dev/null </dev/null 2>/dev/null"):find("yes", 1, true) ~= nil
end

--- Runs Lua code with `given`, a table of plain values, at hand; it returns a plain value.
-- @tparam string code
-- @tparam table given
-- @tparam[opt] table how `before`, shell text such as "ulimit -n 20;"; `environment`, variables;
--   `seconds`, after which it is killed (60); `terminal`, whether it has one
-- @return what the code returned
-- @treturn number its greatest resident memory, in MiB
-- @treturn string what it printed
-- @raise with what it printed, when it failed
function M.run(code, given, how)
  how = how or {}
  local place = os.tmpname()
  system.write_file(place .. ".given", records.write(given))
  system.write_file(place .. ".lua", program:format(place .. ".given", code, place .. ".out"))
  local command = ("timeout --foreground -s KILL %d %s %s"):format(how.seconds or 60, M.interpreter(), place .. ".lua")
  if how.terminal then command = terminal:format(place, system.quote(command), place) end
  local said = system.output(("{ %s env %s %s; } 2>&1"):format(
    how.before or "", environment(how.environment), command))
  local file = io.open(place .. ".out")
  local report = file and records.read(file:read("*a"))
  if file then file:close() end
  for _, ending in ipairs { "", ".given", ".lua", ".out", ".typed" } do os.remove(place .. ending) end
  if not report then error("the child process failed: " .. said, 2) end
  return report.value, report.peak / 1024, said
end

--- Compiles a C file into a library for LD_PRELOAD.
-- @tparam string source
-- @treturn string the library's path
-- @treturn string the value of LD_PRELOAD that adds it
function M.compile_preload(source)
  local library = os.tmpname()
  local command = "%s -shared -fPIC -o %s %s -ldl 2>&1"
  local said = system.output(command:format(os.getenv("CC") or "cc", library, source))
  if said:find("error", 1, true) then error(said, 2) end
  local others = os.getenv("LD_PRELOAD")
  return library, (others and others ~= "" and others .. ":" or "") .. library
end

return M
