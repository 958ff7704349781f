--- nghttpx in front of the sandbox: HTTP/2 to HTTP/1.1 and back.

local fill = require "peers.support.fill"
local server = require "peers.support.server"

local M = {}

local config = [[
frontend=127.0.0.1,%{plain};no-tls
frontend=127.0.0.1,%{tls}
private-key-file=%{service_dir}/leaf.key
certificate-file=%{service_dir}/localhost.pem
tls-min-proto-version=%{tls_version}
tls-max-proto-version=%{tls_version}
no-ocsp=yes
cacert=%{ca_file}
backend=%{backend}
backend=%{refused};/nobody/
accesslog-file=/dev/null
http2-no-cookie-crumbling=yes
frontend-keep-alive-timeout=%{idle}
frontend-read-timeout=%{idle}
frontend-http2-read-timeout=%{idle}
backend-read-timeout=%{server_timeout}
backend-connect-timeout=5s
frontend-http2-max-concurrent-streams=%{streams}
%{more}
]]

local defaults = { tls_version = "TLSv1.3", idle = "30s", server_timeout = "30s", streams = 100, more = "" }

--- Starts one.
-- @tparam table service from support.service
-- @tparam[opt] table options `tls_version`, `idle`, `server_timeout`, `streams`; `http2`, whether it speaks HTTP/2 to
-- the sandbox; `more`, further lines of its configuration
function M.start(service, options)
  options = options or {}
  local function address(url) return "127.0.0.1," .. url:match(":(%d+)/") end
  local backend = options.http2 and address(service.tls_base_url) .. ";;proto=h2;tls;sni=localhost"
    or address(service.base_url)
  return server.start {
    ports = { "plain", "tls" },
    files = function(_, ports)
      return {
        ["nghttpx.conf"] = fill(config, options, ports, defaults, {
          service_dir = service.dir, ca_file = service.ca_file, backend = backend,
          refused = address(service.refused_url),
        }),
      }
    end,
    command = function(dir) return { "nghttpx", "--conf=" .. dir .. "/nghttpx.conf" } end,
  }
end

return M
