-- Ctrl-C, at any moment: the command ends with one line and 130, and leaves nothing behind.
--
-- INTERRUPTS says how often each command is interrupted, 4 unless given.

local command = require "support.command"
local services = require "support.service"
local socket = require "socket"
local system = require "sapanywhere.sandbox.carrier.system"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local TIMES = tonumber(os.getenv "INTERRUPTS" or "4")

-- Commands that go on for longer than anybody waits here: for a person, for a server that is slow, for their input.
local LONG = {
  "connect --name one --no-browser", "connect --name one --no-browser --callback-url https://shop.example/auth",
  "sandbox", "sandbox --env", "instances", "instances delete 7 --yes", "customers list --all",
  "customers create --data @-",
  "orders update 7 --data '{}'", "request POST /hubs/ecommerce/orders --data '{}'",
  "bulk export orders --to %s/orders.json", "doctor", "webhook verify --signature S --key-file LICENSE",
}

describe("Ctrl-C", function()
  local service, home

  setup(function() service = services.start() end)
  teardown(function() service:stop() end)

  before_each(function()
    home = command.home()
    home.variables = {
      SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_API_KEY = service.api_key,
      SAPANYWHERE_API_SECRET = service.api_secret, SAPANYWHERE_USER_SECRET = service.user_secret,
      SAPANYWHERE_ORGANIZATION_SECRET = service.organization_secret,
      SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback",
    }
    local shops = assert(require "sapanywhere".store.file { path = home:path "data/sapanywhere/shops" })
    assert(shops:put("my shop", { id = 7, token = "a-token-of-the-shop" }))
  end)
  after_each(function() home:remove() end)

  local function start(arguments, how)
    local running = home:start(arguments, how)
    for _ = 1, 400 do
      if running:pid() then return running end
      socket.sleep(0.01)
    end
    error "it never starts"
  end

  local function files()
    return system.output(("find %s/data %s/run -type f 2>/dev/null"):format(home.dir, home.dir))
  end

  for _, arguments in ipairs(LONG) do
    it("ends " .. arguments .. " at any moment", function()
      local is_slow = not arguments:find("^connect")
      local how = { environment = is_slow and { SAPANYWHERE_BASE_URL = service:url { delay = 30 } } or nil }
      for time = 1, TIMES do
        local running = start(arguments:gsub("%%s", home.dir), how)
        socket.sleep(time == 1 and 1 or math.random() * 0.3)
        running:signal "INT"
        assert.equal(130, running:wait(20))
        -- Where Lua's interpreter has not looked at signals yet, there is nobody to say anything.
        local lines = running:err():gsub("^.*\n(sapanywhere: interrupted\n)", "%1")
        if running:err() ~= "" then assert.matches("^sapanywhere: interrupted\n", lines) end
        local _, count = running:err():gsub("interrupted", "")
        assert.is_true(count <= 1, running:err())
      end
      assert.equal(home.dir .. "/data/sapanywhere/shops", files():match("^%S*shops"))
      assert.is_nil(files():find("orders", 1, true) or files():find("sandbox", 1, true))
    end)
  end

  it("tells what may have become of a change", function()
    for arguments, words in pairs {
      ["customers create --data '{}'"] = "sapanywhere customers list shows what became of it",
      ["customers delete 7 --yes"] = "sapanywhere customers get 7",
      ["instances disable 9"] = "sapanywhere instances show 9",
      ["request DELETE /hubs/ecommerce/orders/7"] = "look before you send it again",
    } do
      service:clear_log()
      local running = start(arguments, { environment = { SAPANYWHERE_BASE_URL = service:url { delay = 30 } } })
      for _ = 1, 200 do
        if service:log()[1] then break end
        socket.sleep(0.05)
      end
      running:signal "INT"
      assert.equal(130, running:wait(20))
      assert.matches("and may not\nwhat to do: " .. words, running:err(), 1, true)
    end
  end)

  local function connect_shop()
    local made = assert(service:client {}:create_instance(service:creating {}))
    assert(require "sapanywhere".store.file { path = home:path "data/sapanywhere/shops" }:put("my shop", made))
  end

  it("leaves no part of a file that was being downloaded", function()
    connect_shop()
    os.execute("mkdir " .. home:path "rows")
    local function made() return system.output("ls -A " .. home:path "rows") end
    local running = start("bulk export orders --to " .. home:path "rows/orders.json", {
      environment = { SAPANYWHERE_BASE_URL = service:url { job_bytes = 1e9 } },
    })
    for _ = 1, 400 do
      if made() ~= "" then break end
      socket.sleep(0.02)
    end
    running:signal "INT"
    assert.equal(130, running:wait(20))
    assert.equal("", made())
  end)

  it("tells how to end a job that goes on", function()
    connect_shop()
    local running = start("bulk export orders --to " .. home:path "orders.json", {
      environment = { SAPANYWHERE_BASE_URL = service:url { job_seconds = 30 } },
    })
    for _ = 1, 400 do
      local last = service:log()
      if last[#last] and last[#last].uri:find("/status", 1, true) then break end
      socket.sleep(0.02)
    end
    running:signal "INT"
    assert.equal(130, running:wait(20))
    local path = running:err():match("job %d+ goes on at the platform.-sapanywhere request PUT (%S+)")
    local said = home:run("request PUT " .. path)
    assert.equal(0, said.code, said.err)
  end)

  it("is heard where nobody reads what is printed", function()
    service:seed { customers = 3000 }
    connect_shop()
    os.execute("mkfifo " .. home:path "nobody")
    local kept = io.popen(("sleep 20 <>%s & echo $!"):format(home:path "nobody"))
    local sleeper = kept:read("*l")
    local running = start("customers list --all", { out = home:path "nobody" })
    socket.sleep(2)
    assert.is_nil(running:code())
    running:signal "INT"
    assert.equal(130, running:wait(20))
    os.execute("kill " .. sleeper)
    kept:close()
  end)

  for name, code in pairs { TERM = 143, HUP = 129 } do
    it("has brothers: SIG" .. name .. " ends a sandbox with all that it made", function()
      local running = start "sandbox"
      running:wait_for "base_url"
      assert.matches("/run/sapanywhere/sandbox", files(), 1, true)
      running:signal(name)
      assert.equal(code, running:wait(20))
      assert.equal("sapanywhere: ended by SIG" .. name .. "\n", running:err())
      assert.is_nil(files():find("sandbox", 1, true))
    end)
  end
end)
