--- Finds a secret in a text under whatever it wears: percent-encoding in either case and more than once,
-- the escapes of JSON and HTML, base64 at any offset.
--
-- Runs on text that came from elsewhere and is about to be shown, unless a quick look in C (core.may_hold)
-- has found that there is none. A text is undressed layer by layer, remembering for each byte where it came
-- from; what is found is hidden at its origin.

local core = require "sapanywhere.core"

local M = {}

local HIDDEN = "[hidden]"
local DEPTH = 3 -- how many escapes may lie on one another
-- A secret shorter than this is hidden only where it stands alone: "a" would blacken every word with an a.
local SHORT = 4
local LONG = 16 * 1024 -- a text beyond it takes too long to undress

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function to_utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code > 0xFFFF then return nil end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- What begins an escape, and who reads it at a position: what it stands for and where it ends, or nothing.
local ESCAPES = {
  ["%"] = function(text, at)
    local hex = text:match("^%x%x", at + 1)
    if hex then return string.char(tonumber(hex, 16)), at + 2 end
  end,
  ["\\"] = function(text, at)
    local hex = text:match("^u(%x%x%x%x)", at + 1)
    if hex then return to_utf8(tonumber(hex, 16)), at + 5 end
    local char = text:match("^[/\\\"']", at + 1)
    if char then return char, at + 1 end
  end,
  ["&"] = function(text, at)
    local name, last = text:match("^(%w+);()", at + 1)
    if ENTITIES[name] then return ENTITIES[name], last - 1 end
    local base, digits
    base, digits, last = text:match("^#([xX]?)(%x+);()", at + 1)
    local code = digits and #digits < 8 and tonumber(digits, base == "" and 10 or 16)
    if code then return to_utf8(code), last - 1 end
  end,
}

-- One layer less of one kind of escapes, or nothing where there is none. A layer is a text, and where each of
-- its bytes begins and ends in the text that will be shown (no table: where it stands).
local function undress(layer, mark)
  local text, escape, at = layer.text, ESCAPES[mark], 1
  local bytes, first, last, found = {}, {}, {}, false
  if not text:find(mark, 1, true) then return nil end
  while at <= #text do
    local plain, stop
    if text:sub(at, at) == mark then plain, stop = escape(text, at) end
    if plain then found = true else plain, stop = text:sub(at, at), at end
    for i = 1, #plain do
      bytes[#bytes + 1] = plain:sub(i, i)
      first[#bytes] = layer.first and layer.first[at] or at
      last[#bytes] = layer.last and layer.last[stop] or stop
    end
    at = stop + 1
  end
  return found and { text = table.concat(bytes), first = first, last = last } or nil
end

-- Calls visit(layer) for a text and for what is under its escapes, one kind after another, `depth` times.
local function each_layer(layer, depth, visit)
  visit(layer)
  for mark in pairs(depth > 0 and ESCAPES or {}) do
    local below = undress(layer, mark)
    if below then each_layer(below, depth - 1, visit) end
  end
end

-- The characters of base64 that depend on the secret alone, where `shift` (0 to 2) bytes stand before it.
local MIXED = { [0] = 0, 2, 3 }

local function base64_core(secret, shift)
  local whole = math.floor((shift + #secret) * 8 / 6)
  return core.base64(("\0"):rep(shift) .. secret):sub(MIXED[shift] + 1, whole)
end

-- The text of base64 in the alphabet that is safe in a URL.
local function url_safe(text)
  return (text:gsub("%+", "-"):gsub("/", "_"))
end

-- What to look for: its text; `alone`, whether no letter or digit may touch it; `run`, whether all the base64
-- around it is hidden with it.
local function needles_of(secret)
  local needles = { { text = secret, alone = #secret < SHORT } }
  if secret:find(" ", 1, true) then needles[2] = { text = secret:gsub(" ", "+") } end
  for shift = 0, #secret < SHORT and -1 or 2 do
    local text = base64_core(secret, shift)
    needles[#needles + 1] = { text = text, run = true }
    if text:find("[+/]") then needles[#needles + 1] = { text = url_safe(text), run = true } end
  end
  return needles
end

local function stands_alone(text, from, to)
  return not (from > 1 and text:find("^%w", from - 1)) and not text:sub(to + 1, to + 1):find("%w")
end

-- Adds the places of one needle in one layer to a list of { first, last }.
local function search(layer, needle, places)
  local text = layer.text
  local from, to = text:find(needle.text, 1, true)
  while from do
    if not needle.alone or stands_alone(text, from, to) then
      local a, b = from, to
      while needle.run and a > 1 and text:find("^[%w+/_-]", a - 1) do a = a - 1 end
      while needle.run and text:find("^[%w+/_=-]", b + 1) do b = b + 1 end
      places[#places + 1] = { layer.first and layer.first[a] or a, layer.last and layer.last[b] or b }
    end
    from, to = text:find(needle.text, to + 1, true)
  end
end

local function replace(text, places)
  table.sort(places, function(a, b) return a[1] < b[1] end)
  local out, next_byte = {}, 1
  for _, place in ipairs(places) do
    if place[1] >= next_byte then
      out[#out + 1] = text:sub(next_byte, place[1] - 1) .. HIDDEN
    end
    next_byte = math.max(next_byte, place[2] + 1)
  end
  return table.concat(out) .. text:sub(next_byte)
end

local function find(text, secrets)
  local needles, places = {}, {}
  for _, secret in ipairs(secrets) do
    for _, needle in ipairs(secret ~= "" and needles_of(secret) or {}) do needles[#needles + 1] = needle end
  end
  each_layer({ text = text }, DEPTH, function(layer)
    for _, needle in ipairs(needles) do search(layer, needle, places) end
  end)
  return places
end

--- Hides secrets in a text.
-- @tparam string text
-- @tparam {string,...} secrets
-- @treturn string the text, with "[hidden]" where one of them stood; in place of all of a long text that may hold one
function M.hide(text, secrets)
  if text == "" or not secrets[1] or not core.may_hold(text, secrets) then return text end
  if #text > LONG then return HIDDEN end
  local places = find(text, secrets)
  return places[1] and replace(text, places) or text
end

--- Whether a text holds a secret; of a long one, whether it may. A quick look nearly always, for good news is
-- looked at too.
function M.holds(text, secret)
  if #secret < SHORT then return text:find(secret, 1, true) ~= nil end
  if not core.may_hold(text, secret) then return false end
  return #text > LONG or text:find(secret, 1, true) ~= nil or find(text, { secret })[1] ~= nil
end

M.HIDDEN = HIDDEN

return M
