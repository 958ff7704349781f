--- Derives from the options that were given what a call works with: defaults, secrets that are asked for, a fresh
-- state, the parts of the base URL, the headers that every request has.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local lazy = require "sapanywhere.base.lazy"
local options = require "sapanywhere.call.options"
local plan = require "sapanywhere.call.plan"
local prepare = require "sapanywhere.call.prepare"

local address = lazy "sapanywhere.call.address"
local entries = lazy "sapanywhere.call.entries"

local ROOM = 8 -- names that a call's values have room for at first

local M = {}

local function note(problems, option, kind, message)
  problems[#problems + 1] = { option = option, kind = kind, message = message }
end

-- The parts of the base URL, and the first headers of each request.
local function split_base(values)
  values.origin, values.prefix = values.base_url:match("^(%a+://[^/]+)(.*)$")
end

local function make_headers(values)
  values.headers_of_all = { "Accept: application/json", "User-Agent: " .. values.user_agent }
end

-- Asks a caller's function for its secret. Its own words are not repeated, for they may hold the secret; those of an
-- error of this library, such as a store gives, are.
local function ask(name, check, values, problems)
  local ok, secret, err = pcall(values[name])
  if not ok then
    note(problems, name, "wrong", name .. ": its function raised an error")
  elseif type(secret) ~= "string" then
    local why = errors.is(err) and "returned " .. err or "must return a string"
    note(problems, name, "wrong", name .. ": its function " .. why)
  else
    values[name] = check(secret, name, problems)
  end
end

-- A state that nobody can guess: 128 bits, in hex.
local function fresh_state(problems)
  local state = core.random_hex(16)
  if state then return state end
  note(problems, "state", "wrong", "state must be given: this system has no random bytes")
end

-- Seen from a proxy, a loopback address is its own, and without TLS it reads everything.
local function check_proxy(values, problems)
  local proxy, base = values.proxy, values.base_url
  if type(proxy) ~= "string" or not base or base:find("^https:") or address.is_local(proxy) then return end
  note(problems, "proxy", "wrong", "proxy must be on this machine (a loopback address) where base_url is http")
end

-- Whether an option was given with the call, or to the client: defaults do not count.
local function is_given(name, given, above, defaults)
  return given[name] ~= nil or above[name] ~= nil and above[name] ~= defaults[name]
end

-- Notes what was not given, unless something was said of it already: it may have come in the wrong place.
local function need(name, given, problems)
  if given[name] ~= nil then return end
  for _, problem in ipairs(problems) do
    if problem.option == name then return end
  end
  note(problems, name, "missing")
end

local function need_all(names, given, values, problems)
  for i = 1, #names do
    if values[names[i]] == nil then need(names[i], given, problems) end
  end
end

local function check_required(row, required, given, values, problems)
  need_all(required, given, values, problems)
  local alternatives = row.alternatives
  for i = 1, #alternatives do
    local field = alternatives[i]
    if not values[field.unless] and values[field.option] == nil then need(field.option, given, problems) end
  end
  if row.content == "row" and values.body == nil then need("body", given, problems) end
end

-- Whether the body is given in place of the options that it is made of.
local function has_whole_body(row, values)
  return values.body ~= nil and not row.content
end

local function check_together(row, required, given, values, above, problems, defaults)
  local said = values
  if has_whole_body(row, values) then
    said = entries.check_body(row, given, values, problems)
    need_all(row.beside_body, given, values, problems)
  else
    if prepare.has_merges(row, values) then
      entries.check(row, values, problems, function(name) return is_given(name, given, above, defaults) end)
    end
    check_required(row, required, given, values, problems)
  end
  local rules = row.rules
  for i = 1, #rules do rules[i](said, problems) end
end

-- The messages for names that are options, but not here.
local function reader_of(row, registry)
  return {
    aliases = function() return registry.aliases() end,
    elsewhere = function(name)
      if not registry.by_name[name] then return nil end
      if not row.fields then return ("option '%s' belongs to a call, not to a client"):format(name) end
      return ("option '%s' is not one of %s"):format(name, row.title)
    end,
  }
end

-- Whether a call gives only what nothing that is settled is made of, and no function in place of a secret.
local function leaves_settled(row, given)
  if getmetatable(given) ~= nil then return false end
  for name, value in next, given do
    if row.settled[name] or type(value) == "function" then return false end
  end
  return true
end

-- What is settled for an object's calls of a row, see plan.lua, and besides `required`, the options that the object
-- lacks, and `is_whole`, whether the other options of a call need no look together. False where functions are asked for
-- secrets at each call, or an option is missing that only the object can have.
local function settle(row, above)
  local lacks = {}
  for _, name in ipairs(row.secrets) do
    if type(above[name]) == "function" then return false end
  end
  for _, name in ipairs(row.required) do
    if above[name] == nil then
      if row.settled[name] then return false end
      lacks[#lacks + 1] = name
    end
  end
  local settled = plan.settle(row, above)
  settled.required = lacks
  settled.is_whole = #lacks == 0 and #row.alternatives == 0 and #row.rules == 0 and not row.content
  return settled
end

-- The same, kept with the object; nil where the call has to be looked at as a whole.
local function settled_for(row, given, above)
  if row.way or not leaves_settled(row, given) then return nil end
  local settled = above.kept.settled[row]
  if settled == nil then
    settled = settle(row, above)
    above.kept.settled[row] = settled
  end
  return settled or nil
end

-- Secrets that functions give, and what follows from options that the call gives itself.
local function derive_whole(row, values, problems)
  for _, name in ipairs(row.secrets) do
    if type(values[name]) == "function" then ask(name, row.known[name].check, values, problems) end
  end
  if values.proxy then check_proxy(values, problems) end
  if problems[1] then return end
  if rawget(values, "base_url") then split_base(values) end
  if rawget(values, "user_agent") then make_headers(values) end
end

--- Reads and derives the values of one call.
-- @tparam table row
-- @tparam table given the caller's table; left as it is, and nothing in it is kept
-- @tparam table above the values of the object that the call belongs to: complete, see `made_with`
-- @tparam table registry the options, see api/options.lua
-- @treturn[1] table the values; those of the object show through
-- @return[2] nil
-- @treturn[2] table a usage error with every problem
function M.call(row, given, above, registry)
  if not row.reader then
    prepare.ready(row, registry)
    row.reader = reader_of(row, registry)
  end
  local problems = {}
  local values = core.record(ROOM, above.inherit)
  options.take(given, row.known, values, problems, nil, row.reader, row.texts)
  local settled = settled_for(row, given, above)
  if not (settled and settled.is_whole) then
    local required = settled and settled.required or row.required
    check_together(row, required, given, values, above, problems, registry.defaults)
  end
  if row.known.state and values.state == nil then values.state = fresh_state(problems) end
  if not settled then derive_whole(row, values, problems) end
  if problems[1] then return nil, errors.usage(row.title, problems) end
  values.settled = settled
  return values
end

--- Lets calls see an object's values, and keeps what they make once: `settled` parts of requests, by their rows, and
-- needles, see hide/secrets.lua.
-- @tparam table values the object's
-- @treturn table the values; `inherit` is the metatable with which a call's values see them
function M.object(values)
  values.kept = { object = values, settled = {}, needles = {} }
  values.inherit = { __index = values }
  return values
end

--- Reads and derives the values that an object is made with.
-- @tparam table constructor `name`, and `known`: name → option
-- @tparam table given the caller's table
-- @tparam table above the values of the object above, or the defaults
-- @tparam table registry the options, see api/options.lua
-- @treturn[1] table the values, complete, see `object`
-- @return[2] nil
-- @treturn[2] table a usage error with every problem
function M.made_with(constructor, given, above, registry)
  constructor.reader = constructor.reader or reader_of(constructor, registry)
  local values, problems = {}, {}
  options.take(given, constructor.known, values, problems, nil, constructor.reader)
  for _, name in ipairs(constructor.required or {}) do
    if values[name] == nil and given[name] == nil then note(problems, name, "missing") end
  end
  for name, value in pairs(above) do
    if values[name] == nil then values[name] = value end
  end
  if values.proxy then check_proxy(values, problems) end
  if problems[1] then return nil, errors.usage(constructor.name, problems) end
  split_base(values)
  make_headers(values)
  return M.object(values)
end

return M
