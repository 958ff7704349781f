--- The headers of an answer, made fit to show: `meta.headers`.

local core = require "sapanywhere.core"
local lazy = require "sapanywhere.base.lazy"

local disguises = lazy "sapanywhere.hide.disguises"
local names = lazy "sapanywhere.hide.names"
local texts = lazy "sapanywhere.hide.text"

-- Headers whose values follow a fixed grammar, or are the platform's own.
local ORDINARY = {
  ["cache-control"] = true, ["connection"] = true, ["content-encoding"] = true, ["content-length"] = true,
  ["content-type"] = true, ["date"] = true, ["expires"] = true, ["keep-alive"] = true, ["pragma"] = true,
  ["server"] = true, ["transfer-encoding"] = true, ["vary"] = true, ["strict-transport-security"] = true,
  ["accept-ranges"] = true, ["etag"] = true, ["last-modified"] = true, ["elements-request-id"] = true,
  ["elements-returned-count"] = true, ["elements-next-page-token"] = true,
}

local M = {}

--- Whether there are only headers of a fixed grammar: a success with these is not looked at.
function M.are_ordinary(headers)
  return core.has_only(headers, ORDINARY)
end

-- Names arrive in small letters, so secrets are looked for in these too.
local function in_small_letters(secrets)
  local list = {}
  for i, secret in ipairs(secrets) do list[i] = core.lower(secret) end
  return list
end

local function odd_names(headers)
  local list = {}
  for name in next, headers do
    if not ORDINARY[name] then list[#list + 1] = name end
  end
  return list
end

--- A copy without secrets: by value in all names and values, by name in the headers that are not ordinary.
-- @tparam table headers name in small letters → value
-- @tparam {string,...} secrets
-- @treturn table
function M.clean(headers, secrets)
  local copy = {}
  local in_values = core.may_hold(headers, secrets) and secrets or nil
  local in_names = in_small_letters(secrets)
  if not core.may_hold(odd_names(headers), in_names) then in_names = nil end
  for name, value in next, headers do
    if in_values or not ORDINARY[name] then
      value = names.is_sensitive(name) and disguises.HIDDEN or texts.text(value, in_values)
    end
    copy[in_names and disguises.hide(name, in_names) or name] = texts.visible(value)
  end
  return copy
end

return M
