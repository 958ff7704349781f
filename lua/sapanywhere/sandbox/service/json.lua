--- JSON as the service speaks it: written in the order given, read through lua-cjson.
-- @module sapanywhere.sandbox.json

local cjson = require "cjson"

local json = {}

local Object, List, Number = {}, {}, {}
local reader = cjson.new()
reader.decode_invalid_numbers(false)

--- JSON's null, in what is written and in what is read.
json.null = cjson.null

--- Makes an object whose members are written in the order given.
-- @tparam table members a list of `{ name, value }`; a member without a value is left out
-- @treturn table
function json.object(members) return setmetatable(members, Object) end

--- Makes a list that is written as a list even when it is empty.
-- @tparam table values
-- @treturn table
function json.list(values) return setmetatable(values, List) end

--- Makes a number that is written as it was read.
-- @tparam string text
-- @treturn table
function json.number(text) return setmetatable({ text = text }, Number) end

--- Tells whether a value was made by `object`.
function json.is_written_object(value) return getmetatable(value) == Object end

--- Tells whether a value was made by `list`.
function json.is_written_list(value) return getmetatable(value) == List end

local short = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(char)
  return short[char] or ("\\u%04x"):format(char:byte())
end

local function write_string(text)
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

local function write_number(number)
  return (number % 1 == 0 and number > -2 ^ 53 and number < 2 ^ 53 and "%d" or "%.17g"):format(number)
end

local function write_items(items, open, close, write)
  local out = {}
  for _, item in ipairs(items) do out[#out + 1] = write(item) end
  return open .. table.concat(out, ",") .. close
end

local function write_member(member)
  if member[2] ~= nil then return write_string(member[1]) .. ":" .. json.encode(member[2]) end
end

--- Writes a value.
-- @param value an `object`, a `list`, a `number`, a string, a finite number, a boolean or `null`
-- @treturn string
function json.encode(value)
  local kind = type(value)
  if kind == "string" then return write_string(value) end
  if kind == "number" then return write_number(value) end
  if kind == "boolean" then return tostring(value) end
  if value == json.null then return "null" end
  if getmetatable(value) == Number then return value.text end
  if getmetatable(value) == List then return write_items(value, "[", "]", json.encode) end
  assert(getmetatable(value) == Object, "neither an object nor a list")
  return write_items(value, "{", "}", write_member)
end

--- Reads a text.
-- @tparam string text
-- @return[1] the value, in plain tables
-- @return[2] nil where it is not JSON
function json.decode(text)
  local ok, value = pcall(reader.decode, text)
  if ok then return value end
  return nil
end

--- Tells whether a value that was read is an object with members, or an empty object or list.
-- @param value
-- @treturn boolean
function json.is_object(value)
  return type(value) == "table" and #value == 0
end

return json
