local cqueues = require "cqueues"
local condition = require "cqueues.condition"

return {
  name = "cqueues",
  run = function(main)
    local controller = cqueues.new()
    controller:wrap(main)
    assert(controller:loop())
  end,
  -- An error in one of them ends the loop, and so `run`.
  together = function(list)
    local controller, ended, changed = cqueues.running(), 0, condition.new()
    for _, run in ipairs(list) do
      controller:wrap(function()
        run()
        ended = ended + 1
        changed:signal()
      end)
    end
    while ended < #list do changed:wait() end
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
