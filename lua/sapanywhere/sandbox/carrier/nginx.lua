--- Finds an nginx that knows Lua.
-- @module sapanywhere.sandbox.nginx

local system = require "sapanywhere.sandbox.carrier.system"

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

local function examine(place)
  local path = system.output("command -v " .. system.quote(place)):match("%S[^\n]*")
  if not path then return nil, "nginx is not installed" end
  local built = system.output(system.quote(path) .. " -V 2>&1 </dev/null")
  if not built:find("nginx", 1, true) then return nil, path .. " is no nginx" end
  local modules, problem = find_modules(built)
  if not modules then return nil, problem end
  return { path = path, modules = modules, temp_kinds = find_temp_kinds(built) }
end

--- Looks for one.
-- @tparam[opt] string path the only one to look at
-- @treturn[1] table `path`, `modules` (to load) and `temp_kinds`
-- @return[2] nil
-- @treturn[2] string what is missing and where to get it
function nginx.find(path)
  local problem
  for _, place in ipairs(path and { path } or places) do
    local found, why = examine(place)
    if found then return found end
    if not problem or why:find("module", 1, true) then problem = why end
  end
  return nil, problem .. "; " .. advice
end

return nginx
