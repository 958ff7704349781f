--- A shell that owns the sandbox's directory and its nginx, for as long as the program that started it
-- lives: at the end of its input it stops nginx and removes the directory, so nothing is left behind
-- even by a program that was killed. nginx is its child and cannot inherit the other end of the pipe.
-- @module sapanywhere.sandbox.supervisor

local system = require "sapanywhere.sandbox.carrier.system"

local supervisor = {}
local Supervisor = {}
Supervisor.__index = Supervisor

-- Read by the shell from its input, and followed there by commands; at the end of the input it exits.
local script = [[
trap '' HUP INT QUIT TERM PIPE
dir=$1 nginx=$2 pid= watcher=
mkdir -m 700 "$dir" && cd "$dir" || exit 1

reply() {
  printf '%s\n' "$2" >reply.new && mv reply.new "reply.$1"
}

stop_nginx() {
  [ "$pid" ] || return 0
  kill -s "$1" -- "-$pid"
  wait "$pid"
  pid=
}

start_nginx() {
  tries=0
  rm -f nginx.pid
  setsid "$nginx" -p "$dir/" -c nginx.conf </dev/null >start.out 2>&1 &
  pid=$!
  until [ -s nginx.pid ]; do
    if grep -q '\[emerg\]' start.out || ! kill -0 "$pid" || [ "$tries" -ge 500 ]; then
      stop_nginx KILL
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.02
  done
}

certify() {
  sh certify.sh </dev/null >certify.out 2>&1
}

# The end of the input comes late where the program had children that inherited its pipe.
watch_program() {
  trap 'kill -s KILL "$nap"; wait; exit' USR1
  while kill -0 "$PPID"; do
    sleep 2 &
    nap=$!
    wait "$nap"
  done
  trap '' USR1
  [ -s nginx.pid ] && kill -s KILL -- "-$(cat nginx.pid)"
  cd / && rm -rf "$dir"
  # Another process may have this number by now.
  grep -q -F "$dir" "/proc/$$/cmdline" && kill -s KILL "$$"
}

finish() {
  kill -s USR1 "$watcher"
  stop_nginx TERM
  cd / && rm -rf "$dir"
  wait "$watcher"
}

watch_program </dev/null &
watcher=$!
echo "$watcher" >watcher.pid
trap finish EXIT
reply 0 "$$"
]]

local waiting = [[
tries=0
until [ -f %s ] || [ "$tries" -ge 2000 ]; do
  tries=$((tries + 1))
  sleep 0.01
done]]

function Supervisor:await(number)
  local path = self.dir .. "/reply." .. number
  system.output(waiting:format(system.quote(path)))
  local answer = system.read_file(path):match("^(.*)\n$")
  os.remove(path)
  return answer
end

-- A write to a supervisor that was killed would kill this program, too.
function Supervisor:is_alive()
  local state = system.read_file("/proc/" .. self.pid .. "/stat"):match("^.*%) (%a)")
  return self.pipe ~= nil and state ~= nil and state ~= "Z"
end

--- Has something done and waits until it is.
-- @tparam string command `"certify"`, `"start_nginx"` or `"stop_nginx KILL"`
-- @treturn boolean whether it succeeded
function Supervisor:tell(command)
  if not self:is_alive() then return false end
  self.told = self.told + 1
  self.pipe:write(("%s\nreply %d $?\n"):format(command, self.told))
  self.pipe:flush()
  return self:await(self.told) == "0"
end

local clear_away = [[
exec 2>/dev/null
dir=%s
cd "$dir" || exit
watcher=$(cat watcher.pid)
grep -q -F "$dir" "/proc/$watcher/cmdline" && kill -s USR1 "$watcher"
[ -s nginx.pid ] && kill -s KILL -- "-$(cat nginx.pid)"
cd / && rm -rf "$dir"]]

--- Stops nginx, removes the directory and ends the supervisor; silent when that has happened already.
function Supervisor:stop()
  local pipe = self.pipe
  if not pipe then return end
  if self:is_alive() then pipe:write("exit\n") end
  self.pipe = nil
  pipe:close()
  -- Nothing to do, unless the supervisor was killed.
  system.output(clear_away:format(system.quote(self.dir)))
end

--- Starts a supervisor.
-- @tparam string dir a directory that does not exist yet
-- @tparam string nginx the path of nginx
-- @treturn[1] table
-- @return[2] nil
-- @treturn[2] string what went wrong
function supervisor.start(dir, nginx)
  local parent, quote = dir:match("^(.*)/"), system.quote
  if system.output(("test -d %s && test -w %s && echo yes"):format(quote(parent), quote(parent))) == "" then
    return nil, "cannot write in the directory " .. parent
  end
  local pipe, problem = io.popen(("exec sh -s %s %s >/dev/null 2>&1"):format(quote(dir), quote(nginx)), "w")
  if not pipe then return nil, problem end
  local self = setmetatable({ dir = dir, pipe = pipe, told = 0 }, Supervisor)
  pipe:write(script)
  pipe:flush()
  self.pid = self:await(0)
  if self.pid then return self end
  pipe:close()
  return nil, "cannot make the directory " .. dir
end

return supervisor
