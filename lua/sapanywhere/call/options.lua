--- The options: one row each, and the way from a caller's table to checked values.
--
-- Values are read by name, not walked through: a call's values inherit from its client's. Beside the options
-- they hold what the checks made of them: `origin` and `prefix` of the base URL, `headers`, `segment` and
-- `by_id` of the element.

local core = require "sapanywhere.core"
local address = require "sapanywhere.call.address"
local checks = require "sapanywhere.call.checks"
local endpoints = require "sapanywhere.api.rows"
local entries = require "sapanywhere.call.entries"
local errors = require "sapanywhere.errors"
local hosts = require "sapanywhere.wait.find"
local suggest = require "sapanywhere.base.suggest"
local version = require "sapanywhere.version"

local take_texts = core.take_texts
local seconds, integer, word, wrong = checks.seconds, checks.integer, checks.word, checks.wrong

local TLS = {
  ca_file = checks.text, ca_path = checks.text, cert_file = checks.text, key_file = checks.text,
  min_version = word { "1.2", "1.3" },
}
local RETRY = { max = integer(0, 10), base = seconds, cap = seconds }

local DEFAULT_RETRY = { max = 2, base = 0.5, cap = 8 }

local check_retry = checks.record(RETRY)

local function retry(value, name, problems)
  if value == false then return false end
  local copy = check_retry(value, name, problems) or {}
  for key, default in pairs(DEFAULT_RETRY) do
    if copy[key] == nil then copy[key] = default end
  end
  return copy
end

local check_tls = checks.record(TLS)

local function tls(value, name, problems)
  local copy = check_tls(value, name, problems)
  if copy and copy.key_file and not copy.cert_file then
    problems[#problems + 1] =
      { option = name, kind = "wrong", message = name .. ".key_file needs the cert_file that it belongs to" }
  end
  return copy
end

-- The state in a client.
local function no_state(value, name, problems)
  if value ~= false then
    wrong(problems, name, "belongs to each call: one for all users protects none of them (a client takes only false)")
  end
  return value
end

local function wait(value, name, problems)
  if value ~= "auto" and type(value) ~= "function" and not hosts.is_host(value) then
    wrong(problems, name, 'must be "auto", a function, or the name of a host such as "plain"')
  end
  return value
end

-- client: any call takes it, whatever its row says; once: belongs to one call, not to a client;
-- client_check, flat_check: in place of check in a client, and where a row is flat;
-- secret: may be given as a function, and is never shown.
local OPTIONS = {
  { name = "base_url", check = checks.base_url, client = true,
    default = "https://api.cloud-elements.com/elements/api-v2" },
  { name = "timeout", check = seconds, client = true, default = 70 },
  { name = "connect_timeout", check = seconds, client = true, default = 10 },
  { name = "retry", check = retry, client = true, default = DEFAULT_RETRY },
  { name = "tls", check = tls, client = true },
  { name = "proxy", check = checks.proxy, client = true, secret = true },
  { name = "max_response_bytes", check = integer(1024, 2 ^ 31), client = true },
  { name = "max_connections", check = integer(1, 10000), client = true },
  { name = "user_agent", check = checks.user_agent, client = true, default = "sapanywhere-lua/" .. version },
  { name = "null", check = word { "omit", "keep" }, client = true, default = "omit" },
  { name = "wait", check = wait, client = true, default = "auto" },
  { name = "on_event", check = checks.callable, client = true },

  { name = "user_secret", check = checks.header_secret, secret = true },
  { name = "organization_secret", check = checks.header_secret, secret = true },
  { name = "element", check = checks.element, default = "sapanywhere" },
  { name = "api_key", check = checks.secret, secret = true },
  { name = "api_secret", check = checks.secret, secret = true },
  { name = "callback_url", check = checks.text },
  { name = "state", check = checks.state, client_check = no_state },
  { name = "scope", check = checks.text },
  { name = "site_address", check = checks.text },
  { name = "secrets_in", check = word { "query", "body" }, default = "query" },
  { name = "code", check = checks.secret, secret = true, once = true },
  { name = "name", check = checks.text },
  { name = "tags", check = checks.tags },
  { name = "configuration", check = checks.map },
  { name = "recover", check = checks.boolean, default = false },
  { name = "extra", check = checks.tree, flat_check = checks.map, once = true },
  { name = "body", check = checks.tree, once = true },
}

--- The row of `sapanywhere.new`: what a client is made with.
local NEW = { name = "new", client = true }

local by_name, secrets = {}, {}
for _, option in ipairs(OPTIONS) do
  by_name[option.name] = option
  if option.secret then secrets[#secrets + 1] = option.name end
end

-- The names that the API's own pages use, for those who write them here.
local aliases = {}
for _, row in pairs(endpoints) do
  for _, field in ipairs(row.fields) do
    aliases[field.at[#field.at]] = field.option
    aliases[table.concat(field.at, ".")] = field.option
  end
end

local defaults = {}
do
  local problems = {}
  for _, option in ipairs(OPTIONS) do
    if option.default ~= nil then
      defaults[option.name] = option.check(option.default, option.name, problems, defaults)
    end
  end
  assert(#problems == 0)
  defaults.__index = defaults
end

-- What a row needs at each call: the check of every option it takes (`texts`: those that have nothing against
-- plain text), room for what most calls give, the names it requires (`signing`: those that it requires beside a
-- body too), the secrets that it sends.
local function prepare(row)
  local plan = { checks = {}, texts = {}, room = 5, names = {}, required = {}, signing = {}, secrets = {} }
  local function take(option)
    local check = row == NEW and option.client_check or row.flat and option.flat_check or option.check
    plan.checks[option.name], plan.texts[option.name] = check, checks.TEXTS[check]
    plan.names[#plan.names + 1] = option.name
  end
  local function send(name, required)
    plan.room = plan.room + (required and 1 or 0)
    if required then plan.required[#plan.required + 1] = name end
    if by_name[name].secret then plan.secrets[#plan.secrets + 1] = name end
  end
  for _, option in ipairs(OPTIONS) do
    if row == NEW and not option.once or option.client then take(option) end
  end
  for _, field in ipairs(row.fields or {}) do
    take(by_name[field.option])
    send(field.option, field.required)
  end
  for _, merged in ipairs(row.merges or {}) do take(by_name[merged.option]) end
  for _, name in ipairs(row.also or {}) do
    if not plan.checks[name] then take(by_name[name]) end
  end
  if row ~= NEW then send("proxy") end
  for _, name in ipairs(row.authorized and { "user_secret", "organization_secret" } or {}) do
    send(name, true)
    plan.signing[#plan.signing + 1] = name
  end
  return plan
end

local prepared = {
  [NEW] = prepare(NEW),
  [endpoints.oauth_url] = prepare(endpoints.oauth_url),
  [endpoints.create_instance] = prepare(endpoints.create_instance),
}

local function refuse_name(row, name, problems)
  local message
  if by_name[name] and row == NEW then
    message = ("option '%s' belongs to a call, not to a client"):format(name)
  elseif by_name[name] then
    message = ("option '%s' is not one of %s"):format(name, row.name)
  else
    message = suggest.unknown("option", name, prepared[row].names, aliases)
  end
  problems[#problems + 1] = { option = suggest.shown(name), kind = "unknown", message = message }
end

-- Asks a caller's function for its secret. Its own words are not repeated: they may hold the secret.
local function ask(name, values, problems)
  local option = by_name[name]
  local ok, secret = pcall(values[name])
  if not ok then
    problems[#problems + 1] =
      { option = name, kind = "wrong", message = name .. ": its function raised an error" }
  elseif type(secret) ~= "string" then
    problems[#problems + 1] =
      { option = name, kind = "wrong", message = name .. ": its function must return a string" }
  else
    values[name] = option.check(secret, name, problems, values)
  end
end

-- A state that nobody can guess: 128 bits, in hex.
local function fresh_state(problems)
  local state = core.random_hex(16)
  if state then return state end
  wrong(problems, "state", "must be given: this system has no random bytes")
end

-- The options that a client was made with, as far as its values tell.
local function set_by(client)
  local set = {}
  for name, value in pairs(client) do
    if value ~= defaults[name] then set[name] = value end
  end
  return set
end

-- Entries that came by another door than their option, and secrets that must be asked for.
local function settle(row, plan, given, client, values, problems)
  if values.body or values.configuration or values.extra then
    if values.configuration and not given.configuration then
      values.configuration = checks.map(values.configuration, "configuration", problems, values)
    end
    entries.settle(row, given, client and set_by(client) or {}, plan.checks, values, problems)
  end
  for _, name in ipairs(plan.secrets) do
    if type(values[name]) == "function" then ask(name, values, problems) end
  end
end

-- What a call needs beyond its options' checks: every entry once, every secret at hand, nothing missing.
local function complete(row, plan, given, client, values, problems)
  local required = plan.required
  if values.special then
    settle(row, plan, given, client, values, problems)
    if values.body then required = plan.signing end
  end
  for i = 1, #required do
    local name = required[i]
    if values[name] == nil and given[name] == nil then
      problems[#problems + 1] = { option = name, kind = "missing" }
    end
  end
  if plan.checks.state and values.state == nil then values.state = fresh_state(problems) end
end

-- Seen from a proxy, a loopback address is its own, and without TLS it reads everything.
local function check_proxy(values, problems)
  local proxy, origin = values.proxy, values.origin
  if type(proxy) ~= "string" or not origin or origin:find("^https:") or address.is_local(proxy) then return end
  wrong(problems, "proxy", "must be on this machine (a loopback address) where base_url is http")
end

-- A client's values are whole, so that a call's look no further than these.
local function inherit(values)
  for name, value in pairs(defaults) do
    if values[name] == nil then values[name] = value end
  end
  values.__index = values
end

--- Reads the options of one call or client.
-- @tparam table row the endpoint's row, or `NEW`
-- @tparam table given the caller's table; left as it is, and nothing in it is kept
-- @tparam[opt] table client the checked values of a client
-- @treturn[1] table the checked values. Secrets given as functions have been asked for, but not those of a
--   client.
-- @return[2] nil
-- @treturn[2] table a usage error with every problem
local function read(row, given, client)
  local plan, problems = prepared[row], {}
  local values = core.record(plan.room, row ~= NEW and (client or defaults) or nil)
  local name, value = take_texts(given, plan.texts, values)
  while name ~= nil do
    local check = plan.checks[name]
    if check then
      values[name] = check(value, name, problems, values)
    else
      refuse_name(row, name, problems)
    end
    name, value = take_texts(given, plan.texts, values, name)
  end
  if row == NEW then
    inherit(values)
  else
    complete(row, plan, given, client, values, problems)
  end
  if values.proxy then check_proxy(values, problems) end
  if problems[1] then return nil, errors.usage(row.name, problems) end
  return values
end

return { read = read, NEW = NEW, OPTIONS = OPTIONS, SECRETS = secrets, RETRY_DEFAULT = DEFAULT_RETRY }
