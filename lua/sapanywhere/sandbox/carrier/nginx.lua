--- Finds an nginx that knows Lua.
-- @module sapanywhere.sandbox.carrier.nginx

local core = require "sapanywhere.core"

local nginx = {}

local places = {
  "nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "openresty", "/usr/local/openresty/nginx/sbin/nginx",
}

local advice = "nginx with its Lua module is needed: on Debian and Ubuntu the packages nginx-light and "
  .. "libnginx-mod-http-lua, elsewhere OpenResty"

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function find_modules(built)
  if built:find("openresty/", 1, true) or built:find("add-module=[^%s]*lua%-nginx") then return {} end
  local prefix = built:match("%-%-prefix=(%S+)") or "/usr/local/nginx"
  local place = built:match("%-%-modules%-path=(%S+)") or prefix .. "/modules"
  local modules = { place .. "/ndk_http_module.so", place .. "/ngx_http_lua_module.so" }
  if not exists(modules[2]) then return nil, "nginx has no Lua module in " .. place end
  if not exists(modules[1]) then table.remove(modules, 1) end
  return modules
end

local function find_temp_kinds(built)
  local kinds = {}
  for _, kind in ipairs { "proxy", "fastcgi", "uwsgi", "scgi" } do
    if not built:find("--without-http_" .. kind .. "_module", 1, true) then table.insert(kinds, kind) end
  end
  return kinds
end

-- From nginx 1.25.1 on HTTP/2 is no longer said with `listen`, which would warn.
local function has_http2_directive(built)
  local major, minor, patch = built:match("version: %a+/(%d+)%.(%d+)%.(%d+)")
  if not major then return false end
  return tonumber(major) * 1e6 + tonumber(minor) * 1e3 + tonumber(patch) >= 1025001
end

local function examine(supervisor, place)
  local path = place
  if place:find("/", 1, true) then path = core.real_path(place) end
  local built = path and supervisor:run { path, "-V" }
  if not built then return nil, "nginx is not installed" end
  if not built:find("nginx", 1, true) then return nil, place .. " is no nginx" end
  local modules, problem = find_modules(built)
  if not modules then return nil, problem end
  return {
    path = path, modules = modules, temp_kinds = find_temp_kinds(built),
    has_http2_directive = has_http2_directive(built),
  }
end

--- Looks for one.
-- @tparam table supervisor
-- @tparam[opt] string path the only one to look at
-- @treturn[1] table `path`, `modules` (to load), `temp_kinds` and `has_http2_directive`
-- @return[2] nil
-- @treturn[2] string what is missing and where to get it
function nginx.find(supervisor, path)
  local problem
  for _, place in ipairs(path and { path } or places) do
    local found, why = examine(supervisor, place)
    if found then return found end
    if not problem or why:find("module", 1, true) then problem = why end
  end
  return nil, problem .. "; " .. advice
end

return nginx
