--- Instructions of one call over a kept connection: what 2N calls take more than N.

local function measure(rig, contenders, call, base_url)
  local count = rig.pick(100, 50)
  return rig.compare(contenders, rig.pick(2, 1), function(contender)
    local few = contender.starts_processes and 1 or count
    local once = rig.instructions(contender, call, few, base_url)
    local twice = rig.instructions(contender, call, 2 * few, base_url)
    local each = once and twice and (twice - once) / few
    return each and { call = each, first = once - each * (few - 1) }
  end)
end

-- Thousands of instructions that a call may take more where libcurl's handles are used once (see
-- src/http/quirks.c): from 7.84 to 8.0.
local function allowance(rig)
  local major, minor = rig.must "curl --version":match("libcurl/(%d+)%.(%d+)")
  local version = tonumber(major) * 1000 + tonumber(minor)
  return version >= 7084 and version <= 8000 and 35 or 0
end

return function(rig, service)
  local more = allowance(rig)
  for _, told in ipairs { { "oauth_url", 0.90 }, { "create_instance", 1.20 } } do
    local call = told[1]
    local samples = measure(rig, rig.sequential, call, service.quick)
    rig.report("instructions per call, " .. call, "k", samples, "call",
      { order = rig.names(rig.sequential), factor = 1e-3, ratio_at_most = told[2], more = more })
    rig.report("instructions of the process to its first " .. call, "k", samples, "first",
      { order = rig.names(rig.sequential), factor = 1e-3 })
  end
  local two = { rig.floor, rig.ours }
  rig.report("instructions per call, create_instance, five more header lines", "k",
    measure(rig, two, "create_instance", service.dressed), "call",
    { order = rig.names(two), factor = 1e-3, ratio_at_most = 1.25, more = more })
end
