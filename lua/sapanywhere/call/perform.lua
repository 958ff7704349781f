--- Performs a call: its options, its plan, as many exchanges with the server as its retries allow, its answer.
--
-- What a call belongs to is its owner: `{ connections, values }`, a client or what was made from one.

local core = require "sapanywhere.core"
local answer = require "sapanywhere.call.answer"
local await = require "sapanywhere.wait.await"
local derive = require "sapanywhere.call.derive"
local errors = require "sapanywhere.errors"
local hosts = require "sapanywhere.wait.find"
local lazy = require "sapanywhere.base.lazy"
local plan = require "sapanywhere.call.plan"
local retry = require "sapanywhere.call.retry"

local paging = lazy "sapanywhere.call.paging"
local recovery = lazy "sapanywhere.call.recovery"
local trace = lazy "sapanywhere.hide.trace"

-- How a call is performed that is more than one request, by its row's `way`.
local ways = {
  download = lazy "sapanywhere.call.download", job = lazy "sapanywhere.call.job",
  upload = lazy "sapanywhere.call.upload",
}

local now = core.now

local EACH_PAGE = 100 -- rows: what SAP Anywhere gives at most (`pagination.max` of an instance's configuration)
local PAUSE = 0.25 -- seconds: how soon a call that pauses sees that its client was closed

local M = {}

local function closed()
  return errors.new("closed", { message = "the client is closed", outcome = "not_sent", retryable = false })
end

-- One exchange with the server.
local function exchange(owner, row, request, values, host, attempt)
  local has_own = not request.repeatable or request.sink ~= nil -- a file would hold up what shares its connection
  local one_at_a_time = has_own and request.origin:find("^https:") ~= nil
  local pool = owner.connections:pool(values, one_at_a_time) -- kept here for as long as it has this transfer
  local transfer = await.perform(pool, request, host, request.repeatable)
  local timings = values.on_event and transfer:timings()
  local response, failure = transfer:result(answer.decodes(row) and values.null or nil)
  local result, err, meta
  if response then
    result, err, meta = answer.read(row, request, response, values)
  else
    err, meta = answer.failure(row, request, failure, values), answer.nothing()
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

local function pause(owner, host, seconds)
  local due = now() + seconds
  while seconds > 0 and not owner.connections.closed do
    host.sleep(seconds < PAUSE and seconds or PAUSE)
    seconds = due - now()
  end
end

-- What becomes of a call whose time was used up by the caller's own functions before anything was sent.
local function too_late(row, request, values)
  local failure = {
    kind = "timeout", outcome = "not_sent",
    message = "the time allowed for the call had passed before it could be sent",
  }
  local err, meta = answer.failure(row, request, failure, values), answer.nothing()
  err.attempts, meta.attempts = 0, 0
  return nil, err, meta
end

-- As many exchanges as the retry policy allows before the deadline.
local function exchange_all(owner, row, request, values, host, deadline)
  local attempt, outcome, on_event = 0, "not_sent", values.on_event
  local result, err, meta
  while true do
    attempt = attempt + 1
    request.timeout = deadline - now()
    if on_event then
      trace.request(values, row, request, attempt)
      request.timeout = deadline - now() -- the caller's functions may take their time
    end
    if owner.connections.closed then return give_up(attempt - 1, outcome, meta) end
    if request.timeout <= 0 then
      if err then return nil, err, meta end
      return too_late(row, request, values)
    end
    result, err, meta = exchange(owner, row, request, values, host, attempt)
    meta.attempts = attempt
    if not err then return result, nil, meta end
    err.attempts, outcome = attempt, err.outcome
    local delay = retry.delay(request, err, attempt, values.retry, deadline - now())
    if not delay then return nil, err, meta end
    if on_event then trace.retry(values, row, err, attempt, delay) end
    pause(owner, host, delay)
    if owner.connections.closed then return give_up(attempt, outcome, meta) end
  end
end

-- Looks for what a call with an unknown outcome may have done; a closed client cannot, and says what to look for.
local function recover(owner, row, values, host, tag, err, meta)
  if err.kind == "closed" then
    err.recovery = recovery.report(row, tag)
    return nil, err, meta
  end
  local shown -- what is known of the answer that showed the instance
  local function ask(look_row, look_values, deadline)
    local result, problem
    result, problem, shown =
      exchange_all(owner, look_row, plan.request(look_row, look_values), look_values, host, deadline)
    return result, problem, shown
  end
  local instance, report = recovery.find(row, values, tag, ask, function(seconds) pause(owner, host, seconds) end)
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

-- The call of checked values.
local function run(owner, row, values, started)
  if owner.connections.closed then return nothing_sent(closed()) end
  local host, phase_error = hosts.find(values.wait)
  if not host then return nothing_sent(phase_error) end
  local tag = values.recover and row.recovery and recovery.mark(values)
  local request, problem = plan.request(row, values)
  if not request then return nothing_sent(problem) end
  local result, err, meta = exchange_all(owner, row, request, values, host, started + values.timeout)
  if tag and err and err.outcome == "unknown" then
    result, err, meta = recover(owner, row, values, host, tag, err, meta)
  end
  meta.elapsed = now() - started
  return result, err, meta
end

M.run, M.fail = run, nothing_sent

--- Waits between two requests of one call.
-- @tparam table owner
-- @tparam table values the call's
-- @tparam number seconds
function M.pause(owner, values, seconds)
  local host = hosts.find(values.wait)
  if host then pause(owner, host, seconds) end
end

--- Performs one call.
-- @tparam table owner
-- @tparam table row
-- @tparam table given the caller's table
-- @tparam table registry the options, see api/options.lua
-- @return what the call returns: result, err, meta
function M.call(owner, row, given, registry)
  if owner.connections.closed then return nothing_sent(closed()) end
  if row.way then return ways[row.way].call(owner, row, given, registry, M) end
  local started = now()
  local values, err = derive.call(row, given, owner.values, registry)
  if not values then return nothing_sent(err) end
  return run(owner, row, values, started)
end

--- Makes the iterator over the rows of a list. A mistake in the options is its first and only failure.
-- @tparam table owner
-- @tparam table row of the iterator
-- @tparam table given the caller's table
-- @tparam table registry the options
-- @treturn function the iterator, see paging.lua
function M.each(owner, row, given, registry)
  local values, err = derive.call(row, given, owner.values, registry)
  if not values then
    return paging.each(row.title, function() return nothing_sent(err) end)
  end
  values.page_size = values.page_size or EACH_PAGE
  local function fetch(token)
    values.next_page = token
    return run(owner, row, values, now())
  end
  return paging.each(row.title, fetch, values.limit, values.next_page)
end

return M
