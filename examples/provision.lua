-- Connects a shop from a terminal, and keeps its token.
--
--   SAPANYWHERE_API_KEY=… SAPANYWHERE_API_SECRET=… SAPANYWHERE_CALLBACK_URL=… SAPANYWHERE_USER_SECRET=… \
--   SAPANYWHERE_ORGANIZATION_SECRET=… SAPANYWHERE_STORE_KEY=… lua5.4 provision.lua "my shop"
--
-- It prints an address to open in a browser. After Allow the browser comes to the callback URL: paste its address here.

local sapanywhere = require "sapanywhere"

-- Ends the program with what went wrong, and what to do.
local function give_up(err)
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

local function check(value, err)
  if not value then give_up(err) end
  return value
end

local function setting(name)
  return function()
    local value = os.getenv("SAPANYWHERE_" .. name)
    return value or give_up("SAPANYWHERE_" .. name .. " is not set")
  end
end

local name = arg[1] or give_up "give the shop's name"
local store = check(sapanywhere.store.file { path = "shops.json", key = setting "STORE_KEY" () })
local client = check(sapanywhere.new {
  base_url = os.getenv "SAPANYWHERE_BASE_URL", -- nil for https://api.cloud-elements.com
  api_key = setting "API_KEY", api_secret = setting "API_SECRET", callback_url = setting "CALLBACK_URL" (),
  user_secret = setting "USER_SECRET", organization_secret = setting "ORGANIZATION_SECRET",
})

local auth = check(client:oauth_url {})
print("Open this address, and paste the one that the browser comes to:")
print(auth.oauthUrl)
io.stdout:flush()

local grant = check(sapanywhere.parse_callback(io.read "*l" or "", { state = auth.state }))
local instance = check(client:create_instance { code = grant.code, name = name, tags = { name }, recover = true })
check(store:put(name, instance))

local shop = check(client:instance { token = store:token(name) })
local count, err = shop.customers:count {}
print(("%s is connected as instance %s, and has %s customers"):format(name, instance.id, count or tostring(err)))
