--- Delivers notifications: sends each to where it belongs, on this machine only, and keeps what became of it.
-- @module sapanywhere.sandbox.delivery

-- luacheck: std +ngx_lua

local delivery = {}

local patience = 5000 -- milliseconds for each step

local function is_loopback(host)
  return host == "localhost" or host == "::1" or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

local function read_address(text)
  local authority, target = text:match("^[Hh][Tt][Tt][Pp]://([^/?#]+)([^#]*)")
  if not authority then return nil, "the address is not http" end
  local host, port = authority:match("^%[([%x:]+)%]:?(%d*)$")
  if not host then host, port = authority:match("^([^:@]+):?(%d*)$") end
  if not host or not is_loopback(host) then return nil, "the address is not on this machine" end
  if target:sub(1, 1) ~= "/" then target = "/" .. target end
  return { host = host == "localhost" and "127.0.0.1" or host, port = tonumber(port) or 80, target = target,
    authority = authority }
end

local function write_request(address, row)
  local lines = {
    "POST " .. address.target .. " HTTP/1.1", "Host: " .. address.authority, "Content-Type: application/json",
    "Content-Length: " .. #row.body, "Elements-Webhook-Id: " .. row.webhook_id, "Connection: close",
  }
  if row.signature then table.insert(lines, "Elements-Webhook-Signature: " .. row.signature) end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. row.body
end

local function exchange(socket, address, row)
  local ok, problem = socket:connect(address.host:find(":", 1, true) and "[" .. address.host .. "]" or address.host,
    address.port)
  if not ok then return nil, problem end
  ok, problem = socket:send(write_request(address, row))
  if not ok then return nil, problem end
  local line
  line, problem = socket:receive()
  if not line then return nil, problem end
  local status = line:match("^HTTP/1%.%d (%d%d%d)")
  if not status then return nil, "the receiver does not speak HTTP" end
  return tonumber(status)
end

local function send(row)
  local address, problem = read_address(row.url or "")
  if not address then return nil, problem end
  local socket = ngx.socket.tcp()
  socket:settimeouts(patience, patience, patience)
  local status
  status, problem = exchange(socket, address, row)
  socket:close()
  return status, problem
end

--- Sends one.
-- @tparam table store
-- @tparam table row from `sapanywhere.sandbox.service.notifications`
-- @treturn number|nil the receiver's status
-- @treturn string|nil why there is none
function delivery.send(store, row)
  local status, problem = send(row)
  local taken = status ~= nil and status >= 200 and status < 300
  store:set("deliveries", row.id, { status = taken and "delivered" or "queued", answer = status, problem = problem })
  return status, problem
end

--- Sends some once the present request is done with.
-- @tparam table store
-- @tparam table rows
function delivery.later(store, rows)
  ngx.timer.at(0, function()
    for _, row in ipairs(rows) do delivery.send(store, row) end
  end)
end

--- Sends the one that the program asks for, by its id and with the word that only this sandbox knows.
-- @tparam table settings with `control`
-- @tparam table store
function delivery.serve(settings, store)
  if ngx.var.http_x_sandbox_control ~= settings.control then return ngx.exit(404) end
  store:sync()
  local row = store:get("deliveries", tonumber(ngx.var.arg_id))
  if not row then return ngx.exit(404) end
  local status, problem = delivery.send(store, row)
  ngx.print(status or problem)
end

return delivery
