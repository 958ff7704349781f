--- The entries of a request that come in a table of the caller's: `configuration`, `extra`, `query` or `body`.
--
-- An entry that has an option of its own is refused there, with the option's name: each comes from one place. A whole
-- `body` stands for all of them; it is sent as it is, and what is in it is checked like the options.

local M = {}

local function note(problems, option, kind, message)
  problems[#problems + 1] = { option = option, kind = kind, message = message }
end

-- What stands at a place, or nil. A name may hold dots, as in `configuration`.
local function find(container, at, first)
  for i = first, #at do
    if type(container) ~= "table" then return nil end
    container = container[at[i]]
  end
  return container
end

local function put(container, at, value)
  for i = 1, #at - 1 do container = container[at[i]] end
  container[at[#at]] = value
end

local function path_of(option, at, first)
  local names = {}
  for i = first, #at do
    names[#names + 1] = at[i]:find("[^%w_]") and ("['%s']"):format(at[i]) or "." .. at[i]
  end
  return option .. table.concat(names)
end

-- Entries that have an option of their own.
local function refuse_known(row, values, problems, is_given)
  for _, field in ipairs(row.fields) do
    for _, at in ipairs { field.at, field.or_at } do
      for _, merged in ipairs(row.merges) do
        local first = merged.under and 2 or 1
        local fits = merged.place == field.place and (not merged.under or merged.under == at[1])
        if fits and values[merged.option] and find(values[merged.option], at, first) ~= nil then
          local name, where = field.option, path_of(merged.option, at, first)
          note(problems, name, "wrong", is_given(name) and ("%s and %s are the same entry: give %s alone")
            :format(name, where, name) or ("give %s in place of %s"):format(name, where))
        end
      end
    end
  end
end

-- What `extra` says about a table that the request has anyway must be a table too, with other entries in it.
local function check_shape(row, values, problems)
  local extra, told = values.extra or {}, {}
  for _, field in ipairs(row.fields) do
    local name = field.at and field.at[2] and field.at[1]
    if name and extra[name] ~= nil and type(extra[name]) ~= "table" and not told[name] then
      told[name] = true
      note(problems, "extra", "wrong", ("extra.%s must be a table"):format(name))
    end
  end
  for _, merged in ipairs(row.merges) do
    local inner = merged.under and extra[merged.under]
    for key in pairs(type(inner) == "table" and values[merged.option] or {}) do
      if inner[key] ~= nil then
        note(problems, merged.option, "wrong", ("%s.%s and extra.%s.%s are the same entry: give one")
          :format(merged.option, key, merged.under, key))
      end
    end
  end
end

--- Checks the entries that are merged into a request.
-- @tparam table row
-- @tparam table values the call's
-- @tparam table problems
-- @tparam function is_given whether an option was given
function M.check(row, values, problems, is_given)
  check_shape(row, values, problems)
  refuse_known(row, values, problems, is_given)
end

-- What a body says, as options would; each checked like its option.
local function read_body(row, body, problems)
  local seen, missing = { recover = nil }, {}
  for _, field in ipairs(row.fields) do
    if field.place == "body" then
      local at, value = field.at, find(body, field.at, 1)
      if value == nil and field.or_at then at, value = field.or_at, find(body, field.or_at, 1) end
      if value == nil then
        missing[#missing + 1] = field
      else
        local name = "body." .. table.concat(at, ".")
        if type(value) == "function" then
          note(problems, name, "wrong", name .. " must not be a function")
        else
          seen[field.option] = row.known[field.option].check(value, name, problems)
          if type(value) == "table" then put(body, at, seen[field.option]) end -- a list, also where it is empty
        end
      end
    end
  end
  seen.configuration = body.configuration
  return seen, missing
end

-- The options that the body stands for must not be given beside it.
local function refuse_beside(row, given, problems)
  local beside = {}
  for _, field in ipairs(row.fields) do
    if field.place == "body" and given[field.option] ~= nil then beside[#beside + 1] = field.option end
  end
  for _, merged in ipairs(row.merges) do
    if given[merged.option] ~= nil then beside[#beside + 1] = merged.option end
  end
  if #beside == 0 then return end
  table.sort(beside)
  note(problems, "body", "wrong", "body stands for " .. table.concat(beside, ", ") .. ": give it or them, not both")
end

--- Checks a body that stands for the options of its entries: none of them beside it, everything required inside it.
-- @tparam table row
-- @tparam table given the caller's table
-- @tparam table values the call's
-- @tparam table problems
-- @treturn table what the body says, by the names of the options
function M.check_body(row, given, values, problems)
  local seen, missing = read_body(row, values.body, problems)
  for _, field in ipairs(missing) do
    if field.required and not (field.unless and seen[field.unless] ~= nil) then
      note(problems, table.concat(field.at, "."), "missing")
    end
  end
  seen.recover = values.recover
  refuse_beside(row, given, problems)
  return seen
end

return M
