--- Bulk jobs: what a job is and how far it has come. A job takes its time: it is created, runs, and ends as it
-- was told to.
-- @module sapanywhere.sandbox.jobs

local random = require "sapanywhere.sandbox.service.random"

local jobs = {}

local usual_seconds = 0.3

--- The time of a request, in seconds.
function jobs.now(request) return request.time or os.time() end

--- Starts a job. What a request is told (`job_seconds`, `job_end`, `job_bytes`, `job_errors`, see
-- `sapanywhere.sandbox.faults.misbehave`) says how it will go.
-- @tparam table store
-- @tparam table request
-- @tparam table instance a row
-- @tparam table row what the job is about
-- @treturn table the row, with `id`
function jobs.start(store, request, instance, row)
  local told = request.told or {}
  row.instance_id, row.created = instance.id, jobs.now(request)
  row.seconds, row.fate = told.job_seconds or usual_seconds, told.job_end or "COMPLETED"
  row.bytes, row.errors = told.job_bytes, row.errors or told.job_errors or 0
  row.id = store:add("jobs", row, random.hex(32), 7000)
  return row
end

--- Finds a job of an instance.
-- @tparam table store
-- @tparam string id
-- @tparam table instance a row
-- @treturn table|nil the row, with `id`
function jobs.find(store, id, instance)
  local number = tonumber(id:match("^%d+$"))
  local row = number and store:get("jobs", number)
  if not row or row.instance_id ~= instance.id then return nil end
  row.id = number
  return row
end

--- Tells how far a job has come.
-- @tparam table row
-- @tparam number now
-- @treturn string its status
-- @treturn number from 0 to 1
function jobs.progress(row, now)
  local share = row.seconds > 0 and math.min((now - row.created) / row.seconds, 1) or 1
  if row.cancelled then
    return now - row.cancelled < row.seconds / 4 and "CANCELLATION_PENDING" or "CANCELLED", row.share
  end
  if share < 0.25 then return "CREATED", 0 end
  return share < 1 and "RUNNING" or row.fate, share
end

--- Tells whether a status is an end.
-- @tparam string status
-- @treturn boolean
function jobs.is_end(status)
  return status ~= "CREATED" and status ~= "RUNNING" and status ~= "CANCELLATION_PENDING"
end

return jobs
