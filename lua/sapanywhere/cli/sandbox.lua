--- `sapanywhere sandbox`: the local service, until Ctrl-C; and the environment with which the others use it.

local journey = require "sapanywhere.cli.base.journey"
local json = require "sapanywhere.cli.base.json"
local paths = require "sapanywhere.cli.base.paths"
local prompt = require "sapanywhere.cli.base.prompt"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local socket = require "socket"
local stop = require "sapanywhere.cli.base.stop"

local ACCEPTED = { "base_url", "api_key", "api_secret", "user_secret", "organization_secret" }
local LONGEST_WAIT = 10 -- seconds for one that is just being started

-- The environment: what it accepts, any free port for the callback, and tokens and settings apart from the real ones.
local function list_variables(known)
  local list = {}
  for _, name in ipairs(ACCEPTED) do list[#list + 1] = { "SAPANYWHERE_" .. name:upper(), known[name] } end
  list[#list + 1] = { "SAPANYWHERE_CALLBACK_URL", "http://127.0.0.1:0/callback" }
  list[#list + 1] = { "SAPANYWHERE_SHOPS", known.shops }
  list[#list + 1] = { "SAPANYWHERE_CONFIG", "" }
  return list
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Finding one that runs

local function answers(base_url)
  local port = tonumber(base_url:match("^http://127%.0%.0%.1:(%d+)/"))
  local connection = port and socket.tcp()
  if not connection then return false end
  connection:settimeout(1)
  local ok = connection:connect("127.0.0.1", port)
  connection:close()
  return ok ~= nil
end

local function is_whole(known)
  if type(known) ~= "table" then return false end
  for _, name in ipairs(ACCEPTED) do
    if type(known[name]) ~= "string" then return false end
  end
  return type(known.shops) == "string"
end

-- What the one that runs has written; or nil.
local function find()
  local text, problem, reason = sapanywhere.private.read(paths.sandbox())
  if not text and reason == "open_to_others" then stop.with(paths.sandbox() .. ": " .. problem, 1) end
  local known = text and json.read(text)
  if is_whole(known) and answers(known.base_url) then return known, text end
end

local function print_environment()
  local due = socket.gettime() + LONGEST_WAIT
  local known = find()
  while not known and socket.gettime() < due do
    prompt.pause(0.1)
    known = find()
  end
  if not known then stop.with("no sandbox runs", 1, "start one: sapanywhere sandbox &") end
  for _, variable in ipairs(list_variables(known)) do
    say.text(("export %s=%s"):format(variable[1], quote(variable[2])))
  end
end

-- Running one

local function describe(service)
  local known = { shops = paths.sandbox() .. ".shops" }
  for _, name in ipairs(ACCEPTED) do known[name] = service[name] end
  return known
end

local function write(known)
  local text = json.write(known)
  local ok, problem = sapanywhere.private.write(paths.sandbox(), text)
  if not ok then stop.with(paths.sandbox() .. ": " .. problem) end
  return text
end

-- Another one may have written its own meanwhile.
local function forget(text, known)
  if sapanywhere.private.read(paths.sandbox()) ~= text then return end
  sapanywhere.private.remove(paths.sandbox())
  sapanywhere.private.remove(known.shops)
  sapanywhere.private.remove(known.shops .. ".lock")
end

local function tell(service)
  if not say.is_for_people() then
    return say.json { base_url = service.base_url, tls_base_url = service.tls_base_url, ca_file = service.ca_file }
  end
  say.text("the sandbox is at  " .. service.base_url)
  say.text("with TLS at        " .. service.tls_base_url)
  say.text("its CA is          " .. service.ca_file)
  say.text("use it with        eval \"$(sapanywhere sandbox --env)\"")
  say.text("Ctrl-C ends it")
end

local function start(args)
  for _, name in ipairs { "customers", "orders", "products" } do args[name] = args[name] or 100 end
  local service, problem = sandbox.start { port = args.port ~= 0 and args.port or nil }
  if not service then stop.with(problem, 1, "sapanywhere doctor tells what is missing") end
  service:seed { customers = args.customers, orders = args.orders, products = args.products, seed = args.seed }
  return service
end

local function run_one(args)
  local service = start(args)
  table.insert(stop.at_end, function() service:stop() end)
  local known = describe(service)
  for _, name in ipairs(ACCEPTED) do
    if name ~= "base_url" then secrets.add(known[name]) end
  end
  sapanywhere.private.remove(known.shops)
  local text = write(known)
  table.insert(stop.at_end, 1, function() forget(text, known) end)
  tell(service)
  while true do prompt.pause(3600) end
end

return function(parser, runs)
  local command = parser:command("sandbox", "Run a local service in place of the real one, until Ctrl-C.")
  local function count(option, what, default)
    command:option(option, what, default):argname("N"):convert(journey.whole(0, 2 ^ 31))
  end
  command:flag("--env", "Start nothing: print the environment with which the one that runs is used.")
  count("--seed", "The number from which its rows are made: the same number, the same rows.", "1")
  count("--customers", "How many customers it has (100).")
  count("--orders", "How many orders (100).")
  count("--products", "How many products (100).")
  command:option("--port", "Where it listens; any free port where left out."):argname("PORT")
    :convert(journey.whole(0, 65535))
  command:epilog "Example:\n  sapanywhere sandbox &\n  eval \"$(sapanywhere sandbox --env)\""
  runs.sandbox = function(args)
    if args.env then return print_environment() end
    run_one(args)
  end
end
