--- Tells whether a module can be loaded that a system may lack for one Lua: a spec that uses it is pending there.
-- @tparam string name
-- @treturn boolean
return function(name)
  return (pcall(require, name))
end
