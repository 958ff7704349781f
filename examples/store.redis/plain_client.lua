-- The `command` of sapanywhere.store.redis in plain Lua, by Debian's lua-redis; it blocks.
--
--   local command = require "plain_client" ("127.0.0.1", 6379)
--   local store = assert(sapanywhere.store.redis { command = command, prefix = "shops", key = store_key })
--
-- Debian has no file of it for Lua 5.4, but the one for 5.3 serves:
--   package.path = package.path .. ";/usr/share/lua/5.3/?.lua"

local redis = require "redis"

return function(host, port)
  local connection
  return function(name, ...)
    connection = connection or redis.connect(host, port)
    local replies = { pcall(connection[name:lower()], connection, ...) }
    if replies[1] then return replies[2] end
    connection = nil -- it may be broken: the next command makes another
    return nil, replies[2]
  end
end
