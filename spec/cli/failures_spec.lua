-- Whatever fails, no secret is seen: every subcommand with random secrets, by every failure of the error table, at a
-- service that repeats all that it was sent. Looked at are what is printed with --verbose, the list of processes
-- meanwhile, and every file. SEED=… has the secrets of a run again.

local command = require "support.command"
local errors = require "sapanywhere.errors"
local person = require "support.person"
local random_text = require "support.random_text"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local NAMES = { "api_key", "api_secret", "user_secret", "organization_secret" }

local SUBCOMMANDS = {
  "doctor", "instances", "instances show 1001", "instances show 1001 --token", "instances update 1001 --name other",
  "instances enable 1001", "instances disable 9", "instances delete 9 --yes", "instances reauthenticate 9",
  "customers list", "customers get 1", "customers count", "customers create --data '{\"firstName\":\"A\"}'",
  "orders update 1 --data '{}'", "products delete 99999 --yes", "request GET /hubs/ecommerce/orders",
  "request POST /instances --account --data '{}'", "bulk export orders --to FILE",
  "connect --name x --no-browser --timeout 1",
}

-- What is shown depends little on the Lua: one of them runs all, the others a part.
local STEP = _VERSION == "Lua 5.4" and 1 or 4

-- All that was sent, with the status that the path wishes; behind /late/ only for creations.
local ECHO = [[
  location ~ ^/echo/(?<wished>\d+)/ {
    content_by_lua_block {
      ngx.req.read_body()
      ngx.status = tonumber(ngx.var.wished)
      ngx.header["X-Repeated"] = (ngx.var.http_authorization or "") .. " " .. ngx.var.request_uri
      ngx.header["Elements-Request-Id"] = ngx.var.http_authorization
      local said = table.concat({ ngx.var.http_authorization or "", ngx.var.request_uri, ngx.var.request_body }, " ")
      local quoted = said:gsub('[\\"]', "\\%0"):gsub("%c", " ")
      ngx.print(('{"requestId":"%s","message":"%s","providerMessage":"%s"}'):format(quoted, quoted, quoted))
    }
  }
  location ~ ^/late/(?<rest>.*)$ {
    set $place "/$rest";
    if ($request_method = POST) { set $place "/echo/400/$rest"; }
    proxy_set_header Host 127.0.0.1:$server_port;
    proxy_pass http://127.0.0.1:$server_port$place$is_args$args;
  }]]

-- What cannot happen to a command: it is no nginx, its client is open, and Ctrl-C has its own end.
local ELSEWHERE = { wrong_phase = true, closed = true, cancelled = true }

describe("no secret is seen", function()
  local service, secrets, instance, home

  setup(function()
    secrets = { store_key = random_text(40) }
    for _, name in ipairs(NAMES) do secrets[name] = random_text(26) end
    local options = { nginx = { server = ECHO } }
    for _, name in ipairs(NAMES) do options[name] = secrets[name] end
    service = services.start(options)
    service:seed { customers = 3, orders = 3 }
    local client = service:client {}
    instance = assert(client:create_instance(service:creating { name = "my shop" }))
    secrets.token = instance.token
    client:close()
  end)
  teardown(function() service:stop() end)

  before_each(function()
    home = command.home()
    assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops", key = secrets.store_key }
      :put("my shop", instance))
    home.variables = { SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback", TMPDIR = home.dir }
    for name, value in pairs(secrets) do
      if name ~= "token" then home.variables["SAPANYWHERE_" .. name:upper()] = value end
    end
  end)
  after_each(function() home:remove() end)

  -- A secret as it is, and as JSON and a URL would have it.
  local function forms_of(value)
    local encoded = value:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end)
    return { value, encoded, (value:gsub("/", "\\/")) }
  end

  local function assert_none(text, where, but)
    for name, value in pairs(secrets) do
      for _, form in ipairs(but and but[name] and {} or forms_of(value)) do
        if text:find(form, 1, true) then
          error(("with SEED=%d %s is in %s: %s"):format(random_text.seed, name, where, text), 0)
        end
      end
    end
  end

  -- Runs all, some at a time, from files, so that this spec itself shows nothing; what the list of processes held.
  local function run_all(list, environment)
    local names = {}
    for place, arguments in ipairs(list) do
      local path = home:path("job-" .. place)
      command.write(path .. ".sh", ("%s </dev/null >%s.out 2>%s.err; echo $? >%s.code\n"):format(
        home:script("--verbose " .. arguments:gsub("FILE", path .. ".rows"), environment), path, path, path))
      names[place] = path .. ".sh"
    end
    command.write(home:path "jobs", table.concat(names, "\n") .. "\n")
    os.execute(("(timeout 100 xargs -P 10 -n 1 sh <%s >/dev/null 2>&1; echo >%s) &"):format(
      home:path "jobs", home:path "done"))
    local seen = {}
    for _ = 1, 1000 do
      local now = system.output "for list in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$list; echo; done 2>/dev/null"
      for line in now:gmatch "[^\n]+" do seen[line] = true end
      if command.read(home:path "done") ~= "" then break end
      system.output "sleep 0.1"
    end
    os.remove(home:path "done")
    local text = {}
    for line in pairs(seen) do text[#text + 1] = line end
    return table.concat(text, "\n")
  end

  -- The API key is no secret to who has to open the address: it names the app there.
  local function look_at(list, failure)
    for place, arguments in ipairs(list) do
      local path = home:path("job-" .. place)
      local where = failure .. ", " .. arguments
      assert(command.read(path .. ".code") ~= "", where .. ": it did not end")
      local but = arguments:find "^connect" and { api_key = true } or arguments:find "%-%-token" and { token = true }
      assert_none(command.read(path .. ".out") .. command.read(path .. ".err"), where, but)
      assert_none(command.read(path .. ".rows"), where)
      os.remove(path .. ".sh")
      if but then os.remove(path .. ".out") end
      if but then os.remove(path .. ".err") end
    end
    for path in system.output("find " .. home.dir .. " -type f"):gmatch "[^\n]+" do
      assert_none(command.read(path), failure .. ", " .. path)
    end
  end

  local function check(failure, environment)
    local list = {}
    for place, arguments in ipairs(SUBCOMMANDS) do
      if place % STEP == 0 or arguments:find "^[bc][uo]" then list[#list + 1] = arguments end
    end
    local seen = run_all(list, environment)
    assert_none(seen, failure .. ", the list of processes")
    local said = {}
    for place in ipairs(list) do said[place] = command.read(home:path("job-" .. place) .. ".err") end
    look_at(list, failure)
    return table.concat(said)
  end

  local function at(url) return { SAPANYWHERE_BASE_URL = url } end
  local function echo(status)
    return function() return at(service.base_url:gsub("/elements", "/echo/" .. status .. "%0", 1)) end
  end
  local function wish(wishes, more)
    return function()
      local environment = at(service:url(wishes))
      for name, value in pairs(more or {}) do environment[name] = value end
      return environment
    end
  end
  local function tls_fault(name)
    return function()
      return { SAPANYWHERE_BASE_URL = service.tls_faults[name], SAPANYWHERE_TLS_CA_FILE = service.ca_file }
    end
  end

  -- kind, what it is called here, the environment
  local FAILURES = {
    { nil, "nothing", function() return at(service.base_url) end },
    { "usage", "a setting that is wrong", function() return { SAPANYWHERE_TIMEOUT = "-1" } end },
    { "dns", "no such name", function() return at "https://no-such-name.invalid/elements/api-v2" end },
    { "connect", "nobody there", function() return at(service.refused_url) end },
    { "connect", "a server that dies", wish { die = true } },
    { "connect", "an answer that is cut", wish { cut = 60 } },
    { "timeout", "a slow server", wish({ delay = 20 }, { SAPANYWHERE_TIMEOUT = "1" }) },
    { "protocol", "a redirect", wish { redirect = "https://elsewhere.example/" } },
    { "too_large", "an answer without an end", wish { size = 2 ^ 24 } },
    { "json", "what is no JSON", wish { body = "garbage" } },
    { "json", "a page", wish { body = "html" } },
    { "auth", "401", echo(401) }, { "forbidden", "403", echo(403) }, { nil, "404", echo(404) },
    { "conflict", "409", echo(409) }, { "rejected", "422", echo(422) }, { "rate_limited", "429", echo(429) },
    { "server", "500", echo(500) }, { "server", "503", echo(503) },
    { nil, "an answer of 200 that repeats", echo(200) },
    { "store", "another key", function() return { SAPANYWHERE_STORE_KEY = random_text(40) } end },
    { "not_found", "404 for what is there", function() return at(service.base_url .. "/nothing") end },
    { "job", "a job that fails", wish { job_end = "ERROR" } },
  }
  for _, name in ipairs { "wrong_name", "expired", "self_signed", "tls11", "client_certificate" } do
    FAILURES[#FAILURES + 1] = { name ~= "client_certificate" and "tls" or nil, "TLS with a fault: " .. name,
      tls_fault(name) }
  end

  for _, failure in ipairs(FAILURES) do
    it("after " .. failure[2], function()
      local environment = failure[3]()
      if failure[1] == "store" then environment.SAPANYWHERE_BASE_URL = service.base_url end
      local said = check(failure[2], environment)
      if failure[1] then assert.matches(failure[1] .. ": ", said, 1, true) end
    end)
  end

  it("where files, notifications and callbacks are refused", function()
    command.write(home:path "key", secrets.user_secret .. "\n")
    os.execute("mkdir " .. home:path "closed.rows")
    local list = {
      "bulk export orders --to /nowhere/file", "webhook verify --signature sha256=eA== --key-file " .. home:path "key",
      "customers create --data @/nowhere", "customers create --data '" .. "no json" .. "'", "nonsense",
    }
    local seen = run_all(list, at(service.base_url))
    os.remove(home:path "key")
    assert_none(seen, "the list of processes")
    look_at(list, "files")
  end)

  -- Only a browser can go on from here: the creation repeats the code and the app's secrets, and so does the callback.
  for how, words in pairs {
    allow = "rejected: create_instance", deny = "denied: ", error = "callback: ", state = "nobody has come",
  } do
    it("at the end of the way through the browser: " .. how, function()
      local seconds = how == "state" and "2" or "40"
      local running = home:start("--verbose connect --name y --no-browser --timeout " .. seconds,
        { environment = at(service.base_url:gsub("/elements", "/late%0", 1)) })
      local address = running:wait_for "\n(http://127.0.0.1:%d+/[^\n]-sbo/[^\n]+)\n"
      local target = person.decide(address, how == "deny" and "deny" or "allow")
      local code = target:match "[?&]code=([^&]+)"
      if how == "error" then target = target:gsub("code=[^&]+", "error=server_error&error_description=closed") end
      if how == "state" then target = target:gsub("state=%w+", "state=0123") end
      require "support.curl".ask("GET", target)
      assert.is_true(running:wait(40) > 0)
      local said = running:out() .. running:err()
      assert.matches(words, said, 1, true)
      said = said:gsub("\n" .. address:gsub("%p", "%%%0") .. "\n", "\n")
      secrets.code = code
      assert_none(said, how)
      secrets.code = nil
    end)
  end

  it("by the kinds of the error table, all of which are played here", function()
    local played = { file = true, signature = true, denied = true, callback = true, state = true }
    for _, failure in ipairs(FAILURES) do played[failure[1] or ""] = true end
    for _, kind in ipairs(errors.KINDS) do assert(played[kind] or ELSEWHERE[kind], kind) end
  end)
end)
