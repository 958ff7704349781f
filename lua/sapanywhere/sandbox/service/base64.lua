--- Base64, as the service needs it: standard, padded.
-- @module sapanywhere.sandbox.base64

local base64 = {}

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local values = {}
for index = 1, #alphabet do values[alphabet:sub(index, index)] = index - 1 end

local function digit(number, place)
  local index = math.floor(number / place) % 64 + 1
  return alphabet:sub(index, index)
end

local function encode_group(group)
  local a, b, c = group:byte(1, 3)
  local number = a * 65536 + (b or 0) * 256 + (c or 0)
  return digit(number, 262144) .. digit(number, 4096) .. (b and digit(number, 64) or "=")
    .. (c and digit(number, 1) or "=")
end

--- Encodes bytes.
-- @tparam string bytes
-- @treturn string
function base64.encode(bytes)
  return (bytes:gsub("..?.?", encode_group))
end

local function decode_group(group)
  local number, padding = 0, select(2, group:gsub("=", ""))
  for char in group:gmatch(".") do number = number * 64 + (values[char] or 0) end
  local bytes = string.char(math.floor(number / 65536), math.floor(number / 256) % 256, number % 256)
  return bytes:sub(1, 3 - padding)
end

--- Decodes a text.
-- @tparam string text
-- @treturn[1] string the bytes
-- @return[2] nil where it is no padded base64
function base64.decode(text)
  if #text % 4 ~= 0 or not text:find("^[%w+/]*=?=?$") then return nil end
  return (text:gsub("....", decode_group))
end

return base64
