--- The secrets that a call was given, and whether a text may hold one. Knows nothing of how they are hidden, so that a
-- call whose answer holds none does not load that.

local core = require "sapanywhere.core"

local is_sensitive = core.is_sensitive

local M = {}

local function shows_nothing(value)
  return type(value) == "boolean" or type(value) == "userdata" or value == ""
end

-- Whether a table is one entry of a list of pairs, such as { key = "api.secret", value = "…" }, and its value a secret.
function M.is_sensitive_pair(map)
  return is_sensitive(rawget(map, "key")) or is_sensitive(rawget(map, "name"))
end

function M.is_hidden(key, entry, in_pair)
  return not shows_nothing(entry) and (is_sensitive(key) or key == "value" and in_pair)
end

local is_hidden, is_sensitive_pair = M.is_hidden, M.is_sensitive_pair

-- A number is written in one of these ways.
local function add_number(value, list)
  list[#list + 1] = tostring(value)
  local whole = ("%.0f"):format(value)
  if value % 1 == 0 and whole ~= list[#list] then list[#list + 1] = whole end
end

-- Everything at and below a value that is a secret.
local function add_all(value, list)
  if type(value) == "string" and value ~= "" then
    list[#list + 1] = value
  elseif type(value) == "number" then
    add_number(value, list)
  elseif type(value) == "table" then
    for _, entry in next, value do add_all(entry, list) end
  end
end

-- The password in a proxy's URL as it is sent, or the user name where there is none.
local function add_proxy(url, list)
  local user, password = url:match("^%a[%w+.%-]*://([^/?#@:]*):?([^/?#@]*)@")
  if not user then return end
  local secret = password ~= "" and password or user
  add_all(secret:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end), list)
end

-- What stands under sensitive names, at any depth of a checked table.
local function collect(map, list)
  local in_pair = is_sensitive_pair(map)
  for name, value in next, map do
    if is_hidden(name, value, in_pair) then
      add_all(value, list)
    elseif type(value) == "table" then
      collect(value, list)
    end
  end
end

-- A body that is given as text: what is in it, where it is JSON.
local function collect_text(text, list)
  local body = core.decode(text)
  if type(body) == "table" then collect(body, list) end
end

-- The caller's own headers, kept as lines.
local function collect_headers(lines, list)
  for _, line in ipairs(lines) do
    local name, value = line:match("^([^:]+): (.*)$")
    if is_sensitive(name) then list[#list + 1] = value end
  end
end

local function collect_container(value, list)
  if type(value) == "table" then return collect(value, list) end
  if type(value) == "string" then return collect_text(value, list) end
end

-- Options that are not a secret themselves, but hold some: who finds them.
local FINDERS = {
  configuration = collect_container, extra = collect_container, body = collect_container, query = collect_container,
  meta_data = collect_container,
  proxy = function(value, list) if type(value) == "string" then add_proxy(value, list) end end,
  headers = function(value, list) if type(value) == "table" then collect_headers(value, list) end end,
}

-- The names of a call's values are this library's own and few: each is judged once.
local is_secret_option = setmetatable({}, {
  __index = function(judged, name)
    judged[name] = is_sensitive(name)
    return judged[name]
  end,
})

-- What of one table of values is secret.
local function collect_own(own, list)
  for name, value in next, own do
    local find = FINDERS[name]
    if find then
      find(value, list)
    elseif is_secret_option[name] and type(value) == "string" then
      list[#list + 1] = value
    end
  end
end

-- The values of a call inherit from its object's, and those perhaps from another's.
local function behind(values)
  local metatable = getmetatable(values)
  return metatable and metatable.__index
end

--- The secrets of one call, for hiding: of its options those with sensitive names, what stands under such names in
-- its body, query and headers, and all of a proxy's credentials.
-- @tparam table values its checked values
-- @treturn {string,...}
function M.of(values)
  local list, own = {}, values
  while own do
    collect_own(own, list)
    own = behind(own)
  end
  return list
end

--- Whether a text may hold a secret of the call; where it does not, nothing else has to be looked for. Those of the
-- client, or of what was made from it, are made ready once.
-- @tparam string|table|userdata text, texts or the head of an answer
-- @tparam table values the call's checked values
-- @treturn boolean
function M.may_hold(text, values)
  local list, own, kept = {}, values, values.kept
  local object = kept and kept.object
  while own and own ~= object do
    collect_own(own, list)
    own = behind(own)
  end
  if list[1] and core.may_hold(text, list) then return true end
  if not object then return false end
  kept.needles.all = kept.needles.all or core.needles(M.of(object))
  return core.may_hold(text, kept.needles.all)
end

return M
