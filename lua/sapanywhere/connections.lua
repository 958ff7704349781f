--- The pools of one client: calls share connections when their TLS, proxy and limits are equal, and only then.

local driver = require "sapanywhere.driver"

local DEFAULT_CONNECTIONS = 256
local MOST_POOLS = 16

local TLS = { "ca_file", "ca_path", "cert_file", "key_file", "min_version" }

local function settings_of(values)
  local settings = { proxy = values.proxy, max_connections = values.max_connections or DEFAULT_CONNECTIONS }
  for _, name in ipairs(TLS) do settings[name] = values.tls and values.tls[name] end
  return settings
end

-- Unambiguous: no part can hold the control character between them.
local function key_of(settings)
  local parts = { tostring(settings.max_connections), settings.proxy or "" }
  for _, name in ipairs(TLS) do parts[#parts + 1] = settings[name] or "" end
  return table.concat(parts, "\0")
end

local Connections = {}
Connections.__index = Connections

local function new()
  return setmetatable({ pools = {}, order = {}, closed = false }, Connections)
end

-- The oldest pool is let go when there are too many; calls that are in flight on it go on.
local function remember(self, key, pool)
  self.pools[key] = pool
  table.insert(self.order, key)
  if #self.order > MOST_POOLS then self.pools[table.remove(self.order, 1)] = nil end
end

--- The pool for a call's values.
function Connections:pool(values)
  if not (values.tls or values.proxy or values.max_connections) and self.usual then return self.usual end
  local settings = settings_of(values)
  local key = key_of(settings)
  local pool = self.pools[key]
  if not pool then
    pool = driver.pool(settings)
    remember(self, key, pool)
  end
  if not (values.tls or values.proxy or values.max_connections) then self.usual = pool end
  return pool
end

--- Ends every call in flight and closes the connections; a second time does nothing.
function Connections:close()
  self.closed = true
  for _, pool in pairs(self.pools) do driver.close(pool) end
  self.pools, self.order, self.usual = {}, {}, nil
end

return { new = new }
