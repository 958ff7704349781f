--- Carries the service in nginx: reads a request, lets the service answer, spoils that as told, logs.
-- @module sapanywhere.sandbox.handler

-- luacheck: std +ngx_lua

local answers = require "sapanywhere.sandbox.service.answers"
local delivery = require "sapanywhere.sandbox.carrier.delivery"
local guard = require "sapanywhere.sandbox.carrier.guard"
local misbehave = require "sapanywhere.sandbox.faults.misbehave"
local random = require "sapanywhere.sandbox.service.random"
local records = require "sapanywhere.sandbox.service.records"
local sending = require "sapanywhere.sandbox.carrier.sending"
local service = require "sapanywhere.sandbox.service.service"
local store = require "sapanywhere.sandbox.service.store"

local handler = {}

local carried -- what one worker holds: settings, store, log, counters

local function carry()
  if carried then return carried end
  local prefix = ngx.config.prefix()
  local file = assert(io.open(prefix .. "settings", "rb"))
  local settings = assert(records.read(file:read("*l")))
  file:close()
  local log = settings.log and assert(io.open(prefix .. "requests", "ab"))
  if log then log:setvbuf("full", 65536) end
  carried = {
    settings = settings, store = store.new(store.open_file(prefix .. "journal")), log = log,
    requests = 0, failed = {},
  }
  return carried
end

local function write_log(here, record)
  if not here.log then return end
  here.log:write(records.write(record), "\n")
  here.log:flush()
end

-- Reading

local function read_raw_headers()
  local list = {}
  for name, value in ngx.req.raw_header(true):gmatch("([^:\r\n]+):[ \t]*([^\r\n]*)") do
    list[#list + 1] = { name, (value:gsub("[ \t]+$", "")) }
  end
  return list
end

local function read_known_headers()
  local list = {}
  for name, value in pairs(ngx.req.get_headers(0, true)) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      list[#list + 1] = { name, one == true and "" or one }
    end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

local function map_headers(list)
  local map = {}
  for _, header in ipairs(list) do
    local name = header[1]:lower()
    local known = map[name]
    if not known then
      map[name] = header[2]
    elseif type(known) == "table" then
      table.insert(known, header[2])
    else
      map[name] = { known, header[2] }
    end
  end
  return map
end

local max_held = 16 * 1024 * 1024

-- Reads a file as far as it is asked for; it is closed when it is collected.
local function make_source(file, size)
  return {
    size = size,
    read = function(offset, count)
      file:seek("set", offset)
      return file:read(count) or ""
    end,
  }
end

-- Gives the body, or where it is too large to be held an empty one, and a source of it. Nobody who expects to be
-- told to continue is told so.
local function read_body(headers)
  if headers.expect then
    ngx.req.clear_header("Expect")
    return ""
  end
  ngx.req.read_body()
  local path = ngx.req.get_body_file()
  if not path then return ngx.req.get_body_data() or "" end
  local file = assert(io.open(path, "rb"))
  local size = file:seek("end")
  if size > max_held then return "", make_source(file, size) end
  file:seek("set", 0)
  local body = file:read("*a")
  file:close()
  return body
end

local function read_request(settings)
  local version = ngx.req.http_version() or 1.0
  local list = version < 2 and read_raw_headers() or read_known_headers()
  local headers = map_headers(list)
  local uri = ngx.var.request_uri
  local wishes, rest = uri:match("^/~([^/?]*)(/.*)$")
  local path, query = (rest or uri):match("^([^?]*)%??(.*)$")
  local tls = ngx.var.scheme == "https"
  local body, body_source = read_body(headers)
  return {
    method = ngx.req.get_method(), uri = uri, path = path, query = query, version = version,
    headers = headers, header_list = list, body = body, body_source = body_source, tls = tls, time = ngx.now(),
    origin = tls and settings.tls_origin or settings.origin, host = ngx.var.host,
    wishes = (wishes or "") .. ";" .. (type(headers["x-sandbox"]) == "string" and headers["x-sandbox"] or ""),
  }
end

local function log_arrival(here, request)
  here.requests = here.requests + 1
  local mark = ngx.worker.pid() .. "." .. here.requests
  write_log(here, {
    mark = mark, method = request.method, uri = request.uri, version = ("%.1f"):format(request.version),
    headers = request.header_list, body = request.body, connection = tonumber(ngx.var.connection),
    connection_requests = tonumber(ngx.var.connection_requests), tls = request.tls, time = ngx.now(),
  })
  return mark
end

-- Misbehaving

local function read_told(here, request)
  local told, problem = misbehave.parse(request.wishes)
  if not told then return nil, answers.failure(400, "Sandbox: " .. problem) end
  if told.fail then
    local failed = (here.failed[request.wishes] or 0) + 1
    here.failed[request.wishes] = failed
    if failed > told.fail then told = { header = {} } end
  end
  return misbehave.roll(told, random.number)
end

local function dies(told)
  return told.die or told.act_then_die or told.die_reused and tonumber(ngx.var.connection_requests) > 1
end

--- Answers the request that nginx is at.
function handler.serve()
  local here = carry()
  local request = read_request(here.settings)
  local mark = log_arrival(here, request)
  local refusal = guard.refuse(here.settings, request)
  if refusal then
    write_log(here, { mark = mark, status = refusal.status, note = refusal.note })
    return sending.plain(refusal, { header = {} }, request.version)
  end
  local told, fault = read_told(here, request)
  if not told then
    write_log(here, { mark = mark, status = fault.status })
    return sending.plain(fault, { header = {} }, request.version)
  end
  request.told = told
  local right = misbehave.acts(told) and service.answer(here.settings, here.store, request) or nil
  if right and right.deliveries then delivery.later(here.store, right.deliveries) end
  local answer = misbehave.alter(told, right)
  if told.delay then ngx.sleep(told.delay) end
  local stream = answer.stream ~= nil
  local raw = not stream and (misbehave.is_raw(told) or answer.close) and sending.compose(answer, told)
  local close = dies(told)
  write_log(here, {
    mark = mark, status = not close and answer.status or nil, note = answer.note, fault = fault,
    answer_bytes = raw and #raw or nil,
  })
  if close then return ngx.exit(444) end
  if stream then return sending.stream(answer, told, request.version) end
  if raw and request.version < 2 then return sending.raw(raw, told, not request.headers.expect) end
  if raw and not answer.close then return ngx.exit(444) end
  return sending.plain(answer, told, request.version)
end

--- Delivers the notification that the program asks for.
function handler.deliver()
  local here = carry()
  return delivery.serve(here.settings, here.store)
end

return handler
