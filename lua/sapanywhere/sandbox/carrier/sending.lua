--- Sends an answer, through nginx where that will do, else past it and byte by byte.
-- @module sapanywhere.sandbox.sending

-- luacheck: std +ngx_lua

local gzip_bomb = require "sapanywhere.sandbox.faults.gzip_bomb"

local sending = {}

local function set_headers(headers)
  local values, order = {}, {}
  for _, header in ipairs(headers) do
    if not values[header[1]] then
      values[header[1]] = {}
      table.insert(order, header[1])
    end
    table.insert(values[header[1]], header[2])
  end
  for _, name in ipairs(order) do
    ngx.header[name] = #values[name] > 1 and values[name] or values[name][1]
  end
end

local function print_slowly(body, pause)
  for index = 1, #body do
    ngx.print(body:sub(index, index))
    ngx.flush(true)
    ngx.sleep(pause)
  end
end

-- Under HTTP/2 nginx keeps the head back until there is a byte of the body.
local function send_head(body, version)
  ngx.send_headers()
  if version >= 2 then ngx.print(body:sub(1, 1)) end
  ngx.flush(true)
  return version >= 2 and body:sub(2) or body
end

--- Sends an answer through nginx, which compresses, chunks and frames it as the client likes.
-- @tparam table answer
-- @tparam table told what misbehaviour was asked for
-- @tparam number version of HTTP
function sending.plain(answer, told, version)
  local body = answer.body
  ngx.status = answer.status
  set_headers(answer.headers)
  if told.gzip_bomb then
    body = gzip_bomb.make(told.gzip_bomb)
    ngx.header["Content-Encoding"] = "gzip"
  end
  ngx.header["Content-Length"] = #body
  if told.delay_body then
    body = send_head(body, version)
    ngx.sleep(told.delay_body)
  end
  if told.drip then return print_slowly(body, told.drip) end
  ngx.print(body)
end

local function filler(from, to)
  local lines = {}
  for index = from, to do lines[#lines + 1] = ("X-Filler-%d: %s\r\n"):format(index, ("f"):rep(60)) end
  return table.concat(lines)
end

local chunkers = {}

local function to_chunks(body)
  local out = {}
  for from = 1, #body, 100 do
    local part = body:sub(from, from + 99)
    out[#out + 1] = ("%x\r\n%s\r\n"):format(#part, part)
  end
  return table.concat(out)
end

chunkers["1"] = function(body) return to_chunks(body) .. "0\r\n\r\n" end
chunkers.cut = to_chunks
chunkers.garbage = function(body) return to_chunks(body:sub(1, 100)) .. "ZZZ\r\n" .. body end

local function compose_head(answer, told)
  local lines = { ("HTTP/1.1 %d %s"):format(answer.status, answer.status < 300 and "OK" or "Not OK") }
  table.insert(lines, "Date: " .. ngx.http_time(ngx.time()))
  for _, header in ipairs(answer.headers) do table.insert(lines, header[1] .. ": " .. header[2]) end
  if told.chunked then
    table.insert(lines, "Transfer-Encoding: chunked")
  else
    local size = answer.stream and answer.stream.size or #answer.body
    table.insert(lines, ("Content-Length: %d"):format(told.length or size))
  end
  table.insert(lines, "Connection: close\r\n")
  return table.concat(lines, "\r\n")
end

--- Writes an answer out as HTTP/1.1.
-- @tparam table answer
-- @tparam table told
-- @treturn string all of its bytes
function sending.compose(answer, told)
  if told.raw then return told.raw end
  local interim = ("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"):rep(told.interim or 0)
  local head = interim .. compose_head(answer, told)
  if told.headers_forever then return head end
  local body = told.chunked and chunkers[told.chunked](answer.body) or answer.body
  return head .. "\r\n" .. body
end

local function send_forever(socket)
  local from = 1
  while socket:send(filler(from, from + 99)) do
    from = from + 100
    ngx.sleep(0)
  end
end

local function send_slowly(socket, text, pause)
  for index = 1, #text do
    if not socket:send(text:sub(index, index)) then return end
    ngx.sleep(pause)
  end
end

-- What the client still sends must not make the system drop what it has not read yet.
local function drain(socket)
  socket:settimeout(50)
  socket:receive(65536)
end

--- Writes bytes to a connection of HTTP/1.1, past nginx, and closes it.
-- @tparam string text from `compose`
-- @tparam table told
-- @tparam boolean is_read whether the request was read to its end
function sending.raw(text, told, is_read)
  local socket = assert(ngx.req.socket(true))
  if told.cut then text = text:sub(1, told.cut) end
  local head, body = text:match("^(.-\r\n\r\n)(.*)$")
  if told.delay_body and head then
    socket:send(head)
    ngx.sleep(told.delay_body)
    text = body
  end
  if told.drip then send_slowly(socket, text, told.drip) elseif text ~= "" then socket:send(text) end
  if told.headers_forever then send_forever(socket) elseif not told.cut and not is_read then drain(socket) end
  return ngx.exit(444)
end

-- Sends pieces through nginx, which waits for the client.
local function stream_plain(answer)
  ngx.status = answer.status
  set_headers(answer.headers)
  if answer.stream.size then ngx.header["Content-Length"] = ("%d"):format(answer.stream.size) end
  for piece in answer.stream.next do
    if not ngx.print(piece) or not ngx.flush(true) then return end
  end
end

local function stream_cut(answer, told)
  local socket, left, piece = assert(ngx.req.socket(true)), told.cut, compose_head(answer, told) .. "\r\n"
  while piece and left > 0 do
    if not socket:send(piece:sub(1, left)) then break end
    left = left - #piece
    piece = answer.stream.next()
  end
  return ngx.exit(444)
end

--- Sends an answer piece by piece, perhaps cut.
-- @tparam table answer with a `stream`
-- @tparam table told
-- @tparam number version of HTTP
function sending.stream(answer, told, version)
  if told.cut and version < 2 then return stream_cut(answer, told) end
  return stream_plain(answer)
end

return sending
