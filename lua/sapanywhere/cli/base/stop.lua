--- How the command ends: with a code that says what kind of end it was. Library errors bring theirs by their kind.
--
-- Ctrl-C is noted when it comes and looked at in every wait, so the command ends where it can end well: not in the
-- midst of a file, nor in a `pcall` of somebody who takes the error for his own.

local sapanywhere = require "sapanywhere"
local socket = require "socket"

local terminal = sapanywhere.terminal

local SLICE = 0.2 -- seconds: a signal that comes just before a wait is seen after it

local M = {}

local CODES = {
  usage = 2, auth = 3, forbidden = 3, not_found = 4, conflict = 4, denied = 5, state = 5, callback = 5, signature = 5,
  dns = 6, connect = 6, tls = 6, timeout = 6, rate_limited = 7, server = 7,
}

M.CODES = {
  { 0, "done" }, { 1, "another failure" }, { 2, "the command was not understood, or a setting is missing" },
  { 3, "refused: a secret is wrong, or a right is missing" }, { 4, "there is no such thing, or it is there already" },
  { 5, "the user said no, or a callback or a signature is not what was expected" },
  { 6, "no connection: name, network, certificate, time" }, { 7, "the service has a fault, or too much to do" },
  { 8, "a change may have been made, and may not: look before trying again" },
  { 130, "ended by Ctrl-C" }, { 143, "ended by SIGTERM" }, { 129, "ended by SIGHUP" },
}

local ADVICE = {
  auth = "check user_secret and organization_secret, or whether the shop is still connected",
  forbidden = "ask for the right, or use the secrets of an account that has it",
  not_found = "check the id, and that base_url is the one of your account",
  conflict = "it is there already: use it, or choose another name",
  denied = "begin again with: sapanywhere connect",
  state = "begin again with: sapanywhere connect",
  callback = "begin again with: sapanywhere connect",
  signature = "compare the key with the instance's event.notification.signature.key; the body must be the raw bytes",
  dns = "look at base_url and at this machine's network: sapanywhere doctor",
  connect = "look at base_url and at this machine's network: sapanywhere doctor",
  tls = "look at tls.ca_file and at the clock: sapanywhere doctor",
  timeout = "try again later, or give more time with the setting timeout",
  rate_limited = "wait, and try again",
  server = "try again later; the request's id helps the platform's support",
  store = "look at the file's owner and mode, and at store_key",
}

local UNKNOWN = "it may have been done: look before you do it again"

local metatable = {}

--- What may have happened when Ctrl-C comes now, and how to find out: `{ what, advice }`; nil where nothing can have.
M.under_way = nil

--- What has to be done when the command ends, however it does: functions.
M.at_end = {}

--- Ends the command.
-- @tparam string message
-- @tparam[opt=1] number code
-- @tparam[opt] string advice what to do
function M.with(message, code, advice)
  error(setmetatable({ message = message, code = code or 1, advice = advice }, metatable), 0)
end

--- Ends the command where a call has failed, else gives what it returned.
function M.unless(result, err, meta)
  if result == nil or result == false then error(err or "there is no answer", 0) end
  return result, meta
end

--- Makes a call that changes something, as `unless`. Where a signal ends it, what may have happened is told.
-- @tparam string what such as "the row may have been created, and may not"
-- @tparam string advice how to find out
-- @tparam function call
-- @param ... its arguments
function M.change(what, advice, call, ...)
  M.under_way = { what = what, advice = advice }
  local result, err, meta = call(...)
  if result or err.outcome ~= "unknown" then M.under_way = nil end
  return M.unless(result, err, meta)
end

-- What is raised where a signal is seen.
local INTERRUPT = {}

--- Whether something raised tells of a signal.
function M.is_interrupt(raised)
  return raised == INTERRUPT
end

--- Ends the command where a signal has come.
function M.look()
  if terminal.signal() then error(INTERRUPT, 0) end
end

--- The exit code and the message, where a signal has come: whatever else has failed since then may be its doing.
-- @treturn number|nil
-- @treturn string|nil
function M.by_signal()
  local name, number = terminal.signal()
  if not name then return nil end
  return 128 + number, name == "INT" and "interrupted" or "ended by SIG" .. name
end

--- Waits until a descriptor can be read or the time has passed, or ends the command.
-- @tparam number fd
-- @tparam number seconds
-- @treturn boolean whether it can be read
function M.wait(fd, seconds)
  local due = socket.gettime() + seconds
  repeat
    M.look()
    if terminal.wait(fd, math.max(0, math.min(SLICE, due - socket.gettime()))) then return true end
  until socket.gettime() >= due
  M.look()
  return false
end

--- Waits until there is something at the sockets or the time, a moment, has passed, or ends the command.
-- @tparam {table,...} read
-- @tparam[opt] {table,...} write
-- @tparam number seconds
-- @treturn table those that can be read
-- @treturn table those that can be written to
function M.select(read, write, seconds)
  M.look()
  local readable, writable = socket.select(read, write, math.min(seconds, SLICE))
  M.look()
  return readable, writable
end

--- What something raised means.
-- @treturn number the exit code
-- @treturn string the message
-- @treturn string|nil what to do
function M.read(raised)
  if M.is_interrupt(raised) then return M.by_signal() end
  if type(raised) ~= "table" then return 1, "fault in the command: " .. tostring(raised) end
  if getmetatable(raised) == metatable then return raised.code, raised.message, raised.advice end
  local message = tostring(raised):gsub("^sapanywhere: ", "")
  if raised.outcome == "unknown" then return 8, message, UNKNOWN end
  return CODES[raised.kind] or 1, message, ADVICE[raised.kind]
end

return M
