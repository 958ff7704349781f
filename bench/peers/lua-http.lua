--- lua-http on cqueues, lua-cjson. Debian installs it for 5.1 to 5.3 only; its Lua files run on 5.4 just as
-- well.

if not package.path:find("/usr/share/lua/5.3/?.lua", 1, true) then
  for _, version in ipairs { "5.3", "5.1" } do
    local place = ";/usr/share/lua/" .. version
    package.path = package.path .. place .. "/?.lua" .. place .. "/?/init.lua"
  end
end

local function trusting(ca_file)
  local context = require("http.tls").new_client_context()
  if ca_file then
    local store = require("openssl.x509.store").new()
    store:add(ca_file)
    context:setStore(store)
  end
  return context
end

local function connector(job)
  local client = require "http.client"
  local scheme, host, port = job.base_url:match("^(%a+)://([^:/]+):(%d+)")
  local context = scheme == "https" and trusting(job.ca_file) or nil
  return function()
    return assert(client.connect({
      host = host, port = tonumber(port), tls = context ~= nil, ctx = context, version = job.version,
    }, 10))
  end
end

-- One call over a connection. Its answer, and whether the connection can be used again.
local function exchange(job, connection)
  local new_headers = require("http.headers").new
  local requests = require "request"
  local scheme, authority, prefix = job.base_url:match("^(%a+)://([^/]+)(.*)$")
  local request = requests[job.call](job.values)
  local headers = new_headers()
  headers:append(":method", request.method)
  headers:append(":scheme", scheme)
  headers:append(":authority", authority)
  headers:append(":path", prefix .. request.path)
  for name, value in pairs(request.headers) do headers:append(name, value, name == "authorization") end
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(headers, not request.body, 10))
  if request.body then assert(stream:write_chunk(request.body, true, 10)) end
  local answer = assert(stream:get_headers(10))
  if answer:get(":status") ~= "200" then error("lua-http: " .. answer:get(":status"), 0) end
  local body = assert(stream:get_body_as_string(10))
  stream:shutdown()
  return requests.decode(body), answer:get("connection") ~= "close"
end

local function open(job)
  local connect = connector(job)
  local connection
  return function()
    connection = connection or connect()
    local answer, keep = exchange(job, connection)
    if not keep then
      connection:close()
      connection = nil
    end
    return answer
  end
end

-- HTTP/2 shares one connection; HTTP/1.1 has one for each call in flight.
local function many(job, count)
  local cqueues = require "cqueues"
  local loop = cqueues.new()
  local connect = connector(job)
  require "request"
  if count == 0 then return end
  local shared, left = nil, count
  local function work()
    local connection = shared or connect()
    while left > 0 do
      left = left - 1
      job.check((exchange(job, connection)))
    end
  end
  loop:wrap(function()
    local first = connect()
    if first.version == 2 then shared = first end
    for _ = 1, job.in_flight do loop:wrap(work) end
  end)
  assert(loop:loop())
end

return { open = open, many = many, http2 = true }
