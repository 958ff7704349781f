-- Notes what was read in Redis, for several machines.

local found, redis = pcall(require, "resty.redis") -- OpenResty's name
if not found then redis = require "nginx.redis" end -- that of Debian's lua-nginx-redis

local PLACE = os.getenv "REDIS" or "127.0.0.1:6379"

-- Runs one command on a kept connection.
local function command(name, ...)
  local store = redis:new()
  store:set_timeout(2000)
  local host, port = PLACE:match("^([^:]+):(%d+)$")
  local ok, err = store:connect(host or PLACE, host and tonumber(port) or nil)
  if not ok then return nil, err end
  local reply
  reply, err = store[name](store, ...)
  if reply then store:set_keepalive(10000, 100) end
  return reply, err
end

local M = {}

function M.add(id, seconds)
  local reply, err = command("set", "notification:" .. id, 1, "NX", "EX", seconds)
  if not reply then return nil, err end
  return reply == "OK"
end

function M.forget(id)
  command("del", "notification:" .. id)
end

return M
