--- A Redis of the specs' own, and what its clients are called here.
--
-- It listens on a socket, which other users (nginx's workers) may use, and on a free port of 127.0.0.1, in a directory
-- that goes with it. A shell owns both; it stops Redis, by its pid, and removes the directory when its input ends, so
-- also when the specs are killed.

local ports = require "sapanywhere.sandbox.carrier.ports"
local random = require "sapanywhere.sandbox.service.random"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

local COMMAND = [[
trap '' HUP INT TERM PIPE
dir=%s
mkdir -m 711 "$dir" && cd "$dir" || exit 1
redis-server --bind 127.0.0.1 --port %d --unixsocket "$dir/socket" --unixsocketperm 777 --save '' --appendonly no \
  --daemonize no --dir "$dir" --logfile "$dir/log" </dev/null >/dev/null 2>&1 &
cat >/dev/null
kill "$!"
wait "$!"
cd / && rm -rf "$dir"]]

local UNTIL_THERE = [[
tries=0
until [ "$(redis-cli -s %s ping 2>/dev/null)" = PONG ] || [ "$tries" -ge 500 ]; do
  tries=$((tries + 1))
  sleep 0.02
done]]

local Redis = {}
Redis.__index = Redis

--- What redis-cli says to a command, given as the words of a shell.
function Redis:ask(command)
  local said = system.output(("redis-cli -s %s %s 2>&1"):format(system.quote(self.socket), command))
  return (said:gsub("\n$", ""))
end

--- Silent when it has been stopped already.
function Redis:stop()
  if self.pipe then self.pipe:close() end
  self.pipe = nil
end

--- Starts one.
-- @treturn table `socket` (its path) and `port`, with the methods `ask` and `stop`
function M.start()
  local dir = (os.getenv("TMPDIR") or "/tmp") .. "/sapanywhere-redis-" .. random.hex(16)
  local port = ports.pick({ "redis" }).redis
  local self = setmetatable({ socket = dir .. "/socket", port = port }, Redis)
  self.pipe = assert(io.popen(COMMAND:format(system.quote(dir), port), "w"))
  system.output(UNTIL_THERE:format(system.quote(self.socket)))
  if self:ask("ping") == "PONG" then return self end
  local said = system.read_file(dir .. "/log")
  self:stop()
  error("redis-server does not start: " .. said)
end

--- The client of Debian's package lua-redis, whose files for Lua 5.3 serve 5.4 as well.
-- @treturn[1] table the module
-- @return[2] nil
function M.client()
  local found, client = pcall(require, "redis")
  if found then return client end
  local path = package.path
  package.path = path .. ";/usr/share/lua/5.3/?.lua"
  found, client = pcall(require, "redis")
  package.path = path
  return found and client or nil
end

--- Whether nginx's Lua, LuaJIT, finds its client: that of OpenResty, or of Debian's lua-nginx-redis.
function M.nginx_has_client()
  local probe = "luajit -e \"local path = package.path assert(package.searchpath('resty.redis', path) "
    .. "or package.searchpath('nginx.redis', path))\" >/dev/null 2>&1 && echo yes"
  return system.output(probe) == "yes\n"
end

return M
