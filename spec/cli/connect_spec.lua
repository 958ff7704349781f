-- `sapanywhere connect`: from the settings to a shop that is connected, with curl in place of the browser.

local cjson = require "cjson"
local command = require "support.command"
local curl = require "support.curl"
local person = require "support.person"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end
local socket = require "socket"

describe("connect", function()
  local service, home

  -- Below /late/ and /lost/ all works but creations: they are answered too late, or not at all.
  local BEHIND = [[
    location ~ ^/(?<how>late|lost)(?<rest>/.*)$ {
      set $wish "";
      if ($request_method = POST) { set $wish "$how"; }
      if ($wish = late) { set $wish "/~delay=20"; }
      if ($wish = lost) { set $wish "/~act_then_die=1"; }
      proxy_set_header Host 127.0.0.1:$server_port;
      proxy_pass http://127.0.0.1:$server_port$wish$rest$is_args$args;
    }]]

  setup(function() service = services.start { nginx = { server = BEHIND } } end)
  teardown(function() service:stop() end)

  before_each(function()
    home = command.home()
    home.variables = {
      SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_API_KEY = service.api_key,
      SAPANYWHERE_API_SECRET = service.api_secret, SAPANYWHERE_USER_SECRET = service.user_secret,
      SAPANYWHERE_ORGANIZATION_SECRET = service.organization_secret,
      SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback",
    }
  end)
  after_each(function() home:remove() end)

  local function store()
    return assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" })
  end

  local ADDRESS = "\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n"

  local function start(arguments, how)
    local running = home:start("connect --no-browser --timeout 30 " .. (arguments or ""), how)
    return running, running:wait_for(ADDRESS)
  end

  it("keeps the token, shows the last page, says what to do next", function()
    local running, address = start "--name 'a shop' --tag eu --tag test"
    local page = person.go(address, "allow")
    assert.equal(200, page.status)
    assert.matches("<h1>Connected</h1>", page.body, 1, true)
    assert.equal("no-referrer", page.header["referrer-policy"])
    assert.equal("no-store", page.header["cache-control"])
    assert.equal(0, running:wait())
    local said = cjson.decode(running:out())
    local entry = assert(store():get "a shop")
    assert.same({ "a shop", "a shop", entry.id }, { said.shop, said.name, said.id })
    local kept = service:client {}:get_instance {
      id = entry.id, user_secret = service.user_secret, organization_secret = service.organization_secret,
    }
    assert.equal("eu", kept.tags[1])
    assert.equal("test", kept.tags[2])
    assert.equal(kept.token, entry.token)
    assert.matches("sapanywhere customers list", running:err(), 1, true)
  end)

  it("takes what is pasted, with the listener waiting too", function()
    local running, address = start "--name pasted"
    running:type("\n")
    running:type(" '" .. person.decide(address, "allow") .. "' \n")
    assert.equal(0, running:wait())
    assert.truthy(store():get "pasted")
  end)

  it("takes what is pasted where the callback is elsewhere", function()
    local running, address = start "--name far --callback-url https://shop.example/auth?x=1"
    assert.matches("redirect_uri=https%3A%2F%2Fshop.example%2Fauth%3Fx%3D1", address, 1, true)
    running:type(person.decide(address, "allow") .. "\n")
    assert.equal(0, running:wait())
  end)

  it("ends at once where the user says no", function()
    local running, address = start()
    local page = person.go(address, "deny")
    assert.matches("<h1>Access denied</h1>", page.body, 1, true)
    assert.equal(5, running:wait())
    assert.equal("", running:out())
    assert.matches("denied: parse_callback: the user did not allow it (access_denied)", running:err(), 1, true)
    assert.same({}, store():names())
  end)

  it("ends at once where a no is pasted", function()
    local running, address = start()
    running:type(person.decide(address, "deny") .. "\n")
    assert.equal(5, running:wait())
  end)

  it("refuses a callback of another attempt, and waits on for the right one", function()
    local running, address = start "--name right"
    local target = person.decide(address, "allow")
    local forged = target:gsub("state=%x+", "state=0123")
    local page = curl.ask("GET", forged)
    assert.equal(400, page.status)
    assert.matches("<h1>Not what was expected</h1>", page.body, 1, true)
    assert.matches("<h1>Connected</h1>", curl.ask("GET", target).body, 1, true)
    assert.equal(0, running:wait())
  end)

  it("says once that a callback came in a way that is not taken, and waits on", function()
    local running, address = start "--name posted"
    local target = person.decide(address, "allow")
    for _ = 1, 3 do assert.equal(405, curl.ask("POST", target, { body = "" }).status) end
    assert.equal(400, curl.ask("GET", target, { headers = { "Host: elsewhere.example" } }).status)
    assert.matches("<h1>Connected</h1>", curl.ask("GET", target).body, 1, true)
    assert.equal(0, running:wait())
    local _, count = running:err():gsub("a callback was refused: it came by another method than GET; still waiting", "")
    assert.equal(1, count)
    assert.matches("a callback was refused: it came for another host", running:err(), 1, true)
  end)

  it("fails where what is pasted belongs to another attempt, and nobody can paste again", function()
    local running, address = start()
    running:type((person.decide(address, "allow"):gsub("state=%x+", "state=0123")) .. "\n")
    assert.equal(5, running:wait())
    assert.matches("state: parse_callback", running:err(), 1, true)
  end)

  it("shows that something went wrong, where the instance cannot be created", function()
    local running, address = start "--name refused"
    local target = person.decide(address, "allow"):gsub("code=%x+", "code=0123")
    assert.matches("<h1>Something went wrong</h1>", curl.ask("GET", target).body, 1, true)
    assert.equal(1, running:wait())
    assert.matches("rejected: create_instance", running:err(), 1, true)
    assert.same({}, store():names())
  end)

  it("finds an instance whose creation lost its answer", function()
    local running, address = start("--name found", { environment = {
      SAPANYWHERE_BASE_URL = service.base_url:gsub("/elements", "/lost%0", 1),
    } })
    person.go(address, "allow")
    assert.equal(0, running:wait())
    assert.truthy(store():get "found")
  end)

  it("gives up when the time has run out", function()
    local running = home:start "connect --no-browser --timeout 1"
    assert.equal(6, running:wait(20))
    assert.matches("nobody has come back within 1 seconds", running:err(), 1, true)
  end)

  it("ends at Ctrl-C: one line, and nothing listens any more", function()
    local running, address = start()
    local port = address:match("127%.0%.0%.1%%3A(%d+)")
    running:signal "INT"
    assert.equal(130, running:wait(10))
    assert.matches("\nsapanywhere: interrupted\n$", running:err())
    assert.is_nil((socket.connect("127.0.0.1", tonumber(port))))
  end)

  it("tells what was under way when Ctrl-C came", function()
    local running, address = start("--name half", { environment = {
      SAPANYWHERE_BASE_URL = service.base_url:gsub("/elements", "/late%0", 1),
    } })
    local target = person.decide(address, "allow")
    os.execute(("curl -s -m 30 '%s' >/dev/null 2>&1 &"):format(target))
    for _ = 1, 100 do
      local last = service:log()
      if last[#last] and last[#last].method == "POST" and last[#last].uri:find("/instances", 1, true) then break end
      socket.sleep(0.05)
    end
    running:signal "INT"
    assert.equal(130, running:wait(10))
    assert.matches('the instance "half" may have been created', running:err(), 1, true)
    assert.matches("sapanywhere instances list --search", running:err(), 1, true)
  end)

  it("names a port that is taken", function()
    local taken = assert(socket.bind("127.0.0.1", 0))
    local _, port = taken:getsockname()
    local said = home:run(("connect --no-browser --port %d"):format(port))
    taken:close()
    assert.equal(1, said.code)
    assert.matches(("port %d cannot be listened on: address already in use"):format(port), said.err, 1, true)
    assert.matches("--port", said.err, 1, true)
  end)

  it("refuses the name of a shop that is connected", function()
    assert(store():put("my shop", { id = 7, token = "a-token" }))
    local said = home:run "connect --no-browser"
    assert.equal(4, said.code)
    assert.matches('a shop named "my shop" is connected already', said.err, 1, true)
  end)

  it("finds out before it sends the user that the account's secrets are wrong", function()
    local said = home:run("connect --no-browser", { environment = { SAPANYWHERE_USER_SECRET = "wrong-secret" } })
    assert.equal(3, said.code)
    assert.is_nil(said.err:find("wrong-secret", 1, true))
    assert.is_nil(said.err:find("open this address", 1, true))
  end)

  it("warns where the address holds the API secret", function()
    local other = services.start { client_id_as = "url" }
    local running, address = start("", { environment = {
      SAPANYWHERE_BASE_URL = other.base_url, SAPANYWHERE_API_KEY = other.api_key,
      SAPANYWHERE_API_SECRET = other.api_secret, SAPANYWHERE_USER_SECRET = other.user_secret,
      SAPANYWHERE_ORGANIZATION_SECRET = other.organization_secret,
    } })
    assert.matches(other.api_secret, address, 1, true)
    assert.matches("beware: ", running:err(), 1, true)
    assert.matches("can read your API secret in it", running:err(), 1, true)
    running:finish()
    other:stop()
  end)

  describe("with a browser", function()
    -- A browser that notes how it was called, and with what environment.
    local function noting()
      command.write(home:path "browser", ("#!/bin/sh\nenv >%s\necho \"$@\" >>%s\n"):format(
        home:path "seen", home:path "opened"))
      os.execute("chmod 755 " .. home:path "browser")
      return { environment = { BROWSER = home:path "browser" } }
    end

    local function opened()
      for _ = 1, 200 do
        local address = command.read(home:path "opened"):match("^(%S+)\n")
        if address then return address end
        socket.sleep(0.05)
      end
      error "no browser was opened"
    end

    it("opens a path of the listener that leads to the consent page, once", function()
      local running = home:start("connect --name opened --timeout 30", noting())
      local address = opened()
      assert.matches("^http://127%.0%.0%.1:%d+/%x+$", address)
      local first, second = curl.ask("GET", address), curl.ask("GET", address)
      assert.equal(302, first.status)
      assert.equal("no-referrer", first.header["referrer-policy"])
      assert.equal(410, second.status)
      local again = running:wait_for("\n(http://127.0.0.1:%d+/%x+)\n")
      assert.not_equal(address, again)
      assert.equal(302, curl.ask("GET", again).status)
      assert.equal(first.header.location, curl.ask("GET", again).header.location)
      assert.matches("<h1>Connected</h1>", person.go(first.header.location, "allow").body, 1, true)
      assert.equal(0, running:wait())
      assert.is_nil(running:err():find("/sbo/", 1, true))
    end)

    it("gives it none of the secrets", function()
      local running = home:start("connect --timeout 30", noting())
      opened()
      local seen = command.read(home:path "seen")
      assert.matches("PATH=", seen, 1, true)
      for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret" } do
        assert.is_nil(seen:find(service[name], 1, true), name)
      end
      running:finish()
    end)
  end)
end)
