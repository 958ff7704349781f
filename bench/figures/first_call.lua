--- The whole process of a script that makes one call: start, require, call, end. Plain, and TLS with what
-- each trusts by itself.

local function measure(rig, base_url, before)
  return rig.compare(rig.sequential, rig.pick(15, 5), function(contender)
    return rig.timed(contender, "oauth_url", 1, base_url, nil, nil, before)
  end)
end

local function report(rig, samples, name, limit)
  for _, key in ipairs { "wall", "cpu" } do
    rig.report(("%s of a process with one call, %s"):format(key, name), "ms", samples, key,
      { order = rig.names(rig.sequential), factor = 1e3, ratio_at_most = limit })
  end
end

-- Each connection's CPU: a server that keeps none.
local function measure_further(rig, base_url, before)
  local more = rig.pick(40, 10)
  return rig.compare(rig.sequential, rig.pick(7, 3), function(contender)
    local count = math.floor(math.max(2, more * contender.scale))
    local one = rig.timed(contender, "oauth_url", 1, base_url, nil, nil, before)
    local all = one and rig.timed(contender, "oauth_url", 1 + count, base_url, nil, nil, before)
    return all and { cpu = (all.cpu - one.cpu) / count }
  end)
end

return function(rig, service, trusted)
  report(rig, measure(rig, service.quick), "plain", 1.10)
  if not trusted then return end
  report(rig, measure(rig, service.tls_quick, trusted), "TLS, Debian's CAs", 0.5)
  rig.report("cpu of each further TLS connection, Debian's CAs", "ms",
    measure_further(rig, service.closing, trusted), "cpu",
    { order = rig.names(rig.sequential), factor = 1e3, at_most = 3 })
end
