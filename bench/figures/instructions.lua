--- Instructions of one call over a kept connection: what 2N calls take more than N.

return function(rig, service)
  local rounds = rig.pick(2, 1)
  local count = rig.pick(100, 50)
  for _, told in ipairs { { "oauth_url", 0.85 }, { "create_instance", 1.10 } } do
    local call = told[1]
    local samples = rig.compare(rig.sequential, rounds, function(contender)
      local few = contender.starts_processes and 1 or count
      local once = rig.instructions(contender, call, few, service.quick)
      local twice = rig.instructions(contender, call, 2 * few, service.quick)
      local each = once and twice and (twice - once) / few
      return each and { call = each, first = once - each * (few - 1) }
    end)
    rig.report("instructions per call, " .. call, "k", samples, "call",
      { order = rig.names(rig.sequential), factor = 1e-3, ratio_at_most = told[2] })
    rig.report("instructions of the process to its first " .. call, "k", samples, "first",
      { order = rig.names(rig.sequential), factor = 1e-3 })
  end
end
