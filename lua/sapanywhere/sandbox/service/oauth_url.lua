--- The first call: where to send the user.
-- @module sapanywhere.sandbox.oauth_url

local answers = require "sapanywhere.sandbox.service.answers"
local consent = require "sapanywhere.sandbox.service.consent"
local documented = require "sapanywhere.sandbox.service.documented"
local json = require "sapanywhere.sandbox.service.json"
local url = require "sapanywhere.sandbox.service.url"

local required = { "apiKey", "apiSecret", "callbackUrl" }

local function read_query(request)
  local values = url.parse_query(request.query)
  if not values then return nil, answers.failure(400, "The query string is malformed.") end
  local asked = {}
  for name, given in pairs(values) do
    if #given > 1 then return nil, answers.failure(400, "A parameter is given more than once: " .. name) end
    asked[name] = given[1]
  end
  return asked
end

local function read_body(request)
  if request.query ~= "" then return nil, answers.failure(400, "Parameters belong in the body of a POST.") end
  local asked = json.decode(request.body)
  if not json.is_object(asked) then return nil, answers.failure(400, "The body is not a JSON object.") end
  for name, value in pairs(asked) do
    if type(value) ~= "string" and type(value) ~= "boolean" then
      return nil, answers.failure(400, "A parameter is not a string: " .. name)
    end
  end
  return asked
end

local function list_missing(asked)
  local missing = {}
  for _, name in ipairs(required) do
    if (asked[name] or "") == "" then missing[#missing + 1] = name end
  end
  return missing
end

local function refuse(settings, asked)
  local missing = list_missing(asked)
  if #missing > 0 then
    return answers.failure(400, "Missing required parameters: " .. table.concat(missing, ", "))
  end
  if not url.is_callback(asked.callbackUrl) then
    return answers.failure(400, "The parameter callbackUrl must be an absolute http(s) URL, no fragment.")
  end
  if asked.apiKey ~= settings.api_key or asked.apiSecret ~= settings.api_secret then
    return answers.failure(401, "The API key or the API secret is wrong.")
  end
end

--- Answers `GET` and `POST /elements/{keyOrId}/oauth/url`.
-- The documents do not say what a wrong key or secret leads to here; this service says 401, so that a
-- mistake shows at the step where it was made.
-- @tparam table settings
-- @tparam table store
-- @tparam table request
-- @treturn table an answer
return function(settings, store, request)
  local asked, refusal = (request.method == "POST" and read_body or read_query)(request)
  refusal = refusal or refuse(settings, asked)
  if refusal then return refusal end
  consent.register(store, asked.callbackUrl)
  return answers.ok(json.object {
    { "oauthUrl", consent.url(settings, {
      origin = request.origin, callback_url = asked.callbackUrl, state = asked.state, scope = asked.scope,
    }) },
    { "element", documented.key },
  })
end
