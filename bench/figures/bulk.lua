--- A bulk file, downloaded into memory (/dev/shm): the rate beside that of `curl -o`, and what it takes of memory.

local PLACE = "/dev/shm/sapanywhere-bench"

return function(rig, service)
  local size = rig.pick(1024, 128) -- MiB
  rig.must(("truncate -s %dM %s/answers/bulk"):format(size, service.dir))
  local url = service.quick .. "/hubs/ecommerce/bulk/1/customers"
  local ways = {
    { name = "curl -o", command = ("curl -sf -o %s %s"):format(PLACE, url) },
    { name = "sapanywhere", command = ("lua5.4 bench/download.lua %s %s"):format(service.quick, PLACE) },
  }
  local samples = rig.compare(ways, rig.pick(5, 3), function(way)
    local took = rig.timed_command(way.command)
    rig.must("rm -f " .. PLACE)
    return took and { rate = size / took.wall, cpu = took.cpu, memory = took.memory / 1024 }
  end)
  local order = { "curl -o", "sapanywhere" }
  local name = ("bulk_download of %d MiB"):format(size)
  rig.report(name, "MiB/s", samples, "rate", { order = order, floor = "curl -o", ratio_at_least = 0.9 })
  rig.report(name .. ": cpu", "s", samples, "cpu", { order = order, floor = "curl -o" })
  rig.report(name .. ": peak memory", "MiB", samples, "memory", { order = order, floor = "curl -o", at_most = 32 })
end
