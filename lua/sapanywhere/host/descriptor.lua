--- Makes a host of one function, `wait(fd, seconds)`: signals and sleep come from descriptors that it can wait for.

local core = require "sapanywhere.core"

local function new_event()
  return assert(core.event())
end

--- @tparam function wait returns when fd can be read or the time has passed
-- @treturn table a host, see host.lua
local function host(wait)
  local Signal = {}
  Signal.__index = Signal

  -- The time is in the event too: some loops have no timers.
  function Signal:wait(seconds)
    if not self.posted then
      self.event:post(seconds)
      wait(self.event:fd(), seconds)
    end
    self.posted = false
    self.event:clear()
  end

  function Signal:post()
    self.posted = true
    self.event:post()
  end

  function Signal:close()
    self.event:close()
  end

  return {
    wait = function(fd, seconds) wait(fd, seconds) end,
    signal = function() return setmetatable({ event = new_event() }, Signal) end,
    loop = function() return wait end,
    sleep = function(seconds)
      local alarm = new_event()
      alarm:post(seconds)
      repeat wait(alarm:fd(), seconds) until alarm:clear()
      alarm:close()
    end,
    heartbeat = 1,
    patience = 2.5,
  }
end

return { host = host }
