--- Did you mean: finds the known name that a mistyped one was meant to be.
-- Runs only after a mistake; spends no thought on speed.

local core = require "sapanywhere.core"

-- Edits between two words: insertions, deletions, replacements, and neighbours that changed places.
local function distance(a, b)
  local before, last = nil, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#b]
end

-- A name without case and punctuation: apiKey, API-Key and api_key are one.
local function bare(name)
  return (core.lower(name):gsub("[^%w]", ""))
end

--- The known name nearest to a wrong one.
-- @tparam string wrong
-- @tparam {string,...} names what may be meant
-- @tparam[opt] table aliases other spellings: alias → name
-- @treturn[1] string the name
-- @return[2] nil nothing is near enough
local function nearest(wrong, names, aliases)
  if #wrong > 64 then return nil end
  local wanted, best, best_distance = bare(wrong), nil, math.min(2, math.floor(#wrong / 2))
  local sorted = {}
  for _, name in ipairs(names) do sorted[#sorted + 1] = name end
  table.sort(sorted)
  for _, name in ipairs(sorted) do
    if aliases and aliases[wrong] == name or bare(name) == wanted then return name end
  end
  for _, name in ipairs(sorted) do
    local edits = distance(wrong, name)
    if edits < best_distance or (edits == best_distance and not best) then
      best, best_distance = name, edits
    end
  end
  return best
end

local function is_plain(name)
  return type(name) == "string" and #name <= 64 and name:find("^[%a_][%w_.%-]*$") ~= nil
end

--- An unknown name where it may be shown: where it is a plain word, and so hardly a secret.
-- @param name of any type
-- @treturn string the name, or "?"
local function shown(name)
  return is_plain(name) and name or "?"
end

--- A phrase for an unknown name; the name itself is only shown where it is a plain word.
-- @tparam string what what is unknown, such as "option" or "key of tls"
-- @param wrong the unknown name, of any type
-- @treturn string
local function unknown(what, wrong, names, aliases)
  if type(wrong) ~= "string" then return what .. "s are named, but one is a " .. type(wrong) end
  if not is_plain(wrong) then
    return "unknown " .. what .. " whose name is no plain word"
  end
  local name = nearest(wrong, names, aliases)
  return ("unknown %s '%s'"):format(what, wrong) .. (name and (" (did you mean '%s'?)"):format(name) or "")
end

return { nearest = nearest, unknown = unknown, shown = shown }
