--- Apache in front of the sandbox: plain HTTP/1.1, and TLS with HTTP/1.1 alone or HTTP/2.

local fill = require "peers.support.fill"
local server = require "peers.support.server"

local M = {}

local modules = {
  "mpm_event", "authz_core", "alias", "proxy", "proxy_http", "proxy_http2", "ssl", "socache_shmcb", "http2",
  "reqtimeout",
}

local config = [[
%{modules}
%{user}
ServerName localhost
ServerRoot %{dir}
DefaultRuntimeDir %{dir}
PidFile %{dir}/httpd.pid
ErrorLog %{dir}/error.log
Mutex sem
ServerLimit 4
StartServers 2
ThreadsPerChild 64
MaxRequestWorkers 256
KeepAliveTimeout %{idle}
MaxKeepAliveRequests %{requests}
H2MaxSessionStreams %{streams}
GracefulShutdownTimeout 10
Listen 127.0.0.1:%{plain}
Listen 127.0.0.1:%{tls12}
Listen 127.0.0.1:%{tls13}
Listen 127.0.0.1:%{tls_http1}
%{denials}
ProxyPass /nobody/ http://127.0.0.1:%{refused}/
ProxyPass /impatient/ http://127.0.0.1:%{upstream}/ timeout=1 nocanon
ProxyPass /over_http2/ h2://localhost:%{upstream_tls}/ nocanon
ProxyPass / http://127.0.0.1:%{upstream}/ nocanon
SSLCertificateFile %{service_dir}/localhost.pem
SSLCertificateKeyFile %{service_dir}/leaf.key
SSLProxyEngine on
SSLProxyCACertificateFile %{ca_file}
SSLProxyVerify require
SSLSessionCache none
ProxyPassInherit on
<VirtualHost 127.0.0.1:%{plain}>
</VirtualHost>
<VirtualHost 127.0.0.1:%{tls12}>
  SSLEngine on
  SSLProtocol -all +TLSv1.2
  Protocols h2 http/1.1
</VirtualHost>
<VirtualHost 127.0.0.1:%{tls13}>
  SSLEngine on
  SSLProtocol -all +TLSv1.3
  Protocols h2 http/1.1
</VirtualHost>
<VirtualHost 127.0.0.1:%{tls_http1}>
  SSLEngine on
  Protocols http/1.1
</VirtualHost>
]]

local defaults = { idle = "30", requests = 100, streams = 100 }

--- The statuses that it is asked for by the path `/denied-408/…`, with a page of its own.
M.denials = { 400, 403, 404, 408, 410, 413, 414, 429, 431, 500, 502, 503, 504 }

local function write_denials()
  local lines = {}
  for _, status in ipairs(M.denials) do
    lines[#lines + 1] = ("ProxyPass /denied-%d/ !\nRedirectMatch %d ^/denied-%d/"):format(status, status, status)
  end
  return table.concat(lines, "\n")
end

local function write_modules()
  local lines = {}
  for index, name in ipairs(modules) do
    lines[index] = ("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so"):format(name, name)
  end
  return table.concat(lines, "\n")
end

--- Starts one.
-- @tparam table service from support.service
-- @tparam[opt] table options `idle` in seconds, `requests` to a kept connection, `streams` at the same time
function M.start(service, options)
  local function port(url) return url:match(":(%d+)/") end
  return server.start {
    ports = { "plain", "tls12", "tls13", "tls_http1" },
    files = function(dir, ports)
      return {
        ["apache2.conf"] = fill(config, options or {}, ports, defaults, {
          dir = dir, service_dir = service.dir, ca_file = service.ca_file, modules = write_modules(),
          user = server.is_root() and "User www-data\nGroup www-data" or "", denials = write_denials(),
          upstream = port(service.base_url), upstream_tls = port(service.tls_base_url),
          refused = port(service.refused_url),
        }),
      }
    end,
    command = function(dir) return { "apache2", "-DFOREGROUND", "-f", dir .. "/apache2.conf" } end,
  }
end

return M
