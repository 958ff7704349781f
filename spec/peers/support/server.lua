--- Runs a server that others wrote in the foreground, in a directory of its own, on loopback ports that were free.
-- A shell stands between: at the end of its input, so when the program that started it is gone however it went,
-- it kills the server's whole session and removes the directory. Should the shell be killed, the kernel kills the
-- server.

local ports = require "sapanywhere.sandbox.carrier.ports"
local random = require "sapanywhere.sandbox.service.random"
local system = require "sapanywhere.sandbox.carrier.system"

local quote = system.quote

local Server = {}
Server.__index = Server

local M = {}

-- Its arguments: the directory, then the command.
local script = [[
trap '' HUP INT QUIT TERM PIPE
cd "$1" || exit
dir=$1
shift
(trap - HUP INT QUIT TERM PIPE && exec setpriv --pdeathsig KILL setsid "$@") </dev/null >out 2>&1 &
server=$!
echo "$server" >pid.new && mv pid.new pid
cat >/dev/null
kill -s KILL "$server"
wait "$server"
found=yes
while [ "$found" ]; do
  found=
  for process in /proc/[0-9]*; do
    read -r stat <"$process/stat" || continue
    set -- ${stat##*) }
    [ "$4" = "$server" ] && [ "$1" != Z ] && found=yes && kill -s KILL "${process#/proc/}"
  done
done
cd / && rm -rf "$dir" "/dev/shm/peer${dir##*-}-"*
]]

-- Tries until a command succeeds, twenty seconds at most.
local function await(command)
  return system.output(([[
    tries=0
    until %s; do
      tries=$((tries + 1))
      [ "$tries" -ge 1000 ] && exit
      sleep 0.02
    done 2>/dev/null
    echo yes]]):format(command)) == "yes\n"
end

--- Whether this program may do everything, as such servers then give up.
function M.is_root()
  return system.output("id -u") == "0\n"
end

--- A name for what a server keeps elsewhere, in letters and digits. Shared memory whose name begins so goes with it.
-- @tparam string dir its directory
function M.name_of(dir)
  return "peer" .. dir:match("%x+$")
end

local function make_directory(files)
  local dir = (os.getenv("TMPDIR") or "/tmp") .. "/sapanywhere-peer-" .. random.hex(16)
  system.output("mkdir -m 755 " .. quote(dir))
  for name, text in pairs(files) do system.write_file(dir .. "/" .. name, text) end
  return dir
end

local function start_once(what)
  local self = setmetatable({ ports = ports.pick(what.ports), what = what }, Server)
  self.dir = make_directory {}
  for name, text in pairs(what.files(self.dir, self.ports)) do system.write_file(self.dir .. "/" .. name, text) end
  system.write_file(self.dir .. "/run", script)
  local words = { "exec sh", quote(self.dir .. "/run"), quote(self.dir) }
  for _, word in ipairs(what.command(self.dir)) do words[#words + 1] = quote(word) end
  self.pipe = assert(io.popen("PATH=$PATH:/usr/sbin:/sbin; " .. table.concat(words, " ") .. " 2>/dev/null", "w"))
  if not await("[ -f " .. quote(self.dir .. "/pid") .. " ]") then return self end
  self.pid = tonumber(system.read_file(self.dir .. "/pid"))
  return self
end

--- Waits until each of its ports is listened at, and it was not found dead.
function Server:is_up()
  local listening = {}
  for _, port in pairs(self.ports) do
    listening[#listening + 1] = ("grep -q ':%04X 0*:0000 0A' /proc/net/tcp"):format(port)
  end
  return await(("{ ! kill -0 %d || { %s; }; }"):format(self.pid, table.concat(listening, " && "))) and self:is_running()
end

--- Whether the process that was started still is there.
function Server:is_running()
  local state = system.read_file("/proc/" .. self.pid .. "/stat"):match("^.*%) (%a)")
  return state ~= nil and state ~= "Z"
end

--- Starts a server. A port may be taken meanwhile, so several are tried.
-- @tparam table what `ports` (names), `files(dir, ports)` (their texts by name), `command(dir)` (its words; it stays
-- in the foreground)
-- @treturn table with `ports`, `dir`, `pid`
-- @raise with what it said when it does not start
function M.start(what)
  local said
  for _ = 1, 3 do
    local self = start_once(what)
    if self.pid and self:is_up() then return self end
    said = self:said()
    self:stop()
  end
  error("it does not start: " .. said, 2)
end

--- What it has printed.
function Server:said()
  return system.read_file(self.dir .. "/out")
end

--- Sends a signal to the process that was started, by its name.
function Server:signal(name)
  system.output(("kill -s %s %d 2>/dev/null"):format(name, self.pid))
end

--- Kills or stops all its processes at once: "KILL", "STOP", "CONT".
function Server:signal_all(name)
  system.output(("kill -s %s -- -%d 2>/dev/null"):format(name, self.pid))
end

--- Waits until it has ended; false when it has not in twenty seconds.
function Server:await_end()
  return await(("! kill -0 %d || grep -q ') Z' /proc/%d/stat"):format(self.pid, self.pid))
end

--- Kills it and removes what it had. Silent when that has been done.
function Server:stop()
  if not self.pipe then return end
  self.pipe:close()
  self.pipe = nil
end

return M
