--- Asks the person at the terminal. Waits in slices, so that Ctrl-C ends the wait at once.

local socket = require "socket"
local say = require "sapanywhere.cli.base.say"
local stop = require "sapanywhere.cli.base.stop"
local terminal = require "sapanywhere.cli.base.terminal"

local SLICE = 0.2
local LONGEST = 16 * 1024

local M = {}

--- Standard input as luasocket's `select` takes it.
M.input = { getfd = function() return 0 end, dirty = function() return false end }

-- What select has seen is then all that is read: nothing waits in a buffer.
local is_unbuffered = false

local function read_byte()
  if not is_unbuffered then io.stdin:setvbuf("no") end
  is_unbuffered = true
  return io.read(1)
end

local arrived = {}

--- Takes a byte that select has seen. Gives a line when it is whole; nil before; false at the end of the input.
function M.take()
  local byte = read_byte()
  if byte and byte ~= "\n" and #arrived < LONGEST then
    arrived[#arrived + 1] = byte
    return nil
  end
  local line = table.concat(arrived)
  arrived = {}
  if not byte and line == "" then return false end
  return line
end

local function read_line()
  while true do
    if socket.select({ M.input }, nil, SLICE)[1] then
      local line = M.take()
      if line ~= nil then return line or nil end
    end
  end
end

--- Whether somebody is there to be asked.
function M.can_ask()
  return terminal.is_terminal(0) and terminal.is_terminal(2)
end

local is_silent = false

local function set_echo(on)
  os.execute(on and "stty echo" or "stty -echo")
  is_silent = not on
end

--- Puts the terminal back, whatever has happened.
function M.restore()
  if is_silent then
    set_echo(true)
    io.stderr:write("\n")
  end
end

--- Asks for a line.
-- @tparam string question
-- @tparam[opt] boolean secret what is typed is not shown
-- @treturn string|nil
function M.ask(question, secret)
  say.clear_live()
  if secret then set_echo(false) end
  io.stderr:write(terminal.shown(question), " ")
  local line = read_line()
  M.restore()
  return line
end

--- Asks whether something may be done; anything but yes is no.
function M.confirm(question)
  local answer = M.ask(question .. " [y/N]") or ""
  return answer:lower():find("^%s*y") ~= nil
end

--- Ends the command unless the person agrees, or has done so with `--yes`.
function M.require_yes(args, question)
  if args.yes then return end
  if not M.can_ask() then stop.with(question .. " There is nobody to ask here", 2, "give --yes") end
  if not M.confirm(question) then stop.with("nothing was done", 1) end
end

--- Waits.
function M.pause(seconds)
  local due = socket.gettime() + seconds
  while socket.gettime() < due do socket.select(nil, nil, math.min(SLICE, math.max(0, due - socket.gettime()))) end
end

return M
