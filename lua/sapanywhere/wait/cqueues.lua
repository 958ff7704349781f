--- cqueues: other coroutines of the controller run while a call waits.

local guarded = require "sapanywhere.wait.guarded"

local cqueues, condition -- the program's own, loaded when it runs in them

local Signal = {}
Signal.__index = Signal

function Signal:wait(seconds)
  if not self.posted then self.condition:wait(seconds) end
  self.posted = false
end

function Signal:post()
  self.posted = true
  self.condition:signal()
end

function Signal.close() end

local host = {
  wait = function(fd, seconds) cqueues.poll({ pollfd = fd, events = "r" }, seconds) end,
  signal = function() return setmetatable({ condition = condition.new(), posted = false }, Signal) end,
  loop = function() return (cqueues.running()) end,
  sleep = function(seconds) cqueues.sleep(seconds) end,
  can_wait = guarded.is_inside,
  heartbeat = 1,
  patience = 2.5,
}

-- Only a program that has loaded cqueues can run in it, and requiring it here would load it into every other.
local function is_loaded()
  if cqueues then return true end
  local loaded = package.loaded.cqueues
  if type(loaded) ~= "table" or not loaded.running then return false end
  cqueues = loaded
  condition = require "cqueues.condition"
  return true
end

--- The host where a controller runs the running coroutine itself, not one that is resumed inside of that.
-- @tparam boolean by_name given true, a coroutine inside will do
local function here(by_name)
  if not is_loaded() then return nil end
  local controller, directly = cqueues.running()
  return controller and (directly or by_name) and host or nil
end

return { here = here }
