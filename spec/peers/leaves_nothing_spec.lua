-- A server that a spec started is gone, its processes and its directory, when the spec's program is: stopped, ended or
-- killed.

local child = require "support.child"
local server = require "peers.support.server"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local NAMES = { "apache", "haproxy", "nghttpx", "squid", "tinyproxy" }

local function is_proxy(name)
  return name == "squid" or name == "tinyproxy"
end

-- Those of a session, as ps would count them.
local function count_processes(session)
  return tonumber(system.output(([[
    count=0
    for stat in /proc/[0-9]*/stat; do
      read -r line <"$stat" || continue
      set -- ${line##*) }
      [ "$4" = %d ] && [ "$1" != Z ] && count=$((count + 1))
    done 2>/dev/null
    echo "$count"]]):format(session)))
end

local function is_left(dir, session)
  return count_processes(session) > 0 or system.output("ls -d " .. dir .. " 2>/dev/null") ~= ""
end

-- A program that was killed is cleaned up after it has ended.
local function await_nothing(dir, session)
  for _ = 1, 500 do
    if not is_left(dir, session) then return true end
    system.output("sleep 0.02")
  end
  return false
end

local start_and_end = [[
local start = require("peers.support." .. given.name).start
local peer = given.is_proxy and start {} or start(given.service)
require("sapanywhere.sandbox.carrier.system").write_file(given.report, peer.dir .. " " .. peer.pid)
]]

local ENDS = {
  { "stops it", "peer:stop()" },
  { "ends without a word", "os.exit(0)" },
  { "is killed", "os.execute('kill -s KILL $PPID')" },
}

describe("a server of a spec", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  for _, name in ipairs(NAMES) do
    for _, way in ipairs(ENDS) do
      it(("is gone when its program %s: %s"):format(way[1], name), function()
        local report = os.tmpname()
        pcall(child.run, start_and_end .. way[2], {
          name = name, is_proxy = is_proxy(name), report = report, service = {
            dir = service.dir, ca_file = service.ca_file, base_url = service.base_url,
            tls_base_url = service.tls_base_url, refused_url = service.refused_url,
          },
        })
        local dir, session = system.read_file(report):match("^(%S+) (%d+)$")
        os.remove(report)
        assert.truthy(dir, "it did not start")
        assert.truthy(await_nothing(dir, tonumber(session)))
      end)
    end

    it("runs in a session of its own until then: " .. name, function()
      local start = require("peers.support." .. name).start
      local peer = is_proxy(name) and start {} or start(service)
      assert.truthy(count_processes(peer.pid) > 0)
      assert.truthy(is_left(peer.dir, peer.pid))
      peer:stop()
      assert.falsy(is_left(peer.dir, peer.pid))
    end)
  end

  it("that does not start is told with its words, and leaves nothing", function()
    local dir
    local ok, said = pcall(server.start, {
      ports = { "none" },
      files = function(where)
        dir = where
        return {}
      end,
      command = function() return { "sh", "-c", "echo no such thing; exit 1" } end,
    })
    assert.falsy(ok)
    assert.truthy(said:find("no such thing", 1, true), said)
    assert.equal("", system.output("ls -d " .. dir .. " 2>/dev/null"))
  end)
end)
