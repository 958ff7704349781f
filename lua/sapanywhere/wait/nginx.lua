--- nginx with its Lua module, OpenResty: a worker never blocks.
--
-- nginx cannot wait for a descriptor that is not its own, so the leader looks again and again, at growing distances:
-- that is its pace. Everybody, the leader too, waits on a semaphore: its count tells who is still there, also when the
-- light thread and its request are gone. Of another request's coroutine nothing is asked, for nginx may have freed it.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local plain = require "sapanywhere.wait.plain"

local can_yield, now = core.can_yield, core.now
local ngx = rawget(_G, "ngx")

-- The real one says its version; any other is a stand-in that somebody's spec has made.
local function is_real()
  local config = type(ngx) == "table" and ngx.config
  return type(config) == "table" and type(config.ngx_lua_version) == "number" and type(ngx.get_phase) == "function"
end

if not is_real() then return { here = function() return nil end } end

local get_phase, nap, timer = ngx.get_phase, ngx.sleep, ngx.timer
local has_semaphores, semaphore = pcall(require, "ngx.semaphore") -- from lua-resty-core

local YIELDING = {
  rewrite = true, server_rewrite = true, access = true, precontent = true, content = true, timer = true, preread = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true, proxy_ssl_cert = true, proxy_ssl_verify = true,
}
local BLOCKING = { init = true, init_worker = true, exit_worker = true }

local SHORTEST, LONGEST = 0.001, 0.005 -- seconds: nginx counts milliseconds
local FEW, MANY, MOST = 2, 8, 32 -- descriptors in one look, new calls between two
local SOON, EAGER = 0.02, 0.001 -- seconds

local is_quick = true -- whether the last answer came soon: the next one may be there at once

local function sleep(seconds)
  nap(seconds < SHORTEST and SHORTEST or seconds)
end

-- Signals.

-- Those that nobody waits for any more. With the finalizer that hangs on each semaphore, new ones cost 3 % of a call.
local spare = {}
local MOST_SPARE = 256

local Signal = {}
Signal.__index = Signal

local function new_signal()
  local old = table.remove(spare)
  if old then return old end
  local new = semaphore.new(0)
  return new and setmetatable({ semaphore = new, waits = false, posted = false }, Signal)
end

-- Returns whether it was posted before the time had passed.
function Signal:wait(seconds)
  self.waits = true
  local is_posted = self.semaphore:wait(seconds)
  -- What was posted in the moment in which the time had passed would end the next wait at once.
  if self.posted and not is_posted then self.semaphore:wait(0) end
  is_posted = self.posted
  self.waits, self.posted = false, false
  return is_posted
end

-- Only where somebody waits, and once, for the same reason.
function Signal:post()
  if not self.waits or self.posted then return end
  self.posted = true
  self.semaphore:post(1)
end

-- The count is what was posted less who waits. One who was killed while it waited is taken off by nginx.
function Signal:can_wait()
  return not self.waits or self.semaphore:count() < (self.posted and 1 or 0)
end

function Signal:close()
  if #spare < MOST_SPARE and not self.waits then spare[#spare + 1] = self end
end

-- Turns: a turn is once round nginx's event loop, so that all that is ready is done, without waiting.

-- OpenResty's nginx has such a turn of its own; elsewhere `ngx.sleep(0)` writes a warning.
local function has_delayed_events()
  local has_ffi, ffi = pcall(require, "ffi")
  if not has_ffi then return false end
  pcall(ffi.cdef, "extern char ngx_posted_delayed_events;")
  return (pcall(function() return ffi.C.ngx_posted_delayed_events end))
end

local CAN_TURN = has_delayed_events()

local turning, is_waking = {}, false -- the signals of those who wait for the end of this turn

local function wake()
  local signals = turning
  turning, is_waking = {}, false
  for i = 1, #signals do signals[i]:post() end
end

-- A timer that is due at once ends a turn. nginx runs only so many at a time, and writes an alert for one too many; how
-- many it does not tell, so this takes one only where the application has none.
local function will_wake()
  if is_waking then return true end
  if timer.running_count() > 0 or timer.pending_count() > 0 then return false end
  is_waking = timer.at(0, wake) and true or false
  return is_waking
end

-- Returns whether there was a turn; without one, it has waited for 1 ms.
local function turn_by_timer(signal)
  local is_awaited = will_wake()
  if is_awaited then turning[#turning + 1] = signal end
  local is_posted = signal:wait(SHORTEST)
  if is_awaited and not is_posted then turning, is_waking = {}, false end -- nginx had no place for the timer
  return is_awaited and is_posted
end

-- The pace.

local Look = {}
Look.__index = Look

-- Where looks are 1 ms apart, few in each would be few in a second.
function Look:most()
  if self.is_rare then return MOST end
  return is_quick and MANY or FEW
end

function Look:note(found, has_unsent)
  self.found, self.begun, self.has_unsent = found, 0, has_unsent
  if found > 0 then self.idle, self.last = 0, now() end
end

function Look:close()
  if self.signal then self.signal:close() end
end

-- A leader turns while there is more to do, and for a while where answers come quickly.
function Look:is_busy()
  return self.found >= FEW or is_quick and now() - self.last < EAGER
end

-- A light thread that is killed while it sleeps is not told from one that sleeps; so where a request may still be given
-- up, its leader waits on its semaphore.
function Look:turn()
  local can_turn = CAN_TURN and not self.has_unsent
  self.is_rare = not can_turn and not (self.signal and turn_by_timer(self.signal))
  if can_turn then nap(0) elseif not self.signal then nap(SHORTEST) end
end

-- Waits that grow: 1 ms, then up to 5 ms.
local function distance(idle)
  local seconds = SHORTEST * idle / 8
  if seconds < SHORTEST then return SHORTEST end
  return seconds < LONGEST and seconds or LONGEST
end

function Look:rest(seconds)
  self.idle = self.idle + 1
  seconds = math.max(SHORTEST, math.min(seconds, distance(self.idle)))
  if self.signal then self.signal:wait(seconds) else nap(seconds) end
end

local pace = {}

function pace.look()
  return setmetatable({
    signal = new_signal(), found = 0, idle = 0, begun = 0, last = now(), turns = false, is_rare = false,
    has_unsent = false,
  }, Look)
end

-- A leader that looks in this turn anyhow begins a few; for many at once, libcurl would open more connections than are
-- needed, and look through all of them each time.
function pace.begin(look)
  if not (look and look.turns) then return 1 end
  if look.begun < MANY then
    look.begun = look.begun + 1
    return nil
  end
  look.begun = 0
  return 2 * MANY
end

function pace.took(seconds)
  is_quick = seconds < SOON
end

-- The host.

local host = { pace = pace, signal = new_signal, sleep = sleep, heartbeat = 0.1, patience = 0.1 }

function host.wait(_, seconds, look)
  look.turns = look:is_busy()
  if look.turns then look:turn() else look:rest(seconds) end
end

function host.loop()
  return "nginx"
end

function host.can_wait(waiter)
  return not waiter.signal or waiter.signal:can_wait()
end

local function refuse(message)
  return nil, errors.new("wrong_phase", { message = message, outcome = "not_sent", retryable = false })
end

-- nginx would note the wait of such a function, and fail to yield only then.
local function is_within_c()
  local thread, is_main = coroutine.running()
  return thread and not is_main and can_yield() == false
end

--- The host: some phases of nginx may wait, some may only block, and the others can do neither.
local function here()
  local phase = get_phase()
  if BLOCKING[phase] then return plain.host end
  if not YIELDING[phase] then
    return refuse(("nginx's %s phase cannot wait for an answer: make the call in ngx.timer.at(0, …), or in a rewrite, "
      .. "access or content handler"):format(phase))
  end
  if not has_semaphores then
    return refuse("waiting in nginx needs lua-resty-core, whose ngx.semaphore cannot be loaded here: install the "
      .. "version that belongs to this nginx's Lua module")
  end
  if is_within_c() then
    return refuse("a function that C calls, as string.gsub, table.sort and require do, cannot wait in nginx: make the "
      .. "call outside of it")
  end
  return host
end

return { here = here, host = host }
