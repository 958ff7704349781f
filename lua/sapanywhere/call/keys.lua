--- Keys that may be changed without a break: one, or a list of which the first is used and all are accepted.

local wrong = require("sapanywhere.call.checks").wrong

-- Counts what `pairs` gives; 0 where that is not 1, 2, 3 and so on.
local function count_list(list)
  local count = 0
  for _ in pairs(list) do count = count + 1 end
  for index = 1, count do
    if list[index] == nil then return 0 end
  end
  return count
end

local function place(name, index)
  return ("%s[%s]"):format(name, type(index) == "number" and index or "?")
end

--- A check for keys.
-- @tparam number least how many bytes each has at least
-- @treturn function a check as in `call.checks`; it keeps a list of its own
local function check(least)
  local what = ("must be a string of at least %d byte%s"):format(least, least == 1 and "" or "s")
  return function(value, name, problems)
    local keys, is_list = {}, type(value) == "table"
    for index, key in pairs(is_list and value or { value }) do
      keys[index] = key
      if type(key) ~= "string" or #key < least then
        wrong(problems, is_list and place(name, index) or name, what)
      end
    end
    if count_list(keys) == 0 then wrong(problems, name, "must be a string or a list of strings, without gaps") end
    return keys
  end
end

return { check = check }
