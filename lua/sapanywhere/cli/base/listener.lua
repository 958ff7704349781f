--- Listens on this machine for the browser that comes back with the callback. One answer, and it is gone.
--
-- Nobody can hold it up: each connection has a few seconds and 16 KiB, there are never more than so many, and nothing
-- here waits. Who speaks is believed only if the request is one that a browser makes for a person: to the right host
-- name, for a page of its own.

local socket = require "socket"
local page = require "sapanywhere.cli.base.page"
local stop = require "sapanywhere.cli.base.stop"

local MOST_BYTES = 16 * 1024
local MOST_CONNECTIONS = 64
local SECONDS = 10 -- for a connection's request, and as long again for its answer

local Listener = {}
Listener.__index = Listener

local M = {}

local function bind(address, port)
  local server, problem = (address == "::1" and socket.tcp6 or socket.tcp4 or socket.tcp)()
  if not server then return nil, problem end
  server:setoption("reuseaddr", true)
  if address == "::1" then server:setoption("ipv6-v6only", true) end
  local ok
  ok, problem = server:bind(address, port)
  if ok then ok, problem = server:listen(32) end
  if not ok then
    server:close()
    return nil, problem
  end
  server:settimeout(0)
  return server
end

local function random_path()
  local file = io.open("/dev/urandom", "rb")
  local bytes = file and file:read(16)
  if file then file:close() end
  if not bytes or #bytes < 16 then stop.with("the system gives no random bytes") end
  return "/" .. (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local ADDRESSES = { ["127.0.0.1"] = { "127.0.0.1" }, ["[::1]"] = { "::1" }, localhost = { "127.0.0.1", "::1" } }

--- Whether a host name is this machine's alone.
function M.is_local(host)
  return ADDRESSES[host] ~= nil
end

--- Starts to listen.
-- @tparam string host as in the callback's URL: "127.0.0.1", "[::1]" or "localhost"
-- @tparam number port 0 for any
-- @tparam[opt] string path of the callback; without one none is expected
-- @treturn table with `port`; and `once` and `again`, addresses that lead to what `lead_to` is told
function M.start(host, port, path)
  local servers = {}
  for place, address in ipairs(ADDRESSES[host]) do
    local server, problem = bind(address, port)
    if not server and place == 1 then
      stop.with(("port %d cannot be listened on: %s"):format(port, problem), 1, "end the program that has it, or "
        .. "choose another with --port (your app at SAP Anywhere must know that callback URL)")
    end
    servers[#servers + 1] = server
    if place == 1 then port = tonumber((select(2, server:getsockname()))) end
  end
  local self = setmetatable({
    servers = servers, port = port, path = path, connections = {}, has_told = {},
    once_path = random_path(), again_path = random_path(),
    hosts = { [("%s:%d"):format(host, port)] = true, [("127.0.0.1:%d"):format(port)] = true },
  }, Listener)
  local origin = ("http://127.0.0.1:%d"):format(port)
  if host == "[::1]" then origin = ("http://[::1]:%d"):format(port) end
  self.once, self.again = origin .. self.once_path, origin .. self.again_path
  return self
end

--- Says where its addresses lead.
function Listener:lead_to(address)
  self.target = address
end

-- Reading

local function header(head, name)
  for line in head:gmatch("\r?\n([^\r\n]*)") do
    local found, value = line:match("^([%w-]+):[ \t]*(.-)[ \t]*$")
    if found and found:lower() == name then return value:lower() end
  end
end

-- Whether a person's browser asks for a page, as far as it says.
local function is_for_a_person(self, head)
  local mode, dest = header(head, "sec-fetch-mode"), header(head, "sec-fetch-dest")
  return self.hosts[header(head, "host") or ""] and (not mode or mode == "navigate")
    and (not dest or dest == "document")
end

-- Refuses a request. Where it was for the callback, `on_refused` is told, once for each reason: who sends one by hand
-- would wonder.
local function refuse(self, target, name, why)
  if target:match("^[^?]*") == self.path and not self.has_told[name] then
    self.has_told[name] = true
    if self.on_refused then self.on_refused(why) end
  end
  return page.answer(name)
end

-- The answer to a request; nil and the target where it is the callback.
local function judge(self, head)
  local method, target = head:match("^(%u+) (/[^ \r\n]*) HTTP/1%.[01]\r?\n")
  if not method then return page.answer "unknown" end
  if method ~= "GET" then return refuse(self, target, "method", "it came by another method than GET") end
  if not is_for_a_person(self, head) then
    return refuse(self, target, "stray", "it came for another host, or from within another page")
  end
  local path = target:match("^[^?]*")
  if path == self.again_path then return page.redirect(self.target) end
  if path == self.once_path and self.is_used then return page.answer "used" end
  if path == self.once_path then
    self.is_used = true
    return page.redirect(self.target)
  end
  if path ~= self.path then return page.answer "unknown" end
  return nil, target
end

-- Connections

local function drop(self, place)
  self.connections[place].client:close()
  table.remove(self.connections, place)
end

-- A connection that waits for the end of the journey is not dropped for one that comes.
local function make_room(self)
  if #self.connections < MOST_CONNECTIONS then return end
  for place, connection in ipairs(self.connections) do
    if not connection.target then return drop(self, place) end
  end
  drop(self, 1)
end

local function accept(self)
  for _, server in ipairs(self.servers) do
    local client = server:accept()
    if client then
      make_room(self)
      client:settimeout(0)
      self.connections[#self.connections + 1] = { client = client, head = "", due = socket.gettime() + SECONDS }
    end
  end
end

local function reply(connection, bytes)
  connection.out, connection.due = bytes, socket.gettime() + SECONDS
  connection.target = nil
end

local function is_whole(head)
  return head:find("\r\n\r\n", 1, true) or head:find("\n\n", 1, true)
end

-- Takes what has arrived; whether the connection goes on.
local function receive(self, connection)
  local bytes, problem, part = connection.client:receive(4096)
  bytes = bytes or part
  if connection.is_over or connection.out then return problem ~= "closed" end
  connection.head = connection.head .. bytes
  if #connection.head > MOST_BYTES then
    reply(connection, page.answer "large")
  elseif not connection.target and is_whole(connection.head) then
    local answer, target = judge(self, connection.head)
    if answer then reply(connection, answer) end
    connection.target = target
    if target then self.asked[#self.asked + 1] = connection end
  end
  return problem ~= "closed" or connection.out ~= nil or connection.target ~= nil
end

-- Sends what is left. The other side closes first, so that it reads all; whether the connection goes on.
local function send(connection)
  local sent, problem, last = connection.client:send(connection.out)
  if not sent and problem ~= "timeout" then return false end
  connection.out = connection.out:sub((sent or last) + 1)
  if connection.out ~= "" then return true end
  connection.out, connection.is_over, connection.due = nil, true, socket.gettime() + 1
  connection.client:shutdown("send")
  return true
end

local function list_sockets(self, more)
  local read, write = { more }, {}
  for _, server in ipairs(self.servers) do read[#read + 1] = server end
  for _, connection in ipairs(self.connections) do
    if connection.out then write[#write + 1] = connection.client end
    if not connection.target then read[#read + 1] = connection.client end
  end
  return read, write
end

local function serve(self, readable, writable)
  local now = socket.gettime()
  for place = #self.connections, 1, -1 do
    local connection = self.connections[place]
    local goes_on = connection.target ~= nil or now < connection.due
    if goes_on and writable[connection.client] and connection.out then goes_on = send(connection) end
    if goes_on and readable[connection.client] then goes_on = receive(self, connection) end
    if not goes_on then drop(self, place) end
  end
end

--- Waits for a moment, and serves who is there.
-- @tparam number seconds
-- @tparam[opt] table more another thing that can be read
-- @treturn boolean whether that can be read
-- @treturn table the requests for the callback that have come: each has `target`
function Listener:step(seconds, more)
  self.asked = {}
  local read, write = list_sockets(self, more)
  local readable, writable = socket.select(read, write, seconds)
  serve(self, readable, writable)
  accept(self)
  return more ~= nil and readable[more] ~= nil, self.asked
end

--- Answers one request for the callback.
function Listener.answer(_, connection, name)
  reply(connection, page.answer(name))
end

--- Answers all requests for the callback that wait or come within a moment, and ends.
function Listener:finish(name)
  local due = socket.gettime() + 1
  repeat
    for _, connection in ipairs(self.connections) do
      if connection.target then reply(connection, page.answer(name)) end
    end
    self:step(0.05)
    local is_busy = false
    for _, connection in ipairs(self.connections) do
      is_busy = is_busy or connection.out or connection.target or connection.is_over
    end
  until not is_busy or socket.gettime() > due
  self:close()
end

--- Ends at once.
function Listener:close()
  for place = #self.connections, 1, -1 do drop(self, place) end
  for _, server in ipairs(self.servers) do server:close() end
  self.servers = {}
end

return M
