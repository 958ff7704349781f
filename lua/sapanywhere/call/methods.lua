--- Makes the methods of objects from the rows of calls.
--
-- An object's owner, `{ connections, values }`, is not an entry of it but in a function: whoever prints the object
-- finds no secret, and a client that its own options mention is collected on every Lua (an entry of a weak table would
-- live as long as its value mentions the key, on Lua 5.1 and LuaJIT). On those two it is in the metatable of a
-- userdata:
-- code that LuaJIT has compiled would keep each function that it called, and so the connections of a forgotten client.

local perform = require "sapanywhere.call.perform"

local OWNER = "(owner)"

local newproxy = rawget(_G, "newproxy") -- on Lua 5.1 and LuaJIT only

local function hide(owner)
  if not newproxy then return function() return owner end end
  local hidden = newproxy(true)
  getmetatable(hidden).owner = owner
  return hidden
end

local function unhide(hidden)
  if newproxy then return getmetatable(hidden).owner end
  return hidden()
end

local M = {}

--- Makes an object.
-- @tparam table class its metatable
-- @tparam table owner
-- @treturn table
function M.object(class, owner)
  return setmetatable({ [OWNER] = hide(owner) }, class)
end

--- The owner of an object. A receiver of the wrong type is a mistake in the calling code itself, and raises there.
-- @param self
-- @tparam table class the metatable that it must have
-- @tparam string name of the method
-- @tparam string example of a variable that holds such an object
-- @tparam[opt] string arguments for the message
-- @treturn table
function M.owner(self, class, name, example, arguments)
  if type(self) ~= "table" or getmetatable(self) ~= class then
    error(("%s: call it with a colon, %s:%s%s"):format(name, example, name, arguments or " { … }"), 3)
  end
  return unhide(self[OWNER])
end

--- What an object works with, for specs.
function M.owner_of(object)
  return unhide(object[OWNER])
end

--- Raises, in the caller of the public function, for what is not a table.
function M.check_table(name, given)
  if type(given) ~= "table" then error(name .. ": a table of options is expected, not a " .. type(given), 3) end
end

--- Adds the method of a row to a class, and the iterator over its pages, where it has them.
-- @tparam table class
-- @tparam table row
-- @tparam table options see api/options.lua
-- @tparam string example of a variable that holds such an object
function M.add(class, row, options, example)
  local name = row.name
  class[name] = function(self, given)
    local owner = M.owner(self, class, name, example)
    M.check_table(name, given)
    local result, err, meta = perform.call(owner, row, given, options)
    return result, err, meta
  end
  local each = row.each
  if not each then return end
  class[each.name] = function(self, given)
    local owner = M.owner(self, class, each.name, example)
    M.check_table(each.name, given)
    local next_row = perform.each(owner, each, given, options)
    return next_row
  end
end

return M
