-- Sends a visitor to the consent page, and makes the connection when they come back.

local sapanywhere = require "sapanywhere"
local pages = require "pages"
local shop = require "shop"

local M = {}

-- 128 bits that nobody can guess, in hex.
local function random_id()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(16)
  file:close()
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- The visitor's session, which ties the callback to this browser. An application that has sessions takes its own.
local function session()
  local id = ngx.var.cookie_session
  if id and #id == 32 then return id end
  id = random_id()
  local secure = ngx.var.scheme == "https" and "; Secure" or ""
  ngx.header["Set-Cookie"] = "session=" .. id .. "; Path=/; HttpOnly; SameSite=Lax" .. secure
  return id
end

--- GET /connect
function M.connect()
  local auth
  local state, err = shop.sealer:issue { bind = session() }
  if state then auth, err = shop.client:oauth_url { state = state } end
  if auth then return ngx.redirect(auth.oauthUrl) end
  shop.log(err)
  return pages.show "failed"
end

-- What a visitor is told of a callback that is not taken.
local function refuse(err)
  if err.kind == "denied" then return pages.show "denied" end
  if err.reason == "store" then -- the dictionary is full: nobody can sign in
    shop.log(err)
    return pages.show "busy"
  end
  return pages.show "again"
end

--- GET /auth, the callback URL
function M.callback()
  local grant, err = sapanywhere.parse_callback(ngx.var.request_uri, {
    state = shop.sealer, bind = ngx.var.cookie_session or "no session",
  })
  if not grant then return refuse(err) end
  local instance
  instance, err = shop.client:create_instance { code = grant.code, name = "my shop", recover = true }
  if not instance then
    shop.log(err)
    return pages.show "failed"
  end
  local kept
  kept, err = shop.store:put(tostring(instance.id), instance)
  if not kept then shop.log(err) end
  return pages.show(kept and "connected" or "failed")
end

return M
