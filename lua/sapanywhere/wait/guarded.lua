--- Runs what waits such that it is cleaned up however it ends: by an error of the host's wait or of a hook, as Ctrl-C
-- raises one, or because its coroutine is closed.
--
-- `run(waiter, work, …)` calls `work(waiter, …)`, and `waiter:abandon()` where that does not return.

local debug = rawget(_G, "debug")
local getinfo = debug and debug.getinfo
local load, pcall, error = rawget(_G, "load"), pcall, error

local IS_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local function finish(waiter, ok, err)
  waiter.has_returned = true
  if ok then return end
  waiter:abandon()
  error(err, 0)
end

-- Lua 5.4: a variable that is closed with its block, in text, because other versions cannot read it. It is for the
-- closing of the coroutine; one that ends with an error is not closed by itself.
local CLOSING = [[
  local pcall, finish = ...
  return function(waiter, work, ...)
    local guard <close> = waiter
    finish(waiter, pcall(work, waiter, ...))
  end
]]

local function by_closing()
  local chunk = _VERSION ~= "Lua 5.1" and _VERSION ~= "Lua 5.2" and _VERSION ~= "Lua 5.3" and load and load(CLOSING)
  return chunk and chunk(pcall, finish)
end

local function by_pcall(waiter, work, ...)
  finish(waiter, pcall(work, waiter, ...))
end

-- Lua 5.1 cannot yield inside pcall. There a function of its own stands on the stack of the coroutine for as long as
-- its call lasts, and whoever comes by looks for it.
local function by_frame(waiter, work, ...)
  if not waiter.thread then return by_pcall(waiter, work, ...) end
  local pool, request = ...
  local function frame()
    work(waiter, pool, request)
  end
  waiter.frame = frame
  frame()
end

--- Whether the coroutine of a call is still in it, as far as that can be seen from outside.
-- @tparam table waiter with `thread`, and on Lua 5.1 `frame`
local function is_inside(waiter)
  local thread, frame = waiter.thread, waiter.frame
  if not thread then return true end
  if coroutine.status(thread) == "dead" then return false end
  if not (frame and getinfo) then return true end
  local level = 0
  while true do
    local info = getinfo(thread, level, "f")
    if not info then return false end
    if info.func == frame then return true end
    level = level + 1
  end
end

return { run = IS_5_1 and by_frame or by_closing() or by_pcall, is_inside = is_inside }
