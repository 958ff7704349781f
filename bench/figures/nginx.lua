--- In nginx, one worker: how many calls, what each adds, what waiting costs, and what a neighbour feels.

local start_application = require "application"

local function load(rig, application, path, clients, seconds)
  local command = "wrk -t1 -c%d -d%ds --timeout 60s %s%s"
  local text = rig.must(command:format(clients, seconds, application.origin, path))
  if text:find("Non%-2xx") or text:find("Socket errors") then
    error("wrk: " .. text .. application.error_log():sub(1, 500), 0)
  end
  return tonumber(text:match("Requests/sec:%s*(%S+)"))
end

local function probe(rig, port, path, count, distance)
  local text = rig.must(("%s/probe %s %s %d %d"):format(rig.build, port, path, count, distance))
  local p50, p99, mean = text:match("(%S+) (%S+) (%S+)")
  return { p50 = tonumber(p50), p99 = tonumber(p99), mean = tonumber(mean) }
end

local function cpu_ns(rig, pid)
  return tonumber(rig.must("cat /proc/" .. pid .. "/schedstat"):match("%d+"))
end

local WAYS = { { name = "capture", suffix = "/capture" }, { name = "sapanywhere", suffix = "" } }
local ORDER = { "capture", "sapanywhere" }

local LOADS = {
  { "64 clients, quick service", "/quick", 64, 0.75 }, { "100 clients, service of 100 ms", "/late", 100 },
  { "100 clients, service of 50 to 150 ms", "/spread", 100 },
}

-- LuaJIT compiles something else in each worker, which makes a tenth or more: each round has a worker of its own.
local function measure_rates(rig, renew)
  for _, told in ipairs(LOADS) do
    local application, at_round
    local function run(way, seconds)
      return load(rig, application, told[2] .. way.suffix, told[3], seconds)
    end
    local samples = rig.compare(WAYS, rig.pick(7, 2), function(way, round)
      if round ~= at_round then
        application, at_round = renew "1", round
        for _, each in ipairs(WAYS) do run(each, 1) end
      end
      local seconds, before = rig.pick(2, 1), cpu_ns(rig, application.pid)
      local rate = run(way, seconds)
      return { rate = rate, cpu = (cpu_ns(rig, application.pid) - before) / (rate * seconds) }
    end)
    rig.report("nginx, " .. told[1], "calls/s", samples, "rate",
      { order = ORDER, floor = "capture", ratio_at_least = told[4] })
    rig.report("nginx, " .. told[1] .. ": cpu of the worker per call", "µs", samples, "cpu",
      { order = ORDER, floor = "capture", factor = 1e-3 })
  end
end

-- Against asking the service directly, and a page of the same nginx that does nothing.
local function measure_added(rig, service, application)
  local pages = {
    { name = "the service itself", port = service.port, path = "/quick/instances" },
    { name = "capture", port = application.port, path = "/quick/capture" },
    { name = "sapanywhere", port = application.port, path = "/quick" },
  }
  local samples = rig.compare(pages, rig.pick(7, 3), function(page)
    return { took = probe(rig, page.port, page.path, rig.pick(500, 150), 2000).p50 }
  end)
  rig.report("nginx, 1 client, quick service: p50", "µs", samples, "took",
    { order = rig.names(pages), floor = "the service itself" })
  local added = { sapanywhere = { took = {} }, capture = { took = {} } }
  for name, mine in pairs(added) do
    local direct = samples["the service itself"].took
    for i, took in ipairs(samples[name].took) do mine.took[i] = took - direct[i] end
  end
  rig.report("nginx, 1 client, quick service: added to the service's own", "ms", added, "took",
    { order = ORDER, floor = "capture", factor = 1e-3, at_most = 0.3 })
end

local function measure_long(rig, application, seconds)
  local samples = rig.compare({ { name = "sapanywhere" } }, 1, function()
    local before = cpu_ns(rig, application.pid)
    rig.must("curl -s -f " .. application.origin .. "/long")
    return { share = (cpu_ns(rig, application.pid) - before) / 1e9 / seconds * 100 }
  end)
  rig.report(("nginx, one call of %d s alone: cpu of the worker"):format(seconds), "%", samples, "share",
    { order = ORDER, at_most = 2 })
end

-- nginx's Lua may not find luasocket, as on OpenResty: an error page would be quick.
local function can_block(rig, application)
  if rig.output("curl -s -f " .. application.origin .. "/late/blocking") then return true end
  rig.notes[#rig.notes + 1] = "Not measured: blocking luasocket, which this nginx's Lua does not find."
  return false
end

-- What a page that does nothing takes, asked each millisecond, while wrk loads the worker.
local function measure_neighbour(rig, application, named, path)
  local loads = {
    { name = "idle" }, { name = "sapanywhere", suffix = "" }, { name = "capture", suffix = "/capture" },
  }
  if path == "/late" and can_block(rig, application) then
    loads[4] = { name = "blocking luasocket", suffix = "/blocking", blocks = true }
  end
  local samples = rig.compare(loads, rig.pick(4, 2), function(under)
    local wrk = under.suffix and ("wrk -t1 -c%d -d600s --timeout 60s %s >/dev/null & sleep 1;"):format(
      under.blocks and 10 or 100, application.origin .. path .. under.suffix) or ""
    local text = rig.must(("{ %s %s/probe %s /neighbour %d 1000; ${!:+kill $!}; }"):format(
      wrk, rig.build, application.port, under.blocks and rig.pick(8, 4) or rig.pick(3000, 1000)))
    local p50, p99 = text:match("(%S+) (%S+)")
    return { p50 = tonumber(p50), p99 = tonumber(p99) }
  end)
  for _, key in ipairs { "p50", "p99" } do
    rig.report(("nginx, neighbour under 100 calls %s: %s"):format(named, key), "µs", samples, key,
      { order = rig.names(loads), floor = "idle", ratio_at_most = 1.5 })
  end
end

return function(rig, service)
  if not rig.output("command -v wrk") then return end
  local seconds, running = rig.pick(10, 3), nil
  local function stop()
    if running then running.stop() end
    running = nil
  end
  local function renew(long)
    stop()
    running = start_application(rig, service, long)
    return running
  end
  local ok, problem = pcall(function()
    measure_rates(rig, renew)
    local application = renew(tostring(seconds))
    measure_added(rig, service, application)
    measure_long(rig, application, seconds)
    measure_neighbour(rig, application, "of 50 to 150 ms", "/spread")
    measure_neighbour(rig, application, "of 100 ms in step", "/late")
  end)
  stop()
  if not ok then error(problem, 0) end
end
