--- Makes the methods of objects from the rows of calls. What an object knows is its owner, `{ connections, values }`.

local hidden = require "sapanywhere.base.hidden"
local perform = require "sapanywhere.call.perform"

local M = {}

--- The owner of an object. A receiver of the wrong type is a mistake in the calling code itself, and raises there.
-- @param self
-- @tparam table class the metatable that it must have
-- @tparam string name of the method
-- @tparam string example of a variable that holds such an object
-- @tparam[opt] string arguments for the message
-- @treturn table
function M.owner(self, class, name, example, arguments)
  local owner = hidden.known(self, class)
  if owner then return owner end
  error(("%s: call it with a colon, %s:%s%s"):format(name, example, name, arguments or " { … }"), 3)
end

--- Raises, in the caller of the public function, for what is not a table.
function M.check_table(name, given)
  if type(given) ~= "table" then error(name .. ": a table of options is expected, not a " .. type(given), 3) end
end

--- Adds the method of a call to a class, and the iterator over its pages, where it has them.
-- @tparam table class
-- @tparam table call one of `rows.calls`
-- @tparam table rows see api/rows.lua; a row is asked for when it is called
-- @tparam table options see api/options.lua
-- @tparam string example of a variable that holds such an object
function M.add(class, call, rows, options, example)
  local name, title, each = call.name, call.title, call.each
  class[name] = function(self, given)
    local owner = M.owner(self, class, name, example)
    M.check_table(name, given)
    local result, err, meta = perform.call(owner, rows[title], given, options)
    return result, err, meta
  end
  if not each then return end
  class[each] = function(self, given)
    local owner = M.owner(self, class, each, example)
    M.check_table(each, given)
    local next_row = perform.each(owner, rows[title].each, given, options)
    return next_row
  end
end

return M
