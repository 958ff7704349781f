--- The local service as a function, for specs that need no server.
--
--     local played = require "support.played"
--     local self = played.start {}
--     local instance = played.create(self)
--     self.api("GET", "/instances").status

local assert = require "luassert"
local cjson = require "cjson"
local service = require "sapanywhere.sandbox.service.service"
local store = require "sapanywhere.sandbox.service.store"
local system = require "sapanywhere.sandbox.carrier.system"
local url = require "sapanywhere.sandbox.service.url"

local played = {}

played.callback_url = "https://www.mycoolapp.com/auth?x=1"

function played.read_fixture(name)
  return system.read_file("spec/fixtures/" .. name)
end

--- Starts one; the options are settings of the service. Gives `settings`, `store`, and two functions that take a
-- method, a target and `{ headers, body, time, told }`: `call`, and `api` below the base path with the secrets.
function played.start(options)
  local settings = {
    api_key = "key & <co>", api_secret = "se+cr/et=",
    user_secret = "us+er/=", organization_secret = ("0a"):rep(16),
    tags_as = "absent", client_id_as = "key", mask = false,
  }
  for name, value in pairs(options or {}) do settings[name] = value end
  local known = store.new()
  local self = { settings = settings, store = known }
  function self.call(method, target, given)
    given = given or {}
    local path, query = target:match("^([^?]*)%??(.*)$")
    return service.answer(settings, known, {
      method = method, path = path, query = query, body = given.body or "", headers = given.headers or {},
      origin = "http://127.0.0.1:1", time = given.time, told = given.told,
    })
  end
  function self.api(method, target, given)
    given = given or {}
    given.headers = given.headers or {}
    if given.headers.authorization == nil then
      given.headers.authorization = "User " .. settings.user_secret .. ", Organization "
        .. settings.organization_secret
    end
    if type(given.body) == "table" then given.body = cjson.encode(given.body) end
    if given.body then given.headers["content-type"] = given.headers["content-type"] or "application/json" end
    return self.call(method, "/elements/api-v2" .. target, given)
  end
  return self
end

function played.header_of(answer, name)
  for _, header in ipairs(answer.headers) do
    if header[1]:lower() == name:lower() then return header[2] end
  end
end

function played.message_of(answer)
  return cjson.decode(answer.body).message
end

--- The target of a request for the OAuth URL; `false` leaves a parameter out.
function played.oauth_target(self, changes)
  local values = {
    apiKey = self.settings.api_key, apiSecret = self.settings.api_secret,
    callbackUrl = played.callback_url, state = "a b&c",
  }
  for name, value in pairs(changes or {}) do values[name] = value or nil end
  local pairs_of = {}
  for name, value in pairs(values) do table.insert(pairs_of, { name, value }) end
  return "/elements/sapanywhere/oauth/url?" .. url.build_query(pairs_of)
end

--- The OAuth URL.
function played.ask(self, changes)
  return cjson.decode(self.api("GET", played.oauth_target(self, changes)).body).oauthUrl
end

--- The Authorization header of an instance's own calls.
function played.element(self, instance)
  return "User " .. self.settings.user_secret .. ", Element " .. instance.token
end

--- Opens the consent page: the page, and the token of its form.
function played.show(self, oauth_url)
  local page = self.call("GET", oauth_url:match("^http://127.0.0.1:1(/.*)$"))
  return page, page.body:match('name="form" value="(%x+)"')
end

--- Sends the form: `"allow"` or `"deny"`.
function played.press(self, form, decision)
  return self.call("POST", "/sbo/oauth2/authorize", {
    headers = { ["content-type"] = "application/x-www-form-urlencoded" },
    body = "form=" .. form .. "&decision=" .. decision,
  })
end

--- A code that was not used yet.
function played.get_code(self)
  local _, form = played.show(self, played.ask(self))
  return played.header_of(played.press(self, form, "allow"), "Location"):match("[?&]code=(%x+)")
end

--- The body of a creation; `false` leaves an entry out, and `configuration.NAME` names one of the configuration.
function played.creation(self, code, changes)
  local body = {
    element = { key = "sapanywhere" }, providerData = { code = code }, name = "my shop", tags = { "eu" },
    configuration = {
      ["oauth.callback.url"] = played.callback_url, ["oauth.api.key"] = self.settings.api_key,
      ["oauth.api.secret"] = self.settings.api_secret,
    },
  }
  for name, value in pairs(changes or {}) do
    local setting = name:match("^configuration%.(.*)$")
    if setting then
      body.configuration[setting] = value or nil
    else
      body[name] = value or nil
    end
  end
  return body
end

--- Creates an instance: the instance, or nil, and the answer.
function played.create(self, changes, target)
  local body = played.creation(self, played.get_code(self), changes)
  local answer = self.api("POST", target or "/instances", { body = body })
  return answer.status == 200 and cjson.decode(answer.body) or nil, answer
end

-- The number may have been read as a float.
function played.path_of(instance)
  return ("/instances/%d"):format(instance.id)
end

--- Asserts that an answer is a refusal in the documented shape, and gives its body.
function played.assert_refused(status, answer)
  local body = cjson.decode(answer.body)
  assert.equal(status, answer.status)
  assert.matches("^" .. ("%x"):rep(24) .. "$", body.requestId)
  assert.equal(body.requestId, played.header_of(answer, "elements-request-id"))
  assert.equal("string", type(body.message))
  return body
end

return played
