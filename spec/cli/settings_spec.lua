-- Where the command has its settings from: a file, the environment, files that the environment names, a prompt.

local command = require "support.command"
local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local ALL = "api_key = file-key-1\n# a comment\n\n  api_secret=file secret # 2 \nuser_secret = file-user-3\n"
  .. "organization_secret = file-org-4\nbase_url = http://127.0.0.1:9/x\n"

describe("the settings of the command", function()
  local home

  before_each(function() home = command.home() end)
  after_each(function() home:remove() end)

  local function write_config(text, mode)
    os.execute("mkdir -p -m 700 " .. home:path "config/sapanywhere")
    command.write(home:path "config/sapanywhere/config", text)
    os.execute(("chmod %s %s"):format(mode or "600", home:path "config/sapanywhere/config"))
  end

  -- Where doctor says that a setting is from.
  local function sources(environment)
    local said, found = home:run("doctor", { environment = environment }), {}
    for line in said.out:gmatch("[^\n]+") do
      found[line:match('"check":"([^"]+)"')] = line:match('"found":"([^"]+)"')
    end
    return found, said
  end

  it("come from the file, whose lines are name = value", function()
    write_config(ALL)
    local found = sources()
    local from = "from " .. home:path "config/sapanywhere/config"
    for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret" } do
      assert.equal(from, found[name], name)
    end
    assert.matches("http://127.0.0.1:9/x", found.service, 1, true)
  end)

  it("are overruled by the environment, and that may name a file", function()
    write_config(ALL)
    command.write(home:path "key", "another-key\n")
    local found = sources {
      SAPANYWHERE_API_SECRET = "a-secret", SAPANYWHERE_API_KEY_FILE = home:path "key", SAPANYWHERE_BASE_URL = "",
    }
    assert.equal("from SAPANYWHERE_API_SECRET", found.api_secret)
    assert.equal("from SAPANYWHERE_API_KEY_FILE", found.api_key)
    assert.matches("^from /", found.user_secret)
  end)

  it("come from no file where SAPANYWHERE_CONFIG is empty", function()
    write_config(ALL)
    assert.equal("not set", sources({ SAPANYWHERE_CONFIG = "" }).api_key)
  end)

  it("are refused where others may read the file, with what to do", function()
    write_config(ALL, "640")
    local said = home:run "instances"
    assert.equal(2, said.code)
    assert.equal("", said.out)
    assert.matches("others may read or replace the file", said.err, 1, true)
    assert.matches("chmod 600", said.err, 1, true)
  end)

  for text, words in pairs {
    ["api_key"] = "line 1: a line must be: name = value",
    ["# one\napikey = x"] = "line 2: there is no setting of that name",
    ["timeout = soon"] = "timeout must be a number",
    ["base_url = http://example.com\nuser_secret = uuuu\norganization_secret = oooo"] = "base_url",
  } do
    it("are refused, with the place and without the value: " .. text:gsub("\n", "; "), function()
      write_config(text .. "\n")
      local said = home:run "instances"
      assert.equal(2, said.code)
      assert.matches(words, said.err, 1, true)
      assert.is_nil(said.err:find("soon", 1, true))
    end)
  end

  it("are asked for by the names of variables where nobody is there", function()
    local said = home:run("connect", { environment = { SAPANYWHERE_API_KEY = "k", SAPANYWHERE_USER_SECRET = "u" } })
    assert.equal(2, said.code)
    assert.matches("missing api_secret, organization_secret", said.err, 1, true)
    assert.matches("set SAPANYWHERE_API_SECRET, SAPANYWHERE_ORGANIZATION_SECRET (or the same with _FILE)", said.err, 1,
      true)
  end)

  it("name a file that cannot be read", function()
    local said = home:run("instances", { environment = { SAPANYWHERE_USER_SECRET_FILE = "/nowhere" } })
    assert.equal(2, said.code)
    assert.matches("SAPANYWHERE_USER_SECRET_FILE: the file that it names cannot be read", said.err, 1, true)
  end)

  describe("that a person types", function()
    local service, path
    before_each(function() path = home:path "config/sapanywhere/config" end)
    setup(function() service = require "support.service".start() end)
    teardown(function() service:stop() end)

    -- Connects with nothing set; the last line answers whether to keep what was typed.
    local function connect(answer)
      local typed = { service.api_key, service.api_secret, service.user_secret, service.organization_secret, answer }
      local said = home:run("connect --no-browser --timeout 1", {
        columns = 80, input = table.concat(typed, "\n") .. "\n",
        environment = {
          SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback",
        },
      })
      assert.equal(6, said.code)
      for _, label in ipairs { "API key:", "API secret:", "user secret of your account:" } do
        assert.matches(label, said.out, 1, true)
      end
      for place = 2, 4 do assert.is_nil(said.out:find(typed[place], 1, true)) end
      assert.matches("Keep these settings in " .. path .. ", readable for you only? [y/N]", said.out, 1, true)
      return typed
    end

    it("are kept in the file where the person agrees, beside what is there, and used the next time", function()
      if not child.has_terminal() then return pending "no terminal" end
      write_config "# mine\nelement = sapanywhere"
      local typed = connect "y"
      assert.equal("# mine\nelement = sapanywhere\n" .. ("api_key = %s\napi_secret = %s\nuser_secret = %s\n"
        .. "organization_secret = %s\n"):format((table.unpack or unpack)(typed)), command.read(path))
      assert.equal("600\n", system.output("stat -c %a " .. path))
      assert.equal(0, home:run("instances", { environment = { SAPANYWHERE_BASE_URL = service.base_url } }).code)
    end)

    it("are kept nowhere else", function()
      if not child.has_terminal() then return pending "no terminal" end
      local typed = connect "n"
      for file in system.output("find " .. home.dir .. " -type f ! -name '*.in'"):gmatch("[^\n]+") do
        for place = 2, 4 do assert.is_nil(command.read(file):find(typed[place], 1, true), file) end
      end
    end)

    it("are not there where the input ends, and nothing is done", function()
      if not child.has_terminal() then return pending "no terminal" end
      local said = home:run("instances", { columns = 80, input = "\n" })
      assert.equal(2, said.code)
      assert.matches("user_secret is needed", said.out, 1, true)
    end)
  end)

  it("are asked for without echo on a terminal", function()
    if not child.has_terminal() then return pending "no terminal" end
    local said = home:run("instances", {
      columns = 80, input = "typed-user\ntyped-organization\n",
      environment = { SAPANYWHERE_BASE_URL = "http://127.0.0.1:9/x" },
    })
    assert.matches("user secret of your account:", said.out, 1, true)
    assert.matches("organization secret of your account:", said.out, 1, true)
    assert.is_nil(said.out:find("typed", 1, true))
    assert.equal(6, said.code)
  end)
end)
