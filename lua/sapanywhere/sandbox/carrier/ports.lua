--- Loopback ports for who will listen there.
-- @module sapanywhere.sandbox.ports

local core = require "sapanywhere.core"

local ports = {}

local function reserve(avoided)
  local kept = {}
  repeat
    local port = assert(core.reserve_port())
    kept[#kept + 1] = port
  until not avoided:find(tostring(port:number()), 1, true)
  return kept[#kept]
end

--- Reserves one port for each name. As long as the map is held, the system gives them to nobody else, and
-- connections to them are refused until somebody listens there.
-- @tparam table names
-- @tparam[opt] string avoided a text, such as a configuration, in which none of them may stand
-- @treturn table a map from name to port
function ports.pick(names, avoided)
  local picked, held = {}, {}
  for _, name in ipairs(names) do
    held[name] = reserve(avoided or "")
    picked[name] = held[name]:number()
  end
  return setmetatable(picked, { held = held })
end

--- Gives reserved ports back.
-- @tparam table picked from `pick`
function ports.release(picked)
  for _, port in pairs(getmetatable(picked).held) do port:close() end
end

return ports
