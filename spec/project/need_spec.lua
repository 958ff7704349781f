-- What `packaging/need` finds, of programs that this machine may not have: stand-ins come first in the PATH.

local system = require "sapanywhere.sandbox.carrier.system"

describe("packaging/need", function()
  local dir

  before_each(function() dir = assert(system.output("mktemp -d")):match("%S+") end)
  after_each(function() system.output("rm -r " .. dir) end)

  local function stand_in(name, script)
    local path = dir .. "/" .. name
    local file = assert(io.open(path, "w"))
    file:write("#!/bin/sh\n", script, "\n")
    file:close()
    assert(system.output("chmod +x " .. path .. " && echo done"))
  end

  local function lacks()
    return (system.output("PATH=" .. dir .. ":$PATH packaging/need demo 2>&1"))
  end

  it("takes OpenResty where Debian's nginx is not", function()
    stand_in("nginx", "exit 127")
    stand_in("openresty", 'echo "nginx version: openresty/1.31.1.1" >&2')
    assert.not_matches("nginx", lacks())
  end)

  it("does not take for an nginx what a shell says of one that is not there", function()
    if io.open("/usr/local/openresty/nginx/sbin/nginx") then return end
    local text = assert(system.read_file("packaging/need"):match("\nnginxes%b() (%b{})"))
    assert.equal("", system.output(("PATH=%s /bin/sh -c %s 2>&1"):format(dir, system.quote(text))))
    stand_in("nginx", 'echo "nginx version: nginx/1.22.1" >&2')
    assert.equal("nginx version: nginx/1.22.1\n",
      system.output(("PATH=%s /bin/sh -c %s 2>&1"):format(dir, system.quote(text))))
  end)

  it("names nginx where there is neither", function()
    if io.open("/usr/local/openresty/nginx/sbin/nginx") then return end
    stand_in("nginx", "exit 127")
    stand_in("openresty", "exit 127")
    assert.matches("nginx %(Debian: nginx%)", lacks())
  end)
end)
