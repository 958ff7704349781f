--- The headers of an answer, made fit to show: `meta.headers`.
--
-- Those of a success are hardly ever looked at. The core keeps its head as text from which it has taken what is secret
-- by its name (see src/lua/head.h), and that is read into the table when somebody looks into it, where this Lua can
-- tell: with `__pairs`, which 5.1 and LuaJIT do not have.

local core = require "sapanywhere.core"
local lazy = require "sapanywhere.base.lazy"

local disguises = lazy "sapanywhere.hide.disguises"
local names = lazy "sapanywhere.hide.names"
local texts = lazy "sapanywhere.hide.text"

local is_ordinary = core.is_ordinary
local lower = core.lower

local M = {}

-- Names arrive in small letters, so secrets are looked for in these too.
local function in_small_letters(secrets)
  local list = {}
  for i, secret in ipairs(secrets) do list[i] = lower(secret) end
  return list
end

local function odd_names(headers)
  local list = {}
  for name in next, headers do
    if not is_ordinary(name) then list[#list + 1] = name end
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
    if in_values or not is_ordinary(name) then
      value = names.is_sensitive(name) and disguises.HIDDEN or texts.text(value, in_values)
    end
    copy[in_names and disguises.hide(name, in_names) or name] = texts.visible(value)
  end
  return copy
end

-- Header names look up in any case.
local by_any_case = {
  __index = function(headers, name)
    return type(name) == "string" and rawget(headers, lower(name)) or nil
  end,
}

-- Headers → their head that was not read yet. Not in the headers themselves: who goes through them without metamethods,
-- as lua-cjson does, finds nothing, and nothing odd.
local heads = setmetatable({}, { __mode = "k" })

local folded = {}

--- Reads the kept head into a table of headers, where that was not done yet.
-- @tparam table headers or any other table, which stays as it is
function M.unfold(headers)
  if getmetatable(headers) ~= folded then return end
  core.fill_headers(heads[headers], headers)
  heads[headers] = nil
  setmetatable(headers, by_any_case)
end

function folded.__index(headers, name)
  M.unfold(headers)
  return headers[name]
end

function folded.__newindex(headers, name, value)
  M.unfold(headers)
  headers[name] = value
end

function folded.__pairs(headers)
  M.unfold(headers)
  return next, headers
end

local can_fold = _VERSION ~= "Lua 5.1"

-- What only Lua can make fit to show, in its place.
local function clean_rough(rough)
  for name, value in next, rough do rough[name] = texts.visible(texts.text(value)) end
  return rough
end

--- The headers of an answer to show.
-- @tparam table headers name in small letters → value, fit to show
function M.show(headers)
  return setmetatable(headers, by_any_case)
end

--- The headers of a success to show.
-- @tparam userdata head without a secret of the call
-- @tparam table|nil rough see src/lua/head.h
-- @treturn table
function M.show_kept(head, rough)
  local headers = rough and clean_rough(rough) or {}
  if not can_fold then return M.show(core.fill_headers(head, headers)) end
  heads[headers] = head
  return setmetatable(headers, folded)
end

return M
