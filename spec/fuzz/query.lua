-- A query that is built of any names and values is taken apart into the same names and values.

local core = require "sapanywhere.core"

-- The input, cut at its first byte wherever that comes again, is the list of names and values.
local function pieces_of(input)
  local mark, list = input:sub(1, 1), {}
  if mark == "" then return list end
  for piece in (input:sub(2) .. mark):gmatch("(.-)%" .. mark) do list[#list + 1] = piece end
  if #list % 2 == 1 then list[#list] = nil end
  return list
end

return function(input)
  if input:find("^[%w%z\128-\255]") then input = "|" .. input end
  local list = pieces_of(input)
  local query = core.target("", {}, {}, list)
  assert(not query:find("[^%w%-._~%%&=]"), "a byte that is not encoded")
  for _, plus in ipairs { true, false } do
    local pairs_again = assert(core.parse_query(query, plus))
    assert(#pairs_again == #list / 2, "not as many pairs")
    for i, pair in ipairs(pairs_again) do
      assert(pair[1] == list[2 * i - 1] and pair[2] == list[2 * i], "another name or value")
    end
  end
  local broken = core.parse_query("%zz=1&" .. query .. "&a=%", true)
  assert(#broken == #list / 2 + 1 and broken[#broken][2] == false, "what is not well encoded spoils the others")
  for _, piece in ipairs(list) do
    local parsed = assert(core.parse_query(core.percent_encode(piece), false))
    assert(piece == "" and #parsed == 0 or parsed[1][1] == piece)
  end
end
