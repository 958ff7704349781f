-- Notes used states in Redis, for several machines: the option `on_use` of a sealer, in nginx and OpenResty.
--
--   local note = require "note" ("127.0.0.1", 6379) -- or ("unix:/run/redis/redis.sock")
--   local sealer = assert(sapanywhere.state { key = state_key, on_use = note })

local found, redis = pcall(require, "resty.redis") -- OpenResty's name
if not found then redis = require "nginx.redis" end -- that of Debian's lua-nginx-redis

return function(host, port)
  return function(nonce, seconds)
    local store = redis:new()
    store:set_timeout(2000) -- milliseconds
    local ok, err = store:connect(host, port)
    if not ok then return nil, err end
    ok, err = store:set("oauth-state:" .. nonce, 1, "NX", "EX", seconds)
    if not ok then return nil, err end
    store:set_keepalive(10000, 100)
    return ok == "OK" -- Redis says nothing where it was noted before
  end
end
