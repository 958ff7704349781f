--- Squid, which passes on what CONNECT asks for.

local fill = require "peers.support.fill"
local server = require "peers.support.server"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

local config = [[
http_port 127.0.0.1:%{proxy}
pid_filename none
access_log none
cache_log /dev/null
cache deny all
cache_mem 8 MB
netdb_filename none
pinger_enable off
max_filedescriptors 1024
shutdown_lifetime 1 seconds
forward_max_tries 1
connect_timeout 30 seconds
%{authentication}
acl forbidden port %{forbidden}
http_access deny forbidden
http_access allow all
]]

local authentication = [[
auth_param basic program /usr/lib/squid/basic_ncsa_auth %{dir}/users
auth_param basic children 2
acl known proxy_auth REQUIRED
http_access deny !known
]]

--- Starts one.
-- @tparam[opt] table options `user` and `password`, which it then wants; `forbidden`, a port that it refuses
function M.start(options)
  options = options or {}
  return server.start {
    ports = { "proxy" },
    files = function(dir, ports)
      local hash = options.user and system.output("openssl passwd -apr1 " .. system.quote(options.password))
      return {
        ["squid.conf"] = fill(config, ports, {
          forbidden = options.forbidden or 1,
          authentication = options.user and fill(authentication, { dir = dir }) or "",
        }),
        users = options.user and options.user .. ":" .. hash or "",
      }
    end,
    -- Its shared memory is named after it, so that two do not use the same.
    command = function(dir)
      return { "squid", "-n", server.name_of(dir), "-N", "-d", "1", "-f", dir .. "/squid.conf" }
    end,
  }
end

return M
