-- Values never leave the quotes that `where` puts round them: taken apart as CEQL has it, what is written is the text
-- round its marks, and the values again. A text that is refused is refused with words.

local ceql = require "sapanywhere.call.ceql"

-- The text outside of quotes, and what stands in each pair of them, doubled quotes as one.
local function take_apart(text)
  local outside, strings, at = {}, {}, 1
  while true do
    local open = text:find("'", at, true)
    outside[#outside + 1] = text:sub(at, (open or 0) - 1)
    if not open then return table.concat(outside), strings end
    local value, from = {}, open + 1
    while true do
      local close = assert(text:find("'", from, true), "a quote is not closed")
      value[#value + 1] = text:sub(from, close - 1)
      if text:sub(close + 1, close + 1) ~= "'" then
        at = close + 1
        break
      end
      value[#value + 1], from = "'", close + 2
    end
    strings[#strings + 1] = table.concat(value)
  end
end

return function(input)
  local half = math.floor(#input / 2)
  local one, other = input:sub(1, half), input:sub(half + 1)
  local problems = {}
  local text = ceql.check({ "a = ? AND b IN (?)", one, { other, 7, true } }, "where", problems)
  if text then
    local outside, strings = take_apart(text)
    assert(outside == "a =  AND b IN (, 7, true)", "text of a value stands outside of its quotes")
    assert(#strings == 2 and strings[1] == one and strings[2] == other, "another value")
  else
    assert(#problems > 0 and problems[1].message:find("^where"), "refused without a word")
  end
  problems = {}
  local whole = ceql.check({ input, 1 }, "where", problems)
  assert(whole or #problems > 0, "refused without a word")
end
