--- Makes the request of a call from its values: pure, the same values give the same request.
--
-- What of it is made of a client's options alone is *settled*: it is worked out at the client's first call of a row,
-- and kept. Where a call gives one of these options itself, it is worked out for that call.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local prepare = require "sapanywhere.call.prepare"

-- The platform answers a larger body with an error, and some gateways before it.
local MOST_BODY = 8000000

local OBJECT_BYTES, LIST_BYTES = 2 ^ 20, 2 ^ 23 -- what an answer may have where no limit is given

-- What goes into a query is text; whole numbers are written without a fraction.
local function to_text(value)
  if type(value) == "string" then return value end
  if type(value) == "number" and value % 1 == 0 and value >= -2 ^ 53 and value <= 2 ^ 53 then
    return ("%d"):format(value)
  end
  if type(value) == "number" then return (core.encode(value)) end
  return tostring(value)
end

local function add(list, name, value)
  if type(value) == "table" then
    for i = 1, #value do add(list, name, value[i]) end
  else
    list[#list + 1] = name
    list[#list + 1] = to_text(value)
  end
end

-- A table's entries as a list of names and values, sorted by name.
local function sorted(more)
  local names, list = {}, {}
  for name in pairs(more) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do add(list, name, more[name]) end
  return list
end

-- Values of fields that core.target does not take as they are, as text; lists are left out.
local function plain_parameters(row, values)
  local varied, plain = row.varied, values
  for i = 1, #varied, 2 do
    local value = values[varied[i]]
    if value ~= nil and value ~= false and type(value) ~= "string" then
      if plain == values then plain = setmetatable({}, { __index = values }) end
      plain[varied[i]] = type(value) ~= "table" and to_text(value)
    end
  end
  return plain
end

-- Parameters that come once for each entry of a list, such as `tags[]`, behind those that are merged in; or nil.
local function listed_parameters(row, values)
  local varied = row.varied
  local merged = row.merged_query and values[row.merged_query]
  local more = merged and sorted(merged)
  for i = 1, #varied, 2 do
    local value = values[varied[i]]
    if type(value) == "table" then
      more = more or {}
      add(more, varied[i + 1], value)
    end
  end
  return more
end

local MOST_PARAMETERS = 1000 -- beside the fields of a query

local function too_wide(row)
  local option = row.merged_query or "tags"
  local message = ("%s: must have at most %d parameters, of 1 MB altogether"):format(option, MOST_PARAMETERS)
  return nil, errors.usage(row.title, { { option = option, kind = "wrong", message = message } })
end

local function too_long(row)
  local problem = { option = "query", kind = "wrong", message = "the query must have at most 1 MB" }
  return nil, errors.usage(row.title, { problem })
end

-- The path and the query: the fields in their documented order, then lists, then what is merged in.
local function plan_query(row, values, path)
  local has_more = row.varied[1] or row.merged_query and values[row.merged_query]
  local more = has_more and listed_parameters(row, values) or nil
  local plain = has_more and plain_parameters(row, values) or values
  if more and #more > 2 * MOST_PARAMETERS then return too_wide(row) end
  local ok, target = pcall(core.target, path, row.query, plain, more)
  if ok then return target end
  if not tostring(target):find("too ", 1, true) then error(target, 0) end -- want of memory
  return (more and too_wide or too_long)(row)
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

-- The body as a table. Where the element is an id, the path names it, or the place for ids does.
local function plan_body(row, values, by_id)
  local body = {}
  for _, field in ipairs(row.fields) do
    local value = values[field.option]
    local is_sent = field.place == "body" or row.movable and field.place == "query"
    if is_sent and value ~= nil and value ~= false then
      local is_id = by_id and field.or_at ~= nil
      if not is_id then
        put(body, field.at, value)
      elseif not row.path_by_id then
        put(body, field.or_at, tonumber(value))
      end
    end
  end
  for _, merged in ipairs(row.merges) do
    local more = values[merged.option]
    if more then merge(body, merged.under and { [merged.under] = more } or more) end
  end
  return body
end

local function usage(row, option, message)
  return errors.usage(row.title, { { option = option, kind = "wrong", message = message } })
end

local function too_large(row, size)
  return errors.new("too_large", {
    message = ("%s: the request's body has %d bytes, the platform takes %d at most"):format(row.title, size, MOST_BODY),
    outcome = "not_sent", retryable = false,
  })
end

-- The body as JSON; or nil and the error of a value that cannot be written. A body to which nothing is merged is
-- written without making the tables in it.
local function plan_json(row, values, by_id)
  local body, where, what
  if type(values.body) == "string" then
    body = values.body
  elseif values.body ~= nil then
    body, where, what = core.encode(values.body)
  elseif by_id or prepare.has_merges(row, values) then
    body, where, what = core.encode(plan_body(row, values, by_id))
  else
    body, where, what = core.compose(row.json, values)
  end
  if not body then
    return nil, usage(row, "body", ("%s of the request's body %s"):format(where ~= "" and where or "the whole", what))
  end
  if #body > MOST_BODY then return nil, too_large(row, #body) end
  return body
end

-- A path from its parts; each value is one segment, encoded once.
local function plan_path(parts, values)
  local path = values.prefix .. parts[1]
  for i = 2, #parts, 2 do
    local value = values[parts[i].option]
    path = path .. (parts[i].encoded and value or core.percent_encode(value)) .. parts[i + 1]
  end
  return path
end

-- What the Authorization header names beside the user, by a row's `auth`.
local SIGNED_BY = {
  account = { word = "Organization", option = "organization_secret" },
  instance = { word = "Element", option = "token" },
}

local function authorization(row, values)
  local second = SIGNED_BY[row.auth]
  if not second then return nil end
  return "Authorization: User " .. values.user_secret .. ", " .. second.word .. " " .. values[second.option]
end

local function has_header(lines, name)
  for _, line in ipairs(lines) do
    if line:sub(1, #name + 1):lower() == name .. ":" then return true end
  end
  return false
end

-- The lines of a head without anything of the call's own.
local function usual_lines(row, values, has_body)
  local lines = {}
  for i, line in ipairs(values.headers_of_all) do lines[i] = line end
  if has_body then lines[#lines + 1] = "Content-Type: application/json" end
  lines[#lines + 1] = authorization(row, values)
  return lines
end

-- The lines of the request's head. They may be shared: not to be changed.
local function plan_headers(row, values, has_body)
  local usual, own = usual_lines(row, values, has_body), row.known.headers and values.headers
  if not own and not values.traceparent then return usual end
  local lines = {}
  for _, line in ipairs(usual) do
    if not (own and has_header(own, line:match("^[^:]+"):lower())) then lines[#lines + 1] = line end
  end
  if values.traceparent and not (own and has_header(own, "traceparent")) then
    lines[#lines + 1] = "traceparent: " .. values.traceparent
  end
  for i = 1, own and #own or 0 do lines[#lines + 1] = own[i] end
  return lines
end

local function has_body(row, values)
  if row.content then return values.body ~= nil end
  return row.sends_body
end

-- The lines of the head, made once for what is settled. They may be shared: not to be changed.
local function settled_headers(settled, row, values, with_body)
  local name = with_body and "headers_with_body" or "headers"
  local lines = settled[name]
  if not lines then
    lines = plan_headers(row, values, with_body)
    settled[name] = lines
  end
  return lines
end

-- The path and the beginning of the query, where they are the same for each call; or nil.
local function settle_target(row, values, in_body, by_id)
  if not row.has_fixed_path or by_id and row.parts_by_id then return nil end
  local path = plan_path(row.parts, values)
  return in_body and path or core.target(path, row.settled_query, values)
end

--- Works out what of a request does not depend on what only a call has.
-- @tparam table row
-- @tparam table values an object's, or a call's
-- @treturn table
local function settle(row, values)
  local in_body = row.movable and values.secrets_in == "body" or false
  local by_id = row.sends_body and not row.content and values.element:find("^%d+$") ~= nil or false
  local method = in_body and "POST" or row.takes_method and values.method or row.method
  local repeatable = row.repeatable or row.takes_method and method == "GET" or false
  return {
    in_body = in_body, by_id = by_id, method = method, repeatable = repeatable,
    gzip = row.answer.is == "list" or nil,
    target = settle_target(row, values, in_body, by_id), headers = nil, headers_with_body = nil,
    origin = values.origin, connect_timeout = values.connect_timeout,
    max_bytes = values.max_response_bytes or (row.may_be_list and LIST_BYTES or OBJECT_BYTES),
  }
end

-- The target of a call.
local function plan_target(row, values, settled, by_id)
  local target = settled.target
  if not target then
    target = plan_path(by_id and row.parts_by_id or row.parts, values)
    if not settled.in_body and row.settled_query[1] then target = core.target(target, row.settled_query, values) end
  end
  if not row.has_query or settled.in_body then return target end
  return plan_query(row, values, target)
end

--- Makes the request of a call.
-- @tparam table row
-- @tparam table values the call's values; left as they are
-- @treturn[1] table `{ method, origin, target, headers, body, timeout, connect_timeout, max_bytes, repeatable,
--   once, gzip }` as the engine takes it, with what download.lua and upload.lua have added to the values: `sink`,
--   `source`, `silence`, `on_look`; and `state`, the one that is sent. The list of headers may be shared: not to be
--   changed.
-- @return[2] nil
-- @treturn[2] table an error, where a value cannot be written as JSON or the body is too large
local function request(row, values)
  local settled, body, err = rawget(values, "settled") or settle(row, values), nil, nil
  local by_id = settled.by_id and values.body == nil
  if settled.in_body or has_body(row, values) then body, err = plan_json(row, values, by_id) end
  if err then return nil, err end
  local target, problem = plan_target(row, values, settled, by_id)
  if not target then return nil, problem end
  local repeatable = settled.repeatable
  local planned = {
    method = settled.method, origin = settled.origin, target = target,
    headers = settled_headers(settled, row, values, body ~= nil), body = body,
    state = row.known.state and values.state or nil,
    timeout = values.timeout, connect_timeout = settled.connect_timeout, max_bytes = settled.max_bytes,
    repeatable = repeatable, once = not repeatable, gzip = settled.gzip,
  }
  if row.way then
    planned.source, planned.sink, planned.silence = values.source, values.sink, values.silence
    planned.on_look = values.on_look
  end
  return planned
end

return { request = request, settle = settle }
