--- Runs the command `sapanywhere` of this checkout, by the interpreter that runs the specs.
--
--     local home = command.home()                       -- a directory of its own for settings and tokens
--     local said = home:run("customers list", { environment = { … }, input = "…", columns = 80 })
--     said.out, said.err, said.code                     -- with columns, both are in `out`, as the terminal got it
--     local running = home:start("connect --no-browser")
--     running:wait_for("pattern"); running:signal("INT"); running:finish()
--     home:remove()

local child = require "support.child"
local core = require "sapanywhere.core"
local system = require "sapanywhere.sandbox.carrier.system"

local Home, Running = {}, {}
Home.__index, Running.__index = Home, Running

local M = {}

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

M.read, M.write = read, write

--- What the command cannot be without and this Lua lacks, in words; nil where nothing is lacking.
function M.missing()
  local is_there, argparse = pcall(require, "argparse")
  local major, minor = tostring(is_there and argparse.version):match("^(%d+)%.(%d+)")
  if not major or tonumber(major) == 0 and tonumber(minor) < 7 then return "argparse 0.7 or newer" end
  return not pcall(require, "socket") and "luasocket" or nil
end

local function sleep(seconds) core.poll(-1, seconds) end

--- A home directory of its own.
function M.home()
  local dir = system.output("mktemp -d"):gsub("\n", "")
  return setmetatable({ dir = dir, variables = {}, count = 0 }, Home)
end

function Home:remove()
  for _, running in ipairs(self) do running:finish() end
  os.execute("rm -rf " .. system.quote(self.dir))
end

--- Where a file of it is.
function Home:path(name) return self.dir .. "/" .. name end

-- What whoever runs the specs has set for the command, or for the terminal, is not for them.
local function list_unset()
  local names = { "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION", "NO_COLOR", "COLUMNS", "TERM" }
  for name in ("\n" .. system.output "env"):gmatch("\n(SAPANYWHERE_[%w_]+)=") do names[#names + 1] = name end
  return names
end

local function list_set(self, environment)
  local words = {
    "HOME=" .. self.dir, "XDG_CONFIG_HOME=" .. self.dir .. "/config", "XDG_DATA_HOME=" .. self.dir .. "/data",
    "XDG_RUNTIME_DIR=" .. self.dir .. "/run", "LC_ALL=C.UTF-8",
  }
  for _, variables in ipairs { self.variables, environment or {} } do
    for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. system.quote(value) end
  end
  return words
end

local function program(arguments) return child.interpreter() .. " bin/sapanywhere " .. arguments end

-- The command with its environment, as words of a shell.
function Home:command(arguments, environment)
  return ("env -u %s %s %s"):format(table.concat(list_unset(), " -u "), table.concat(list_set(self, environment), " "),
    program(arguments))
end

--- The same as lines of a shell, for a file: so the values are not seen in the list of processes.
function Home:script(arguments, environment)
  return ("unset %s\nexport %s\n%s"):format(table.concat(list_unset(), " "),
    table.concat(list_set(self, environment), " "), program(arguments))
end

local function place_of(self)
  self.count = self.count + 1
  return self.dir .. "/run-" .. self.count
end

-- Gives the command a terminal of so many columns. What is typed there at once would be echoed before the question, so
-- it comes a little later.
local function in_terminal(inner, place, columns, has_input)
  write(place .. ".sh", ("stty cols %d rows 24\n%s\necho $? >%s.code\n"):format(columns, inner, place))
  local typing = ("(sleep 0.7; cat %s.in >%s.typed) &"):format(place, place)
  return ("mkfifo %s.typed; %s script -qec 'sh %s.sh' /dev/null <>%s.typed >%s.out 2>&1"):format(
    place, has_input and typing or "", place, place, place)
end

--- Runs the command to its end.
-- @tparam string arguments as a shell has them
-- @tparam[opt] table how `environment`, a map; `input`, a text; `columns`, for a terminal of that width
-- @treturn table `out`, `err`, `code`
function Home:run(arguments, how)
  how = how or {}
  local place = place_of(self)
  write(place .. ".in", how.input or "")
  local inner = self:command(arguments, how.environment)
  local line
  if how.columns then
    line = in_terminal(inner, place, how.columns, how.input ~= nil)
  else
    line = ("%s <%s.in >%s.out 2>%s.err; echo $? >%s.code"):format(inner, place, place, place, place)
  end
  os.execute("timeout 60 sh -c " .. system.quote(line))
  return {
    out = read(place .. ".out"):gsub("\r\n", "\n"), err = read(place .. ".err"),
    code = tonumber(read(place .. ".code")),
  }
end

--- Starts the command; standard input stays open, and `type` writes into it.
-- @tparam string arguments
-- @tparam[opt] table how `environment`; `out`, where its standard output goes in place of what `out()` reads
function Home:start(arguments, how)
  how = how or {}
  local place = place_of(self)
  local line = ("echo $$ >%s.pid; exec %s <>%s.fifo >%s 2>%s.err"):format(
    place, self:command(arguments, how.environment), place, how.out or place .. ".out", place)
  -- A shell lets what it starts in the background ignore Ctrl-C, and nohup SIGHUP.
  os.execute(("mkfifo %s.fifo; (timeout -s KILL 90 env --default-signal=INT,TERM,HUP sh -c %s; echo $? >%s.code) "
    .. ">/dev/null 2>&1 &"):format(place, system.quote(line), place))
  local running = setmetatable({ place = place }, Running)
  self[#self + 1] = running
  return running
end

function Running:out() return read(self.place .. ".out") end
function Running:err() return read(self.place .. ".err") end
function Running:code() return tonumber(read(self.place .. ".code")) end
function Running:pid() return tonumber(read(self.place .. ".pid")) end

function Running:type(text)
  local file = assert(io.open(self.place .. ".fifo", "r+b"))
  file:write(text)
  file:close()
end

--- Waits until what it says matches; gives the match.
function Running:wait_for(pattern)
  for _ = 1, 400 do
    local found = (self:out() .. self:err()):match(pattern)
    if found then return found end
    if self:code() then break end
    sleep(0.05)
  end
  error("it never said " .. pattern .. ": " .. self:out() .. self:err(), 2)
end

--- Sends a signal.
function Running:signal(name)
  os.execute(("kill -%s %d 2>/dev/null"):format(name, assert(self:pid())))
end

--- Waits for its end: the exit code.
function Running:wait(seconds)
  for _ = 1, (seconds or 30) * 20 do
    if self:code() then return self:code() end
    sleep(0.05)
  end
  error("it does not end: " .. self:out() .. self:err(), 2)
end

function Running:finish()
  if self:code() or not self:pid() then return end
  self:signal "INT"
  for _ = 1, 100 do
    if self:code() then return end
    sleep(0.05)
  end
  self:signal "KILL"
end

return M
