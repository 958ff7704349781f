--- Asks the person at the terminal. Waits in slices, so that Ctrl-C ends the wait at once.

local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local stop = require "sapanywhere.cli.base.stop"
local terminal = require "sapanywhere.cli.base.terminal"

local LONGEST = 16 * 1024

local M = {}

--- Standard input as luasocket's `select` takes it.
M.input = { getfd = function() return 0 end, dirty = function() return false end }

-- Bytes of standard input as they come; "" at its end. Nothing waits in a buffer, so what a wait sees is all there is.
local function read(most)
  local bytes = sapanywhere.terminal.read(0, most)
  stop.look()
  return bytes or ""
end

local arrived = {}

--- Takes a byte that a wait has seen. Gives a line when it is whole; nil before; false at the end of the input.
function M.take()
  local byte = read(1)
  if byte ~= "" and byte ~= "\n" and #arrived < LONGEST then
    arrived[#arrived + 1] = byte
    return nil
  end
  local line = table.concat(arrived)
  arrived = {}
  if byte == "" and line == "" then return false end
  return line
end

-- A long wait without an end of its own: the person's, who can end it by Ctrl-C.
local function wait()
  repeat until stop.wait(0, 3600)
end

local function read_line()
  while true do
    wait()
    local line = M.take()
    if line ~= nil then return line or nil end
  end
end

--- All of standard input.
function M.read_all()
  local parts = {}
  repeat
    wait()
    local bytes = read(4096)
    parts[#parts + 1] = bytes
  until bytes == ""
  return table.concat(parts)
end

--- Whether somebody is there to be asked.
function M.can_ask()
  return terminal.is_terminal(0) and terminal.is_terminal(2)
end

local is_asking = false

--- Puts the terminal back, whatever has happened.
function M.restore()
  sapanywhere.terminal.show_typing()
  if is_asking then io.stderr:write("\n") end
  is_asking = false
end

--- Asks for a line.
-- @tparam string question
-- @tparam[opt] boolean secret what is typed is not shown
-- @treturn string|nil
function M.ask(question, secret)
  say.clear_live()
  if secret then sapanywhere.terminal.hide_typing(0) end
  io.stderr:write(terminal.shown(question), " ")
  is_asking = true
  local line = read_line()
  is_asking = line == nil or not terminal.is_terminal(0) -- at a terminal the person's Enter has ended the line
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
  stop.wait(-1, seconds)
end

return M
