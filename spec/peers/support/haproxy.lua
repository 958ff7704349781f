--- HAProxy in front of the sandbox: plain HTTP/1.1, and TLS with HTTP/1.1 alone or HTTP/2.

local fill = require "peers.support.fill"
local server = require "peers.support.server"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

local config = [[
global
  stats socket %{dir}/control level admin
  tune.h2.max-concurrent-streams %{streams}
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client %{client_timeout}
  timeout server %{server_timeout}
  timeout http-request 5s
  timeout http-keep-alive %{idle}
frontend all
  bind 127.0.0.1:%{plain}
  bind 127.0.0.1:%{tls12} ssl crt %{dir}/both.pem ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2 alpn h2,http/1.1
  bind 127.0.0.1:%{tls13} ssl crt %{dir}/both.pem ssl-min-ver TLSv1.3 alpn h2,http/1.1
  bind 127.0.0.1:%{tls_http1} ssl crt %{dir}/both.pem alpn http/1.1
  http-request set-header X-Met "HTTP/%[req.ver] %[ssl_fc_protocol]"
  http-request wait-for-body time 5s if { path_beg /denied- }
%{denials}
  http-request deny deny_status 503 if { path_beg /early/ }
  use_backend nobody if { path_beg /nobody }
  use_backend maintenance if { path_beg /maintenance }
  use_backend over_http2 if { path_beg /over_http2 }
  default_backend sandbox
backend sandbox
  server one 127.0.0.1:%{upstream}
  server two 127.0.0.1:%{upstream}
backend over_http2
  http-request replace-path /over_http2(.*) \1
  server one 127.0.0.1:%{upstream_tls} ssl verify required ca-file %{ca_file} sni str(localhost) alpn h2
backend nobody
  server one 127.0.0.1:%{refused}
backend maintenance
  server one 127.0.0.1:%{upstream} disabled
]]

local defaults = { idle = "30s", client_timeout = "30s", server_timeout = "30s", streams = 100 }

--- The statuses for which HAProxy has pages of its own; asked for by the path `/denied-408/…`.
M.denials = { 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504 }

local function write_denials()
  local lines = {}
  for _, status in ipairs(M.denials) do
    lines[#lines + 1] = ("  http-request deny deny_status %d if { path_beg /denied-%d/ }"):format(status, status)
  end
  return table.concat(lines, "\n")
end

--- Starts one.
-- @tparam table service from support.service
-- @tparam[opt] table options `idle`, `client_timeout`, `server_timeout` (HAProxy's times), `streams`
function M.start(service, options)
  local function port(url) return url:match(":(%d+)/") end
  return server.start {
    ports = { "plain", "tls12", "tls13", "tls_http1" },
    files = function(dir, ports)
      return {
        ["haproxy.cfg"] = fill(config, options or {}, ports, defaults, {
          dir = dir, ca_file = service.ca_file, upstream = port(service.base_url), denials = write_denials(),
          upstream_tls = port(service.tls_base_url), refused = port(service.refused_url),
        }),
        ["both.pem"] = system.read_file(service.dir .. "/localhost.pem") ..
          system.read_file(service.dir .. "/leaf.key"),
      }
    end,
    command = function(dir) return { "haproxy", "-W", "-f", dir .. "/haproxy.cfg" } end,
  }
end

--- Tells its administrator's socket something.
function M.control(peer, command)
  local socket = require "socket.unix"()
  assert(socket:connect(peer.dir .. "/control"))
  socket:send(command .. "\n")
  local said = socket:receive("*a")
  socket:close()
  return said
end

return M
