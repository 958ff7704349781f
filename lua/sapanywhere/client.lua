--- A client, made by `sapanywhere.new`: the way of a call. Options, plan, transfer, answer: each step is a
-- room of its own; this is the order they come in.
-- @classmod sapanywhere.client

local core = require "sapanywhere.core"
local answer = require "sapanywhere.call.answer"
local await = require "sapanywhere.wait.await"
local connections = require "sapanywhere.wait.connections"
local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"
local hosts = require "sapanywhere.wait.find"
local lazy = require "sapanywhere.base.lazy"
local options = require "sapanywhere.call.options"
local plan = require "sapanywhere.call.plan"
local retry = require "sapanywhere.call.retry"

local recovery = lazy "sapanywhere.call.recovery"
local trace = lazy "sapanywhere.hide.trace"

local now = core.now

local PAUSE = 0.25 -- seconds: how soon a call that pauses sees that its client was closed

local Client = {}
Client.__index = Client

-- Client → what it was made with. Kept apart: a client that is printed shows no secret.
local values_of = setmetatable({}, { __mode = "k" })

local function closed()
  return errors.new("closed", { message = "the client is closed", outcome = "not_sent", retryable = false })
end

-- One exchange with the server.
local function exchange(self, row, request, values, host, attempt)
  local one_at_a_time = not row.repeatable and request.origin:find("^https:") ~= nil
  local pool = self.connections:pool(values, one_at_a_time) -- kept here for as long as it has this transfer
  local transfer = await.perform(pool, request, host, row.repeatable)
  local timings = values.on_event and transfer:timings()
  local response, failure = transfer:result(values.null)
  local result, err, meta
  if response then
    result, err, meta = answer.read(row, request, response, values)
  else
    err, meta = answer.failure(row, failure, values), answer.nothing()
  end
  if timings then trace.response(values, row, request, attempt, timings, err, meta) end
  return result, err, meta
end

-- What becomes of a call whose client is closed between its exchanges.
local function give_up(attempts, outcome, meta)
  local err = closed()
  meta = meta or answer.nothing()
  err.attempts, err.outcome, meta.attempts = attempts, outcome, attempts
  return nil, err, meta
end

local function pause(self, host, seconds)
  local due = now() + seconds
  while seconds > 0 and not self.connections.closed do
    host.sleep(seconds < PAUSE and seconds or PAUSE)
    seconds = due - now()
  end
end

-- As many exchanges as the retry policy allows before the deadline.
local function perform(self, row, request, values, host, deadline)
  local attempt, outcome, meta = 0, "not_sent", nil
  while true do
    attempt = attempt + 1
    request.timeout = deadline - now()
    if values.on_event then trace.request(values, row, request, attempt) end
    if self.connections.closed then return give_up(attempt - 1, outcome, meta) end
    local result, err
    result, err, meta = exchange(self, row, request, values, host, attempt)
    meta.attempts = attempt
    if not err then return result, nil, meta end
    err.attempts, outcome = attempt, err.outcome
    local delay = retry.delay(row, err, attempt, values.retry, deadline - now())
    if not delay then return nil, err, meta end
    if values.on_event then trace.retry(values, row, err, attempt, delay) end
    pause(self, host, delay)
    if self.connections.closed then return give_up(attempt, outcome, meta) end
  end
end

-- The values and the host of a call, or why there is none.
local function prepare(self, row, given)
  if self.connections.closed then return nil, closed() end
  local values, err = options.read(row, given, values_of[self])
  if not values then return nil, err end
  local host, phase_err = hosts.find(values.wait)
  if not host then return nil, phase_err end
  return values, host
end

-- Looks for what a creation with an unknown outcome may have made; a closed client cannot, and says what to look for.
local function recover(self, values, host, tag, err, meta)
  if err.kind == "closed" then
    err.recovery = recovery.report(tag)
    return nil, err, meta
  end
  local shown -- what is known of the answer that showed the instance
  local function list(row, request, deadline)
    local rows, problem
    rows, problem, shown = perform(self, row, request, values, host, deadline)
    return rows, problem, shown
  end
  local instance, report = recovery.find(values, tag, list, function(seconds) pause(self, host, seconds) end)
  if not instance then
    err.recovery = report
    return nil, err, meta
  end
  meta.recovered, meta.status, meta.headers, meta.request_id = true, shown.status, shown.headers, shown.request_id
  return instance, nil, meta
end

local function nothing_sent(err)
  local meta = answer.nothing()
  err.attempts, meta.attempts, meta.elapsed = 0, 0, 0
  return nil, err, meta
end

local function call(self, row, given)
  local started = now()
  local values, host = prepare(self, row, given)
  if not values then return nothing_sent(host) end
  local tag = values.recover and recovery.mark(values)
  local request, problem = plan.request(row, values)
  if not request then return nothing_sent(problem) end
  local result, err, meta = perform(self, row, request, values, host, started + values.timeout)
  if tag and err and err.outcome == "unknown" then
    result, err, meta = recover(self, values, host, tag, err, meta)
  end
  meta.elapsed = now() - started
  return result, err, meta
end

-- A receiver or an argument of the wrong type is a mistake in the calling code itself, and raises there.
local function method(row)
  return function(self, given)
    if getmetatable(self) ~= Client then
      error(row.name .. ": call it with a colon, client:" .. row.name .. " { … }", 2)
    end
    if type(given) ~= "table" then error(row.name .. ": a table of options is expected, not a " .. type(given), 2) end
    local result, err, meta = call(self, row, given)
    return result, err, meta
  end
end

--- Asks where to send the user; what is not given is taken from the client. See `sapanywhere.oauth_url`.
-- @function Client:oauth_url
-- @tparam table given
-- @treturn[1] table the answer
-- @return[1] nil
-- @treturn[1] sapanywhere.meta
-- @return[2] nil
-- @treturn[2] sapanywhere.error
-- @treturn[2] sapanywhere.meta
-- @raise when called without a colon, or when `given` is not a table
Client.oauth_url = method(endpoints.oauth_url)

--- Creates an instance; what is not given is taken from the client. See `sapanywhere.create_instance`.
-- @function Client:create_instance
-- @tparam table given
-- @treturn[1] table the instance
-- @return[1] nil
-- @treturn[1] sapanywhere.meta
-- @return[2] nil
-- @treturn[2] sapanywhere.error
-- @treturn[2] sapanywhere.meta
-- @raise when called without a colon, or when `given` is not a table
Client.create_instance = method(endpoints.create_instance)

--- Ends the client's calls in flight, which return kind "closed", and closes its connections. A second time
-- does nothing. Left undone, it happens when the client is collected, or at the end of its scope as a
-- `<close>` variable.
-- @raise when called without a colon
function Client:close()
  if getmetatable(self) ~= Client then error("close: call it with a colon, client:close()", 2) end
  self.connections:close()
end

Client.__close = Client.close

--- Makes a client.
-- @tparam table values checked by options.lua
local function new(values)
  local self = setmetatable({ connections = connections.new() }, Client)
  values_of[self] = values
  return self
end

return { new = new }
