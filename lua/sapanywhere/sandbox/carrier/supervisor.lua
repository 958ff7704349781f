--- Runs what the sandbox is made of in a directory of its own, and ends it with the program that started it.
-- The work is done by a keeper, a process of the core (`src/process/keeper.h` says how it lives and ends); here
-- its orders get their words. Whatever runs knows nothing of the program's environment but its PATH.
-- @module sapanywhere.sandbox.carrier.supervisor

local core = require "sapanywhere.core"
local system = require "sapanywhere.sandbox.carrier.system"

local supervisor = {}
local Supervisor = {}
Supervisor.__index = Supervisor

-- What a start may take altogether, in seconds.
local patience = 9

local function list_environment(given)
  local list = { "PATH=" .. (os.getenv("PATH") or "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL=C" }
  for name, value in pairs(given or {}) do list[#list + 1] = name .. "=" .. value end
  return list
end

local function last_line(text)
  local last
  for line in text:gmatch("[^\r\n]+") do last = line end
  return last
end

-- nginx's own last line of importance; another program's last line.
local function find_reason(said)
  local reason
  for line in said:gmatch("[^\r\n]+") do
    if line:find("%[emerg%]") or line:find("%[alert%]") or line:find("%[error%]") then reason = line end
  end
  return reason or last_line(said)
end

local function explain(how, number, seconds, said)
  if how == nil then return "its keeper does not answer: " .. number end
  if how == "late" then return ("it took longer than %.0f s"):format(seconds) end
  if how == "failed" then return ("the system gives no process (errno %d)"):format(number) end
  if how == "ended" and number == 127 then return "it cannot be executed" end
  local reason = find_reason(said)
  if reason then return (reason:sub(1, 400)) end
  return (how == "killed" and "it was ended by signal %d" or "it ended with status %d"):format(number)
    .. " and said nothing"
end

local function give_order(self, order, output, words, variables)
  local seconds = math.max(self.ends - core.now(), 0)
  local how, number = self.keeper[order](self.keeper, seconds, output, words, list_environment(variables))
  local said = system.read_file(self.dir .. "/" .. output)
  if how == "ready" or how == "ended" and number == 0 then return said end
  return nil, explain(how, number, seconds, said)
end

--- Runs a command to its end.
-- @tparam table words
-- @treturn[1] string what it wrote
-- @return[2] nil
-- @treturn[2] string why it failed
function Supervisor:run(words)
  return give_order(self, "run", "command.out", words)
end

--- Starts nginx, in place of one that runs, and waits until it listens.
-- @tparam string path of nginx
-- @tparam[opt] table environment variables that it gets besides
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string why it does not start
function Supervisor:start_nginx(path, environment)
  local words = { path, "-p", self.dir .. "/", "-c", "nginx.conf" }
  local said, problem = give_order(self, "serve", "start.out", words, environment)
  return said and true, problem
end

--- Gives what comes next a time of its own, as `start` does.
function Supervisor:renew()
  self.ends = core.now() + patience
end

--- Kills nginx at once.
function Supervisor:kill_nginx()
  self.keeper:halt()
end

--- Whether the keeper is there.
-- @treturn boolean
function Supervisor:is_alive()
  return self.keeper:is_alive()
end

--- Stops nginx, removes the directory and ends the keeper; silent when that has happened already.
function Supervisor:stop()
  self.keeper:close()
end

local function make_directory()
  local parent = os.getenv("TMPDIR") or "/tmp"
  local real = core.real_path(parent)
  if not real then return nil, "cannot write in the directory " .. parent end
  local dir = real:gsub("/$", "") .. "/sapanywhere-sandbox-" .. core.random_hex(16)
  local keeper, problem = core.keeper(dir)
  if not keeper then return nil, ("cannot write in the directory %s: %s"):format(parent, problem) end
  return dir, keeper
end

--- Starts one, in a directory that it makes below `TMPDIR` or `/tmp`.
-- @treturn[1] table its `dir` is the directory, its `pid` the keeper's
-- @return[2] nil
-- @treturn[2] string what went wrong
function supervisor.start()
  local dir, keeper = make_directory()
  if not dir then return nil, keeper end
  return setmetatable({ dir = dir, keeper = keeper, pid = keeper:pid(), ends = core.now() + patience }, Supervisor)
end

return supervisor
