--- Writes the option `where` as CEQL, the platform's query language.
--
-- It is a string that goes out as it is, or a list: CEQL with question marks, then a value for each. A string is quoted
-- with the quotes in it doubled, a number or a boolean stands bare, and a list of them fills `IN (?)`.
-- The platform documents doubled quotes for two elements only, and nothing for control characters: those are refused.

local core = require "sapanywhere.core"

local to_integer = rawget(math, "tointeger") -- not on Lua 5.1 and 5.2

local M = {}

local function wrong(problems, name, what)
  problems[#problems + 1] = { option = name, kind = "wrong", message = name .. " " .. what }
end

local FAULTS = { control = "must not hold control characters", utf8 = "must be valid UTF-8" }

-- A number as CEQL has it; integers without a point, on every Lua.
local function number_text(value)
  if to_integer and to_integer(value) then return ("%d"):format(value) end
  if value % 1 == 0 and value >= -2 ^ 63 and value <= 2 ^ 63 then return ("%.0f"):format(value) end
  return (core.encode(value))
end

-- One value as CEQL; or nil and what is wrong with it.
local function scalar_text(value)
  local kind = type(value)
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then
    if value ~= value or value == math.huge or value == -math.huge then return nil, "must be a finite number" end
    return number_text(value)
  end
  if kind ~= "string" then return nil, "must be a string, a number or a boolean, not a " .. kind end
  local fault = FAULTS[core.text_fault(value)]
  if fault then return nil, fault end
  return "'" .. value:gsub("'", "''") .. "'"
end

-- The values of one IN, with commas between them.
local function list_text(values)
  local texts, count = {}, #values
  if count == 0 then return nil, "must not be an empty list" end
  for key in next, values do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      return nil, "must be a list without gaps or names"
    end
  end
  for i = 1, count do
    local text, what = scalar_text(values[i])
    if not text then return nil, what end
    texts[i] = text
  end
  return table.concat(texts, ", ")
end

-- The text cut at its marks. A question mark inside quotes is none; a doubled quote closes and opens again, so that it
-- needs no word here. One pass over the text.
local function split_at_marks(text)
  local parts, from, quote = {}, 1, nil
  local at = text:find("[?'\"]")
  while at do
    local byte = text:sub(at, at)
    if byte == "?" then
      if not quote then
        parts[#parts + 1] = text:sub(from, at - 1)
        from = at + 1
      end
    elseif not quote then
      quote = byte
    elseif quote == byte then
      quote = nil
    end
    at = text:find("[?'\"]", at + 1)
  end
  parts[#parts + 1] = text:sub(from)
  return parts, quote
end

-- Whether the text before a mark ends in "IN (".
local function opens_list(before)
  return before:sub(-64):upper():find("%f[%w]IN%s*%(%s*$") ~= nil
end

local function value_text(value, before)
  if type(value) ~= "table" or value == core.null then return scalar_text(value) end
  if not opens_list(before) then return nil, "must not be a list, except for IN (?)" end
  return list_text(value)
end

local function fill(list, name, problems)
  local parts, open_quote = split_at_marks(list[1])
  local marks, given = #parts - 1, 0
  if open_quote then return wrong(problems, name, "has a quote that is not closed") end
  for key in next, list do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
      return wrong(problems, name, "must be a list: CEQL with question marks, then a value for each")
    end
    given = math.max(given, key - 1)
  end
  if given ~= marks then
    return wrong(problems, name, ("has %d question marks and %.0f values"):format(marks, given))
  end
  local texts = {}
  for i = 1, marks do
    local text, what = value_text(list[i + 1], parts[i])
    if not text then return wrong(problems, ("%s[%d]"):format(name, i + 1), what) end
    texts[#texts + 1] = parts[i]
    texts[#texts + 1] = text
  end
  texts[#texts + 1] = parts[marks + 1]
  return table.concat(texts)
end

--- The check of the option.
-- @tparam string|table value
-- @tparam string name of the option
-- @tparam table problems
-- @treturn string the CEQL
function M.check(value, name, problems)
  local text = value
  if type(value) == "table" then text = value[1] end
  local fault = core.text_fault(text)
  if fault == "type" then
    return wrong(problems, name, "must be CEQL, or a list of CEQL with question marks and a value for each")
  elseif fault then
    return wrong(problems, name, FAULTS[fault] or "must not be empty")
  end
  if type(value) == "table" then return fill(value, name, problems) end
  return value
end

return M
