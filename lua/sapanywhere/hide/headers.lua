--- The headers of an answer, made fit to show: `meta.headers`.
--
-- Those of a success are hardly ever looked at. The core keeps its head as text from which it has taken what is secret
-- by its name (see src/lua/head.h), and the table is made when somebody asks the meta for it, or goes through the meta
-- with `pairs`; on Lua 5.1 and LuaJIT, which do not have `__pairs`, at once. What goes through a meta past `pairs`, as
-- lua-cjson does, does not see headers that nobody has asked for.

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

-- The metatable of each meta that keeps its headers as text holds that text; `__pairs` marks it.

local function each(meta)
  M.unfold(meta)
  return next, meta
end

local function look(meta, name)
  if name ~= "headers" then return nil end
  M.unfold(meta)
  return rawget(meta, name)
end

local function fill(meta, head, headers)
  meta.headers = M.show(core.fill_headers(head, headers))
end

--- Gives a meta the headers of a success.
-- @tparam table meta without any
-- @tparam userdata head without a secret of the call
-- @tparam table|nil rough see src/lua/head.h
function M.keep(meta, head, rough)
  local headers = rough and clean_rough(rough)
  if not can_fold then return fill(meta, head, headers or {}) end
  setmetatable(meta, { __index = look, __pairs = each, head = head, headers = headers })
end

--- Reads the headers that a meta keeps as text, where that was not done yet.
-- @tparam table meta or any other table, which stays as it is
function M.unfold(meta)
  local kept = getmetatable(meta)
  if type(kept) ~= "table" or rawget(kept, "__pairs") ~= each then return end
  setmetatable(meta, nil)
  if rawget(meta, "headers") == nil then fill(meta, kept.head, kept.headers or {}) end
end

return M
