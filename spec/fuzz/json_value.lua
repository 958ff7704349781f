-- Whatever decodes encodes again, into text that decodes to the same; lua-cjson refuses no text that the scan
-- accepts.

local core = require "sapanywhere.core"

local math_type, to_integer = rawget(math, "type"), rawget(math, "tointeger") -- run on Lua 5.4 only

local MANY = 100 -- levels that the encoder writes

local function depth_of(value, above)
  local deepest = above
  if type(value) ~= "table" then return above end
  for _, inner in pairs(value) do
    local depth = depth_of(inner, above + 1)
    if depth > deepest then deepest = depth end
  end
  return deepest
end

local function same(a, b)
  if type(a) ~= type(b) or math_type(a) ~= math_type(b) then return false end
  if type(a) ~= "table" then return a == b or a ~= a and b ~= b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- JSON's numbers have one zero less, and a whole float is written as it would be read: as an integer.
local function plain(value)
  local is_float = math_type(value) == "float"
  if is_float and value % 1 == 0 and math.abs(value) <= 2 ^ 53 then return to_integer(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = plain(inner) end
  return copy
end

return function(input)
  for _, keep in ipairs { true, false } do
    local value, problem, offset = core.decode(input, keep)
    local mended_value, mended = core.decode_once(input, keep)
    if mended_value ~= nil and value ~= nil then assert(#mended == 0 and same(value, mended_value), "mended JSON") end
    if value == nil then
      assert(problem ~= "the decoder refuses it", problem)
      assert(offset >= 0 and offset <= #input, "a fault outside the text")
    elseif depth_of(value, 0) < MANY then
      local text = assert(core.encode(value))
      local again, refused = core.decode(text, keep)
      assert(refused == nil, refused)
      assert(same(plain(value), plain(again)), "another value")
    end
  end
end
