--- What may be shown: copies of values and texts without what is secret in them.
--
-- Hides by name (an entry of a table, a parameter of a URL, a member of JSON text, a header line) and by
-- value (the secrets of the call, in any encoding: see disguises.lua). A state stays visible: it travels
-- through the browser.

local core = require "sapanywhere.core"
local address = require "sapanywhere.call.address"
local disguises = require "sapanywhere.hide.disguises"
local errors = require "sapanywhere.errors"
local options = require "sapanywhere.api.options"

local HIDDEN = disguises.HIDDEN
local DEEPEST = 200
local LONGEST_SHOWN = 16 * 1024

-- Names without case and punctuation; the endings cover what elements add, such as oauth.user.refresh_token.
local NAMES = {
  code = true, authorizationcode = true, authcode = true, providerdatacode = true, codeverifier = true,
  authorization = true, proxyauthorization = true, cookie = true, setcookie = true,
  eventnotificationsignaturekey = true,
}
local ENDINGS = {
  token = true, secret = true, apikey = true, password = true, accesskey = true, privatekey = true, passphrase = true,
}
-- Where a list goes on.
local PUBLIC = { elementsnextpagetoken = true, nextpagetoken = true }

-- The letters that all of the above end with.
local LAST_LETTER = "[tndyerTNDYER]"

--- Whether what stands under a name is never to be shown.
local function is_sensitive(name)
  if type(name) ~= "string" then return false end
  if name:find("^%w", -1) and not name:find(LAST_LETTER, -1) then return false end
  local bare = core.lower(name):gsub("[^%w]", "")
  if NAMES[bare] or PUBLIC[bare] then return NAMES[bare] == true end
  for length = 5, 10 do
    if ENDINGS[bare:sub(-length)] then return true end
  end
  return false
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Hides what follows each sensitive name. `pattern` finds a name (its one capture) and ends where its value
-- begins; `stop(text, at)` tells where the value is over. Whoever sent the text may have made it to be slow: patterns
-- begin where a name does, and nothing is looked at again for each name.
local function hide_after(text, pattern, stop, shown)
  local out, next_byte = {}, 1
  while true do
    local first, last, name = text:find(pattern, next_byte)
    if not first then break end
    -- In "%3Fcode" the name is not "3Fcode".
    if text:sub(first - 1, first - 1) == "%" then name = name:gsub("^25", ""):gsub("^%x%x", "") end
    out[#out + 1] = text:sub(next_byte, last)
    next_byte = last + 1
    local after = is_sensitive(decode(name)) and stop(text, next_byte) or next_byte
    if after > next_byte then
      out[#out + 1] = shown
      next_byte = after
    end
  end
  return table.concat(out) .. text:sub(next_byte)
end

local function end_of_parameter(text, at)
  return text:match('^[^&%s"<>#]*()', at)
end

-- In a URL inside a URL, '&' is encoded too.
local function end_of_encoded_parameter(text, at)
  local stop = end_of_parameter(text, at)
  local encoded = text:sub(at, stop - 1):find("%%2?5?26")
  return encoded and at + encoded - 1 or stop
end

-- Behind a string's end: the next quote with no more backslashes before it than before its beginning.
local function end_of_string(text, at, escapes)
  while true do
    local quote, first = text:find('"', at, true), at
    if not quote then return #text + 1 end
    local before = quote
    while before > first and text:byte(before - 1) == 92 do before = before - 1 end
    at = quote + 1
    if quote - before <= escapes then return at end
  end
end

-- The value of a member of JSON text, which may itself stand escaped in a string, or be cut short.
local function end_of_member(text, at)
  local escapes, inside = text:match('^(\\*)"()', at)
  if escapes then return end_of_string(text, inside, #escapes) end
  if text:find("^null", at) then return at end
  if text:find("^[%[{]", at) then return text:match("^%b[]()", at) or text:match("^%b{}()", at) or #text + 1 end
  return text:match("^[%w+.%-]*()", at)
end

local function end_of_element(text, at)
  return text:match("^[^<]*()", at)
end

local NAMED = {
  { "%f[%w_.%%%-]([%w_.%%%-]+)%[?%d?%]?=", end_of_parameter, HIDDEN },
  { "%f[%w_.%-]([%w_.%-]+)%%3[Dd]", end_of_encoded_parameter, HIDDEN },
  { "%f[%w_.%-]([%w_.%-]+)%%253[Dd]", end_of_encoded_parameter, HIDDEN },
  { '"([%w_.%-]+)\\*"%s*:%s*', end_of_member, '"' .. HIDDEN .. '"' },
  { "<([%w_.:%-]+)[^<>]*>", end_of_element, HIDDEN },
}

-- The words of this platform's Authorization header: two of them with their values, a comma between them, are one.
local CREDENTIALS = {}
for word in ("User user Organization organization Element element"):gmatch("%a+") do
  CREDENTIALS[word] = "%f[%a](" .. word .. " +)[^%s,]+"
end

local function is_authorization(text)
  local at = 1
  while true do
    local first, _, word, following, other = text:find("%f[%a](%a+) +[^%s,]+,%s*()(%a+) +[^%s,]", at)
    if not first then return false end
    if CREDENTIALS[word] and CREDENTIALS[other] then return true end
    at = following
  end
end

local function hide_authorization(text)
  if not is_authorization(text) then return text end
  for _, pattern in pairs(CREDENTIALS) do text = text:gsub(pattern, "%1" .. HIDDEN) end
  return text
end

-- What else gives itself away, each with what is left of it.
local TELLTALES = {
  { "([Aa][Uu][Tt][Hh][Oo][Rr][Ii][Zz][Aa][Tt][Ii][Oo][Nn]:%s*)[^\r\n]+", "%1" .. HIDDEN },
  { "([Cc][Oo][Oo][Kk][Ii][Ee]:%s*)[^\r\n]+", "%1" .. HIDDEN },
  { "%f[%w+.%-]([%w+.%-]+://)[^/%s?#@\"'<>]+@", "%1" .. HIDDEN .. "@" },
}

-- One of these is in everything that the patterns above find.
local TELLING = "[=%%\"@:,>]"

--- A text without secrets.
-- @tparam string text
-- @tparam[opt] {string,...} secrets values to hide wherever they stand
-- @treturn string
local function text_of(text, secrets)
  if secrets then text = disguises.hide(text, secrets) end
  if not text:find(TELLING) then return text end
  for _, named in ipairs(NAMED) do text = hide_after(text, named[1], named[2], named[3]) end
  for _, telltale in ipairs(TELLTALES) do text = text:gsub(telltale[1], telltale[2]) end
  return hide_authorization(text)
end

--- A text from elsewhere made fit for a message: one line of valid UTF-8 without secrets, and not long.
-- @tparam string text
-- @tparam number limit bytes to show at most; a text beyond 16 KiB is not searched, and so not shown
-- @tparam[opt] {string,...} secrets
-- @treturn string
local function line_of(text, limit, secrets)
  if #text > LONGEST_SHOWN then return ("(%d bytes)"):format(#text) end
  text = text_of(text, secrets):gsub("[%c%s]+", " "):gsub("^ ", ""):gsub(" $", "")
  if secrets then text = disguises.hide(text, secrets) end -- one with a space in it may have come to light just now
  if not core.is_utf8(text) then text = text:gsub("[\128-\255]", "?") end
  if #text <= limit then return text end
  while text:find("^[\128-\191]", limit + 1) do limit = limit - 1 end
  return text:sub(1, limit) .. "…"
end

local function shows_nothing(value)
  return type(value) == "boolean" or type(value) == "userdata" or value == ""
end

local function copy_of(value, secrets, seen, depth)
  if type(value) == "string" then return text_of(value, secrets) end
  if type(value) ~= "table" then return value end
  if seen[value] then return seen[value] end
  if depth > DEEPEST then return "[too deep]" end
  local copy = {}
  seen[value] = copy
  for key, entry in next, value do
    local name = type(key) == "string" and secrets and disguises.hide(key, secrets) or key
    if is_sensitive(key) and not shows_nothing(entry) then
      copy[name] = HIDDEN
    else
      copy[name] = copy_of(entry, secrets, seen, depth + 1)
    end
  end
  return errors.is(value) and setmetatable(copy, getmetatable(value)) or copy
end

--- A deep copy of a value that is safe to print: tables without their metatables, except an error's.
-- @param value anything
-- @tparam[opt] {string,...} secrets values to hide wherever they stand
-- @return the copy
local function copy(value, secrets)
  return copy_of(value, secrets, {}, 0)
end

-- The strings under sensitive names, at any depth of a checked table.
local function collect(map, list)
  for name, value in pairs(map) do
    if type(value) == "table" then
      collect(value, list)
    elseif type(value) == "string" and value ~= "" and is_sensitive(name) then
      list[#list + 1] = value
    end
  end
end

--- The secrets of one call, for hiding.
-- @tparam table values its checked values
-- @treturn {string,...}
local function secrets_of(values)
  local list = {}
  local names = options.SECRETS
  for i = 1, #names do
    local value = values[names[i]]
    if type(value) == "string" and names[i] ~= "proxy" then list[#list + 1] = value end
  end
  if type(values.proxy) == "string" then
    local user, password = address.credentials(values.proxy)
    if user then list[#list + 1] = decode(password ~= "" and password or user) end
  end
  if values.configuration then collect(values.configuration, list) end
  if values.extra then collect(values.extra, list) end
  if values.body then collect(values.body, list) end
  return list
end

return { text = text_of, line = line_of, copy = copy, secrets = secrets_of, is_sensitive = is_sensitive }
