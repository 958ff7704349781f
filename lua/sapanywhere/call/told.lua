--- Functions of the caller's, which may fail in any way: what they say is shown without what it must not tell.

local redact = require "sapanywhere.redact"

local MOST_SHOWN = 200

--- The words of a caller's function.
-- @param said what it returned or raised, of any type
-- @tparam {string,...} secrets to hide
-- @treturn string
local function shown(said, secrets)
  if type(said) ~= "string" then return "(a " .. type(said) .. ")" end
  return redact.line(said, MOST_SHOWN, secrets)
end

--- Asks `on_use` whether an id is seen for the first time.
--
-- `ngx.shared.DICT:add` says false, "exists" for one that it has; every other error is one.
-- @tparam function|nil on_use without one, every id is new
-- @tparam string id
-- @tparam number seconds for which it is to be noted
-- @tparam {string,...} secrets
-- @treturn[1] boolean true
-- @treturn[2] string the reason: "replayed", or "store" where nobody knows
-- @treturn[2] string in the second case more words
local function use_once(on_use, id, seconds, secrets)
  if not on_use then return true end
  local ok, first, err = pcall(on_use, id, seconds)
  if not ok then return "store", "raised an error: " .. shown(first, secrets) end
  if first == true then return true end
  local failed = not first and err ~= nil and err ~= "exists"
  if failed then return "store", "failed: " .. shown(err, secrets) end
  return "replayed"
end

return { shown = shown, use_once = use_once }
