--- Writes JSON whose names are sorted, and reads it: what is printed is the same each time.

local sapanywhere = require "sapanywhere"
local cjson = require "cjson".new()

local kind_of = rawget(math, "type") or type -- "integer" only where there are such

local M = {}

local function write_string(text)
  return (cjson.encode(text):gsub("\\/", "/"):gsub("\127", "\\u007f"))
end

-- The shortest text that reads as the same number.
local function write_number(number)
  if number ~= number or number == 1 / 0 or number == -1 / 0 then return "null" end
  if number % 1 == 0 and math.abs(number) < 2 ^ 53 then return ("%.0f"):format(number) end
  if kind_of(number) == "integer" then return tostring(number) end
  for digits = 14, 17 do
    local text = ("%." .. digits .. "g"):format(number):gsub(",", ".")
    if tonumber(text) == number then return text end
  end
end

local WRITERS = {
  string = write_string, number = write_number, boolean = tostring,
  ["nil"] = function() return "null" end,
}

local function sorted_names(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

function WRITERS.table(value)
  local parts = {}
  if value[1] ~= nil or next(value) == nil then
    for index, entry in ipairs(value) do parts[index] = M.write(entry) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for _, name in ipairs(sorted_names(value)) do
    parts[#parts + 1] = write_string(tostring(name)) .. ":" .. M.write(value[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- Writes a value on one line. What is empty is written as a list.
function M.write(value)
  if value == sapanywhere.null then return "null" end
  local writer = WRITERS[type(value)]
  return writer and writer(value) or "null"
end

--- Reads a text.
-- @return[1] the value
-- @return[2] nil where it is not JSON
function M.read(text)
  local ok, value = pcall(cjson.decode, text)
  if ok then return value end
end

M.names = sorted_names

return M
