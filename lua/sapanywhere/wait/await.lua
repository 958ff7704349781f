--- Waits for transfers: one engine, many coroutines, any number of event loops.
--
-- In each loop one waiting coroutine leads: it waits for the engine's descriptor and steps the engine for all. The
-- others follow: they wait for a signal of their own, which whoever completes their transfer gives them. A leader that
-- is done names another; one that was killed is noticed by its silence. What a loop is, and how one waits in it, is
-- the host's business (see host.lua).

local core = require "sapanywhere.core"

local now = core.now

local SOON, EAGER = 0.02, 0.001 -- seconds
local FEW, MANY = 2, 8 -- transfers
local TURNS = 3
local MAIN = "main" -- stands for the main coroutine, which is nil on Lua 5.1

local engine = core.engine()
local spare = {} -- a list for the ids that a step completed; nil while it is read, as a finalizer may step meanwhile
local is_quick = true -- whether the last answer came soon: the next one may be there at once

-- Weak, so that a coroutine that is given up in the middle of a call leaves nothing here.
local waiters = setmetatable({}, { __mode = "v" })    -- transfer's id → who waits for it
local active = setmetatable({}, { __mode = "kv" })    -- coroutine → the waiter of its call
local leaders = setmetatable({}, { __mode = "kv" })   -- loop → its leading waiter
local followers = setmetatable({}, { __mode = "k" })  -- loop → set of waiters
local stepped = setmetatable({}, { __mode = "k" })    -- loop → when its leader last stepped

-- Leading waiters whose transfer somebody else completed → how many more turns the engine's descriptor is left to them.
local overtaken = setmetatable({}, { __mode = "k" })

local function tell(waiter)
  waiter.done = true
  if waiter.signal then
    waiter.signal:post()
  elseif waiter.leads then
    overtaken[waiter] = TURNS
  end
end

local function settle(completed, count)
  for i = 1, count do
    local waiter = waiters[completed[i]]
    if waiter then tell(waiter) end
  end
end

--- Steps the engine once, for everybody.
-- @tparam[opt] number most how many descriptors to look at
-- @treturn number how much there was to do
local function step(most)
  local completed = spare or {}
  spare = nil
  local count, events = engine:step(completed, most)
  if count then settle(completed, count) end
  spare = completed
  return count and events or 0
end

-- A leader of another loop cannot see that its transfer is done: its descriptor is made readable. The next step ends
-- that, whoever makes it.
local function alert()
  if next(overtaken) then engine:alert() end
end

-- Leaves it readable while this leader waits, without a step, so that their loop sees it, inside this one or beside it.
-- There are a few such turns: their loop may not run at all, and this one must go on.
local function leave_turn()
  local is_left = false
  for waiter, turns in pairs(overtaken) do
    if turns > 0 then overtaken[waiter], is_left = turns - 1, true end
  end
  if is_left then engine:alert() end
  return is_left
end

local function is_dead(waiter)
  return waiter.thread and coroutine.status(waiter.thread) == "dead"
end

-- Whoever leaves a loop without a leader names one; the one that was named may be done itself, and then does the same.
-- A follower whose wait raised, as that of a cancelled one does, is still in the set.
local function promote(loop)
  if leaders[loop] then return end
  local set = followers[loop]
  for successor in pairs(set) do
    if not is_dead(successor) then return successor.signal:post() end
    set[successor] = nil
  end
end

-- A call of this coroutine's may have ended with an error that it caught: it neither leads nor follows any more.
local function forget(thread)
  local waiter = active[thread]
  if not waiter then return end
  local loop = waiter.loop
  followers[loop][waiter], overtaken[waiter] = nil, nil
  if leaders[loop] == waiter then leaders[loop] = nil end
end

--- Tells that nobody leads in a loop, whoever did before: those who follow look for themselves.
local function depose(loop)
  leaders[loop] = nil
  if not followers[loop] then return end
  for waiter in pairs(followers[loop]) do waiter.signal:post() end
end

-- The transfer itself has the last word: what should have told the waiter may have run out of memory.
local function is_done(waiter)
  return waiter.done or waiter.transfer:done()
end

-- How much to do in one turn of a loop that can only look again: whoever else is in it comes between two turns.
local function share_of(host)
  if host.turn then return is_quick and MANY or FEW end
end

-- Where the host can only look again, a leader does so at once while there is more, and for a while where answers come
-- quickly.
local function lead(waiter, host, loop)
  local found, idle, is_left, last = 0, 0, false, now()
  leaders[loop], waiter.leads = waiter, not host.turn
  while not is_done(waiter) do
    local time = now()
    stepped[loop] = time
    if not is_left then
      found, waiter.begun = step(share_of(host)), 0
      if found > 0 then idle, last = 0, time end
    end
    if not is_done(waiter) then
      is_left = leave_turn()
      waiter.turns = host.turn and (found >= FEW or is_quick and time - last < EAGER)
      if waiter.turns then
        host.turn()
      else
        idle = idle + 1
        host.wait(engine:fd(), host.heartbeat, idle)
      end
    end
  end
  waiter.leads, overtaken[waiter] = nil, nil
  if leaders[loop] == waiter then leaders[loop] = nil end
end

-- A leader may have been killed, or have died of an error.
local function is_led(loop, host)
  local leader = leaders[loop]
  if not leader or is_dead(leader) then return false end
  return now() - stepped[loop] < host.patience
end

local function follow(waiter, host, loop, signal)
  waiter.signal, followers[loop][waiter] = signal, true
  repeat signal:wait(host.heartbeat) until is_done(waiter) or not is_led(loop, host)
  waiter.signal, followers[loop][waiter] = nil, nil
  signal:close()
end

-- Begins what was started. A leader that steps in this turn anyhow does so for a few; for many at once, libcurl would
-- open more connections than are needed, and look through all of them each time.
local function begin(loop, host)
  local leader = leaders[loop]
  if not (leader and leader.turns) then
    step(host.turn and 1)
  elseif leader.begun < MANY then
    leader.begun = leader.begun + 1
  else
    step(2 * MANY)
    leader.begun = 0
  end
end

--- Waits in this host until a transfer is done.
-- @param transfer from `pool:start`
-- @tparam number id of the transfer
-- @tparam table host from host.lua
local function await(transfer, id, host)
  local loop, thread = host.loop(), coroutine.running()
  local started = now()
  local waiter = {
    transfer = transfer, thread = thread, loop = loop, done = false, signal = nil, leads = false,
    turns = false, begun = 0,
  }
  local key = thread or MAIN
  followers[loop] = followers[loop] or setmetatable({}, { __mode = "k" })
  forget(key)
  waiters[id], active[key] = waiter, waiter
  begin(loop, host)
  while not is_done(waiter) do
    local signal = is_led(loop, host) and host.signal()
    if signal then follow(waiter, host, loop, signal) else lead(waiter, host, loop) end
  end
  active[key] = nil
  is_quick = now() - started < SOON
  promote(loop)
  alert()
end

--- Waits by blocking: for a host that has nothing else to do.
local function block(transfer)
  local completed = spare or {}
  spare = nil
  while not transfer:done() do
    local count, message = engine:wait(completed, 60)
    if not count then error("sapanywhere: the engine cannot wait: " .. message, 0) end
    settle(completed, count)
  end
  spare = completed
  alert()
end

--- Makes a pool of connections.
-- @tparam table settings see `core.engine():pool`
local function pool(settings)
  return engine:pool(settings)
end

--- Wakes whoever waited in a pool, and closes it.
local function close(connections)
  connections:close()
  step()
  alert()
end

return { await = await, depose = depose, block = block, pool = pool, close = close }
