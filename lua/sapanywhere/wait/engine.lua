--- Owns the engine of this Lua state: starts transfers in it, steps it, and tells those who wait what is done.
--
-- Who waits is a table with `transfer`, `tell(self)` and `can_wait(self)`; how one waits is none of this room's
-- business. Whoever holds nothing but a place in the tables here may be collected, and its transfer with it.

local core = require "sapanywhere.core"

local engine = core.engine()

-- The list that a step writes the ids of what is done into; nil while it is read, as a finalizer may step meanwhile.
local spare = {}

local waiters = setmetatable({}, { __mode = "v" }) -- transfer's id → who waits for it

-- Who waits for a request that must not be sent once its caller has given up, until the first byte of it has left. A
-- list, as a finalizer may add to it while it is walked through.
local unsent, unsent_count = setmetatable({}, { __mode = "v" }), 0

local M = {}

local function tell(completed, count)
  for i = 1, count do
    local waiter = waiters[completed[i]]
    if waiter then waiter:tell() end
  end
end

local function is_settled(waiter)
  if not waiter then return true end -- collected, and the transfer with it
  local transfer = waiter.transfer
  if not transfer then return false end -- about to be started
  if waiter.done or transfer:has_left() then return true end
  if waiter:can_wait() then return false end
  waiter.done = true
  transfer:close()
  return true
end

-- What was given up must not be sent by the step of somebody else.
local function withdraw_abandoned()
  for i = unsent_count, 1, -1 do
    if is_settled(unsent[i]) and i <= unsent_count then
      unsent[i], unsent[unsent_count] = unsent[unsent_count], nil
      unsent_count = unsent_count - 1
    end
  end
end

--- Starts a transfer. Nothing is sent before the next step.
-- @param pool from `pool`
-- @tparam table request see `core.engine():pool():start`
-- @tparam table waiter gets the `transfer`, and is told when that is done; where it `is_guarded`, it is asked before
--   each step whether it can wait, until something of the request has left
function M.start(pool, request, waiter)
  if waiter.is_guarded then
    unsent_count = unsent_count + 1
    unsent[unsent_count] = waiter
  end
  local _, id = pool:start(request, waiter)
  waiters[id] = waiter
end

--- Steps the engine once, for everybody.
-- @tparam[opt] number most how many descriptors to look at
-- @treturn number how much there was to do
function M.step(most)
  local completed = spare or {}
  spare = nil
  if unsent_count > 0 then withdraw_abandoned() end
  local count, events = engine:step(completed, most)
  if count then tell(completed, count) end
  spare = completed
  return count and events or 0
end

--- Steps the engine once there is something to do: blocks until then, or for so many seconds.
function M.block(seconds)
  local completed = spare or {}
  spare = nil
  if unsent_count > 0 then withdraw_abandoned() end
  local count, message = engine:wait(completed, seconds)
  if not count then error("sapanywhere: the engine cannot wait: " .. message, 0) end
  tell(completed, count)
  spare = completed
end

--- Tells everybody whose transfer is done, for a step that an error cut short has told only some.
function M.tell_again()
  for _, waiter in pairs(waiters) do
    if not waiter.done and waiter.transfer:done() then waiter:tell() end
  end
end

--- Whether a request is in the engine that its caller may still give up.
function M.has_unsent()
  return unsent_count > 0
end

--- The descriptor to wait for: it can be read when there is something to do. Nil without descriptors.
function M.fd()
  return engine:fd()
end

--- Makes the descriptor readable until the next step, whoever makes that.
function M.alert()
  engine:alert()
end

--- Makes a pool of connections.
-- @tparam table settings see `core.engine():pool`
function M.pool(settings)
  return engine:pool(settings)
end

--- Closes a pool, and tells whoever waited in it.
function M.close(pool)
  pool:close()
  M.step()
end

return M
