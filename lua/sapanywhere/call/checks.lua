--- What a value given by the caller must look like.
--
-- Every check is called `check(value, name, problems, values)`. It returns the value to keep: a copy of what
-- is a table. What is wrong goes into the list `problems` with its name and never with its value. A check
-- that learns more than one thing leaves the rest in `values`.

local core = require "sapanywhere.core"
local address = require "sapanywhere.call.address"
local suggest = require "sapanywhere.base.suggest"

local text_fault = core.text_fault

local M = {}

--- Notes that a value is wrong: the phrase goes on behind the option's name.
local function wrong(problems, name, what)
  problems[#problems + 1] = { option = name, kind = "wrong", message = name .. " " .. what }
end

M.wrong = wrong

-- The name of an entry of a table; odd names are not shown.
local function inside(name, key)
  if type(key) == "number" then return ("%s[%d]"):format(name, key) end
  return name .. "." .. (key:find("^[%w_.%-]+$") and #key <= 64 and key or "(odd name)")
end

local FAULTS = {
  empty = "must not be empty", control = "must not hold control characters", utf8 = "must be valid UTF-8",
}

local function blame(fault, value, name, problems)
  wrong(problems, name, FAULTS[fault] or "must be a string, not a " .. type(value))
end

-- Text that may be empty.
local function plain(value, name, problems)
  local fault = text_fault(value)
  if not fault or fault == "empty" then return value end
  blame(fault, value, name, problems)
end

function M.text(value, name, problems)
  local fault = text_fault(value)
  if not fault then return value end
  blame(fault, value, name, problems)
end

-- The platform shows secrets as stars in its answers; sent back, they would become the secret.
local MASKS = {}
for stars = 3, 16 do MASKS[("*"):rep(stars)] = true end

local function refuse_mask(value, name, problems)
  if MASKS[value] then wrong(problems, name, "must be the value itself, not the server's mask for it") end
end

-- A secret, or a function that returns it when a call needs it: then `values.special`.
function M.secret(value, name, problems, values)
  if not text_fault(value) and not MASKS[value] then return value end
  if type(value) == "function" then
    values.special = true
    return value
  end
  refuse_mask(value, name, problems)
  return M.text(value, name, problems)
end

-- A secret that stands in the Authorization header, where comma and white space separate.
function M.header_secret(value, name, problems, values)
  if type(value) == "string" and (value:find(",", 1, true) or value:find(" ", 1, true)) then
    wrong(problems, name, "must not hold a comma or white space")
  end
  return M.secret(value, name, problems, values)
end

--- The checks that have nothing against plain text, or against a plain word, whatever they say to anything else.
M.TEXTS = { [M.text] = "text", [M.secret] = "text", [M.header_secret] = "word" }

-- The user agent; the headers that every request has stand ready in `values.headers`.
function M.user_agent(value, name, problems, values)
  if type(value) == "string" then
    values.headers = { "Accept: application/json", "User-Agent: " .. value }
  end
  return M.text(value, name, problems)
end

function M.boolean(value, name, problems)
  if type(value) ~= "boolean" then wrong(problems, name, "must be true or false") end
  return value
end

function M.callable(value, name, problems)
  if type(value) ~= "function" then wrong(problems, name, "must be a function") end
  return value
end

function M.seconds(value, name, problems)
  if type(value) ~= "number" or not (value > 0 and value <= 86400) then
    wrong(problems, name, "must be a number of seconds above 0 and at most 86400")
  end
  return value
end

--- A check for whole numbers between two limits.
function M.integer(least, most)
  local what = ("must be a whole number from %d to %d"):format(least, most)
  return function(value, name, problems)
    if type(value) ~= "number" or not (value >= least and value <= most) or value % 1 ~= 0 then
      wrong(problems, name, what)
      return value
    end
    return math.floor(value)
  end
end

--- A check for one of a few words; where `others` is given, a value of that type is welcome too.
function M.word(words, others)
  local known = {}
  for _, word in ipairs(words) do known[word] = true end
  local what = 'must be "' .. table.concat(words, '" or "') .. '"' .. (others and " or a " .. others or "")
  return function(value, name, problems)
    if not known[value] and type(value) ~= others then wrong(problems, name, what) end
    return value
  end
end

--- A check for a table with known keys: key → its own check.
function M.record(keys)
  local names = {}
  for key in pairs(keys) do names[#names + 1] = key end
  return function(value, name, problems)
    if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
    local copy = {}
    for key, entry in pairs(value) do
      if keys[key] then
        copy[key] = keys[key](entry, inside(name, key), problems)
      else
        problems[#problems + 1] =
          { option = name, kind = "unknown", message = suggest.unknown("key of " .. name, key, names) }
      end
    end
    return copy
  end
end

function M.state(value, name, problems)
  if value == false then return false end
  return M.text(value, name, problems)
end

--- An element's key, or its numeric id as a number or digits; kept as a string. As a segment of a path it
-- stands ready in `values.segment`, and `values.by_id` tells which of the two it is.
function M.element(value, name, problems, values)
  if type(value) == "number" then
    if not (value >= 1 and value <= 2 ^ 53) or value % 1 ~= 0 then
      wrong(problems, name, "must be a positive whole number where it is an id")
      return value
    end
    value = ("%.0f"):format(value)
  elseif type(value) ~= "string" then
    return wrong(problems, name, "must be a key or a numeric id")
  end
  values.segment, values.by_id = core.percent_encode(value), value:find("^%d+$") ~= nil
  if value:find("[/?#]") or value == "." or value == ".." then
    wrong(problems, name, "must be one segment of a path: no '/', '?' or '#', not '.' or '..'")
  end
  return M.text(value, name, problems)
end

-- What the last good base URL was read as: a program has one or a few, and may give one with every call.
local last = {}

function M.base_url(value, name, problems, values)
  if value ~= last.url then
    if type(value) ~= "string" then return blame("type", value, name, problems) end
    local origin, path = address.base(value)
    if not origin then return wrong(problems, name, path) end
    last = { url = value, origin = origin, prefix = path, base = origin .. path }
  end
  values.origin, values.prefix = last.origin, last.prefix
  return last.base
end

function M.proxy(value, name, problems, values)
  if type(value) == "function" then return M.secret(value, name, problems, values) end
  if type(value) ~= "string" then return wrong(problems, name, "must be a string, not a " .. type(value)) end
  local url, what = address.proxy(value)
  if not url then return wrong(problems, name, what) end
  return url
end

function M.tags(value, name, problems)
  if type(value) ~= "table" then
    return wrong(problems, name, 'must be a list of strings, such as { "eu" }')
  end
  local copy, count = {}, #value
  for key in pairs(value) do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      wrong(problems, name, "must be a list of strings without gaps or names")
      return copy
    end
  end
  for i = 1, count do
    local tag = value[i]
    copy[i] = text_fault(tag) and M.text(tag, inside(name, i), problems) or tag
  end
  return core.array(copy)
end

local function scalar(value, name, problems)
  if type(value) == "boolean" then return value end
  if type(value) == "number" then
    if value ~= value or value == math.huge or value == -math.huge then
      wrong(problems, name, "must be a finite number")
    end
    return value
  end
  if type(value) ~= "string" then return wrong(problems, name, "must be a string, a number or a boolean") end
  refuse_mask(value, name, problems)
  return plain(value, name, problems)
end

local function entry_name(key, name, problems)
  if type(key) ~= "string" then
    return wrong(problems, name, "must have strings for names, not a " .. type(key))
  end
  if key == "" then return wrong(problems, name, "must not have an empty name") end
  return plain(key, name .. ": a name", problems)
end

--- Names with strings, numbers or booleans: a configuration, or more parameters of a query. Like `tree`, it
-- may hold entries that have an option of their own: then `values.special`.
function M.map(value, name, problems, values)
  values.special = true
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  local copy = {}
  for key, entry in pairs(value) do
    if entry_name(key, name, problems) then copy[key] = scalar(entry, inside(name, key), problems) end
  end
  return copy
end

local array_metatable = getmetatable(core.array({}))

-- Lua may count a list with a gap in it to its end.
local function has_gap(list, count)
  for i = 1, count do
    if list[i] == nil then return true end
  end
  return false
end

local function copy_tree(value, name, problems, above)
  if value == core.null then return value end
  if type(value) ~= "table" then return scalar(value, name, problems) end
  if above[value] or above.depth >= 64 then
    return wrong(problems, name, "must not hold itself or be nested deeper than 64")
  end
  local copy, count = {}, #value
  if has_gap(value, count) then return wrong(problems, name, "must be a list without gaps") end
  above[value], above.depth = true, above.depth + 1
  for key, entry in pairs(value) do
    local listed = count > 0 and type(key) == "number" and key >= 1 and key <= count and key % 1 == 0
    if count > 0 and not listed then
      wrong(problems, name, "must be either a list or a table of names, not both")
      break
    elseif listed or entry_name(key, name, problems) then
      copy[key] = copy_tree(entry, inside(name, key), problems, above)
    end
  end
  above[value], above.depth = nil, above.depth - 1
  return getmetatable(value) == array_metatable and core.array(copy) or copy
end

--- Anything that JSON can say, with a name for each entry at the top.
function M.tree(value, name, problems, values)
  values.special = true
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  if value[1] ~= nil then return wrong(problems, name, "must be a table of names, not a list") end
  return copy_tree(value, name, problems, { depth = 0 })
end

return M
