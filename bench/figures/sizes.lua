--- Answers of 1 KiB to 1 MiB: CPU per call.

return function(rig, service)
  local contenders = {}
  for _, contender in ipairs(rig.sequential) do
    if not contender.starts_processes then table.insert(contenders, contender) end
  end
  for _, size in ipairs(service.sizes) do
    local count = math.floor(rig.pick(1000, 100) / (1 + size / 16)) + 4
    local samples = rig.compare(contenders, rig.pick(5, 2), function(contender)
      local one = rig.timed(contender, "oauth_url", 1, service.size(size))
      local all = one and rig.timed(contender, "oauth_url", 1 + count, service.size(size))
      return all and { cpu = (all.cpu - one.cpu) / count }
    end)
    rig.report(("cpu per call, answer of %d KiB"):format(size), "µs", samples, "cpu",
      { order = rig.names(contenders), factor = 1e6 })
  end
end
