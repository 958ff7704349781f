--- A bar for what arrives: bytes, rate, time left.

local say = require "sapanywhere.cli.base.say"
local socket = require "socket"
local terminal = require "sapanywhere.cli.base.terminal"

local M = {}

local UNITS = { "B", "KiB", "MiB", "GiB", "TiB" }

--- Bytes as people read them.
function M.size(bytes)
  local unit = 1
  while bytes >= 1024 and unit < #UNITS do
    bytes, unit = bytes / 1024, unit + 1
  end
  return (unit == 1 and "%d %s" or "%.1f %s"):format(bytes, UNITS[unit])
end

local function clock(seconds)
  if seconds > 359999 then return "?" end
  return ("%d:%02d"):format(math.floor(seconds / 60), math.floor(seconds) % 60)
end

local function draw(share, room)
  local full = math.floor(share * room)
  return ("█"):rep(full) .. ("░"):rep(room - full)
end

--- What stands on the line.
-- @tparam number bytes those that have arrived
-- @tparam number|nil total where it is known
-- @tparam number seconds since it began
function M.line(bytes, total, seconds)
  local rate = bytes / math.max(seconds, 0.001)
  local text = ("%s, %s/s"):format(M.size(bytes), M.size(math.floor(rate)))
  if not total or total <= 0 then return text end
  text = text .. (", %s left"):format(clock(math.max(0, total - bytes) / math.max(rate, 1)))
  local room = math.min(30, terminal.width() - terminal.columns(text) - 3)
  if room < 5 then return text end
  return draw(math.min(1, bytes / total), room) .. " " .. text
end

--- A function to be told of the progress.
function M.new()
  local began, shown = socket.gettime(), 0
  return function(bytes, total)
    local now = socket.gettime()
    if now - shown < 0.1 then return end
    shown = now
    say.live(M.line(bytes, total, now - began))
  end
end

return M
