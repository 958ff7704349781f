--- Tells the caller's `on_event` what a call does, for logs and tracing; everything passes through values.lua first.
--
-- Each event is a table with `event` ("request", "response", "retry" or "warning"), `call` (the function's name) and
-- `attempt`, and `traceparent` where the caller gave one. Besides:
--   request   `method`, `url`, `bytes_sent` (of the body)
--   response  the same and `status`, `request_id`, `bytes_received` (of the decompressed body), `timings` (seconds
--             from the start of the attempt: dns, connect, tls, first_byte, total), `reused` (a kept connection),
--             `http_version`; after a failure `kind`, `outcome` and `message`
--   retry     `kind` and `message` of the failure, `delay` (seconds)
--   warning   `message`

local hide = require "sapanywhere.hide.values"

local function url_of(request)
  return request.origin .. request.target
end

-- A handler that raises must not break the call.
local function emit(values, event)
  event.traceparent = values.traceparent
  pcall(values.on_event, hide.copy(event, hide.secrets(values)))
end

local function describe(name, row, request, attempt)
  return {
    event = name, call = row.title, attempt = attempt, method = request.method, url = url_of(request),
    bytes_sent = request.body and #request.body or 0,
  }
end

local M = {}

function M.request(values, row, request, attempt)
  emit(values, describe("request", row, request, attempt))
end

--- After one exchange.
-- @tparam table timings from `transfer:timings()`
-- @tparam table|nil err what came of it
-- @tparam table meta
function M.response(values, row, request, attempt, timings, err, meta)
  local event = describe("response", row, request, attempt)
  event.status, event.request_id = meta.status, meta.request_id
  event.bytes_received = timings.bytes_received
  event.reused, event.http_version = timings.reused, timings.http_version
  event.timings = {
    dns = timings.dns, connect = timings.connect, tls = timings.tls, first_byte = timings.first_byte,
    total = timings.total,
  }
  if err then event.kind, event.outcome, event.message = err.kind, err.outcome, err.message end
  emit(values, event)
  for _, message in ipairs(meta.warnings) do
    emit(values, { event = "warning", call = row.title, attempt = attempt, message = message })
  end
end

function M.retry(values, row, err, attempt, delay)
  emit(values, {
    event = "retry", call = row.title, attempt = attempt, kind = err.kind, message = err.message, delay = delay,
  })
end

return M
