--- A program that plays a bad or a good peer on a free loopback port, for as long as its input is open.
-- Started by peers.lua: `peer.lua ROLE REPORT ARGUMENTS…`. Writes its port to the file REPORT, then a line
-- for each connection and for whatever the role has to tell.

local socket = require "socket"

local role, report_path = arg[1], arg[2]
local argument, second, third = arg[3], arg[4], arg[5]
local report = assert(io.open(report_path, "w"))
local connections = 0

local function tell(text)
  report:write(text, "\n")
  report:flush()
end

-- Coroutines that wait for sockets.

local waiting = {} -- coroutine → list of sockets

local function wait(...)
  return coroutine.yield { ... }
end

-- What a socket has to give now; nothing at its end.
local function read(from)
  local data, problem, part = from:receive(65536)
  data = data or part
  if data == "" and problem == "closed" then return nil end
  return data
end

local function read_until(from, pattern)
  local text = ""
  while not text:find(pattern) do
    wait(from)
    local more = read(from)
    if not more then return nil end
    text = text .. more
  end
  return text
end

local function write(to, data)
  to:settimeout(5)
  local sent = to:send(data)
  to:settimeout(0)
  return sent
end

local function connect(host, port)
  local upstream = assert(socket.connect(host, tonumber(port)))
  upstream:settimeout(0)
  upstream:setoption("tcp-nodelay", true)
  return upstream
end

-- Carries bytes both ways until an end closes, or until so many went up or down.
local function carry(down, up, most_up, most_down)
  local left = { [down] = most_up or math.huge, [up] = most_down or math.huge }
  local other = { [down] = up, [up] = down }
  while left[down] > 0 and left[up] > 0 do
    local from = wait(down, up)
    local data = read(from)
    if not data then break end
    data = data:sub(1, math.min(#data, left[from]))
    left[from] = left[from] - #data
    if not write(other[from], data) then break end
  end
  up:close()
end

-- The roles: each is called with a connection and its number, and closes by returning.

local roles = {}

function roles.silent(down)
  while true do
    wait(down)
    if not read(down) then return end
  end
end

function roles.hang_up(down)
  local head = read_until(down, "\r\n\r\n")
  if head then tell("asked " .. head:match("^[^\r]*")) end
end

function roles.slam() end

function roles.says(down)
  read_until(down, ".")
  local said = argument:gsub("\\r", "\r"):gsub("\\n", "\n")
  write(down, (said:gsub("\\(%d%d%d)", function(code) return string.char(code) end)))
end

-- Says something as `says` does, and then nothing any more, as if it were gone.
function roles.stalls(down)
  read_until(down, "\r\n\r\n")
  write(down, (argument:gsub("\\r", "\r"):gsub("\\n", "\n")))
  tell "said"
  while true do
    wait(down)
    if not read(down) then return end
  end
end

-- Answers with a text, a byte every so many seconds. Nobody else is served meanwhile.
function roles.drips(down)
  read_until(down, "\r\n\r\n")
  write(down, ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#argument))
  for byte in argument:gmatch(".") do
    socket.sleep(tonumber(second))
    write(down, byte)
  end
end

-- Refuses with a status, saying something.
function roles.refuse(down)
  local head = read_until(down, "\r\n\r\n")
  if not head then return end
  tell("asked " .. head:gsub("\r\n", "|"))
  write(down, ("HTTP/1.1 %s No\r\nContent-Length: 7\r\nX-Echo: %s\r\n\r\nno, no\n"):format(argument,
    head:match("Proxy%-Authorization: ([^\r]*)") or "-"))
  wait(down)
end

-- A proxy; the argument is the Proxy-Authorization that it wants.
function roles.proxy(down)
  local head = read_until(down, "\r\n\r\n")
  local host, port = (head or ""):match("^CONNECT ([^:]+):(%d+) ")
  if not host then return tell("asked " .. tostring(head)) end
  tell("asked " .. head:gsub("\r\n", "|"))
  if argument and argument ~= "" and head:match("Proxy%-Authorization: ([^\r]*)") ~= argument then
    write(down, "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
    return
  end
  local up = connect(host, port)
  write(down, "HTTP/1.1 200 Yes\r\n\r\n")
  carry(down, up, tonumber(second), tonumber(third))
end

function roles.socks(down)
  local hello = read_until(down, "^\5..")
  if not hello then return end
  if argument == "refuse" then
    write(down, "\5\255")
    return
  end
  write(down, "\5\0")
  local request = read_until(down, "^\5\1%z?\0?.......")
  local kind = request:byte(4)
  local host, port_at
  if kind == 3 then
    host, port_at = request:sub(6, 5 + request:byte(5)), 6 + request:byte(5)
  else
    host, port_at = table.concat({ request:byte(5, 8) }, "."), 9
  end
  local port = request:byte(port_at) * 256 + request:byte(port_at + 1)
  tell(("asked %s %s:%d"):format(kind == 3 and "name" or "address", host, port))
  if argument == "unreachable" then
    write(down, "\5\4\0\1\0\0\0\0\0\0")
    return
  end
  local up = connect(host, port)
  write(down, "\5\0\0\1\0\0\0\0\0\0")
  carry(down, up)
end

-- A relay to a port; the n-th connection is cut after (n - 1) * step bytes of what comes down, or goes up.
function roles.cut_down(down, number)
  carry(down, connect("127.0.0.1", argument), nil, (number - 1) * tonumber(second) + tonumber(third or 0))
end

function roles.cut_up(down, number)
  carry(down, connect("127.0.0.1", argument), (number - 1) * tonumber(second) + tonumber(third or 0))
end

-- Answers with what it was asked: the path says with which status, and how it dresses what it repeats.

local dress = {}

local function hex_escape(pattern)
  return function(char) return pattern:format(char:byte()) end
end

function dress.raw(text) return text end
function dress.html(text)
  return "<pre>" .. text:gsub("[&<>\"']", hex_escape("&#%d;")) .. "</pre>"
end
function dress.percent(text) return (text:gsub("[^%w%-._~]", hex_escape("%%%02X"))) end
function dress.percent_lower(text) return (text:gsub("[^%w]", hex_escape("%%%02x"))) end
function dress.base64(text) return (require "mime".b64(text)) end
function dress.json(text) return '{"message":"' .. text:gsub('[%c"\\]', hex_escape("\\u%04x")) .. '"}' end
function dress.json_slashes(text)
  text = text:gsub('["\\/]', "\\%0"):gsub("%c", hex_escape("\\u%04x"))
  return '{"message":"no","providerMessage":"' .. text .. '","requestId":"' .. text:sub(1, 300) .. '"}'
end
function dress.list(text) return '["' .. text:gsub('[%c"\\]', hex_escape("\\u%04x")) .. '"]' end

function roles.echo(down)
  local head = read_until(down, "\r\n\r\n")
  if not head then return end
  local length = tonumber(head:match("[Cc]ontent%-[Ll]ength: (%d+)") or 0)
  local first, last = head:find("\r\n\r\n", 1, true)
  local request = head
  while #request - last < length do
    wait(down)
    local more = read(down)
    if not more then return end
    request = request .. more
  end
  local status, style = head:match("^%u+ /(%d+)/([%w_]+)")
  local line = request:gsub("%c+", " | ")
  local body = dress[style](request)
  local echoes = {}
  for index, name in ipairs { "X-Echo", "Location", "Elements-Error", "Retry-After", "WWW-Authenticate",
    "Set-Cookie", "Elements-Request-Id" } do
    echoes[index] = name .. ": " .. (index % 2 == 0 and line or dress.percent(line)) .. "\r\n"
  end
  write(down, ("HTTP/1.1 %s %s\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n%s"):format(
    status, line:sub(1, 200), #body, table.concat(echoes), body))
  tell("answered " .. status .. " after " .. first)
end

-- The loop.

local server = assert(socket.bind("127.0.0.1", 0, 1024))
server:settimeout(0)
local input = { getfd = function() return 0 end, dirty = function() return false end }

local function resume(thread, down, ...)
  local ok, list = coroutine.resume(thread, ...)
  if ok and coroutine.status(thread) ~= "dead" then
    waiting[thread] = { list = list, down = down }
    return
  end
  if not ok then tell("failed " .. tostring(list)) end
  waiting[thread] = nil
  down:close()
end

local function accept()
  local down = server:accept()
  while down do
    connections = connections + 1
    tell("connection " .. connections)
    down:settimeout(0)
    down:setoption("tcp-nodelay", true)
    resume(coroutine.create(roles[role]), down, down, connections)
    down = server:accept()
  end
end

local function all_sockets()
  local list = { server, input }
  for _, entry in pairs(waiting) do
    for _, one in ipairs(entry.list) do list[#list + 1] = one end
  end
  return list
end

local function wake(ready)
  local woken = {}
  for thread, entry in pairs(waiting) do
    for _, one in ipairs(entry.list) do
      if ready[one] and not woken[thread] then woken[thread] = { one, entry.down } end
    end
  end
  for thread, what in pairs(woken) do resume(thread, what[2], what[1]) end
end

local _, port = server:getsockname()
tell("port " .. port)
while true do
  local ready = socket.select(all_sockets(), nil)
  if ready[input] then break end
  wake(ready)
  if ready[server] then accept() end
end
