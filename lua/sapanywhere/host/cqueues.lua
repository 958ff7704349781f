--- cqueues: other coroutines of the controller run while a call waits.

local cqueues = require "cqueues"
local descriptor = require "sapanywhere.host.descriptor"

local host = descriptor.host(function(fd, seconds)
  cqueues.poll({ pollfd = fd, events = "r" }, seconds)
end)

function host.loop()
  return (cqueues.running())
end

function host.sleep(seconds)
  cqueues.sleep(seconds)
end

return host
