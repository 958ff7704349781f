--- Lists: one of 100 customers (some 30 KB), and a walk through 100 pages, alone and beside calls in flight.

local function measure_list(rig, contenders, base_url)
  local count = rig.pick(500, 100)
  return rig.compare(contenders, rig.pick(7, 3), function(contender)
    local one = rig.timed(contender, "list_customers", 1, base_url)
    local all = one and rig.timed(contender, "list_customers", 1 + count, base_url)
    return all and { cpu = (all.cpu - one.cpu) / count, wall = (all.wall - one.wall) / count }
  end)
end

-- Seconds for each page but the first.
local function measure_walk(rig, service)
  local walks = { { name = "alone", others = 0 }, { name = "beside 100 calls of 100 ms", others = 100 } }
  return rig.compare(walks, rig.pick(5, 2), function(walk)
    local function run(pages)
      return rig.timed_command(("lua5.4 bench/walk.lua %s %d %d %s"):format(
        rig.quote(service.pages), pages, walk.others, rig.quote(service.late "0.1")))
    end
    local one, all = run(1), run(100)
    return one and all and { wall = (all.wall - one.wall) / 99 }
  end)
end

return function(rig, service)
  local contenders = {}
  for _, contender in ipairs(rig.sequential) do
    if not contender.starts_processes then table.insert(contenders, contender) end
  end
  local samples, order = measure_list(rig, contenders, service.quick), rig.names(contenders)
  for _, key in ipairs { "wall", "cpu" } do
    rig.report(key .. " per call, a list of 100 customers", "µs", samples, key,
      { order = order, factor = 1e6, ratio_at_most = 1.10 })
  end
  rig.report("wall per page, each over 100 pages of 100 customers", "ms", measure_walk(rig, service), "wall",
    { order = { "alone", "beside 100 calls of 100 ms" }, floor = "alone", factor = 1e3 })
end
