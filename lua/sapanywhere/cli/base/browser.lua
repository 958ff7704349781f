--- Opens the person's browser: `$BROWSER`, else `xdg-open`.

local settings = require "sapanywhere.cli.base.settings"
local terminal = require "sapanywhere.cli.base.terminal"

local M = {}

local function variable(name)
  local value = os.getenv(name)
  return value and value ~= ""
end

--- Whether there is one to open.
function M.is_there()
  if variable "BROWSER" then return true end
  if variable "SSH_CONNECTION" or not (variable "DISPLAY" or variable "WAYLAND_DISPLAY") then return false end
  return terminal.has_program "xdg-open"
end

-- The browser has no need of the secrets in this environment.
local function without_secrets()
  local names = {}
  for _, setting in ipairs(settings.KNOWN) do names[#names + 1] = settings.variable(setting[1]) end
  return "unset " .. table.concat(names, " ")
end

--- Opens an address that holds no character of the shell's.
function M.open(address)
  local command = variable "BROWSER" and os.getenv "BROWSER" or "xdg-open"
  command = command:find("%%s") and command:gsub("%%s", address) or command .. " " .. address
  -- Not by os.execute, which takes Ctrl-C for the browser's.
  io.popen(("(%s; %s) </dev/null >/dev/null 2>&1 &"):format(without_secrets(), command)):close()
end

return M
