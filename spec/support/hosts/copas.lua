local copas = require "copas"
local core = require "sapanywhere.core"

-- What copas waits for is anything with a descriptor; it asks `receive` again when that can be read. This copas has no
-- timers: the time that a call may take is in the descriptor too.
local function wait(fd)
  local woken = false
  copas.receive({
    getfd = function() return fd end,
    dirty = function() return false end,
    close = function() end,
    receive = function()
      if woken then return true end
      woken = true
      return nil, "timeout"
    end,
  })
end

local function spawn(run, ending)
  copas.addthread(function()
    copas.setErrorHandler(function(err) ending(err) end)
    run()
    ending()
  end)
end

return {
  name = "copas",
  wait = wait,
  run = function(main)
    if rawget(_G, "jit") then require("jit").flush() end -- what compiled code mentions is not collected
    collectgarbage() -- copas waits by select(2), to which descriptors beyond 1023 are too large: those of clients that
    collectgarbage() -- other specs have left behind would count
    local ended, failure = false, nil
    spawn(main, function(err) ended, failure = true, err end)
    while not ended do copas.step(0.05) end
    if failure then error(failure, 0) end
  end,
  together = function(list)
    local ended, failure, alarm = 0, nil, core.alarm()
    for _, run in ipairs(list) do
      spawn(run, function(err)
        ended, failure = ended + 1, failure or err
        alarm:ring()
      end)
    end
    while ended < #list do
      wait(alarm:fd())
      alarm:clear()
    end
    if failure then error(failure, 0) end
  end,
}
