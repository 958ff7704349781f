-- A connected shop at the local service, for the examples. Yours is `client:instance { token = store:token("…") }`.

local sapanywhere = require "sapanywhere"
local sandbox = require "sapanywhere.sandbox"

--- Starts the service, plays the user who presses Allow, and connects.
-- @tparam[opt] table options more options of the client
-- @tparam[opt] number delay seconds that the shop takes to answer, as one that is far away
-- @treturn table the shop
-- @treturn table the service
return function(options, delay)
  local service = assert(sandbox.start {})
  service:seed { customers = 1000, orders = 100, products = 50 }
  local given = {
    base_url = service.base_url, api_key = service.api_key, api_secret = service.api_secret,
    callback_url = service.callback_url, user_secret = service.user_secret,
    organization_secret = service.organization_secret,
  }
  for name, value in pairs(options or {}) do given[name] = value end
  local client = assert(sapanywhere.new(given))
  local auth = assert(client:oauth_url { wait = "plain" })
  local grant = assert(sapanywhere.parse_callback(service:authorize(auth.oauthUrl), { state = auth.state }))
  local instance = assert(client:create_instance { code = grant.code, name = "my shop", wait = "plain" })
  return assert(client:instance { token = instance.token, base_url = service:url { delay = delay or 0 } }), service
end
