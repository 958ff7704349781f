-- `sapanywhere sandbox`, and the first steps with it as README.md has them.

local child = require "support.child"
local command = require "support.command"
local person = require "support.person"
local system = require "sapanywhere.sandbox.carrier.system"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end
local socket = require "socket"

describe("sandbox", function()
  local home

  before_each(function() home = command.home() end)
  after_each(function() home:remove() end)

  it("runs until Ctrl-C, and leaves nothing behind", function()
    local running = home:start "sandbox --customers 3"
    local url = running:wait_for '"base_url":"(http://127.0.0.1:%d+/elements/api%-v2)"'
    assert.equal("600\n", system.output("stat -c %a " .. home:path "run/sapanywhere/sandbox"))
    running:signal "INT"
    assert.equal(130, running:wait(20))
    assert.equal("", system.output("ls -A " .. home:path "run/sapanywhere"))
    assert.is_nil((socket.connect("127.0.0.1", tonumber(url:match(":(%d+)/")))))
  end)

  it("listens where it is told to", function()
    local probe = assert(socket.bind("127.0.0.1", 0))
    local _, port = probe:getsockname()
    probe:close()
    local running = home:start(("sandbox --port %d"):format(port))
    running:wait_for(('"base_url":"http://127.0.0.1:%d/elements/api%%-v2"'):format(port))
  end)

  it("prints the environment of the one that runs, which another may have been a moment before", function()
    local first = home:start "sandbox"
    first:wait_for "base_url"
    first:signal "KILL" -- what it has written stays
    first:wait(20)
    local second = home:start "sandbox"
    local url = second:wait_for '"base_url":"(http://127.0.0.1:%d+/elements/api%-v2)"'
    local said = home:run "sandbox --env"
    assert.equal(0, said.code)
    assert.matches("export SAPANYWHERE_BASE_URL='" .. url .. "'\n", said.out, 1, true)
    local shops = home:path "run/sapanywhere/sandbox.shops"
    assert.matches("\nexport SAPANYWHERE_SHOPS='" .. shops .. "'\n", said.out, 1, true)
    for line in said.out:gmatch("[^\n]+") do assert.matches("^export SAPANYWHERE_[A-Z_]+='[^']*'$", line) end
  end)

  it("waits for one for ten seconds, and says that there is none", function()
    local began = socket.gettime()
    local said = home:run "sandbox --env"
    assert.same({ 1, "" }, { said.code, said.out })
    assert.equal("sapanywhere: no sandbox runs\nwhat to do: start one: sapanywhere sandbox &\n", said.err)
    assert(socket.gettime() - began >= 9.9)
  end)

  it("has the same rows for the same seed, and as many as it is told", function()
    local function rows_with(seed)
      local running = home:start("sandbox --customers 2 --seed " .. seed)
      running:wait_for "base_url"
      home.variables = {}
      local exports = home:run("sandbox --env").out
      for name, value in exports:gmatch "export (%S+)='([^']*)'\n" do home.variables[name] = value end
      local connecting = home:start "connect --no-browser"
      person.go(connecting:wait_for "\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n", "allow")
      connecting:wait()
      local text = home:run("customers list").out
      running:signal "INT"
      running:wait(20)
      return text
    end
    local rows = rows_with(1)
    assert.equal(2, select(2, rows:gsub('"customerName"', "")))
    assert.equal(rows, rows_with(1))
    assert.not_equal(rows, rows_with(2))
  end)
end)

describe("the first steps, after make install,", function()
  -- As they stand in README.md, word for word; the person is played while the third one waits.
  local STEPS = [[
sapanywhere sandbox &
eval "$(sapanywhere sandbox --env)"
sapanywhere connect --no-browser
sapanywhere customers list --limit 3
]]

  it("lead to a shop and its customers", function()
    local home = command.home()
    local lua = child.interpreter()
    local name = lua:match("[^/]+$")
    local said = system.output(("env -u LD_PRELOAD make -s install LUA=%s PREFIX=%s/usr 2>&1"):format(name, home.dir))
    command.write(home:path "steps.sh", ("set -e\nunset LUA_PATH LUA_CPATH\nPATH=%s/usr/bin:$PATH\ncd /\n"):format(
      home.dir) .. STEPS .. "kill -INT $!\nwait || true\n")
    os.execute(("cd %s; env -u DISPLAY HOME=%s XDG_RUNTIME_DIR=%s/run timeout 60 sh steps.sh >out 2>err </dev/null &")
      :format(home.dir, home.dir, home.dir))
    local address
    for _ = 1, 400 do
      address = command.read(home:path "err"):match("\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n")
      if address then break end
      socket.sleep(0.05)
    end
    assert(address, said .. command.read(home:path "out") .. command.read(home:path "err"))
    assert.matches("<h1>Connected</h1>", person.go(address, "allow").body, 1, true)
    local rows
    for _ = 1, 200 do
      rows = select(2, command.read(home:path "out"):gsub('"customerName"', ""))
      if rows == 3 then break end
      socket.sleep(0.05)
    end
    assert.equal(3, rows, command.read(home:path "out") .. command.read(home:path "err"))
    socket.sleep(0.5)
    home:remove()
  end)
end)
