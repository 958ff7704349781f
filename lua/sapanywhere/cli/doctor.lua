--- `sapanywhere doctor`: what would keep the command from working, and what to do about it.

local paths = require "sapanywhere.cli.base.paths"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local settings = require "sapanywhere.cli.base.settings"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"
local terminal = require "sapanywhere.cli.base.terminal"

local failed

-- One line: what was looked at, whether it is well, what was found, what to do.
local function line(what, is_well, found, advice)
  failed = failed or not is_well
  if not say.is_for_people() then
    return say.json { check = what, ok = is_well, found = found, advice = not is_well and advice or nil }
  end
  local sign = terminal.shown(is_well and "✓" or "✗")
  local margin = terminal.columns(sign) + 1
  local lines = terminal.split(("%s: %s"):format(what, terminal.shown(found)), terminal.width() - margin)
  say.text(terminal.style(is_well and "good" or "bad", sign) .. " " .. lines[1])
  for place = 2, #lines do say.text((" "):rep(margin) .. lines[place]) end
  if not is_well and advice then
    for _, part in ipairs(terminal.wrap(advice, terminal.width() - 4)) do say.text("    " .. terminal.shown(part)) end
  end
end

local function number_of(text)
  local major, minor = text:match("(%d+)%.(%d+)")
  return tonumber(major or 0) * 1000 + tonumber(minor or 0)
end

local function check_versions()
  local versions = sapanywhere.versions()
  line("sapanywhere", true, versions.sapanywhere .. " on " .. versions.Lua)
  line("libcurl", number_of(versions.libcurl) >= 7068, versions.libcurl .. " with " .. versions["libcurl's TLS"],
    "install libcurl 7.68 or newer")
  line("lua-cjson", true, versions["lua-cjson"])
  local ours = versions.libcrypto:match("^OpenSSL ([%d.]+)")
  local theirs = versions["libcurl's TLS"]:match("OpenSSL/([%d.]+)")
  line("libcrypto", not (ours and theirs) or ours == theirs, versions.libcrypto,
    "libcurl has another OpenSSL than this library: build both for the same one")
end

local CA_PLACES = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem" }

local function can_read(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function check_certificates()
  local own = settings.get "tls.ca_file" or settings.get "tls.ca_path"
  if own then return line("CA certificates", can_read(own), own, "the setting names what cannot be read") end
  for _, path in ipairs(CA_PLACES) do
    if can_read(path) then return line("CA certificates", true, path) end
  end
  line("CA certificates", false, "none found", "install them (Debian: ca-certificates), or set tls.ca_file")
end

local function check_proxy()
  local names = {}
  for _, name in ipairs { "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy" } do
    if (os.getenv(name) or "") ~= "" then names[#names + 1] = name end
  end
  if settings.get "proxy" then return line("proxy", true, "as set by " .. settings.source "proxy") end
  line("proxy", not names[1], names[1] and table.concat(names, ", ") .. " in the environment is not heeded" or "none",
    "where a proxy is needed, set proxy (or SAPANYWHERE_PROXY)")
end

-- A file of ours: read, or what is wrong with it.
local function check_file(what, path)
  if not path then return line(what, true, "none wanted") end
  local text, problem, reason = sapanywhere.private.read(path)
  if text then return line(what, true, path) end
  if reason == "missing" then return line(what, true, path .. " (not there)") end
  line(what, false, path .. ": " .. problem, "chmod 600 it, and chmod 700 the directory it is in")
end

local function check_store()
  local ok, names = pcall(shops.names)
  if ok then return line("shops", true, ("%s (%d connected)"):format(paths.shops(), #names)) end
  local _, message, advice = stop.read(names)
  line("shops", false, message, advice)
end

local function check_secrets()
  for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret" } do
    local source = settings.source(name)
    line(name, source ~= nil, source and "from " .. source or "not set",
      ("set %s, or write it into %s"):format(settings.variable(name), paths.config() or "a file of settings"))
  end
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- The seconds by which this machine's clock is ahead of the Date header; nil where there is none.
local function skew_of(meta)
  local date = meta and meta.headers and meta.headers.date
  local day, month, year, hour, minute, second =
    tostring(date or ""):match("^%a+, (%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT$")
  if not day or not MONTHS[month] then return nil end
  local now = os.time()
  local offset = os.difftime(now, os.time(os.date("!*t", now)))
  local theirs = os.time { year = tonumber(year), month = MONTHS[month], day = tonumber(day), hour = tonumber(hour),
    min = tonumber(minute), sec = tonumber(second), isdst = false }
  return now - (theirs + offset)
end

local function check_service(args)
  local client, err = sapanywhere.new(settings.options(args))
  if not client then return line("settings", false, tostring(err), "mend them") end
  local url = settings.get "base_url" or "https://api.cloud-elements.com/elements/api-v2"
  local has_secrets = settings.get "user_secret" and settings.get "organization_secret"
  local result, problem, meta = client:request {
    method = "GET", path = "/instances", query = { pageSize = 1 }, timeout = 15, retry = false,
    user_secret = settings.get "user_secret" or "none",
    organization_secret = settings.get "organization_secret" or "none",
  }
  local has_answered = result ~= nil or problem.status ~= nil
  local is_unknown = problem and problem.kind == "dns"
  line("name", not is_unknown, is_unknown and problem.message or "resolved",
    "look at base_url and proxy, and at /etc/resolv.conf")
  line("service", has_answered, url .. (has_answered and " answers" or ": " .. problem.message),
    "look at base_url, the network, the proxy and tls.ca_file")
  if has_answered and has_secrets then
    local is_refused = problem and (problem.kind == "auth" or problem.kind == "forbidden")
    line("account", not is_refused, is_refused and "the secrets are refused" or "the secrets are accepted",
      "check user_secret and organization_secret, and that they are of this environment")
  end
  local skew = skew_of(meta)
  line("clock", not skew or math.abs(skew) < 60,
    skew and ("%d seconds from the service's"):format(math.abs(skew)) or "not compared: no answer",
    "set the clock (NTP)")
  client:close()
end

local function check_sandbox()
  local has = terminal.has_program("nginx", "/usr/sbin:/sbin:/usr/local/openresty/nginx/sbin")
  line("sandbox", true, has and "nginx is there"
    or "nginx is not there: sapanywhere sandbox needs it, nothing else does")
end

return function(parser, runs)
  parser:command("doctor", "Look for what would keep the command from working.")
  runs.doctor = function(args)
    failed = false
    check_versions()
    check_certificates()
    check_proxy()
    check_file("settings", paths.config())
    check_store()
    check_secrets()
    check_service(args)
    check_sandbox()
    if failed then stop.with("not all is well: see above", 1) end
  end
end
