--- A plain Lua program: nothing else runs, so waiting may block.

local core = require "sapanywhere.core"
local descriptor = require "sapanywhere.wait.descriptor"

local host = descriptor.host(core.poll)

host.blocks = true

return { here = function() return host end, host = host }
