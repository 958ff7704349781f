--- Waits for the end of a bulk job.
--
-- The platform's words for the end of a job are COMPLETED, ABORTED, ERROR and CANCELLED; an old sample says COMPLETE.
-- They are compared without case, and a word that is not known means that the job goes on.

local core = require "sapanywhere.core"
local derive = require "sapanywhere.call.derive"
local errors = require "sapanywhere.errors"

local GOOD = { completed = true, complete = true }
local BAD = { aborted = true, error = true, cancelled = true }

local TIMEOUT, INTERVAL, LONGEST = 3600, 1, 30 -- seconds

local now = core.now

local function job_error(row, job, meta)
  return errors.new("job", {
    message = ("%s: the job ended as %s"):format(row.title, core.lower(job.status)), job = job, outcome = "rejected",
    retryable = false, attempts = meta.attempts, status = meta.status, request_id = meta.request_id,
  })
end

local function timeout_error(row, job, meta, seconds)
  return errors.new("timeout", {
    message = ("%s: the job had not ended after %g seconds; it goes on"):format(row.title, seconds), job = job,
    outcome = "unknown", retryable = true, attempts = meta.attempts, status = meta.status, request_id = meta.request_id,
  })
end

local M = {}

--- Performs the call.
-- @tparam table owner see perform.lua
-- @tparam table row
-- @tparam table given the caller's table
-- @tparam table registry the options
-- @tparam table perform `run(owner, row, values, started)`, `pause(owner, values, seconds)` and `fail(err)`
-- @return what the call returns
function M.call(owner, row, given, registry, perform)
  local started = now()
  local values, problem = derive.call(row, given, owner.values, registry)
  if not values then return perform.fail(problem) end
  local whole, each = rawget(values, "timeout") or TIMEOUT, owner.values.timeout
  local deadline, pause = started + whole, values.interval or INTERVAL
  local last_look = math.min(1, whole / 10) -- seconds that are kept for it
  while true do
    values.timeout = math.min(each, math.max(deadline - now(), 0.001))
    local job, err, meta = perform.run(owner, row, values, now())
    if not job then return nil, err, meta end
    meta.elapsed = now() - started
    if values.on_progress then pcall(values.on_progress, job) end
    local word = core.lower(job.status)
    if GOOD[word] then return job, nil, meta end
    if BAD[word] then return nil, job_error(row, job, meta), meta end
    local left = deadline - now() - last_look
    if left <= 0 then return nil, timeout_error(row, job, meta, whole), meta end
    perform.pause(owner, values, math.min(pause, left))
    pause = math.min(2 * pause, math.max(LONGEST, pause))
  end
end

return M
