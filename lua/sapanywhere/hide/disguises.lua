--- Hides secrets in a text by their value. Where one stands as it is, in base64 at any offset, or under one kind of
-- escapes (percent-encoding, JSON's, HTML's), its place is hidden; under stranger disguises the whole text is.
--
-- Runs on text that came from elsewhere and is about to be shown. core.may_hold looks first, and finds in nearly all of
-- it that there is nothing to hide; it looks once more at what would be shown.
--
-- The time grows with the text's length and no faster. A text has at most four layers: itself, and itself without one
-- kind of escapes. Each is made, and searched for each form of each secret, from left to right.

local core = require "sapanywhere.core"

local M = {}

local HIDDEN = "[hidden]"
-- A secret shorter than this is hidden only where it stands alone: "a" would blacken every word with an a.
local SHORT = 4
local LONG = 8 * 1024 -- bytes; of a longer text that holds a secret nothing is shown

-- What is left of a text that holds a secret when all of it is hidden.
M.HIDDEN = HIDDEN

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function to_utf8(code)
  local floor = math.floor
  if code < 0x80 then return string.char(code) end
  local last = 0x80 + code % 64
  if code < 0x800 then return string.char(0xC0 + floor(code / 64), last) end
  local third = 0x80 + floor(code / 64) % 64
  if code < 0x10000 then return string.char(0xE0 + floor(code / 4096), third, last) end
  if code > 0x10FFFF then return nil end
  return string.char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64, third, last)
end

-- "uXXXX", and the second half of a pair where it follows.
local function read_unicode(text, at)
  local hex = text:match("^u(%x%x%x%x)", at)
  if not hex then return nil end
  local code = tonumber(hex, 16)
  local low = code >= 0xD800 and code < 0xDC00 and text:match("^\\u([Dd][C-Fc-f]%x%x)", at + 5)
  if not low then return to_utf8(code), at + 4 end
  return to_utf8(0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00), at + 10
end

-- What begins an escape, and who reads on behind it: what it stands for and where it ends, or nothing.
local ESCAPES = {
  ["%"] = function(text, at)
    local hex = text:match("^%x%x", at)
    if hex then return string.char(tonumber(hex, 16)), at + 1 end
  end,
  ["\\"] = function(text, at)
    local char = text:match("^[/\\\"']", at)
    if char then return char, at end
    return read_unicode(text, at)
  end,
  ["&"] = function(text, at)
    local name, last = text:match("^([a-z]+);()", at)
    if name then return ENTITIES[name], last - 1 end
    local base, digits
    base, digits, last = text:match("^#([xX]?)(%x+);()", at)
    local code = digits and #digits < 8 and tonumber(digits, base == "" and 10 or 16)
    if code then return to_utf8(code), last - 1 end
  end,
}

-- A layer is a text, and the escapes that were taken off it, in their order: { first and last byte of what one stands
-- for in this text, first and last byte of the escape in the text that will be shown }. None where it has no escapes.
local function undress(text, mark)
  local read, parts, escapes, next_byte, length = ESCAPES[mark], {}, {}, 1, 0
  local at = text:find(mark, 1, true)
  while at do
    local plain, last = read(text, at + 1)
    if plain then
      parts[#parts + 1] = text:sub(next_byte, at - 1)
      parts[#parts + 1] = plain
      length = length + at - next_byte
      escapes[#escapes + 1] = { length + 1, length + #plain, at, last }
      length, next_byte = length + #plain, last + 1
    end
    at = text:find(mark, plain and next_byte or at + 1, true)
  end
  if not escapes[1] then return nil end
  return { text = table.concat(parts) .. text:sub(next_byte), escapes = escapes }
end

-- Where places in a layer, in their order and apart from each other, are in the text that will be shown.
local function origins_of(places, escapes)
  local next_escape, shift = 1, 0 -- of the first escape that ends behind the byte; what those before it took off
  local function origin(byte, side)
    while escapes[next_escape] and escapes[next_escape][2] < byte do
      shift = escapes[next_escape][4] - escapes[next_escape][2]
      next_escape = next_escape + 1
    end
    local escape = escapes[next_escape]
    return escape and escape[1] <= byte and escape[side] or byte + shift
  end
  for _, place in ipairs(places) do
    place[1] = origin(place[1], 3)
    place[2] = origin(place[2], 4)
  end
end

-- The characters of base64 that depend on the secret alone, where `shift` (0 to 2) bytes stand before it.
local MIXED = { [0] = 0, 2, 3 }

local function base64_core(secret, shift)
  local whole = math.floor((shift + #secret) * 8 / 6)
  return core.base64(("\0"):rep(shift) .. secret):sub(MIXED[shift] + 1, whole)
end

-- What to look for: its text; `alone`, whether no letter or digit may touch it; `run`, whether all the base64 around it
-- is hidden with it.
local function needles_of(secrets)
  local needles = {}
  for _, secret in ipairs(secrets) do
    if secret ~= "" then needles[#needles + 1] = { text = secret, alone = #secret < SHORT } end
    if secret:find(" ", 1, true) then needles[#needles + 1] = { text = secret:gsub(" ", "+") } end
    for shift = 0, #secret < SHORT and -1 or 2 do
      needles[#needles + 1] = { text = base64_core(secret, shift), run = true }
    end
  end
  return needles
end

local function stands_alone(text, first, last)
  return not text:sub(first - 1, first - 1):find("[0-9A-Za-z]") and not text:find("^[0-9A-Za-z]", last + 1)
end

-- Both alphabets of base64 as one.
local STANDARD = { ["-"] = "+", ["_"] = "/" }

-- The places of one needle, in their order and apart from each other. Each byte is passed over at most twice: by the
-- search, and by the run around what was found, which begins behind the place before it and where the search goes on.
local function search(text, needle)
  local places, last_place = {}, { 0, 0 }
  local first, last = text:find(needle.text, 1, true)
  while first do
    if needle.run then
      while first > last_place[2] + 1 and text:find("^[0-9A-Za-z+/]", first - 1) do first = first - 1 end
      last = text:match("^[0-9A-Za-z+/]*=*()", last + 1) - 1
    end
    if not needle.alone or stands_alone(text, first, last) then
      if first > last_place[2] then
        last_place = { first, last }
        places[#places + 1] = last_place
      else
        last_place[2] = last
      end
    end
    first, last = text:find(needle.text, needle.run and last + 1 or first + 1, true)
  end
  return places
end

-- Notes the places of all needles in one layer: where each begins in the text that will be shown → where it ends.
local function search_layer(layer, needles, ends)
  local standard = layer.text:gsub("[_-]", STANDARD)
  for _, needle in ipairs(needles) do
    local places = search(needle.run and standard or layer.text, needle)
    if layer.escapes then origins_of(places, layer.escapes) end
    for _, place in ipairs(places) do ends[place[1]] = math.max(ends[place[1]] or 0, place[2]) end
  end
end

-- Places may overlap here: one secret may begin with another's end. Passing over every byte orders them.
local function replace(text, ends)
  local out, next_byte = {}, 1
  for first = 1, #text do
    local last = ends[first]
    if last and first >= next_byte then
      out[#out + 1] = text:sub(next_byte, first - 1)
      out[#out + 1] = HIDDEN
    end
    if last and last >= next_byte then next_byte = last + 1 end
  end
  return table.concat(out) .. text:sub(next_byte)
end

--- Hides secrets in a text.
-- @tparam string text
-- @tparam {string,...} secrets
-- @treturn string the text, with "[hidden]" where one of them stood, or in place of all of it
function M.hide(text, secrets)
  if text == "" or not secrets[1] or not core.may_hold(text, secrets) then return text end
  if #text > LONG then return HIDDEN end
  local needles, ends = needles_of(secrets), {}
  search_layer({ text = text }, needles, ends)
  for mark in pairs(ESCAPES) do
    local layer = undress(text, mark)
    if layer then search_layer(layer, needles, ends) end
  end
  local shown = replace(text, ends)
  return core.may_hold(shown, secrets) and HIDDEN or shown
end

return M
