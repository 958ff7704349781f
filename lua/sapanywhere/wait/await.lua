--- How coroutines wait for transfers: one engine, many coroutines, any number of event loops.
--
-- WHAT THERE IS
--
-- The engine (engine.lua) is one for all: a step of it, whoever makes it, does what is ready for every transfer and
-- tells each waiter whose transfer is done. Somebody has to make these steps, at the right time, and never two where
-- one will do. A *waiter* is one call that waits. A *loop* is where coroutines can wake each other: a cqueues
-- controller, an nginx worker, a luv loop, one `all`. A *host* (see find.lua) says how one waits in its loop.
--
-- THE STATES of a waiter, until its transfer is done
--
--   leads      It waits for the engine's descriptor and steps the engine, for itself and for all others. A loop has
--              one leader as long as anybody waits in it: `leaders[loop]`.
--   follows    It waits for a signal of its own and does nothing else: a member of `followers[loop]`.
--   overtaken  It leads, and a step made in another loop, or outside of all, has completed its transfer. It waits for
--              the engine's descriptor, where that step has left nothing to read: a key of `overtaken`.
--   dead       Nothing runs it any more: its light thread was killed, its coroutine closed, its host's wait has raised.
--
-- WHO MOVES WHOM
--
--   new → leads      By itself, where nobody leads in its loop, or where the host can make no signal.
--   new → follows    By itself, where somebody leads.
--   leads → done     By its own step. By another's step, and then it was overtaken meanwhile, unless its host has given
--                    it a signal too.
--   follows → done   By whoever steps: `Waiter:tell` posts its signal.
--   follows → leads  By whoever leaves a loop without a leader: `promote` posts the signal of one follower, and that
--                    one finds that nobody leads. By itself, where the leader is dead, or was silent for `patience`
--                    seconds: it looks at each `heartbeat`. By the scheduler, which calls `depose` where the leader of
--                    an `all` has ended or does something else.
--   any → dead       By nobody here. Where an error or the closing of its coroutine tells of it, `Waiter:abandon`
--                    closes its transfer and leaves the loop in order. Where nothing tells of it, `host.can_wait` is
--                    asked: for a leader by its followers, for a follower before it is promoted, and before each step
--                    for a request that must not be sent without its caller (engine.lua). What is merely never
--                    resumed is collected, and its transfer with it: all tables here are weak.
--
-- An overtaken leader is woken by keeping the engine's descriptor readable. The next step, whoever makes it, would
-- clear that; so the leader of another loop does not step for a few looks (`LOOKS`) while somebody is overtaken. Only
-- for a few, because the loop of the overtaken one may not run at all.
--
-- THREE EXAMPLES
--
-- 1. One loop, calls A (slow) and B (quick). A starts and leads: it steps, and waits for the descriptor. B starts: its
--    own step begins its request, then it follows. B's answer makes the descriptor readable; A wakes, steps, tells B,
--    waits on. B returns. A's answer comes, and A's own step completes it. A leaves; nobody follows, nobody leads.
-- 2. The same, but A is the quick one. A's step completes it, A gives up leading and promotes B by its signal. B wakes,
--    finds that its transfer is not done and that nobody leads, and leads.
-- 3. Two loops, each with a leader, A and B, which wait for the same descriptor. It becomes readable by A's answer, and
--    B's loop runs first: B steps and completes A's transfer, so A is overtaken. B makes the descriptor readable, and
--    does not step at its next looks, so that A's loop finds it. A wakes, is done and leaves. B goes on stepping.
--
-- WHAT EACH HOST NEEDS
--
-- A host that can wait for a descriptor gives `wait` and `signal`; its leaders can be overtaken. One that can only look
-- again, as nginx, has a `pace` besides: how often its leader looks, how much it does at a time, and whether a new call
-- needs a step of its own. Its leaders have signals, too. A host that `blocks` has neither leaders nor followers: the
-- call itself waits in the engine. In no host does anybody touch another one's coroutine, request or signal after it
-- may have ended: `host.can_wait` knows what may still be asked.

local core = require "sapanywhere.core"
local engine = require "sapanywhere.wait.engine"
local guarded = require "sapanywhere.wait.guarded"

local can_yield, now = core.can_yield, core.now

local LOOKS = 3
local LONGEST_BLOCK = 60 -- seconds

-- Weak, so that a coroutine that is given up in the middle of a call leaves nothing here.
local leaders = setmetatable({}, { __mode = "kv" })   -- loop → its leader
local followers = setmetatable({}, { __mode = "k" })  -- loop → set of followers
local stepped = setmetatable({}, { __mode = "k" })    -- loop → when its leader last stepped
local overtaken = setmetatable({}, { __mode = "k" })  -- leader → for how many looks the descriptor is still left to it

local stepping = setmetatable({}, { __mode = "v" }) -- [1] is the leader that steps now

local Waiter = {}
Waiter.__index = Waiter

-- `is_guarded`: its request must not be sent once its caller cannot learn of the answer.
local function new_waiter(host, is_guarded)
  if host.blocks then -- it has no loop, and nobody moves it
    return setmetatable({ host = host, transfer = nil, done = false, has_returned = false }, Waiter)
  end
  return setmetatable({
    host = host, loop = host.loop(), thread = coroutine.running(), is_guarded = is_guarded,
    transfer = nil, done = false, has_returned = false, leads = false, signal = nil, look = nil, on_look = nil,
  }, Waiter)
end

-- Keeps the descriptor readable where somebody is overtaken. A step, whoever makes it, ends that.
local function alert_overtaken()
  if next(overtaken) then engine.alert() end
end

local function overtake(leader)
  if leader == stepping[1] then return end
  overtaken[leader] = LOOKS
  engine.alert()
end

local function wake(self)
  if self.signal then self.signal:post() end
  if self.leads then return overtake(self) end
  -- Within `all`, a signal only notes who may go on: its loop has to wake for that.
  local host = self.host
  local leader = host.is_asleep and host.is_asleep() and leaders[self.loop]
  if not leader then return end
  if leader.leads then overtake(leader) elseif leader.signal then leader.signal:post() end
end

--- Tells that the transfer is done, in whatever loop it is waited for. Called by the engine. It counts as told only
-- where nothing was raised: waking may want memory, and `engine.tell_again` comes after a failure.
function Waiter:tell()
  wake(self)
  self.done = true
end

--- Whether its caller may still want the answer. Called by the engine.
function Waiter:can_wait()
  return self.host.can_wait(self)
end

-- The transfer itself has the last word: what should have told the waiter may have run out of memory.
local function is_done(waiter)
  if waiter.on_look then waiter.on_look() end
  waiter.done = waiter.done or waiter.transfer:done()
  return waiter.done
end

-- Whoever leaves a loop without a leader names one; the one that was named may be done itself, and then does the same.
local function promote(loop)
  local leader, set = leaders[loop], followers[loop]
  if leader and leader:can_wait() or not set then return end
  for successor in pairs(set) do
    if successor.signal and successor:can_wait() then return successor.signal:post() end
    set[successor] = nil
  end
end

local function leave(waiter)
  local loop = waiter.loop
  if followers[loop] then followers[loop][waiter] = nil end
  if leaders[loop] == waiter then leaders[loop] = nil end
  if stepping[1] == waiter then stepping[1] = nil end
  overtaken[waiter] = nil
  waiter.leads, waiter.signal = false, nil
end

--- Ends a wait that did not return. The step that was cut short may have been telling others.
function Waiter:abandon()
  self.done = true
  if self.transfer then self.transfer:close() end
  leave(self)
  engine.tell_again()
  promote(self.loop)
  alert_overtaken()
end

function Waiter:__close()
  if not self.has_returned then self:abandon() end
end

--- Tells that nobody leads in a loop, whoever did before: those who follow look for themselves.
local function depose(loop)
  leaders[loop] = nil
  for waiter in pairs(followers[loop] or {}) do
    if waiter.signal then waiter.signal:post() end
  end
end

-- Whether this look is left to somebody who is overtaken, so that their loop sees the descriptor, inside this one or
-- beside it.
local function leave_look()
  local is_left = false
  for waiter, looks in pairs(overtaken) do
    if looks > 0 then overtaken[waiter], is_left = looks - 1, true end
  end
  if is_left then engine.alert() end
  return is_left
end

local function step_as_leader(waiter)
  local look = waiter.look
  stepping[1] = waiter
  local found = engine.step(look and look:most())
  if stepping[1] == waiter then stepping[1] = nil end
  if look then look:note(found, engine.has_unsent()) end
end

local function lead(waiter, host, loop)
  local look = host.pace and host.pace.look()
  leaders[loop], waiter.look, waiter.signal, waiter.leads = waiter, look, look and look.signal, not look
  while not is_done(waiter) do
    stepped[loop] = now()
    local is_left = leave_look()
    host.wait(engine.fd(), host.heartbeat, look)
    overtaken[waiter] = nil
    if not is_left and not is_done(waiter) then step_as_leader(waiter) end
  end
  if look then look:close() end
  leave(waiter)
end

local function is_led(loop, host)
  local leader = leaders[loop]
  return leader and leader:can_wait() and now() - stepped[loop] < host.patience
end

local function follow(waiter, host, loop, signal)
  waiter.signal, followers[loop][waiter] = signal, true
  repeat signal:wait(host.heartbeat) until is_done(waiter) or not is_led(loop, host)
  leave(waiter)
  signal:close()
end

-- A wait that may raise at once: the user's own function, or where the coroutine cannot yield.
local function may_raise(host)
  return host.is_foreign or can_yield() == false
end

-- Begins what was started, unless the leader's next look will. A request that must not be sent without its caller
-- stays for a look where it is not known that the caller can wait.
local function begin(waiter, host, loop)
  if waiter.is_guarded and may_raise(host) then return engine.alert() end
  local leader, pace = leaders[loop], host.pace
  if not pace then return engine.step() end
  local most = pace.begin(leader and leader.look)
  if most then engine.step(most) end
end

local function wait_in_loop(waiter)
  local host, loop, started = waiter.host, waiter.loop, now()
  followers[loop] = followers[loop] or setmetatable({}, { __mode = "k" })
  begin(waiter, host, loop)
  while not is_done(waiter) do
    local signal = is_led(loop, host) and host.signal()
    if signal then follow(waiter, host, loop, signal) else lead(waiter, host, loop) end
  end
  if host.pace then host.pace.took(now() - started) end
  promote(loop)
  alert_overtaken()
end

local function wait_by_blocking(waiter)
  while not is_done(waiter) do engine.block(LONGEST_BLOCK) end
  alert_overtaken()
end

-- A request may bring what is called whenever its caller looks whether it is done: that must neither wait nor raise.
local function work(waiter, pool, request)
  waiter.on_look = request.on_look
  engine.start(pool, request, waiter)
  if waiter.host.blocks then wait_by_blocking(waiter) else wait_in_loop(waiter) end
end

--- Makes a request and waits in this host until its transfer is done. A wait that ends with an error leaves nothing of
-- it in the engine: what was not sent is not sent, what was is closed.
-- @param pool from `engine.pool`
-- @tparam table request see `core.engine():pool():start`
-- @tparam table host from find.lua
-- @tparam boolean is_repeatable false for a request that must not be sent once its caller cannot learn of it
-- @return the transfer
local function perform(pool, request, host, is_repeatable)
  local waiter = new_waiter(host, not is_repeatable and not host.blocks)
  guarded.run(waiter, work, pool, request)
  return waiter.transfer
end

return { perform = perform, depose = depose }
