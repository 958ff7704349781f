--- Makes the request of a call from its checked values: pure, the same values give the same request.

local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"

-- Bytes of an answer, where max_response_bytes says nothing else.
local MOST, MOST_OF_A_LIST = 2 ^ 20, 2 ^ 23

-- What goes into a query is text; whole numbers are written without a fraction.
local function to_text(value)
  if type(value) == "string" then return value end
  if type(value) == "number" and value % 1 == 0 and value >= -2 ^ 53 and value <= 2 ^ 53 then
    return ("%.0f"):format(value)
  end
  return tostring(value)
end

-- A table's entries as a list of names and values, sorted by name.
local function sorted(more)
  local names, list = {}, {}
  for name in pairs(more) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    list[#list + 1] = name
    list[#list + 1] = to_text(more[name])
  end
  return list
end

-- The fields of a row as core.target and core.compose take them.
local in_query, in_body = {}, {}
for _, row in pairs(endpoints) do
  local query, body = {}, {}
  for _, field in ipairs(row.fields) do
    local option, at = field.option, field.at
    query[#query + 1], query[#query + 2] = option, at[1]
    body[#body + 1], body[#body + 2], body[#body + 3] = option, at[2] and at[1] or "", at[#at]
  end
  in_query[row], in_body[row] = query, body
end

local MOST_PARAMETERS = 1000 -- beside the fields of a query

-- The path and the query: the fields in their documented order, then what is merged in.
local function plan_query(row, values, path)
  local extra = row.flat and values.extra
  local more = extra and sorted(extra) or nil
  if not more then return core.target(path, in_query[row], values) end
  local ok, target = false, nil
  if #more <= 2 * MOST_PARAMETERS then ok, target = pcall(core.target, path, in_query[row], values, more) end
  if ok then return target end
  local message = ("extra: must have at most %d parameters, of 1 MB altogether"):format(MOST_PARAMETERS)
  return nil, errors.usage(row.name, { { option = "extra", kind = "wrong", message = message } })
end

-- Puts a value at a place, making the tables on the way.
local function put(body, at, value)
  for i = 1, #at - 1 do
    local inner = body[at[i]]
    if not inner then
      inner = {}
      body[at[i]] = inner
    end
    body = inner
  end
  body[at[#at]] = value
end

-- Tables on both sides come together; entries.lua has seen to it that nothing else meets.
local function merge(body, more)
  for name, value in pairs(more) do
    if type(value) == "table" and type(body[name]) == "table" then
      merge(body[name], value)
    else
      body[name] = value
    end
  end
end

local function plan_body(row, values, by_id)
  local body = {}
  local fields = row.fields
  for i = 1, #fields do
    local field = fields[i]
    local value = values[field.option]
    if value and not (by_id and field.option == "element") then put(body, field.at, value) end
  end
  for _, merged in ipairs(row.merges) do
    local more = values[merged.option]
    if more then merge(body, merged.under and { [merged.under] = more } or more) end
  end
  return body
end

-- A body to which nothing is merged is written without making the tables in it. After a value that cannot be written,
-- nothing and a usage error.
local function plan_json(row, values, by_id)
  local body, where, what
  if values.special or by_id then
    body, where, what = core.encode(values.body or plan_body(row, values, by_id))
  else
    body, where, what = core.compose(in_body[row], values)
  end
  if body then return body end
  local message = ("%s of the request's body %s"):format(where ~= "" and where or "the whole", what)
  return nil, errors.usage(row.name, { { option = "body", kind = "wrong", message = message } })
end

-- A row's path below the base URL, before and after the element.
local function split(path)
  local before, after = path:match("^(.*){element}(.*)$")
  return { before = before or path, after = after }
end

local paths = {}
for _, row in pairs(endpoints) do
  paths[row.path] = split(row.path)
  if row.path_by_id then paths[row.path_by_id] = split(row.path_by_id) end
end

local function plan_path(path, values)
  local parts = paths[path]
  if not parts.after then return values.prefix .. parts.before end
  return values.prefix .. parts.before .. values.segment .. parts.after
end

local function plan_headers(row, values, body)
  local usual = values.headers
  if not body and not row.authorized then return usual end
  local authorization = row.authorized
    and "Authorization: User " .. values.user_secret .. ", Organization " .. values.organization_secret
  if not body then return { usual[1], usual[2], authorization } end
  return { usual[1], usual[2], "Content-Type: application/json", authorization or nil }
end

--- Makes the request of a call.
-- @tparam table row the endpoint's row
-- @tparam table values the checked values; left as they are
-- @treturn[1] table `{ method, origin, target, headers, body, timeout, connect_timeout, max_bytes, gzip, once }` as
--   the engine takes it, and `state`, the one that is sent. The list of headers may be shared: not to be changed.
-- @return[2] nil
-- @treturn[2] table a usage error, where a value cannot be written as JSON
local function request(row, values)
  local method, path, body, err = row.method, row.path, nil, nil
  if row.carrier == "body" then
    local by_id = values.by_id and not values.body
    if by_id then path = row.path_by_id end
    body, err = plan_json(row, values, by_id)
  elseif row.flat and values.secrets_in == "body" then
    method = "POST"
    body, err = plan_json(row, values)
  end
  if err then return nil, err end
  local target = plan_path(path, values)
  if not body then target, err = plan_query(row, values, target) end
  if not target then return nil, err end
  return {
    method = method, origin = values.origin, target = target,
    headers = plan_headers(row, values, body), body = body, state = values.state or nil,
    timeout = values.timeout, connect_timeout = values.connect_timeout,
    max_bytes = values.max_response_bytes or (row.answer.list and MOST_OF_A_LIST or MOST),
    gzip = row.answer.list, once = not row.repeatable,
  }
end

return { request = request }
