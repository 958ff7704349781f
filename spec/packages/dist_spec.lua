-- The archive of a release: the same bytes each time, and all that building and testing need, without git.

local system = require "sapanywhere.sandbox.carrier.system"
local version = require "sapanywhere.version"

describe("the archive of a release", function()
  local dir
  local archive = "build/sapanywhere-" .. version .. ".tar.gz"

  setup(function() dir = system.output("mktemp -d"):gsub("\n", "") end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  it("is the same bytes when it is made twice", function()
    local log = system.output("make -s dist 2>&1 && cp " .. archive .. " " .. dir .. "/first.tar.gz && sleep 1.1 && "
      .. "touch README.md && make -s dist 2>&1 && cmp " .. archive .. " " .. dir .. "/first.tar.gz 2>&1; echo $?")
    assert.equal("0\n", log)
  end)

  it("builds, installs and passes the specs of the project without git", function()
    local log = system.output(("cd %s && tar xzf first.tar.gz && cd sapanywhere-%s && unset MAKEFLAGS MAKELEVEL && "
      .. "make -s LUA=lua5.4 2>&1 && make -s install PREFIX=%s/installed 2>&1 && "
      .. "make -s spec LUA=lua5.4 SPEC=${DIST_SPECS:-spec/project} 2>&1; echo $?"):format(dir, version, dir))
    assert.truthy(log:find("\n0\n$"), log:sub(-4000))
  end)
end)
