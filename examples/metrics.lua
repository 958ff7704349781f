-- Counts what calls do, from `on_event`, and tells it as Prometheus reads it.
--
--   local metrics = require "metrics"
--   local counts = metrics.plain()                        -- of this Lua
--   local counts = metrics.shared(ngx.shared.metrics)     -- of all workers of an nginx
--   local client = assert(sapanywhere.new { …, on_event = counts.on_event })
--   print(counts:text())
--
-- Names of calls, kinds and outcomes are a fixed set of words, so the number of lines has an end.

local HELP = {
  { "sapanywhere_requests_total", "Requests by call, and how they ended: kind and outcome of the failure, or ok." },
  { "sapanywhere_request_seconds_total", "Seconds that these requests took." },
  { "sapanywhere_received_bytes_total", "Bytes of the answers' bodies, decompressed." },
  { "sapanywhere_retries_total", "Requests that were made again, by call and the kind of the failure." },
  { "sapanywhere_warnings_total", "Warnings by call." },
}

-- Adds what an event says, by `add(line, number)`.
local function count(add, event)
  local call = ('{call="%s"'):format(event.call)
  if event.event == "response" then
    local labels = ('%s,kind="%s",outcome="%s"}'):format(call, event.kind or "ok", event.outcome or "ok")
    add("sapanywhere_requests_total" .. labels, 1)
    add("sapanywhere_request_seconds_total" .. labels, event.timings.total)
    add("sapanywhere_received_bytes_total" .. labels, event.bytes_received)
  elseif event.event == "retry" then
    add(('sapanywhere_retries_total%s,kind="%s"}'):format(call, event.kind), 1)
  elseif event.event == "warning" then
    add("sapanywhere_warnings_total" .. call .. "}", 1)
  end
end

-- The lines below their headings, sorted.
local function write(numbers)
  local lines, names = {}, {}
  for name in pairs(numbers) do names[#names + 1] = name end
  table.sort(names)
  for _, help in ipairs(HELP) do
    lines[#lines + 1] = ("# HELP %s %s"):format(help[1], help[2])
    lines[#lines + 1] = ("# TYPE %s counter"):format(help[1])
    for _, name in ipairs(names) do
      if name:match("^[^{]+") == help[1] then lines[#lines + 1] = ("%s %.14g"):format(name, numbers[name]) end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local M = {}

--- Counts in a table.
function M.plain()
  local numbers = {}
  return {
    on_event = function(event)
      count(function(name, number) numbers[name] = (numbers[name] or 0) + number end, event)
    end,
    text = function() return write(numbers) end,
  }
end

--- Counts in a dictionary that the workers of an nginx share; it outlives a reload.
function M.shared(dictionary)
  return {
    on_event = function(event)
      count(function(name, number) dictionary:incr(name, number, 0) end, event)
    end,
    text = function()
      local numbers = {}
      for _, name in ipairs(dictionary:get_keys(0)) do numbers[name] = dictionary:get(name) end
      return write(numbers)
    end,
  }
end

return M
