--- Keeps web pages of others out: a browser on this machine can be made to ask the sandbox by any page that it
-- shows, under the sandbox's own address or, where a name is made to lead here, under the page's.
-- @module sapanywhere.sandbox.carrier.guard

local answers = require "sapanywhere.sandbox.service.answers"
local consent = require "sapanywhere.sandbox.service.consent"

local guard = {}

local own_names = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

-- Pages that others may send a person to. They take nothing in, and show nothing to who sent them.
local open_pages = { [consent.path] = true, ["/callback"] = true }

local function is_own_name(settings, host)
  host = tostring(host):lower()
  for name in (settings.host_names or ""):gmatch("%S+") do
    if name == host then return true end
  end
  return own_names[host] == true
end

local function is_visit(request)
  return request.method == "GET" and request.headers["sec-fetch-mode"] == "navigate"
    and open_pages[request.uri:match("^[^?]*")] == true
end

-- A page that asks for no referrer, as ours do, has browsers write "null" for its own origin when it sends a form; they
-- then say in another header, which no page can write, whose it is.
local function is_own_origin(request)
  local origin, host = request.headers.origin, request.headers.host or request.host
  if origin == "null" then return request.headers["sec-fetch-site"] == "same-origin" end
  return origin == nil or origin == (request.tls and "https://" or "http://") .. tostring(host)
end

local function is_own_site(request)
  local site = request.headers["sec-fetch-site"]
  return site == nil or site == "same-origin" or site == "none"
end

local function refuse(message, note)
  return answers.noted(answers.failure(403, "Sandbox: " .. message), note)
end

--- Refuses what does not come from here.
-- @tparam table settings `host_names`: names besides its own, parted by spaces
-- @tparam table request with `host` as nginx reads it, without its port
-- @treturn[1] table an answer
-- @return[2] nil the request may be answered
function guard.refuse(settings, request)
  if not is_own_name(settings, request.host) then
    return refuse("this host name is not its own; start { host_names = … } adds names", "a foreign host name")
  end
  if not is_own_origin(request) then return refuse("requests of other sites are refused", "a foreign origin") end
  if not is_own_site(request) and not is_visit(request) then
    return refuse("requests of other sites are refused", "another site")
  end
end

return guard
