--- Wall and CPU of one call over a kept connection: what N + 1 calls take more than one.

local function measure_calls(rig, contenders, call, base_url, ca_file)
  local count = rig.pick(2000, 300)
  return rig.compare(contenders, rig.pick(7, 3), function(contender)
    local more = math.max(2, count * contender.scale)
    local one = rig.timed(contender, call, 1, base_url, ca_file)
    local all = one and rig.timed(contender, call, math.floor(more + 1), base_url, ca_file)
    return all and { wall = (all.wall - one.wall) / more, cpu = (all.cpu - one.cpu) / more }
  end)
end

return function(rig, service)
  local transports = {
    { "plain", service.quick }, { "TLS", service.tls_quick, service.ca_file },
    { "TLS, HTTP/2", service.h2_quick, service.ca_file, "http2" },
  }
  for _, transport in ipairs(transports) do
    local contenders = transport[4] and rig.able(rig.sequential, transport[4]) or rig.sequential
    for _, call in ipairs { "oauth_url", "create_instance" } do
      local samples = measure_calls(rig, contenders, call, transport[2], transport[3])
      for _, key in ipairs { "wall", "cpu" } do
        rig.report(("%s per call, %s, %s"):format(key, call, transport[1]), "µs", samples, key,
          { order = rig.names(contenders), factor = 1e6, ratio_at_most = 1.10 })
      end
    end
  end
end
