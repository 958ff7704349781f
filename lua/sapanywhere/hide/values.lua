--- Copies of values without secrets.

local disguises = require "sapanywhere.hide.disguises"
local errors = require "sapanywhere.errors"
local headers = require "sapanywhere.hide.headers"
local hidden = require "sapanywhere.base.hidden"
local secrets = require "sapanywhere.hide.secrets"
local texts = require "sapanywhere.hide.text"

local HIDDEN = disguises.HIDDEN
local DEEPEST = 200

local is_hidden, is_sensitive_pair = secrets.is_hidden, secrets.is_sensitive_pair

local function copy_of(value, hiding, seen, depth)
  if type(value) == "string" then return texts.text(value, hiding) end
  if type(value) ~= "table" then return value end
  if seen[value] then return seen[value] end
  if depth > DEEPEST then return "[too deep]" end
  local copy, in_pair = {}, is_sensitive_pair(value)
  seen[value] = copy
  headers.unfold(value)
  for key, entry in next, value do
    local name = copy_of(key, hiding, seen, depth + 1)
    if is_hidden(key, entry, in_pair) then
      copy[name] = HIDDEN
    elseif key ~= hidden.ENTRY then
      copy[name] = copy_of(entry, hiding, seen, depth + 1)
    end
  end
  return errors.is(value) and setmetatable(copy, getmetatable(value)) or copy
end

local M = { secrets = secrets.of }

--- A deep copy of a value that is safe to print: tables without their metatables, except an error's.
-- @param value anything
-- @tparam[opt] {string,...} hiding values to hide wherever they stand
-- @return the copy
function M.copy(value, hiding)
  return copy_of(value, hiding, {}, 0)
end

return M
