--- cqueues: other coroutines of the controller run while a call waits.

local condition = require "cqueues.condition"
local cqueues = require "cqueues"

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

return {
  wait = function(fd, seconds) cqueues.poll({ pollfd = fd, events = "r" }, seconds) end,
  signal = function() return setmetatable({ condition = condition.new(), posted = false }, Signal) end,
  loop = function() return (cqueues.running()) end,
  sleep = cqueues.sleep,
  heartbeat = 1,
  patience = 2.5,
}
