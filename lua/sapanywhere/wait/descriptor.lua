--- Makes a host of one function, `wait(fd, seconds)`: signals and sleep come from descriptors that it can wait for.

local core = require "sapanywhere.core"
local guarded = require "sapanywhere.wait.guarded"

local now = core.now

local function left_until(due)
  return math.max(0, due - now())
end

-- No descriptor is left, so the loop has nothing to wait for.
local function block_until(due)
  repeat core.poll(-1, left_until(due)) until now() >= due
end

--- @tparam function wait returns when fd can be read or the time has passed
-- @treturn table a host, see find.lua
local function host(wait)
  local Signal = {}
  Signal.__index = Signal

  -- The alarm has the time too: some loops have no timers.
  function Signal:wait(seconds)
    if not self.posted then
      self.alarm:ring(seconds)
      wait(self.alarm:fd(), seconds)
    end
    self.posted = false
    self.alarm:clear()
  end

  function Signal:post()
    self.posted = true
    self.alarm:ring()
  end

  function Signal:close()
    self.alarm:close()
  end

  return {
    wait = function(fd, seconds) wait(fd, seconds) end,
    signal = function()
      local alarm = core.alarm()
      return alarm and setmetatable({ alarm = alarm }, Signal)
    end,
    loop = function() return wait end,
    sleep = function(seconds)
      local due, alarm = now() + seconds, core.alarm()
      if not alarm then return block_until(due) end
      alarm:ring(seconds)
      -- Where another process shares it, after a fork, that one may have cleared it.
      repeat wait(alarm:fd(), left_until(due)) until alarm:clear() or now() >= due
      alarm:close()
    end,
    can_wait = guarded.is_inside,
    is_foreign = true,
    heartbeat = 1,
    patience = 2.5,
  }
end

return { host = host }
