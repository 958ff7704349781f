--- Texts that look like secrets, random and the same for the same SEED.

local state = (tonumber(os.getenv "SEED" or "") or 20161118) % 2147483646 + 1
local LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGH23456789+/=-_."

--- @tparam number length
-- @treturn string that many characters, first and last of them letters
return function(length)
  local parts = {}
  for place = 1, length do
    state = state * 16807 % 2147483647
    local index = state % ((place == 1 or place == length) and 24 or #LETTERS) + 1
    parts[place] = LETTERS:sub(index, index)
  end
  return table.concat(parts)
end
