--- Reads a small table of named options: by name, so that what it inherits counts, and all mistakes at once.

local errors = require "sapanywhere.errors"
local suggest = require "sapanywhere.base.suggest"

local function refuse_unknown(rows, given, problems)
  local names = {}
  for name in pairs(rows) do names[#names + 1] = name end
  for name in pairs(given) do
    if rows[name] == nil then
      problems[#problems + 1] =
        { option = suggest.shown(name), kind = "unknown", message = suggest.unknown("option", name, names) }
    end
  end
end

--- Reads the options of one call.
-- @tparam string call the function that was called
-- @tparam table rows option → `{ check =, required =, why = }`: how to check it, whether it must be given, and what
--   to say where it is not
-- @tparam table given
-- @treturn[1] table the checked values
-- @return[2] nil
-- @treturn[2] table a usage error with every problem
local function read(call, rows, given)
  local values, problems = {}, {}
  for name, row in pairs(rows) do
    local value = given[name]
    if value ~= nil then
      values[name] = row.check(value, name, problems, values)
    elseif row.required then
      problems[#problems + 1] = { option = name, kind = "missing", message = row.why }
    end
  end
  refuse_unknown(rows, given, problems)
  if problems[1] then return nil, errors.usage(call, problems) end
  return values
end

return { read = read }
