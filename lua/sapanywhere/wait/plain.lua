--- A plain Lua program: nothing else runs, so waiting may block.

local core = require "sapanywhere.core"
local descriptor = require "sapanywhere.wait.descriptor"

local plain = descriptor.host(core.poll)

plain.blocks = true

return plain
