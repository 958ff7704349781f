local copas = require "copas"

-- What copas waits for is anything with a descriptor; it asks `receive` again when that can be read.
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

local function step_until(done)
  while not done() do copas.step(0.05) end
end

return {
  name = "copas",
  wait = wait,
  run = function(main)
    local ended, failure = false, nil
    copas.addthread(function()
      local ok, err = require("coxpcall").pcall(main)
      ended, failure = true, not ok and err or nil
    end)
    step_until(function() return ended end)
    if failure then error(failure, 0) end
  end,
  together = function(list)
    local ended, failure = 0, nil
    local core = require "sapanywhere.core"
    local event = core.event()
    for _, run in ipairs(list) do
      copas.addthread(function()
        local ok, err = require("coxpcall").pcall(run)
        if not ok then failure = failure or err end
        ended = ended + 1
        event:post()
      end)
    end
    while ended < #list do
      wait(event:fd())
      event:clear()
    end
    if failure then error(failure, 0) end
  end,
}
