--- A plain GET for specs: `get("http://127.0.0.1:1234", "/path")` gives status, body, or nil and a failure.

local core = require "sapanywhere.core"

local engine = core.engine()
local pool = engine:pool { max_connections = 4 }
local done = {}

return function(origin, target, seconds)
  local transfer = pool:start {
    method = "GET", origin = origin, target = target, headers = {}, timeout = seconds or 30, connect_timeout = 5,
    max_bytes = 1e6,
  }
  while not transfer:done() do assert(engine:wait(done, 60)) end
  local response, failure = transfer:result()
  if not response then return nil, failure end
  return response.status, response.body
end
