--- The rule by name: whether what stands under a name is never to be shown.
--
-- Names are compared without case, punctuation, digits at their end and the s of a plural, so
-- `oauth.user.refresh_token`, `X-Api-Key`, `tokens` and `password_2` are found. Nothing here asks the locale what a
-- letter is.

local lower = require "sapanywhere.core".lower

-- The one list. A word with a star is sensitive at the end of longer names too.
local SENSITIVE = [[
  code authorizationcode authcode providerdatacode codeverifier sig
  *authorization *cookie
  *token *tokenhint *secret *secretkey *apikey *accesskey *privatekey *password *passwd *pwd *passphrase
  *jwt *assertion *signature *signaturekey
]]

-- What would be taken for one of them: where a list goes on.
local PUBLIC = { elementsnextpagetoken = true, nextpagetoken = true, pagetoken = true }

-- Looked up in this order: the last letter of a name (as a byte, of either case), its last two, the name, its last
-- letters in each length that the list has.
local last_letters, last_two, whole, endings, lengths = {}, {}, {}, {}, {}

local function add_last_letter(letter)
  last_letters[letter], last_letters[letter - 32] = true, true
end

add_last_letter(("s"):byte())
for star, word in SENSITIVE:gmatch("(%*?)(%l+)") do
  add_last_letter(word:byte(-1))
  last_two[word:sub(-2)] = true
  whole[word] = true
  if star == "*" then
    if not endings[#word] then
      endings[#word] = {}
      lengths[#lengths + 1] = #word
    end
    endings[#word][word] = true
  end
end

local M = {}

-- Where a name's last letter is, past the digits and punctuation at its end; 0 where it has none.
local function last_letter_of(name)
  for at = #name, 1, -1 do
    local byte = name:byte(at)
    if byte >= 97 and byte <= 122 or byte >= 65 and byte <= 90 then return at end
  end
  return 0
end

local function has(bare)
  if not last_two[bare:sub(-2)] then return false end
  if whole[bare] then return true end
  for i = 1, #lengths do
    local length = lengths[i]
    if endings[length][bare:sub(-length)] then return true end
  end
  return false
end

--- Whether what stands under a name is never to be shown. The time grows with the name's length.
-- @param name a name; anything but a string is none
-- @treturn boolean
function M.is_sensitive(name)
  if type(name) ~= "string" then return false end
  local last = last_letter_of(name)
  if not last_letters[name:byte(last)] then return false end
  local bare = lower((name:sub(1, last):gsub("[^0-9A-Za-z]", "")))
  if PUBLIC[bare] then return false end
  return has(bare) or bare:sub(-1) == "s" and has(bare:sub(1, -2))
end

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
