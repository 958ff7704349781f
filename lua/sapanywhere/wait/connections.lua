--- The pools of one client: calls share connections when their TLS, proxy and limits are equal, and only then.

local driver = require "sapanywhere.wait.await"

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

-- Connections → their pools. Kept apart, for the keys hold proxies' passwords, and a client may be printed.
local kept_by = setmetatable({}, { __mode = "k" })

local function new()
  local self = setmetatable({ closed = false }, Connections)
  kept_by[self] = { pools = {}, order = {}, let_go = setmetatable({}, { __mode = "v" }), usual = nil }
  return self
end

-- Whoever has calls in flight on the pool keeps it until they have ended; nobody else does.
local function let_pool_go(kept, key)
  local pool = kept.pools[key]
  if pool == kept.usual then return end
  kept.pools[key] = nil
  table.insert(kept.let_go, pool)
end

-- The oldest pool is let go when there are too many, unless it is the usual one; calls in flight on it go on.
local function remember(kept, key, pool)
  kept.pools[key] = pool
  table.insert(kept.order, key)
  if #kept.order > MOST_POOLS then let_pool_go(kept, table.remove(kept.order, 1)) end
end

--- The pool for a call's values, which the caller keeps while the call is in flight.
function Connections:pool(values)
  local kept = kept_by[self]
  local is_usual = not (values.tls or values.proxy or values.max_connections)
  if is_usual and kept.usual then return kept.usual end
  local settings = settings_of(values)
  local key = key_of(settings)
  local pool = kept.pools[key]
  if not pool then
    pool = driver.pool(settings)
    remember(kept, key, pool)
  end
  if is_usual then kept.usual = pool end
  return pool
end

local function close_all(pools)
  for _, pool in pairs(pools) do driver.close(pool) end
end

--- Ends every call in flight and closes the connections; a second time does nothing.
function Connections:close()
  local kept = kept_by[self]
  self.closed = true
  close_all(kept.pools)
  close_all(kept.let_go)
  kept.pools, kept.order, kept.let_go, kept.usual = {}, {}, {}, nil
end

return { new = new }
