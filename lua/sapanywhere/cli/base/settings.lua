--- The settings: a file, overruled by the environment, completed at a prompt. Never from arguments, which others see.

local paths = require "sapanywhere.cli.base.paths"
local prompt = require "sapanywhere.cli.base.prompt"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local stop = require "sapanywhere.cli.base.stop"

local M = {}

-- What there is to be set, each with what kind of value it has; "own" ones are the command's, the others go to
-- `sapanywhere.new`.
local KNOWN = {
  { "api_key", secret = true, ask = "API key" }, { "api_secret", secret = true, ask = "API secret" },
  { "user_secret", secret = true, ask = "user secret of your account" },
  { "organization_secret", secret = true, ask = "organization secret of your account" },
  { "callback_url" }, { "base_url" }, { "element" }, { "scope" }, { "site_address" }, { "secrets_in" },
  { "proxy", secret = true }, { "user_agent" },
  { "timeout", number = true }, { "connect_timeout", number = true },
  { "tls.ca_file" }, { "tls.ca_path" }, { "tls.cert_file" }, { "tls.key_file" }, { "tls.min_version" },
  { "hub", own = true }, { "store_key", secret = true, own = true },
}

M.KNOWN = KNOWN

local by_name = {}
for _, setting in ipairs(KNOWN) do by_name[setting[1]] = setting end

local values, sources -- what is set, by name, and where that was found

--- The variable of the environment for a setting.
function M.variable(name)
  return "SAPANYWHERE_" .. name:upper():gsub("%.", "_")
end

local function refuse(where, what)
  stop.with(where .. ": " .. what, 2, "mend it; man sapanywhere lists the settings")
end

local function set(name, text, source)
  local setting = by_name[name]
  if setting.secret then secrets.add(text) end
  if setting.number and not tonumber(text) then refuse(source, name .. " must be a number") end
  values[name] = setting.number and tonumber(text) or text
  sources[name] = source
end

local function read_file(path)
  local text, problem, reason = sapanywhere.private.read(path)
  if not text and reason == "missing" then return end
  if not text then stop.with(path .. ": " .. problem, 2) end
  local number = 0
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    if line:find("%S") and not line:find("^%s*#") then
      local name, value = line:match("^%s*([%w_.]+)%s*=%s*(.-)%s*$")
      local where = ("%s, line %d"):format(path, number)
      if not name then refuse(where, "a line must be: name = value") end
      if not by_name[name] then refuse(where, "there is no setting of that name") end
      set(name, value, path)
    end
  end
end

local function read_secret_file(variable, path)
  local file = io.open(path, "rb")
  local text = file and file:read(64 * 1024)
  if file then file:close() end
  if not text then stop.with(variable .. ": the file that it names cannot be read", 2) end
  return (text:gsub("\r?\n$", ""))
end

local function read_environment()
  for _, setting in ipairs(KNOWN) do
    local name = setting[1]
    local variable = M.variable(name)
    local value, path = os.getenv(variable), os.getenv(variable .. "_FILE")
    if value and value ~= "" then
      set(name, value, variable)
    elseif path and path ~= "" then
      set(name, read_secret_file(variable .. "_FILE", path), variable .. "_FILE")
    end
  end
end

local function load_all()
  if values then return end
  values, sources = {}, {}
  local path = paths.config()
  if path then read_file(path) end
  read_environment()
end

--- What a setting is, or nil.
function M.get(name)
  load_all()
  return values[name]
end

--- Where a setting was found, or nil.
function M.source(name)
  load_all()
  return sources[name]
end

-- Those of the names that are not set and that nobody can be asked for.
local function list_missing(names)
  local missing = {}
  for _, name in ipairs(names) do
    if M.get(name) == nil then missing[#missing + 1] = name end
  end
  return missing
end

local function ask_for(missing)
  for _, name in ipairs(missing) do
    local answer = prompt.ask(by_name[name].ask .. ":", true)
    answer = answer and answer:match("^%s*(.-)%s*$")
    if not answer or answer == "" then stop.with(name .. " is needed", 2) end
    set(name, answer, "prompt")
  end
end

--- Sees to it that settings are there: asks for what is missing, or ends the command.
-- @tparam {string,...} names of settings
-- @treturn boolean whether the person was asked
function M.need(names)
  local missing = list_missing(names)
  if not missing[1] then return false end
  if prompt.can_ask() then
    ask_for(missing)
    return true
  end
  local variables = {}
  for place, name in ipairs(missing) do variables[place] = M.variable(name) end
  stop.with("missing " .. table.concat(missing, ", "), 2,
    ("set %s (or the same with _FILE), or write %s into %s"):format(
      table.concat(variables, ", "), #missing == 1 and "it" or "them", paths.config() or "a file of settings"))
end

-- The file's text with what the person has typed.
local function add_typed(text)
  if text ~= "" and text:sub(-1) ~= "\n" then text = text .. "\n" end
  for _, setting in ipairs(KNOWN) do
    local name = setting[1]
    if sources[name] == "prompt" then text = text .. name .. " = " .. values[name] .. "\n" end
  end
  return text
end

--- Offers to keep what the person has typed.
function M.offer_to_keep()
  local path = paths.config()
  if not path or not prompt.confirm(("Keep these settings in %s, readable for you only?"):format(path)) then return end
  local text = sapanywhere.private.read(path) or ""
  local done, problem = sapanywhere.private.write(path, add_typed(text))
  if not done then say.note(("the settings were not kept: %s: %s"):format(path, problem), "warn") end
end

-- What goes over the wire, as `on_event` has it.
local function show_event(event)
  if event.event == "request" then
    say.note(("> %s %s (%s, attempt %d)"):format(event.method, event.url, event.call, event.attempt), "faint")
  elseif event.event == "response" then
    local total = event.timings and event.timings.total or 0
    say.note(("< %s, %d bytes, %.0f ms%s"):format(event.status or event.kind or "no answer", event.bytes_received or 0,
      total * 1000, event.request_id and ", request " .. event.request_id or ""), "faint")
  else
    say.note(("! %s: %s"):format(event.event, event.message or event.kind or ""), "faint")
  end
end

--- The options of a client.
-- @tparam table args those of the command line
function M.options(args)
  load_all()
  local options = { null = "keep", wait = stop.wait, on_event = args.verbose and show_event or nil }
  for _, setting in ipairs(KNOWN) do
    local name, value = setting[1], values[setting[1]]
    local group, entry = name:match("^(%w+)%.(.+)$")
    if group and value ~= nil then
      options[group] = options[group] or {}
      options[group][entry] = value
    elseif not setting.own then
      options[name] = value
    end
  end
  return options
end

--- A client with the settings.
-- @tparam table args
-- @tparam[opt] {string,...} names of settings that it needs
function M.client(args, names)
  M.need(names or {})
  return stop.unless(sapanywhere.new(M.options(args)))
end

M.ACCOUNT = { "user_secret", "organization_secret" }

return M
