--- `all` of very many short calls: whether each costs more than one of few does.

return function(rig, service)
  local few, many = 1000, rig.pick(100000, 10000)
  local counts = { { name = ("all of %d"):format(few), count = few }, { name = "sapanywhere", count = many } }
  local samples = rig.compare(counts, rig.pick(3, 2), function(one)
    local none = rig.timed(rig.ours, "oauth_url", 0, service.quick, nil, 100)
    local all = none and rig.timed(rig.ours, "oauth_url", one.count, service.quick, nil, 100)
    return all and { cpu = (all.cpu - none.cpu) / one.count }
  end)
  rig.report(("cpu per call, all of %d short ones, 100 at the same time"):format(many), "µs", samples, "cpu",
    { order = { counts[1].name, "sapanywhere" }, floor = counts[1].name, factor = 1e6, ratio_at_most = 1.15 })
end
