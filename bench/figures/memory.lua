--- The peak of a process's memory after many calls, and whether more calls make it grow.

return function(rig, service)
  local count = rig.pick(2000, 500)
  local contenders = {}
  for _, contender in ipairs(rig.sequential) do
    if not contender.starts_processes then table.insert(contenders, contender) end
  end
  local samples = rig.compare(contenders, rig.pick(5, 2), function(contender)
    local once = rig.timed(contender, "create_instance", count, service.quick)
    local twice = once and rig.timed(contender, "create_instance", 2 * count, service.quick)
    return twice and { peak = once.memory, growth = twice.memory - once.memory }
  end)
  rig.report(("peak memory after %d calls"):format(count), "MiB", samples, "peak",
    { order = rig.names(contenders), factor = 1 / 1024, above_floor = 1 })
  rig.report(("growth from %d to %d calls"):format(count, 2 * count), "KiB", samples, "growth",
    { order = rig.names(contenders), at_most = 128 })
end
