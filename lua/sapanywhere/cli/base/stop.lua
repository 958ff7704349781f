--- How the command ends: with a code that says what kind of end it was. Library errors bring theirs by their kind.

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
  { 8, "a change may have been made, and may not: look before trying again" }, { 130, "ended by Ctrl-C" },
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

--- What has to be done when the command ends, however it does: functions, told whether it was interrupted.
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

--- Whether something raised is Lua's own word for Ctrl-C.
function M.is_interrupt(raised)
  return type(raised) == "string" and raised:find("interrupted!", 1, true) ~= nil
end

--- What something raised means.
-- @treturn number the exit code
-- @treturn string the message
-- @treturn string|nil what to do
function M.read(raised)
  if M.is_interrupt(raised) then return 130, "interrupted" end
  if type(raised) ~= "table" then return 1, "fault in the command: " .. tostring(raised) end
  if getmetatable(raised) == metatable then return raised.code, raised.message, raised.advice end
  local message = tostring(raised):gsub("^sapanywhere: ", "")
  if raised.outcome == "unknown" then return 8, message, UNKNOWN end
  return CODES[raised.kind] or 1, message, ADVICE[raised.kind]
end

return M
