--- The entries of a request that came by another door than their option: `configuration`, `extra` or `body`.
--
-- Each entry may come once. In `configuration` and `extra` it is moved to its option, so that those who plan
-- the request find it in one place; a `body` is sent as it is, and only looked through.

local M = {}

-- The table that holds a place, and what stands there. A place may also be one key with dots, as in
-- `configuration`.
local function find(container, at, first)
  for i = first, #at - 1 do
    if type(container) ~= "table" then return nil end
    container = container[at[i]]
  end
  if type(container) == "table" then return container, container[at[#at]] end
end

local function path_of(door, at, first)
  return door .. "." .. table.concat(at, ".", first)
end

local function report(problems, option, kind, message)
  problems[#problems + 1] = { option = option, kind = kind, message = message }
end

-- Calls visit(field, at, first, door, container) for each place outside its option where a field may stand.
local function each_door(row, values, visit)
  for _, field in ipairs(row.fields) do
    for _, at in ipairs { field.at, field.or_at } do
      for _, merged in ipairs(row.merges) do
        local first = merged.under and 2 or 1
        if values[merged.option] and (not merged.under or merged.under == at[1]) then
          visit(field, at, first, merged.option, values[merged.option])
        end
      end
    end
  end
end

-- What `extra` says about a table that the request has anyway must be a table too, with other entries in it.
local function check_shape(row, values, problems)
  local extra = values.extra or {}
  for _, field in ipairs(row.fields) do
    local holder = field.at[2] and extra[field.at[1]]
    if holder and type(holder) ~= "table" then
      report(problems, "extra", "wrong", ("extra.%s must be a table"):format(field.at[1]))
      extra[field.at[1]] = nil
    end
  end
  for _, merged in ipairs(row.merges) do
    local inner = merged.under and extra[merged.under]
    for key in pairs(inner and values[merged.option] or {}) do
      if inner[key] ~= nil then
        report(problems, merged.option, "wrong", ("%s.%s and extra.%s.%s are the same entry: give one")
          :format(merged.option, key, merged.under, key))
      end
    end
  end
end

-- Moves what came in `configuration` or `extra` to its option, unless the option was given too, or came twice.
local function move(row, is_set, known, values, problems)
  local moved = {} -- option → where it was
  each_door(row, values, function(field, at, first, door, container)
    local holder, value = find(container, at, first)
    if value == nil then return end
    local name = field.option
    local other = is_set(name) and name or moved[name]
    moved[name] = moved[name] or path_of(door, at, first)
    if other then
      report(problems, name, "wrong",
        ("%s and %s are the same entry: give one"):format(other, path_of(door, at, first)))
    elseif type(value) == "function" then
      report(problems, name, "wrong", path_of(door, at, first) .. " must not be a function")
    else
      local checked = known[name](value, path_of(door, at, first), problems, values)
      values[name] = checked == nil and value or checked
      holder[at[#at]] = nil
      if holder ~= container and next(holder) == nil then container[at[first]] = nil end
    end
  end)
end

-- A body stands for the options of its entries: none of them beside it, and everything required inside it.
local function check_body(row, given, known, body, problems)
  local beside = {}
  for _, field in ipairs(row.fields) do
    local at, holder, value = field.at, find(body, field.at, 1)
    if value == nil and field.or_at then
      at, holder, value = field.or_at, find(body, field.or_at, 1)
    end
    if value ~= nil then
      local checked = known[field.option](value, path_of("body", at), problems, {})
      if type(value) == "table" then holder[at[#at]] = checked end
    elseif field.required then
      report(problems, table.concat(field.at, "."), "missing")
    end
    if given[field.option] ~= nil then beside[#beside + 1] = field.option end
  end
  for _, merged in ipairs(row.merges) do
    if given[merged.option] ~= nil then beside[#beside + 1] = merged.option end
  end
  if #beside > 0 then
    table.sort(beside)
    report(problems, "body", "wrong", "body stands for " .. table.concat(beside, ", ")
      .. ": give it or them, not both")
  end
end

--- Checks and moves the entries of one call; changes `values` and the containers in it, the call's own.
-- @tparam table row the endpoint's row
-- @tparam table given the caller's table
-- @tparam table client what the client was made with
-- @tparam table known option → check
-- @tparam table values
-- @tparam table problems
function M.settle(row, given, client, known, values, problems)
  if values.body then return check_body(row, given, known, values.body, problems) end
  check_shape(row, values, problems)
  move(row, function(name)
    return given[name] ~= nil or client[name] ~= nil
  end, known, values, problems)
end

return M
