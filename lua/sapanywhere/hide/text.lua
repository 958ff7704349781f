--- Texts made fit to show: without secrets, found by their value (disguises.lua) or by the name that they stand under
-- (names.lua), and on one line that does nothing to a terminal.
--
-- Whoever sent a text may have made it to be slow. Each rule goes through it once: what is looked at behind a name
-- ends where the next name can begin, or is hidden, and no two parts of a pattern that can both be long match the same
-- bytes.

local core = require "sapanywhere.core"
local disguises = require "sapanywhere.hide.disguises"
local names = require "sapanywhere.hide.names"

local HIDDEN = disguises.HIDDEN
local LONGEST_SHOWN = 16 * 1024

local is_sensitive = names.is_sensitive

-- Names as they are written.

local function byte_of(hex) return string.char(tonumber(hex, 16)) end

-- In JSON text any letter may be an escape.
local function is_sensitive_member(name)
  if name:find("\\", 1, true) then name = name:gsub("\\+u00(%x%x)", byte_of) end
  return is_sensitive(name)
end

-- A parameter is encoded as often as the URL that it stands in, and what stands before it may be the rest of that URL.
local function is_sensitive_parameter(name)
  if not name:find("%", 1, true) then return names.has_sensitive_part(name) end
  for _ = 1, 3 do name = name:gsub("%%(%x%x)", byte_of) end
  return names.has_sensitive_part(name:match("^.*[?&#/](.*)$") or name)
end

-- Values: each function is told where one begins, and returns the first place behind it and, where not all of it is
-- hidden, the first place that is.

-- Behind a string's end: the next quote of its kind with no more backslashes before it than before its beginning.
local function end_of_string(text, at, escapes, quote)
  while true do
    local found, first = text:find(quote, at, true), at
    if not found then return #text + 1 end
    local before = found
    while before > first and text:byte(before - 1) == 92 do before = before - 1 end
    at = found + 1
    if found - before <= escapes then return at end
  end
end

-- A member of JSON text, which may itself stand escaped in a string, or be cut short.
local function end_of_member(text, at)
  local escapes, quote, inside = text:match("^(\\*)([\"'])()", at)
  if escapes then return end_of_string(text, inside, #escapes, quote) end
  if text:find("^null", at) then return at end
  if text:find("^[%[{]", at) then return text:match("^%b[]()", at) or text:match("^%b{}()", at) or #text + 1 end
  return text:match("^[^,%s%]}]*()", at)
end

-- A quote with a comma or bracket behind it ends the string in which the name stands.
local function end_of_quoted(text, at)
  return text:find("^\\*[\"'][^%s,;}%]>]", at) and end_of_member(text, at) or at
end

-- A quote in the middle of a word does not end a parameter.
local function end_of_parameter(text, at)
  local stop = text:match("^[^&%s\"<>]*()", at)
  while stop > at and text:find('^"[0-9A-Za-z]', stop) do stop = text:match("^[^&%s\"<>]*()", stop + 1) end
  return stop
end

-- In a URL inside a URL, '&' is encoded too.
local function end_of_encoded(text, at)
  local stop = end_of_parameter(text, at)
  local encoded = text:sub(at, stop - 1):find("%%2?5?26")
  return encoded and at + encoded - 1 or stop
end

-- An element is over at its closing tag; one that has none hides what follows it.
local function end_of_element(text, at, name)
  local last = text:match("^[^<>]*()", at)
  if text:byte(last) ~= 62 or text:byte(last - 1) == 47 then return at end
  return text:find("</" .. name, last, true) or #text + 1, last + 1
end

-- A value in quotes or brackets is another rule's.
local function end_of_line(text, at)
  return text:find("^[\"'\\{%[/]", at) and at or text:match("^[^\r\n]*()", at)
end

-- Rules: `find(text, at)` gives the first and last byte of a name and what ends it, and the name; `judge` tells whether
-- what follows is a secret, `stop` where it ends.

local function matcher(pattern)
  return function(text, at) return text:find(pattern, at) end
end

-- What stands before an encoded equals sign, from the last place on that was looked at.
local function find_encoded(text, at)
  local first, last = text:find("%%2?5?3[Dd]", at)
  if not first then return nil end
  local start = first
  while start > at and text:find("^[0-9A-Za-z_.%%-]", start - 1) do start = start - 1 end
  return start, last, text:sub(start, first - 1)
end

-- Lists of pairs, such as { "key": "api.secret", "value": "…" }, name a value one member before it.
local IS_NAMING = { name = true, key = true }

local function pair_judge()
  local named
  return function(name, text, last)
    if name == "value" and named then
      named = nil
      return true
    end
    if IS_NAMING[name] then named = is_sensitive(text:match('^\\*["\']([^"\'\\]*)', last + 1)) end
    return is_sensitive_member(name)
  end
end

-- A word before a colon is a header's name where a line begins; elsewhere it must look like one.
local function is_header(name, text, _, first)
  if not is_sensitive(name) then return false end
  if name:find("[-_.]") or name:find("^[AaCc]") then return true end
  while text:find("^[ \t]", first - 1) and first > 1 do first = first - 1 end
  return first == 1 or text:find("^[\r\n]", first - 1) ~= nil
end

local IN_QUOTES = '"' .. HIDDEN .. '"'

-- `needs`: without one of these characters there is nothing for the rule.
local RULES = {
  { needs = ":", find = matcher '"([^"]*)"%s*:%s*', make_judge = pair_judge, stop = end_of_member,
    shown = IN_QUOTES },
  { needs = ":", find = matcher "'([^']*)'%s*:%s*", make_judge = pair_judge, stop = end_of_member,
    shown = IN_QUOTES },
  { needs = "[\"']", find = matcher "%f[0-9A-Za-z_.%-]([0-9A-Za-z_.%-]+)%s*[:=]%s*", judge = is_sensitive,
    stop = end_of_quoted, shown = IN_QUOTES },
  { needs = "=", find = matcher "%f[0-9A-Za-z_.%%;%[%]%-]([0-9A-Za-z_.%%;%[%]%-]+)=", stop = end_of_parameter,
    judge = is_sensitive_parameter },
  { needs = "%%", find = find_encoded, judge = is_sensitive_parameter, stop = end_of_encoded },
  { needs = "<", find = matcher "<([0-9A-Za-z_.:%-]+)", judge = names.has_sensitive_part, stop = end_of_element },
  { needs = ":", find = matcher "%f[0-9A-Za-z_.%-]([0-9A-Za-z_.%-]+)[ \t]*:[ \t]*", judge = is_header,
    stop = end_of_line },
}

local function apply(rule, text)
  local out, next_byte, at = {}, 1, 1
  local judge = rule.judge or rule.make_judge()
  local first, last, name = rule.find(text, at)
  while first do
    at = last + 1
    if judge(name, text, last, first) then
      local after, from = rule.stop(text, at, name)
      from = from or at
      if after > from then
        out[#out + 1] = text:sub(next_byte, from - 1)
        out[#out + 1] = rule.shown or HIDDEN
        at, next_byte = after, after
      end
    end
    first, last, name = rule.find(text, at)
  end
  return table.concat(out) .. text:sub(next_byte)
end

-- Credentials in URLs. The last '@' of the authority ends them; where a password has a slash in it, and so no port
-- stands behind the colon, the last one of the URL.
local function hide_credentials(text)
  local out, next_byte = {}, 1
  local from = text:match("//()")
  while from do
    local authority, rest = text:match("^([^/%s?#\"'<>]*)()", from)
    local stop = authority:match("^.*()@")
    if not stop and authority:find(":", 1, true) and not authority:find(":%d*$") then
      local whole = text:match("^[^%s\"'<>]*", rest)
      stop = whole:match("^.*()@")
      stop, rest = stop and stop + #authority, rest + #whole
    end
    if stop and stop > 1 then
      out[#out + 1] = text:sub(next_byte, from - 1)
      out[#out + 1] = HIDDEN
      next_byte = from + stop - 1
    end
    from = text:match("//()", math.max(rest, next_byte))
  end
  return table.concat(out) .. text:sub(next_byte)
end

-- The words of this platform's Authorization header: two of them with their values, a comma between them, are one.
local CREDENTIALS = {}
for word in ("User user Organization organization Element element"):gmatch("%a+") do
  CREDENTIALS[word] = "%f[A-Za-z](" .. word .. " +)[^%s,;]+"
end

local function is_authorization(text)
  local at = 1
  while true do
    local first, _, word, following, other =
      text:find("%f[A-Za-z]([A-Za-z]+) +[^%s,;]+[,;]%s*()([A-Za-z]+) +[^%s,;]", at)
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

-- Words that alone begin an Authorization header: how long what follows must at least be to look like no word of a
-- sentence, if it has a digit in it.
local SCHEMES = { Bearer = 1, bearer = 1, BEARER = 1, Basic = 1, basic = 1, BASIC = 1, Organization = 8 }
local LONGEST_WORD = 16

local function hide_scheme(word, space, value)
  local least = SCHEMES[word]
  if not least or #value < least then return nil end
  return (#value > LONGEST_WORD or value:find("[0-9]")) and word .. space .. HIDDEN or nil
end

local M = { is_sensitive = is_sensitive }

--- A text without secrets.
-- @tparam string text
-- @tparam[opt] {string,...} secrets values to hide wherever they stand
-- @treturn string
function M.text(text, secrets)
  if secrets then text = disguises.hide(text, secrets) end
  if not text:find("[=%%\"':@,;< ]") then return text end
  text = text:gsub("%f[A-Za-z]([BbO][A-Za-z]+)( +)([^%s,;\"'<>]+)", hide_scheme)
  for _, rule in ipairs(RULES) do
    if text:find(rule.needs) then text = apply(rule, text) end
  end
  if text:find("@", 1, true) then text = hide_credentials(text) end
  return text:find("[,;]") and hide_authorization(text) or text
end

-- Characters that are not seen but do something: the control characters of ASCII and Latin-1, the marks that break
-- lines, turn the direction of writing or take no room. The two joiners stay: words and pictures are written with them.
local UNSEEN = {
  { 0x80, 0x9F }, { 0xAD, 0xAD }, { 0x61C, 0x61C }, { 0x180E, 0x180E }, { 0x200B, 0x200B }, { 0x200E, 0x200F },
  { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
}
local FIRST_BYTES = "[\194\216\225\226\239\243]" -- of the UTF-8 of all these

local function name_unseen(char)
  local first = char:byte()
  local code = first < 0xE0 and first - 0xC0 or first < 0xF0 and first - 0xE0 or first - 0xF0
  for i = 2, #char do code = code * 64 + char:byte(i) - 0x80 end
  for _, range in ipairs(UNSEEN) do
    if code >= range[1] and code <= range[2] then return ("<U+%04X>"):format(code) end
  end
end

--- A text in which nothing acts unseen: control characters are spaces, others have their names, such as "<U+202E>".
-- @tparam string text
-- @treturn string
function M.visible(text)
  if not text:find("[%z\1-\31\127-\255]") then return text end
  text = text:gsub("[%z\1-\31\127]+", " ")
  if not core.is_utf8(text) then return (text:gsub("[\128-\255]", "?")) end
  return (text:gsub(FIRST_BYTES .. "[\128-\191]+", name_unseen))
end

local function has_space(secrets)
  for _, secret in ipairs(secrets) do
    if secret:find(" ", 1, true) then return true end
  end
  return false
end

--- A text from elsewhere made fit for a message: one line of valid UTF-8 without secrets, and not long.
-- @tparam string text
-- @tparam number limit bytes to show at most; a text beyond 16 KiB is not searched, and so not shown
-- @tparam[opt] {string,...} secrets
-- @treturn string
function M.line(text, limit, secrets)
  if #text > LONGEST_SHOWN then return ("(%d bytes)"):format(#text) end
  text = M.text(text, secrets):gsub("[%z\1-\32\127]+", " "):gsub("^ ", ""):gsub(" $", "")
  if secrets and has_space(secrets) then text = disguises.hide(text, secrets) end -- it may have come to light just now
  text = M.visible(text)
  if #text <= limit then return text end
  while text:find("^[\128-\191]", limit + 1) do limit = limit - 1 end
  return text:sub(1, limit) .. "…"
end

return M
