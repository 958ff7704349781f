-- What the command prints, writes and shows in the list of processes holds no secret: random ones go through every
-- subcommand, at a service that repeats what it was asked. SEED=… has those of a run again.

local command = require "support.command"
local person = require "support.person"
local random_text = require "support.random_text"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"
local sapanywhere = require "sapanywhere"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local NAMES = { "api_key", "api_secret", "user_secret", "organization_secret" }

-- Each subcommand, ending well or not.
local ALL = {
  "doctor", "instances", "instances list --search x", "instances show 1001", "instances show 1",
  "instances enable 1001",
  "instances update 1001 --name other", "customers list --limit 2", "customers get 1", "customers get 0",
  "customers count", "orders list --where nonsense", "products delete 99999 --yes", "orders create --data '{}'",
  "request GET /hubs/ecommerce/orders", "request GET /nothing", "request GET /instances --account",
  "request POST /instances --account --data '{}'", "bulk export orders --to /nowhere/file", "sandbox --env --port x",
  "webhook verify --signature sha256=x --key-file /nowhere", "completion bash", "--help",
  "instances reauthenticate 1", "connect --name x --no-browser --timeout 1", "nonsense",
}

-- Answers that repeat what was sent.
local ECHO = [[
  location /echo/bad/ { return 400 '{"message":"$http_authorization $request_uri"}'; }
  location /echo/broken/ { return 500 '$http_authorization $request_uri'; }
  location /echo/list/ { return 200 '[{"id":1,"name":"$http_authorization"}]'; }]]

describe("no secret of the command's is seen", function()
  local service, home, secrets

  setup(function()
    secrets = {}
    for _, name in ipairs(NAMES) do secrets[name] = random_text(26) end
    local options = { nginx = { server = ECHO } }
    for name, value in pairs(secrets) do options[name] = value end
    service = services.start(options)
    service:seed { customers = 3, orders = 3 }
    home = command.home()
    home.variables = {
      SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback",
    }
    for name, value in pairs(secrets) do home.variables["SAPANYWHERE_" .. name:upper()] = value end
    local client = service:client {}
    local instance = assert(client:create_instance(service:creating { name = "my shop" }))
    secrets.token = instance.token
    assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" }:put("my shop", instance))
  end)
  teardown(function()
    service:stop()
    home:remove()
  end)

  local function assert_none(text, where, but)
    for name, value in pairs(secrets) do
      if not (but and but[name]) then
        local problem = ("with SEED=%d %s is in %s: %s"):format(random_text.seed, name, where, text)
        assert(not text:find(value, 1, true), problem)
      end
    end
  end

  for _, arguments in ipairs(ALL) do
    it("by " .. arguments, function()
      for _, more in ipairs { "", "--verbose " } do
        local said = home:run(more .. arguments)
        -- The address that the person has to open holds the app's key, as the provider knows the app by it.
        local but = arguments:find("connect", 1, true) and { api_key = true } or nil
        assert_none(said.out .. said.err, more .. arguments, but)
      end
    end)
  end

  for name, wishes in pairs {
    bad = false, broken = false, list = false, refused = { status = 401 }, nonsense = { body = "garbage" },
    cut = { cut = 60 }, html = { body = "html" }, dead = { die = true },
  } do
    it("after an answer that is " .. name, function()
      local url = wishes and service:url(wishes) or service.base_url:match "^http://[^/]+" .. "/echo/" .. name
      local how = { environment = { SAPANYWHERE_BASE_URL = url, SAPANYWHERE_TIMEOUT = "2" } }
      for _, arguments in ipairs { "instances", "customers list", "customers get 1", "orders create --data '{}'",
        "request GET /instances --account" } do
        local said = home:run("--verbose " .. arguments, how)
        assert_none(said.out .. said.err, arguments)
      end
    end)
  end

  it("in the list of processes, nor in a file but the store", function()
    local running = home:start "connect --no-browser --name seen --timeout 30"
    local address = running:wait_for "\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n"
    local arguments = command.read(("/proc/%d/cmdline"):format(running:pid()))
    assert.truthy(arguments:find("connect%z%-%-no%-browser"))
    assert_none(arguments, "the list of processes")
    person.go(address, "allow")
    assert.equal(0, running:wait())
    secrets.second = assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" }:get "seen").token
    for path in system.output("find " .. home.dir .. " -type f"):gmatch("[^\n]+") do
      if not path:find("/data/sapanywhere/shops$") then
        assert_none(command.read(path), path, path:find "%.err$" and { api_key = true })
      end
    end
    secrets.second = nil
  end)

  it("by the only way to see a token, but that token", function()
    local said = home:run "instances show 1001 --token"
    assert.matches(secrets.token, said.out, 1, true)
    assert_none(said.out .. said.err, "it", { token = true })
  end)
end)
