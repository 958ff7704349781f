local cqueues = require "cqueues"
local condition = require "cqueues.condition"

return {
  name = "cqueues",
  run = function(main)
    local controller = cqueues.new()
    controller:wrap(main)
    assert(controller:loop())
  end,
  together = function(list)
    local controller, ended, changed, failure = cqueues.running(), 0, condition.new(), nil
    for _, run in ipairs(list) do
      controller:wrap(function()
        local ok, err = pcall(run)
        if not ok then failure = failure or err end
        ended = ended + 1
        changed:signal()
      end)
    end
    while ended < #list do changed:wait() end
    if failure then error(failure, 0) end
  end,
  sleep = cqueues.sleep,
  abandon = function(run)
    local inner = cqueues.new()
    inner:wrap(run)
    inner:step(0)
    inner:step(0.05)
    inner:close()
  end,
}
