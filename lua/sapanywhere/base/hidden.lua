--- Objects that keep what they know to themselves: whoever prints one finds no secret in it.
--
-- What an object knows is in a function that it has, not in a weak table beside it: on Lua 5.1 and LuaJIT an entry of
-- such a table lives as long as its value mentions the key, and so would an object that its own options mention. On
-- those two it is in the metatable of a userdata: code that LuaJIT has compiled keeps each function that it called.

local ENTRY = "(hidden)"

local newproxy = rawget(_G, "newproxy") -- on Lua 5.1 and LuaJIT only

local function hide(known)
  if not newproxy then return function() return known end end
  local hidden = newproxy(true)
  getmetatable(hidden).known = known
  return hidden
end

local function unhide(hidden)
  if newproxy then return getmetatable(hidden).known end
  return hidden()
end

-- `ENTRY`: the name under which an object has what it knows; copies that are shown leave it out.
local M = { ENTRY = ENTRY }

--- Makes an object.
-- @tparam table class its metatable
-- @tparam table known what only its own methods are to see
-- @treturn table
function M.object(class, known)
  return setmetatable({ [ENTRY] = hide(known) }, class)
end

--- What an object knows.
-- @param object anything
-- @tparam table class the metatable that it must have
-- @treturn[1] table
-- @return[2] nil it is no such object
function M.known(object, class)
  if type(object) ~= "table" or getmetatable(object) ~= class then return nil end
  return unhide(object[ENTRY])
end

return M
