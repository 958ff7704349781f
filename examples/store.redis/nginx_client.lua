-- The `command` of sapanywhere.store.redis in nginx and OpenResty, by lua-resty-redis: it never blocks the worker.
--
--   local command = require "nginx_client" ("127.0.0.1", 6379) -- or ("unix:/run/redis/redis.sock")
--   local store = assert(sapanywhere.store.redis { command = command, prefix = "shops", key = store_key })

local found, redis = pcall(require, "resty.redis") -- OpenResty's name
if not found then redis = require "nginx.redis" end -- that of Debian's lua-nginx-redis

return function(host, port)
  return function(name, ...)
    local connection = redis:new()
    connection:set_timeout(2000) -- milliseconds
    local ok, err = connection:connect(host, port)
    if not ok then return nil, err end
    local reply
    reply, err = connection[name:lower()](connection, ...)
    if reply then connection:set_keepalive(10000, 100) end
    return reply, err
  end
end
