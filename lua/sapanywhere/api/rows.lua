--- All calls, each a row; see call/prepare.lua for what a row says. Indexed by name, those of an instance or a resource
-- by "instance:ping" and the like.

local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"

local rows, list = {}, {}

-- The iterator over a list is the same call, with a limit.
local function row_of_each(row)
  local copy = {}
  for key, value in pairs(row) do copy[key] = value end
  copy.name, copy.each, copy.also = row.each, nil, { "limit" }
  return copy
end

local function enter(row)
  if row.each then
    row.each = row_of_each(row)
    row.each.list = row
    prepare.check(row.each)
  end
  prepare.check(row)
  rows[row.title] = row
  list[#list + 1] = row
end

for _, file in ipairs { "oauth", "instances", "hub", "bulk" } do
  for _, row in ipairs(require("sapanywhere.api." .. file)) do enter(row) end
end

for _, row in ipairs(list) do
  row.recovery = row.recovery and rows[row.recovery]
end

-- The names that the API's own pages use, for those who write them here.
options.aliases = {}
for _, row in ipairs(list) do
  for _, field in ipairs(row.fields) do
    if field.at then
      options.aliases[field.at[#field.at]] = field.option
      options.aliases[table.concat(field.at, ".")] = field.option
    end
  end
end

return setmetatable(rows, { __index = { list = list } })
