--- A plain Lua program: nothing else runs, so waiting may block.

local core = require "sapanywhere.core"
local events = require "sapanywhere.host.events"

local plain = events.host(core.poll)

plain.blocks = true

return plain
