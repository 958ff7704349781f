--- The pools of one client: calls share connections when their TLS, proxy and limits are equal, and only then.
--
-- Over https a call that is not repeatable has a connection for itself while it lasts: HTTP/1.1, in pools of their own.
-- An HTTP/2 server may refuse a stream or leave it out when it says goodbye, and libcurl does not tell that from a
-- connection that died under a request which the server may have acted on.

local engine = require "sapanywhere.wait.engine"

local DEFAULT_CONNECTIONS = 256
local MOST_POOLS = 16

local TLS = { "ca_file", "ca_path", "cert_file", "key_file", "min_version" }

local function settings_of(values, one_at_a_time)
  local settings = {
    proxy = values.proxy, max_connections = values.max_connections or DEFAULT_CONNECTIONS,
    one_at_a_time = one_at_a_time,
  }
  for _, name in ipairs(TLS) do settings[name] = values.tls and values.tls[name] end
  return settings
end

-- Unambiguous: no part can hold the control character between them.
local function key_of(settings)
  local parts = { tostring(settings.one_at_a_time), tostring(settings.max_connections), settings.proxy or "" }
  for _, name in ipairs(TLS) do parts[#parts + 1] = settings[name] or "" end
  return table.concat(parts, "\0")
end

local Connections = {}
Connections.__index = Connections

-- Connections → their pools. Kept apart, for the keys hold proxies' passwords, and a client may be printed.
local kept_by = setmetatable({}, { __mode = "k" })

local function new()
  local self = setmetatable({ closed = false }, Connections)
  kept_by[self] = { pools = {}, order = {}, let_go = setmetatable({}, { __mode = "v" }), usual = {} }
  return self
end

-- Whoever has calls in flight on the pool keeps it until they have ended; nobody else does.
local function let_pool_go(kept, key)
  local pool = kept.pools[key]
  if pool == kept.usual[true] or pool == kept.usual[false] then return end
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
-- @tparam table values see options.lua
-- @tparam boolean one_at_a_time whether the call is to have its connection for itself
function Connections:pool(values, one_at_a_time)
  local kept = kept_by[self]
  local is_usual = not (values.tls or values.proxy or values.max_connections)
  one_at_a_time = one_at_a_time and true or false
  if is_usual and kept.usual[one_at_a_time] then return kept.usual[one_at_a_time] end
  local settings = settings_of(values, one_at_a_time)
  local key = key_of(settings)
  local pool = kept.pools[key]
  if not pool then
    pool = engine.pool(settings)
    remember(kept, key, pool)
  end
  if is_usual then kept.usual[one_at_a_time] = pool end
  return pool
end

local function close_all(pools)
  for _, pool in pairs(pools) do engine.close(pool) end
end

--- Ends every call in flight and closes the connections; a second time does nothing.
function Connections:close()
  local kept = kept_by[self]
  self.closed = true
  close_all(kept.pools)
  close_all(kept.let_go)
  kept.pools, kept.order, kept.let_go, kept.usual = {}, {}, {}, {}
end

return { new = new }
