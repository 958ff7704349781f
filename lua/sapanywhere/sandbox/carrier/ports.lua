--- Picks loopback ports that nobody uses.
-- @module sapanywhere.sandbox.ports

local random = require "sapanywhere.sandbox.service.random"
local system = require "sapanywhere.sandbox.carrier.system"

local ports = {}

local function read_used()
  local used = {}
  local tables = system.read_file("/proc/net/tcp") .. system.read_file("/proc/net/tcp6")
  for port in tables:gmatch("%d+: %x+:(%x%x%x%x) ") do used[tonumber(port, 16)] = true end
  return used
end

--- Picks one port for each name, below those that the system gives to outgoing connections.
-- Another program may take one before nginx does; then pick again.
-- @tparam table names
-- @treturn table a map from name to port
function ports.pick(names)
  local used, picked = read_used(), {}
  for _, name in ipairs(names) do
    local port
    repeat port = random.number(20000, 32000) until not used[port]
    used[port] = true
    picked[name] = port
  end
  return picked
end

return ports
