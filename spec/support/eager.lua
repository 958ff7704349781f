--- A helper for busted that keeps the collector at work all the time: what is not held is gone soon. Without it a
-- mistake in what is held shows once in a thousand runs. Takes hours for all specs in one process, which has much
-- to collect, and minutes where each file has its own.

-- On 5.2 and 5.3 anything below 100 is a whole cycle at each allocation: hours.
local is_slow = _VERSION == "Lua 5.2" or _VERSION == "Lua 5.3"

-- Lua 5.5 has other names for them.
local function set(old, name, value)
  if not pcall(collectgarbage, old, value) then collectgarbage("param", name, value) end
end

set("setpause", "pause", is_slow and 100 or 0)
set("setstepmul", "stepmul", 1000)

-- And everything at once in the middle of whatever runs; each coroutine counts for itself.
local INSTRUCTIONS = 2000

local function collect()
  collectgarbage()
end

local create = coroutine.create

debug.sethook(collect, "", INSTRUCTIONS)

function coroutine.create(body) -- luacheck: ignore 122
  local thread = create(body)
  debug.sethook(thread, collect, "", INSTRUCTIONS)
  return thread
end
