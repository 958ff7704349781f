--- luasocket's socket.http, luasec for TLS, lua-cjson. The connection is kept by a `create` of our own:
-- socket.http itself closes it after each request.

local function kept(ca_file, tls)
  local socket = require "socket"
  local connection
  local proxy = {}

  local function wrap(host)
    local ssl = require "ssl"
    connection = assert(ssl.wrap(connection, {
      mode = "client", protocol = "any", options = { "all", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
      verify = "peer",
      cafile = ca_file, capath = not ca_file and "/etc/ssl/certs" or nil,
    }))
    connection:sni(host)
    assert(connection:dohandshake())
  end

  function proxy.connect(_, host, port)
    if connection then return 1 end
    connection = assert(socket.tcp())
    assert(connection:connect(host, port))
    connection:setoption("tcp-nodelay", true)
    if tls then wrap(host) end
    return 1
  end

  function proxy.settimeout() return 1 end
  function proxy.send(_, ...) return connection:send(...) end
  function proxy.receive(_, ...) return connection:receive(...) end

  -- Called after each request; `drop` is for a server that said "close".
  function proxy.close() return 1 end
  function proxy.drop()
    connection:close()
    connection = nil
  end

  return proxy
end

local function open(job)
  local http = require "socket.http"
  local ltn12 = require "ltn12"
  local requests = require "request"
  local connection = kept(job.ca_file, job.base_url:find("^https") ~= nil)
  -- For socket.http an https URL is one of a scheme it does not know; the connection is TLS all the same.
  local base_url = job.base_url:gsub("^https", "http")
  return function()
    local request, parts = requests[job.call](job.values), {}
    request.headers.connection = "keep-alive"
    local ok, status, headers = http.request {
      url = base_url .. request.path, method = request.method, headers = request.headers,
      source = request.body and ltn12.source.string(request.body), sink = ltn12.sink.table(parts),
      create = function() return connection end, redirect = false,
    }
    if not ok or status ~= 200 then error("luasocket: " .. tostring(status), 0) end
    if headers.connection == "close" then connection.drop() end
    return requests.decode(table.concat(parts))
  end
end

return { open = open }
