--- nginx with its Lua module, OpenResty: a worker never blocks.
--
-- nginx cannot wait for a descriptor that is not its own, so the leading coroutine looks again and again, at growing
-- distances. The others wait on semaphores.

local semaphore = require "ngx.semaphore"

local get_phase, nap, at = ngx.get_phase, ngx.sleep, ngx.timer.at

local YIELDING = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true,
}
local BLOCKING = { init = true, init_worker = true, exit_worker = true }

local SHORTEST, LONGEST = 0.001, 0.005 -- seconds

-- nginx counts milliseconds, and stock nginx logs a warning for none of them.
local function sleep(seconds)
  nap(seconds < SHORTEST and SHORTEST or seconds)
end

-- Waits that grow: 1 ms, then up to 5 ms.
local function distance(idle)
  local seconds = SHORTEST * idle / 8
  if seconds < SHORTEST then return SHORTEST end
  return seconds < LONGEST and seconds or LONGEST
end

local woken -- the worker's own, made when it is first needed

-- Not for nobody, whose time has passed before this comes: the next turn would end before it begins.
local function wake()
  if woken:count() < 0 then woken:post(1) end
end

-- Comes back when the event loop has gone round. `ngx.sleep(0)` does so too, but not without the warning.
local function turn()
  woken = woken or semaphore.new(0)
  if woken and at(0, wake) then
    woken:wait(0) -- what was posted in the same moment in which somebody's time passed
    woken:wait(SHORTEST)
  else
    nap(SHORTEST)
  end
end

-- Signals that nobody waits for any more. With the finalizer that hangs on each, new ones cost 3 % of a call.
local spare = {}
local MOST_SPARE = 256

local Signal = {}
Signal.__index = Signal

function Signal:wait(seconds)
  self.semaphore:wait(seconds)
end

function Signal:post()
  self.semaphore:post(1)
end

-- One that was told something which nobody waited for would wake its next owner too early.
function Signal:close()
  if #spare < MOST_SPARE and self.semaphore:count() == 0 then spare[#spare + 1] = self end
end

local function signal()
  local old = table.remove(spare)
  if old then return old end
  local new = semaphore.new(0)
  return new and setmetatable({ semaphore = new }, Signal)
end

local host = {
  wait = function(_, seconds, idle) sleep(math.min(seconds, distance(idle))) end,
  turn = turn,
  signal = signal,
  loop = function() return "nginx" end,
  sleep = sleep,
  heartbeat = 0.1,
  patience = 0.1,
}

return {
  host = host,
  phase = get_phase,
  may_yield = function(phase) return YIELDING[phase] end,
  may_block = function(phase) return BLOCKING[phase] end,
}
