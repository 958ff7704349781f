--- The secrets that this run has met: none is ever printed, but where the person asks for one by name.

local sapanywhere = require "sapanywhere"

local SHORTEST = 4 -- a shorter one would hide half of all words

local known, list = {}, {}

local M = {}

--- Notes a secret.
function M.add(value)
  if type(value) ~= "string" or #value < SHORTEST or known[value] then return end
  known[value] = true
  list[#list + 1] = value
  table.sort(list, function(a, b) return #a > #b end) -- one may be part of another
end

local function hide_in(text)
  for _, secret in ipairs(list) do
    local from, to = text:find(secret, 1, true)
    while from do
      text = text:sub(1, from - 1) .. "[hidden]" .. text:sub(to + 1)
      from, to = text:find(secret, from + 8, true)
    end
  end
  return text
end

--- A copy of a row of the shop's: only the secrets themselves are hidden, for names such as `code` are the shop's own.
function M.hide(value)
  if type(value) == "string" then return hide_in(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, entry in pairs(value) do copy[M.hide(key)] = M.hide(entry) end
  return copy
end

--- A copy of anything else, where what stands under a name such as `token` is hidden, too.
function M.redact(value)
  return sapanywhere.redact(value, list)
end

return M
