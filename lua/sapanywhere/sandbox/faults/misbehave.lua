--- How a request asks the service to misbehave: a list of wishes, such as `delay=0.5;status=503`.
-- It stands in the path after `/~`, or in the header `X-Sandbox`. Values are percent-encoded.
--
-- When and whether: `delay=S` waits before answering; `act=0|1` says whether the action is done (it is,
-- except with `status`, `redirect` and `die`); `fail=K` lets only the first K requests with the same
-- list misbehave; `flaky=P` lets P percent of the requests die, be cut or be refused, at random;
-- `run=…` means nothing and makes lists distinct.
--
-- What is answered: `status=N`; `redirect=URL`; `header.NAME=VALUE`, repeatable; `headers=N` adds N
-- header lines; `type=…`; `body=NAME`, see `sapanywhere.sandbox.faults.bodies`; `size=N` pads the body to N
-- bytes; `gzip_bomb=N` is a small gzip of N bytes of JSON.
--
-- How it is sent: `delay_body=S` waits between head and body; `drip=S` waits between the bytes of the
-- body; `die=1` closes without acting, `act_then_die=1` after acting, `die_reused=1` after acting where
-- the connection has served a request before. Under HTTP/2 it is the stream that closes.
--
-- On HTTP/1.1 only, under HTTP/2 the stream closes without an answer: `cut=N` sends the first N bytes
-- of the answer, head included; `headers_forever=1` never ends the head; `interim=N` sends N interim
-- answers first; `length=N` claims a Content-Length; `chunked=1|garbage|cut` sends chunks; `raw=…`
-- sends just that.
--
-- How a bulk job goes on that the request starts: `job_seconds=S` until it ends, `job_end=STATUS`,
-- `job_errors=N` records in error, `job_bytes=N` makes its file that large, of rows that are made up. A file that
-- is sent piece by piece can be cut under HTTP/1.1, and is not spoilt otherwise.
-- @module sapanywhere.sandbox.misbehave

local answers = require "sapanywhere.sandbox.service.answers"
local bodies = require "sapanywhere.sandbox.faults.bodies"
local url = require "sapanywhere.sandbox.service.url"

local misbehave = {}

local function number(text)
  return text:find("^%d+%.?%d*$") and tonumber(text) or nil
end

-- What is made in memory is bounded: any program of this machine can wish for it.
local function up_to(most)
  return function(text)
    local value = number(text)
    return value and value <= most and value or nil
  end
end

local function flag(text)
  if text == "1" then return true end
  if text == "0" then return false end
end

local function one_of(set)
  return function(text) return set[text] and text or nil end
end

local function any(text) return text end

local readers = {
  delay = number, delay_body = number, drip = number,
  status = number, size = up_to(2 ^ 28), gzip_bomb = up_to(2 ^ 32 - 1), cut = number, headers = up_to(1e5),
  interim = up_to(1e5),
  length = number, fail = number, flaky = number, job_seconds = number, job_bytes = number, job_errors = number,
  act = flag, die = flag, act_then_die = flag, die_reused = flag, headers_forever = flag,
  redirect = any, type = any, raw = any, run = any,
  chunked = one_of { ["1"] = true, garbage = true, cut = true },
  body = one_of(bodies),
  job_end = one_of { COMPLETED = true, COMPLETE = true, ERROR = true, ABORTED = true, CANCELLED = true },
}

-- These cannot be told to nginx, so the answer is written to the connection as it is.
local raw_wishes = { "cut", "headers_forever", "interim", "length", "chunked", "raw" }

local function read_wish(told, wish)
  local name, value = wish:match("^([^=]*)=(.*)$")
  value = value and url.decode(value)
  if not value then return "a wish is not NAME=VALUE: " .. wish end
  local header = name:match("^header%.(.+)$")
  if header then
    table.insert(told.header, { header, value })
    return
  end
  if not readers[name] then return "no such misbehaviour: " .. name end
  told[name] = readers[name](value)
  if told[name] == nil then return "not a value for " .. name .. ": " .. value end
end

--- Reads a list of wishes.
-- @tparam string text
-- @treturn[1] table a map from name to value; `header` is a list of `{ name, value }`
-- @return[2] nil
-- @treturn[2] string what is wrong
function misbehave.parse(text)
  local told = { header = {} }
  for wish in text:gmatch("[^;]+") do
    local problem = read_wish(told, wish)
    if problem then return nil, problem end
  end
  return told
end

local function write_value(value)
  if value == true then return "1" end
  if value == false then return "0" end
  if type(value) == "number" then return (value % 1 == 0 and "%d" or "%s"):format(value) end
  return url.encode(value)
end

local function write_headers(headers, out)
  for name, values in pairs(headers) do
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      out[#out + 1] = "header." .. name .. "=" .. write_value(value)
    end
  end
end

--- Writes a list of wishes.
-- @tparam table wishes a map from name to value; `header` maps a name to a value or a list of values
-- @treturn string
function misbehave.write(wishes)
  local out = {}
  for name, value in pairs(wishes) do
    if name == "header" then
      write_headers(value, out)
    else
      out[#out + 1] = name .. "=" .. write_value(value)
    end
  end
  table.sort(out)
  return table.concat(out, ";")
end

--- Tells whether the action is done before the answer is spoilt.
-- @tparam table told
-- @treturn boolean
function misbehave.acts(told)
  if told.act ~= nil then return told.act end
  return not (told.status or told.redirect or told.die)
end

--- Tells whether the answer has to be written past nginx, byte by byte.
-- @tparam table told
-- @treturn boolean
function misbehave.is_raw(told)
  for _, name in ipairs(raw_wishes) do
    if told[name] then return true end
  end
  return false
end

local faults = {
  function() return { die = true } end,
  function() return { act_then_die = true } end,
  function() return { status = 503 } end,
  function(random) return { cut = random(0, 400) } end,
}

--- Chooses what `flaky` makes of one request.
-- @tparam table told
-- @tparam function random `random(low, high)`
-- @treturn table what the request is told now
-- @treturn string|nil the fault, for the log
function misbehave.roll(told, random)
  if not told.flaky or random(1, 10000) > told.flaky * 100 then return told end
  local fault = faults[random(1, #faults)](random)
  local written = misbehave.write(fault)
  fault.header = told.header
  return fault, written
end

local function set_header(answer, name, value)
  for _, header in ipairs(answer.headers) do
    if header[1]:lower() == name:lower() then
      header[2] = value
      return
    end
  end
  table.insert(answer.headers, { name, value })
end

local function add_fillers(answer, count)
  for index = 1, count do
    table.insert(answer.headers, { "X-Filler", ("%d %s"):format(index, ("f"):rep(60)) })
  end
end

local function pad(body, size)
  local room = size - #body - #',"padding":""'
  if body:find("}$") and body ~= "{}" and room >= 0 then
    return body:sub(1, -2) .. ',"padding":"' .. ("x"):rep(room) .. '"}'
  end
  return body .. (" "):rep(size - #body)
end

--- Makes the answer that is sent of the answer that would be right.
-- @tparam table told
-- @tparam table|nil right the service's answer, where the action was done
-- @treturn table an answer
function misbehave.alter(told, right)
  local answer = right or answers.failure(told.status or 500)
  if told.redirect then
    answer = { status = told.status or 302, headers = { { "Location", told.redirect } }, body = "" }
  elseif told.status and right then
    answer = answers.failure(told.status)
  end
  if told.body then
    local body, content_type = bodies[told.body](answer.body)
    answer.status = told.status or 200
    answer.body = body
    set_header(answer, "Content-Type", content_type or "application/json;charset=UTF-8")
  end
  if told.type then set_header(answer, "Content-Type", told.type) end
  if told.size then answer.body = pad(answer.body, told.size) end
  for _, header in ipairs(told.header) do table.insert(answer.headers, header) end
  add_fillers(answer, told.headers or 0)
  return answer
end

return misbehave
