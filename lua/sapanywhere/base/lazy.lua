--- Requires a module when it is first used: a short script does not read what it does not need.
--
-- Not for what a failure needs: that must not depend on a file that can still be opened. And in nginx at once: what a
-- worker runs is then what the master has read, whatever is installed meanwhile.

if rawget(_G, "ngx") then return require end

local metatable = {}

function metatable.__index(stand_in, key)
  local value = require(rawget(stand_in, metatable))[key]
  stand_in[key] = value
  return value
end

--- @tparam string name of a module that is a table of functions
-- @treturn table one that stands in for it
return function(name)
  return setmetatable({ [metatable] = name }, metatable)
end
