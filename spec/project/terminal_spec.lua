-- The README's second screen: what it tells a person at a terminal to type, typed word for word.

local child = require "support.child"
local command = require "support.command"
local page = require "support.page"
local system = require "sapanywhere.sandbox.carrier.system"

local read = system.read_file
local LUA = child.interpreter():match("[^/]+$")

local function first_block(path)
  for _, block in ipairs(page.read(path).blocks) do
    if block.language == "sh" then return block.text end
  end
end

describe("README.md's second screen", function()
  local missing = command.missing()
  if missing then
    return it("is about the command", function() pending("this Lua has no " .. missing) end)
  end
  local person = require "support.person"
  local dir

  before_each(function() dir = system.output("mktemp -d"):gsub("\n", "") end)
  after_each(function() os.execute("rm -rf " .. system.quote(dir)) end)

  -- A shell like that of somebody who has just got the sources; what it starts ends with it.
  local SHELL = [[
    cd %s && export HOME=%s/home PREFIX=%s/prefix PATH=%s/prefix/bin:$PATH LUA=%s LC_ALL=C.UTF-8
    unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME XDG_STATE_HOME LUA_PATH LUA_CPATH
    mkdir -p "$HOME"
    trap 'kill -INT $(jobs -p) 2>/dev/null; wait' EXIT
    set -e
  ]]

  it("connects a shop and lists its customers", function()
    local here = system.output("pwd -P"):gsub("\n", "")
    local said, failed = dir .. "/said", dir .. "/failed"
    system.write_file(dir .. "/typed.sh", SHELL:format(here, dir, dir, dir, LUA) .. first_block("README.md"))
    os.execute(("(timeout -s INT 120 bash %s/typed.sh </dev/null >%s 2>%s; echo $? >%s/status) &"):format(
      dir, said, failed, dir))
    local address
    for _ = 1, 1200 do
      address = (read(said) .. read(failed)):match("\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n")
      if address or read(dir .. "/status") ~= "" then break end
      os.execute "sleep 0.1"
    end
    assert(address, read(said) .. read(failed))
    assert.equal(200, person.go(address, "allow").status)
    for _ = 1, 300 do
      if read(dir .. "/status") ~= "" then break end
      os.execute "sleep 0.1"
    end
    assert.equal("0\n", read(dir .. "/status"), read(failed))
    local rows = 0
    for _ in read(said):gmatch('"customerCode":"C%d+"') do rows = rows + 1 end
    assert.equal(3, rows, read(said))
  end)
end)
