--- nginx with its Lua module, OpenResty: a worker never blocks.
--
-- nginx cannot wait for a descriptor that is not its own, so the leading coroutine looks again and again: at once a
-- few times, for the quick answers, then at growing distances. The others wait on semaphores.

local semaphore = require "ngx.semaphore"

local get_phase, sleep = ngx.get_phase, ngx.sleep

local YIELDING = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true,
}
local BLOCKING = { init = true, init_worker = true, exit_worker = true }

local EAGER, SHORTEST, LONGEST = 25, 0.001, 0.005

-- Waits that grow: at once while an answer may come any moment, then 1 ms, then up to 5 ms.
local function distance(idle)
  if idle <= EAGER then return 0 end
  local seconds = SHORTEST * (idle - EAGER) / 8
  if seconds < SHORTEST then return SHORTEST end
  return seconds < LONGEST and seconds or LONGEST
end

local Signal = {}
Signal.__index = Signal

function Signal:wait(seconds)
  self.semaphore:wait(seconds)
end

function Signal:post()
  self.semaphore:post(1)
end

function Signal.close() end

local host = {
  wait = function(_, seconds, idle)
    local pause = distance(idle or EAGER + 1)
    sleep(pause < seconds and pause or seconds)
  end,
  signal = function() return setmetatable({ semaphore = assert(semaphore.new(0)) }, Signal) end,
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
