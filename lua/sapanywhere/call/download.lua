--- Downloads to a file: what arrives goes there as it comes, and gets its name when it is whole.

local core = require "sapanywhere.core"
local derive = require "sapanywhere.call.derive"
local file_error = require "sapanywhere.call.file_error"

local now = core.now

local ACCEPT = { json = "application/json", jsonl = "application/jsonl", csv = "text/csv" }

local TIMEOUT = 3600 -- seconds
local MOST = 6 * 2 ^ 30 -- bytes
local SILENCE = 60 -- seconds without a byte
local REFUSAL = 65536 -- bytes that are read of an answer that is no file
local OFTEN = 0.1 -- seconds between two reports

-- What is called while the transfer runs: tells the caller's function how far it is, not too often, and only news. Its
-- errors are its own.
local function reporter(on_progress, sink)
  local due, last = 0, 0
  return function(is_last)
    local bytes, total = sink:progress()
    if bytes == last or not is_last and now() < due then return end
    due, last = now() + OFTEN, bytes
    pcall(on_progress, bytes, total)
  end
end

local function perform_into(owner, row, values, sink, perform, started)
  values.sink, values.silence, values.max_response_bytes = sink, SILENCE, REFUSAL
  local report = values.on_progress and reporter(values.on_progress, sink)
  values.on_look = report
  local result, err, meta = perform.run(owner, row, values, started)
  if not result then return nil, err, meta end
  if report then report(true) end
  result.path = values.to
  return result, nil, meta
end

local M = {}

--- Performs the call.
-- @tparam table owner see perform.lua
-- @tparam table row
-- @tparam table given the caller's table
-- @tparam table registry the options
-- @tparam table perform `run(owner, row, values, started)` and `fail(err)`
-- @return what the call returns
function M.call(owner, row, given, registry, perform)
  local started = now()
  local values, problem = derive.call(row, given, owner.values, registry)
  if not values then return perform.fail(problem) end
  values.timeout = rawget(values, "timeout") or TIMEOUT
  values.headers_of_all = { "Accept: " .. ACCEPT[values.format or "json"], "User-Agent: " .. values.user_agent }
  local sink, reason, message = core.sink(values.to, values.max_bytes or MOST)
  if not sink then return perform.fail(file_error(row, "to", reason, message)) end
  local result, err, meta = perform_into(owner, row, values, sink, perform, started)
  sink:close()
  return result, err, meta
end

return M
