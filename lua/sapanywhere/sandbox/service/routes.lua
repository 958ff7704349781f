--- Addresses: which of a list of rows answers a method and a path.
-- A row is `{ method, path, whose, answer }`, perhaps with further fields. A segment of its path in braces is
-- captured by that name, and none is empty.
-- @module sapanywhere.sandbox.routes

local url = require "sapanywhere.sandbox.service.url"

local routes = {}

--- Prepares rows for `find`.
-- @tparam table rows
-- @treturn table the same
function routes.prepare(rows)
  for _, row in ipairs(rows) do
    row.pattern = "^" .. row[2]:gsub("{%a+}", "([^/]+)") .. "$"
    row.names = {}
    for name in row[2]:gmatch("{(%a+)}") do table.insert(row.names, name) end
  end
  return rows
end

local function read_segments(row, path, is_known)
  local captures = { path:match(row.pattern) }
  if #captures == 0 then return nil end
  local segments = {}
  for index, name in ipairs(row.names) do
    segments[name] = url.decode(captures[index]) or ""
    if not is_known(name, segments[name]) then return nil end
  end
  return segments
end

--- Finds the first row for a method and a path.
-- @tparam table rows that were prepared
-- @tparam string method
-- @tparam string path raw
-- @tparam function is_known `is_known(name, value)` tells whether a captured segment can be meant
-- @treturn[1] table the row
-- @treturn[1] table a map from name to decoded segment
-- @return[2] nil
-- @treturn[2] boolean whether the path is known with another method
function routes.find(rows, method, path, is_known)
  local path_known = false
  for _, row in ipairs(rows) do
    local segments = read_segments(row, path, is_known)
    if segments and row[1] == method then return row, segments end
    path_known = path_known or segments ~= nil
  end
  return nil, path_known
end

return routes
