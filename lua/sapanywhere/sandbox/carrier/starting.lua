--- Brings the service up in nginx: everything between the options and a sandbox that answers.
-- @module sapanywhere.sandbox.carrier.starting

local certificates = require "sapanywhere.sandbox.carrier.certificates"
local config = require "sapanywhere.sandbox.carrier.config"
local core = require "sapanywhere.core"
local modules = require "sapanywhere.sandbox.carrier.modules"
local nginx = require "sapanywhere.sandbox.carrier.nginx"
local ports = require "sapanywhere.sandbox.carrier.ports"
local records = require "sapanywhere.sandbox.service.records"
local supervisor = require "sapanywhere.sandbox.carrier.supervisor"
local system = require "sapanywhere.sandbox.carrier.system"

local starting = {}

local function list_port_names()
  local names = { "plain", "refused" }
  for _, listener in ipairs(config.tls_listeners) do table.insert(names, listener.name) end
  return names
end

-- Makes what the workers write and what they read; gives both lists.
local function write_files(carried, settings)
  local written, read = { carried.dir .. "/temp" }, { carried.dir, carried.dir .. "/settings" }
  for _, name in ipairs { "journal", "requests" } do
    system.write_file(carried.dir .. "/" .. name, "")
    written[#written + 1] = carried.dir .. "/" .. name
  end
  system.write_file(carried.dir .. "/settings", records.write(settings) .. "\n")
  local copied, problem = modules.copy(carried.supervisor, carried.root, { carried.dir .. "/temp" })
  if not copied then return nil, problem end
  for _, path in ipairs(copied) do read[#read + 1] = path end
  return written, read
end

-- The directories that a package.path or package.cpath names.
local function each_directory(templates)
  return (templates or ""):gmatch("(/[^;?]*)/[^;/]*%?")
end

-- What the caller adds has to be readable for the workers.
local function can_be_nobody(given)
  for _, templates in ipairs { given.lua_package_path or "", given.lua_package_cpath or "" } do
    for directory in each_directory(templates) do
      if not core.nobody_reaches(directory) then return false end
    end
  end
  return core.nobody() ~= nil
end

-- nginx's `user`: nothing where its workers are what the program is.
local function choose_user(given)
  if not core.is_root() or (given.main or ""):find("%f[%w_]user%s") then return nil end
  if given.user then return given.user end
  if not can_be_nobody(given) then return "root" end
  return table.concat({ core.nobody() }, " ")
end

local function write_config(carried, options)
  local given = options.nginx or {}
  local function add(first, more) return first .. (more and ";" .. more or "") end
  local user = choose_user(given)
  system.write_file(carried.dir .. "/nginx.conf", config.text {
    modules = carried.nginx.modules, temp_kinds = carried.nginx.temp_kinds, workers = options.workers or 1,
    http2 = options.http2 ~= false, has_http2_directive = carried.nginx.has_http2_directive, user = user,
    ports = carried.ports,
    lua_path = add(("%s/lua/?.lua;%s/?.lua"):format(carried.dir, carried.root), given.lua_package_path),
    lua_cpath = given.lua_package_cpath or "", main = given.main, http = given.http, server = given.server,
  })
  return user
end

-- Workers with an account of their own need to be let in.
local function share(written, read, user)
  if not user or user == "root" then return end
  for _, path in ipairs(written) do core.share_with_nobody(path, true) end
  for _, path in ipairs(read) do core.share_with_nobody(path, false) end
end

local function prepare(carried, options, make_settings)
  local given = options.nginx or {}
  local found, problem = nginx.find(carried.supervisor, given.path)
  if not found then return nil, problem end
  carried.nginx = found
  carried.ports = ports.pick(list_port_names(),
    table.concat({ given.main or "", given.http or "", given.server or "", options.port or "" }, "\n"))
  if options.port then carried.ports.plain = options.port end
  local written, read = write_files(carried, make_settings(carried.ports))
  if not written then return nil, read end
  share(written, read, write_config(carried, options))
  return certificates.make(carried.supervisor)
end

--- Starts nginx, or starts it again at the same addresses.
-- @tparam table carried from `start`
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string why it does not start
function starting.start_nginx(carried)
  carried.supervisor:renew()
  return carried.supervisor:start_nginx(carried.nginx.path, carried.environment)
end

--- Ends what was started, as far as it was.
-- @tparam table carried from `start`
function starting.stop(carried)
  carried.supervisor:stop()
  if carried.ports then ports.release(carried.ports) end
end

--- Starts all.
-- @tparam table options those of `sandbox.start`
-- @tparam function make_settings gives the service's settings for a map of ports
-- @treturn[1] table `dir`, `supervisor`, `ports`, `nginx`
-- @return[2] nil
-- @treturn[2] string what went wrong, or what is missing
function starting.start(options, make_settings)
  local root = modules.find_root()
  if not root then return nil, "the sandbox cannot find its own Lua files" end
  local kept, problem = supervisor.start()
  if not kept then return nil, problem end
  local carried = {
    root = root, supervisor = kept, dir = kept.dir, environment = (options.nginx or {}).environment,
  }
  local ok
  ok, problem = prepare(carried, options, make_settings)
  if ok then
    ok, problem = kept:start_nginx(carried.nginx.path, carried.environment)
    problem = not ok and "nginx does not start: " .. problem or nil
  end
  if ok then return carried end
  starting.stop(carried)
  return nil, problem
end

return starting
