--- Puts values into a text: "%{name}" stands for the value of that name, which must be there.
-- @tparam string text
-- @tparam table ... values by name; the first table that has one gives it
-- @treturn string
return function(text, ...)
  local tables = { ... }
  return (text:gsub("%%{([%w_]+)}", function(name)
    for _, values in ipairs(tables) do
      if values[name] ~= nil then return tostring(values[name]) end
    end
    error("no value for " .. name)
  end))
end
