--- The body of a creation, which is also that of a re-authentication: what must be in it, and what it makes.
-- @module sapanywhere.sandbox.creation

local answers = require "sapanywhere.sandbox.service.answers"
local documented = require "sapanywhere.sandbox.service.documented"
local instance = require "sapanywhere.sandbox.service.instance"
local json = require "sapanywhere.sandbox.service.json"
local random = require "sapanywhere.sandbox.service.random"

local creation = {}

local required_settings = { "oauth.callback.url", "oauth.api.key", "oauth.api.secret" }
local own_tokens = { "oauth.user.token", "oauth.user.refresh_token" }

local function part(body, name)
  local value = body[name]
  if value == nil or value == json.null then value = {} end
  return value
end

-- Types

local function list_of_text(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, item in pairs(value) do
    if type(item) ~= "string" or item == "" then return false end
    count = count + 1
  end
  return count == #value
end

local function map_of_plain(value)
  if not json.is_object(value) then return false end
  for _, item in pairs(value) do
    if type(item) == "table" then return false end
  end
  return true
end

local function is_nothing(value) return value == nil or value == json.null end

local function text_or_nothing(value) return is_nothing(value) or type(value) == "string" end

local authentications = { none = true, initial = true }

local function list_invalid(body)
  local invalid = {}
  local function want(name, ok)
    if not ok then invalid[#invalid + 1] = name end
  end
  want("element", json.is_object(part(body, "element")))
  want("providerData", json.is_object(part(body, "providerData")))
  want("configuration", map_of_plain(part(body, "configuration")))
  want("tags", list_of_text(part(body, "tags")))
  want("name", text_or_nothing(body.name))
  local retrieve, external = body.retrieveObjectsAfterInstantiation, body.externalAuthentication
  want("retrieveObjectsAfterInstantiation", is_nothing(retrieve) or type(retrieve) == "boolean")
  want("externalAuthentication", is_nothing(external) or authentications[external])
  if #invalid == 0 then want("providerData.code", text_or_nothing(part(body, "providerData").code)) end
  return invalid
end

--- Refuses what is not an object, and entries of the wrong type.
-- @param body as `json.decode` gave it
-- @treturn table|nil an answer
function creation.refuse_types(body)
  if not json.is_object(body) then return answers.failure(400, "The body is not a JSON object.") end
  local invalid = list_invalid(body)
  if #invalid > 0 then
    return answers.failure(400, "Entries of the wrong type: " .. table.concat(invalid, ", "))
  end
end

-- What is missing

local function is_external(body) return body.externalAuthentication == "initial" end

--- The code of a body, or nil.
function creation.code(body)
  local code = part(body, "providerData").code
  return code ~= json.null and code ~= "" and code or nil
end

local function list_missing(body, element)
  local missing = {}
  local function want(name, value)
    if value == "" or is_nothing(value) then missing[#missing + 1] = name end
  end
  if not element then want("element.key", part(body, "element").key or part(body, "element").id) end
  if not is_external(body) then want("providerData.code", creation.code(body)) end
  local settings = part(body, "configuration")
  for _, name in ipairs(required_settings) do want("configuration." .. name, settings[name]) end
  for _, name in ipairs(is_external(body) and own_tokens or {}) do want("configuration." .. name, settings[name]) end
  want("name", body.name)
  return missing
end

local function refuse_missing(missing)
  if #missing == 0 then return nil end
  if #missing == 1 and missing[1] == "providerData.code" then
    return answers.failure(400, documented.missing_code)
  end
  local message = "Missing required entries: " .. table.concat(missing, ", ")
  if table.concat(missing, " "):find("providerData.code", 1, true) then
    message = message .. ". " .. documented.missing_code
  end
  return answers.failure(400, message)
end

local function names_element(value)
  return value == documented.key or value == documented.id or value == tostring(documented.id)
end

--- Refuses a body that is not whole.
-- @param body as `json.decode` gave it
-- @tparam[opt] string element the key or id of the address
-- @treturn table|nil an answer
function creation.refuse(body, element)
  local refusal = creation.refuse_types(body) or refuse_missing(list_missing(body, element))
  if refusal then return refusal end
  if is_external(body) and creation.code(body) then
    return answers.failure(400, "There is no use for a code where the tokens are given.")
  end
  local named = part(body, "element").key or part(body, "element").id or element
  if not names_element(named) then return answers.failure(404, "No element is known by this key or id.") end
end

-- The provider's part

--- Exchanges a code at the provider, as it were: of all that try, one succeeds.
-- @tparam table settings
-- @tparam table store
-- @tparam table configuration of the instance
-- @tparam[opt] string code none where the client brings its own tokens
-- @treturn table|nil the refusal
-- @treturn table|nil the code's row, with its `scope`
function creation.exchange(settings, store, configuration, code)
  local function refuse(message)
    return answers.failure(400, "The provider refused the OAuth code exchange.", message)
  end
  if configuration["oauth.api.key"] ~= settings.api_key
    or configuration["oauth.api.secret"] ~= settings.api_secret then
    return refuse("invalid_client: the API key or the API secret is wrong")
  end
  if not code then return nil end
  local row = store:get("codes", code)
  if not row then return refuse("invalid_grant: the code is unknown") end
  if row.claimed_by then return refuse("invalid_grant: the code has been used already") end
  if row.callback_url ~= configuration["oauth.callback.url"] then
    return refuse("invalid_grant: the callback URL is not the one that the code was issued for")
  end
  if not store:claim("codes", code, random.hex(32)) then
    return refuse("invalid_grant: the code has been used already")
  end
  return nil, row
end

--- The tokens that the provider gives for a code.
-- @treturn table a map of two settings
function creation.fresh_tokens()
  return {
    ["oauth.user.token"] = random.hex(20),
    ["oauth.user.refresh_token"] = random.hex(8) .. "-" .. random.hex(12),
  }
end

-- What a body makes

local function strip_html(text) return (text:gsub("<[^<>]*>", "")) end

--- The name, tags and configuration of a body as an instance keeps them; what is left out is nil.
-- @tparam table body
-- @treturn table `name`, `tags`, `configuration`
function creation.read(body)
  local read = {}
  if not is_nothing(body.name) then read.name = strip_html(body.name) end
  if not is_nothing(body.tags) then
    read.tags = {}
    for _, tag in ipairs(body.tags) do table.insert(read.tags, strip_html(tag)) end
  end
  read.configuration = {}
  for name, value in pairs(part(body, "configuration")) do
    if value ~= json.null and value ~= instance.mask then
      read.configuration[name] = type(value) == "string" and value or json.encode(value)
    end
  end
  return read
end

--- Makes the row of a new instance.
-- @tparam table body that was not refused
-- @tparam[opt] table code its row, where there is one
-- @treturn table
function creation.make(body, code)
  local read = creation.read(body)
  local row = {
    name = read.name, token = random.secret(), tags = read.tags or {}, configuration = read.configuration,
    code = creation.code(body), external = is_external(body) or nil,
  }
  row.configuration["oauth.scope"] = row.configuration["oauth.scope"] or code and code.scope
  if code then
    for name, value in pairs(creation.fresh_tokens()) do row.configuration[name] = value end
  end
  return row
end

return creation
