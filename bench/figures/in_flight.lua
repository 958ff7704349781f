--- Many calls at the same time to a service that takes 100 ms: how long until all are done, the program's
-- own start taken off, and what each costs in memory.

-- Where the goal is no ratio: milliseconds for all, KiB for each.
local MOST, MOST_MEMORY = { [2000] = 1000, [10000] = 2000 }, { [2000] = 100, [10000] = 40 }

local function measure(rig, in_flight, base_url, ca_file)
  local rounds = in_flight < 2000 and rig.pick(5, 2) or rig.pick(3, 2)
  -- lua-http ends with an error at so many, and the floor takes minutes.
  local contenders = in_flight > 2000 and { rig.ours } or rig.concurrent
  return rig.compare(contenders, rounds, function(contender)
    local none = rig.timed(contender, "create_instance", 0, base_url, ca_file, in_flight)
    local one = rig.timed(contender, "create_instance", 1, base_url, ca_file, 1)
    if not none or not one then return nil end
    local all = rig.timed(contender, "create_instance", in_flight, base_url, ca_file, in_flight)
    return all and {
      wall = all.wall - none.wall, cpu = (all.cpu - none.cpu) / in_flight,
      memory = (all.memory - one.memory) / math.max(1, in_flight - 1),
    }
  end)
end

return function(rig, service)
  local order = rig.names(rig.concurrent)
  local transports = {
    { "HTTP/1.1", service.late "0.1", nil, { 1, 16, 200, 256, 2000 } },
    { "TLS, HTTP/1.1", service.tls_late "0.1", service.ca_file, { 200 } },
    { "HTTP/2", service.h2_late "0.1", service.ca_file, { 1, 16, 200, 256, 2000, 10000 } },
  }
  for _, transport in ipairs(transports) do
    for _, in_flight in ipairs(transport[4]) do
      local samples = measure(rig, in_flight, transport[2], transport[3])
      local name = ("%d in flight × 100 ms, %s"):format(in_flight, transport[1])
      local wall, memory = MOST[in_flight], MOST_MEMORY[in_flight]
      rig.report(name, "ms", samples, "wall", {
        order = order, floor = "multi", factor = 1e3,
        ratio_at_most = not wall and 1.15 or nil, at_most = wall,
      })
      if in_flight >= 200 then
        rig.report(name .. ": cpu per call", "µs", samples, "cpu",
          { order = order, floor = "multi", factor = 1e6 })
        rig.report(name .. ": memory per call", "KiB", samples, "memory",
          { order = order, floor = "multi", at_most = memory })
      end
    end
  end
end
