--- How the program that started the sandbox asks something of its nginx: over HTTP, with a word that nobody else
-- knows.
-- @module sapanywhere.sandbox.inside

local inside = {}

local patience = 30

local function open_pool()
  local core = require "sapanywhere.core"
  local engine = core.engine()
  inside.opened = { engine = engine, pool = engine:pool { max_connections = 1 }, done = {} }
  return inside.opened
end

--- Asks, and waits for the answer.
-- @tparam table settings with `origin` and `control`
-- @tparam string target
-- @treturn[1] string the answer's body
-- @return[2] nil
-- @treturn[2] string what went wrong
function inside.ask(settings, target)
  local opened = inside.opened or open_pool()
  local transfer = opened.pool:start {
    method = "GET", origin = settings.origin, target = target, headers = { "X-Sandbox-Control: " .. settings.control },
    timeout = patience, connect_timeout = patience, max_bytes = 1e6,
  }
  while not transfer:done() do assert(opened.engine:wait(opened.done, patience)) end
  local response = transfer:result()
  if response and response.status == 200 then return response.body end
  return nil, "the sandbox does not answer"
end

return inside
