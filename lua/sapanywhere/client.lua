--- The way of a call: options, plan, transfer, answer. Each step is a room of its own; this is the order they come in.

local core = require "sapanywhere.core"
local answer = require "sapanywhere.answer"
local connections = require "sapanywhere.connections"
local driver = require "sapanywhere.driver"
local endpoints = require "sapanywhere.endpoints"
local errors = require "sapanywhere.errors"
local hosts = require "sapanywhere.host"
local options = require "sapanywhere.options"
local plan = require "sapanywhere.plan"

local now = core.now

local Client = {}
Client.__index = Client

local function closed()
  return errors.new("closed", { message = "the client is closed", outcome = "not_sent", retryable = false })
end

-- One exchange with the server.
local function exchange(self, request, values, host, deadline)
  request.timeout = deadline - now()
  request.connect_timeout = values.connect_timeout
  request.max_bytes = values.max_response_bytes
  local transfer = self.connections:pool(values):start(request)
  if host.blocks then driver.block(transfer) else driver.await(transfer, host) end
  return transfer:result()
end

-- The values, the host and the request of a call, or why there is none.
local function prepare(self, row, given)
  if self.connections.closed then return nil, closed() end
  local values, err = options.read(row, given, self.values)
  if not values then return nil, err end
  local host, phase_err = hosts.find(values.wait)
  if not host then return nil, phase_err end
  return values, host, plan.request(row, values)
end

local function nothing_sent(err)
  err.attempts = 0
  return nil, err, { attempts = 0, elapsed = 0, warnings = {} }
end

local function call(self, row, given)
  local started = now()
  local values, host, request = prepare(self, row, given)
  if not values then return nothing_sent(host) end
  local response, failure = exchange(self, request, values, host, started + values.timeout)
  local result, err, meta
  if response then
    result, err, meta = answer.read(row, request, response, values)
  else
    err, meta = answer.failure(row, failure, values), { warnings = {} }
  end
  meta.attempts, meta.elapsed = 1, now() - started
  if err then err.attempts = meta.attempts end
  return result, err, meta
end

-- A receiver or an argument of the wrong type is a mistake in the calling code itself, and raises there.
local function method(row)
  return function(self, given)
    if getmetatable(self) ~= Client then error(row.name .. ": call it with a colon, client:" .. row.name .. " { … }", 2) end
    if type(given) ~= "table" then error(row.name .. ": a table of options is expected, not a " .. type(given), 2) end
    local result, err, meta = call(self, row, given)
    return result, err, meta
  end
end

Client.oauth_url = method(endpoints.oauth_url)
Client.create_instance = method(endpoints.create_instance)

--- Ends the client's calls, which return kind closed, and closes its connections. A second time does nothing.
function Client:close()
  self.connections:close()
end

Client.__close = Client.close

--- Makes a client.
-- @tparam table values checked by options.lua
local function new(values)
  return setmetatable({ values = values, connections = connections.new() }, Client)
end

return { new = new }
