--- The rule by name: whether what stands under a name is never to be shown. The names are in src/bytes/names.c.

local core = require "sapanywhere.core"

local M = {}

--- Whether what stands under a name is never to be shown. Names are compared without case, punctuation, digits at their
-- end and the s of a plural, so `oauth.user.refresh_token`, `X-Api-Key`, `tokens` and `password_2` are found.
-- @function is_sensitive
-- @param name a name; anything but a string is none
-- @treturn boolean
M.is_sensitive = core.is_sensitive

--- Whether a name such as "user[token]", "a;code" or "ns:code" holds one in its parts.
function M.has_sensitive_part(name)
  if M.is_sensitive(name) then return true end
  if not name:find("[][;:]") then return false end
  for part in name:gmatch("[^][;:]+") do
    if M.is_sensitive(part) then return true end
  end
  return false
end

return M
