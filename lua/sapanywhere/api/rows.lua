--- All calls, each a row; see call/prepare.lua for what a row says. Indexed by title: a name, or for those of an
-- instance or a resource "instance:ping" and the like. A file of rows is compiled when one of them is first asked for.

local lazy = require "sapanywhere.base.lazy"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"

-- What is known before: the files, and the titles of the rows in them, in their order, with the names of iterators.
local FILES = {
  { name = "oauth", "oauth_url" },
  { name = "instances", "create_instance", "list_instances, each_instance", "get_instance", "update_instance",
    "reauthenticate_instance", "enable_instance", "disable_instance", "delete_instance", "request" },
  { name = "hub", "resource:list, each", "resource:get", "resource:create", "resource:update", "resource:delete",
    "resource:count", "instance:ping", "instance:request" },
  { name = "bulk", "instance:bulk_query", "instance:bulk_status", "instance:bulk_wait", "instance:bulk_errors",
    "instance:bulk_cancel", "instance:bulk_download", "instance:bulk_upload" },
}

local rows, calls, file_of = {}, {}, {}

-- The iterator over a list is the same call, with a limit.
local function row_of_each(row)
  local copy = {}
  for key, value in pairs(row) do copy[key] = value end
  copy.name, copy.each, copy.also = row.each, nil, { "limit" }
  return copy
end

local function check(row)
  if type(row.each) == "string" then
    local each = row_of_each(row)
    each.list = row
    prepare.check(each)
    row.each = each
  end
  prepare.check(row)
end

-- Where memory runs out on the way, it is done again.
local function open(file)
  local list = require("sapanywhere.api." .. file.name)
  for _, row in ipairs(list) do
    check(row)
    rows[row.title] = row
  end
  for _, row in ipairs(list) do
    if type(row.recovery) == "string" then row.recovery = rows[row.recovery] end
  end
  file.is_open = true
end

local function open_all()
  for _, file in ipairs(FILES) do
    if not file.is_open then open(file) end
  end
end

for _, file in ipairs(FILES) do
  lazy("sapanywhere.api." .. file.name)
  for _, entry in ipairs(file) do
    local title, each = entry:match("^([%w_:]+),? ?([%w_]*)$")
    local of, name = title:match("^(%w+):(.*)$")
    file_of[title] = file
    calls[#calls + 1] = { title = title, of = of, name = name or title, each = each ~= "" and each or nil }
  end
end

local function list()
  open_all()
  local all = {}
  for i, call in ipairs(calls) do all[i] = rows[call.title] end
  return all
end

--- The names that the API's own pages use, for those who write them here.
-- @treturn table such a name → the option
function options.aliases()
  local aliases = {}
  for _, row in ipairs(list()) do
    for _, field in ipairs(row.fields) do
      if field.at then
        aliases[field.at[#field.at]] = field.option
        aliases[table.concat(field.at, ".")] = field.option
      end
    end
  end
  return aliases
end

local metatable = {}

function metatable.__index(_, title)
  if title == "calls" then return calls end
  if title == "list" then return list() end
  local file = file_of[title]
  if file and not file.is_open then open(file) end
  return rawget(rows, title)
end

return setmetatable(rows, metatable)
