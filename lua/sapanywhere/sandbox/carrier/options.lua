--- Checks the options of the sandbox, and says what was probably meant.
-- @module sapanywhere.sandbox.carrier.options

local suggest = require "sapanywhere.base.suggest"

local options = {}

local function list_names(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  return names
end

local function is_text(value) return type(value) == "string" end

local function is_whole(value)
  return type(value) == "number" and value >= 1 and value <= 64 and value % 1 == 0
end

local function is_port(value)
  return type(value) == "number" and value >= 1 and value <= 65535 and value % 1 == 0
end

local function is_map_of_texts(value)
  if type(value) ~= "table" then return false end
  for name, text in pairs(value) do
    if type(name) ~= "string" or type(text) ~= "string" or name:find("[=%z]") or text:find("%z") then return false end
  end
  return true
end

local function is_list_of_names(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, name in pairs(value) do
    count = count + 1
    if type(value[count]) ~= "string" or type(name) ~= "string" or name:find("[%s:/]") or name == "" then
      return false
    end
  end
  return true
end

local function is_of(wanted)
  return function(value) return type(value) == wanted end
end

local text, flag = { is_text, "a string" }, { is_of "boolean", "true or false" }

local nginx_options = {
  path = text, main = text, http = text, server = text, lua_package_path = text, lua_package_cpath = text,
  user = text, environment = { is_map_of_texts, "a table of names and strings" },
}

--- Those of `sandbox.start`: each has a check and what it wants, or a list of choices.
options.start = {
  api_key = text, api_secret = text, user_secret = text, organization_secret = text,
  tags_as = { choices = { "absent", "strings", "objects" } }, client_id_as = { choices = { "key", "url" } },
  mask = flag, log = flag, http2 = flag,
  port = { is_port, "a whole number from 1 to 65535" },
  workers = { is_whole, "a whole number from 1 to 64" },
  host_names = { is_list_of_names, "a list of host names, without ports" },
  nginx = { fields = nginx_options },
}

--- Those of `restart`.
options.restart = { empty = flag }

--- What `authorize` takes in place of an address.
options.authorize = { callback_url = text, state = text, scope = text }

local function is_count(value)
  return type(value) == "number" and value >= 0 and value <= 2 ^ 31 and value % 1 == 0
end

local function is_id(value) return type(value) == "string" or type(value) == "number" end

local count = { is_count, "a whole number from 0 to 2147483648" }

--- Those of `seed`.
options.seed = { customers = count, orders = count, products = count, seed = count }

--- Those of `notification` and `notify`, and of each of their events.
options.notification = {
  instance = { is_id, "the id or the token of an instance" }, events = { is_of "table", "a list" }, legacy = flag,
}
options.event = {
  objectType = text, objectId = { is_id, "a number or a string" }, date = text,
  eventType = { choices = { "CREATED", "UPDATED", "DELETED", "UNKNOWN" } },
}

local function quote_all(choices)
  local quoted = {}
  for index, choice in ipairs(choices) do quoted[index] = ("%q"):format(choice) end
  return table.concat(quoted, " or ")
end

--- Checks one of a few words.
-- @tparam string what what the word is, such as "the decision"
-- @param value of any type
-- @tparam table choices
-- @treturn string|nil what is wrong
function options.check_choice(what, value, choices)
  for _, choice in ipairs(choices) do
    if value == choice then return nil end
  end
  local near = type(value) == "string" and suggest.nearest(value, choices)
  return ("%s must be %s"):format(what, quote_all(choices)) .. (near and (" (did you mean %q?)"):format(near) or "")
end

local function check_value(what, value, rule)
  if rule.choices then return options.check_choice(what, value, rule.choices) end
  if rule.fields then return options.check(what, value, rule.fields) end
  if not rule[1](value) then return what .. " must be " .. rule[2] end
end

--- Checks a table of options.
-- @tparam string what what the table is, such as "the options"
-- @param given of any type
-- @tparam table known a map from name to rule, such as `options.start`
-- @treturn string|nil what is wrong first, in the order of the names
function options.check(what, given, known)
  if type(given) ~= "table" then return what .. " must be a table" end
  local names = list_names(given)
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    if not known[name] then return suggest.unknown("option", name, list_names(known)) end
    local problem = check_value("option " .. name, given[name], known[name])
    if problem then return problem end
  end
end

return options
