--- Reads and judges the two addresses a caller gives: the service's base URL and a proxy's.
-- Judges text only: nothing is resolved or opened.

local core = require "sapanywhere.core"

-- scheme, authority and the rest of a URL made of visible ASCII characters; nothing where it is not one
local function split(url)
  if url:find("[^\33-\126]") then return end
  local scheme, authority, rest = url:match("^(%a[%w+.%-]*)://([^/?#]*)(.*)$")
  if scheme then return core.lower(scheme), authority, rest end
end

local LONGEST_HOST = 255 -- no name in the DNS is longer

-- host (an IPv6 address keeps its brackets) and port text (":8080" or "") of an authority without credentials
local function split_host(authority)
  local host, port = authority:match("^(%[[%x:.]+%])(.*)$")
  if not host then host, port = authority:match("^([%w._%-]+)(.*)$") end
  if not host then return nil, "must name a host" end
  if #host > LONGEST_HOST then return nil, ("must name a host of at most %d characters"):format(LONGEST_HOST) end
  if port ~= "" then
    local number = #port <= 6 and tonumber(port:match("^:(%d+)$") or "")
    if not number or number < 1 or number > 65535 then
      return nil, "must have a port from 1 to 65535, or none"
    end
    port = (":%d"):format(number)
  end
  return core.lower(host), port
end

local function is_octet(digits)
  return digits:find("^0$") or digits:find("^[1-9][0-9]?[0-9]?$") and tonumber(digits) < 256
end

-- What libcurl connects to on this machine without asking a resolver: four decimal numbers without leading zeros, which
-- some would read as octal and others as a name; and "localhost", which is connected to loopback addresses only (see
-- loopback.c).
local function is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local b, c, d = host:match("^127%.([0-9]+)%.([0-9]+)%.([0-9]+)$")
  return b and is_octet(b) and is_octet(c) and is_octet(d) and true or false
end

--- Reads a base URL.
-- @treturn[1] string origin, such as "https://api.cloud-elements.com"
-- @treturn[1] string path without a trailing slash, such as "/elements/api-v2", or ""
-- @return[2] nil
-- @treturn[2] string what it must be; never holds the URL
local function base(url)
  local scheme, authority, path = split(url)
  if not scheme then
    return nil, "must be a URL such as https://host/path, without white space or control characters"
  end
  if authority:find("@", 1, true) then return nil, "must not hold credentials" end
  if path:find("?", 1, true) then return nil, "must not have a query" end
  if path:find("#", 1, true) then return nil, "must not have a fragment" end
  local host, port = split_host(authority)
  if not host then return nil, port end
  if scheme ~= "https" and not (scheme == "http" and is_loopback(host)) then
    return nil, "must be https (http only to a loopback address)"
  end
  return scheme .. "://" .. host .. port, (path:gsub("/+$", ""))
end

local PROXY_SCHEMES = { http = true, https = true, socks5h = true }

-- libcurl decodes them, and where it finds a control character there it leaves the proxy out.
local function has_control(credentials)
  local decoded = credentials:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return core.has_control(decoded)
end

--- Judges a proxy's URL; credentials are welcome.
-- @treturn[1] string the URL without a trailing slash
-- @return[2] nil
-- @treturn[2] string what it must be; never holds the URL
local function proxy(url)
  local scheme, authority, path = split(url)
  if not scheme or not PROXY_SCHEMES[scheme] then
    return nil, "must be an http://, https:// or socks5h:// URL"
  end
  if path ~= "" and path ~= "/" then return nil, "must have no path, query or fragment" end
  local credentials, place = authority:match("^([^@]*@)([^@]*)$")
  local host, port = split_host(place or authority)
  if not host then return nil, port end
  if credentials and has_control(credentials) then
    return nil, "must not have a control character in its credentials, percent-encoded or not"
  end
  return scheme .. "://" .. (credentials or "") .. host .. port
end

--- Whether a proxy that `proxy` found right is on this machine.
local function is_local(url)
  local _, authority = split(url)
  local host = split_host(authority:match("[^@]*$"))
  return is_loopback(host)
end

return { base = base, proxy = proxy, is_local = is_local }
