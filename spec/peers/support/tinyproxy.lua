--- Tinyproxy, which passes on what CONNECT asks for.

local fill = require "peers.support.fill"
local server = require "peers.support.server"

local M = {}

local config = [[
Listen 127.0.0.1
Port %{proxy}
Timeout 60
MaxClients 200
LogLevel Warning
Allow 127.0.0.1
%{authentication}
%{ports}
]]

--- Starts one.
-- @tparam[opt] table options `user` and `password`, which it then wants; `allowed`, the only port that it goes to
function M.start(options)
  options = options or {}
  return server.start {
    ports = { "proxy" },
    files = function(_, ports)
      return {
        ["tinyproxy.conf"] = fill(config, ports, {
          authentication = options.user and ("BasicAuth %s %s"):format(options.user, options.password) or "",
          ports = options.allowed and "ConnectPort " .. options.allowed or "",
        }),
      }
    end,
    command = function(dir) return { "tinyproxy", "-d", "-c", dir .. "/tinyproxy.conf" } end,
  }
end

return M
