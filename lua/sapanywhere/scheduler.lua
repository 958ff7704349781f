--- Runs many functions as coroutines on one thread, with calls in flight at the same time.
--
-- It is a host of its own for the calls inside (see host.lua), and waits in the host outside when all of them wait.

local core = require "sapanywhere.core"

local now = core.now

local FOREVER = 3600

local current = setmetatable({}, { __mode = "kv" }) -- coroutine → its scheduler's host

--- The host of the running coroutine, if a scheduler runs it.
local function find()
  local running = coroutine.running()
  return running and current[running]
end

local Signal = {}
Signal.__index = Signal

function Signal:wait()
  if not self.posted then
    self.waiting = coroutine.running()
    coroutine.yield(true)
  end
  self.posted, self.waiting = false, nil
end

function Signal:post()
  if self.posted then return end
  self.posted = true
  if self.waiting then table.insert(self.ready, self.waiting) end
end

function Signal.close() end

-- The host that the calls inside see: it notes who waits for what, and yields.
local function make_host(run)
  local host = { heartbeat = FOREVER, patience = FOREVER }

  function host.wait(fd, _, idle, is_quick)
    run.watch = { coroutine = coroutine.running(), fd = fd, idle = idle, is_quick = is_quick }
    coroutine.yield(true)
  end

  function host.signal()
    return setmetatable({ ready = run.ready }, Signal)
  end

  function host.sleep(seconds)
    run.sleepers[coroutine.running()] = now() + seconds
    coroutine.yield(true)
  end

  function host.loop()
    return run
  end

  return host
end

local function next_wake(run)
  local earliest = now() + FOREVER
  for _, due in pairs(run.sleepers) do
    if due < earliest then earliest = due end
  end
  return earliest
end

local function wake_sleepers(run)
  local time = now()
  for sleeper, due in pairs(run.sleepers) do
    if due <= time then
      run.sleepers[sleeper] = nil
      table.insert(run.ready, sleeper)
    end
  end
end

-- Nobody watches the engine, and nobody is going to: who did has died of an error. The others look for themselves.
local function wake_all(run)
  for thread in pairs(run.indexes) do table.insert(run.ready, thread) end
end

-- All wait: so does the whole, in the host outside.
local function wait_outside(run, outer)
  local watch, seconds = run.watch, math.max(0, next_wake(run) - now())
  if watch then
    run.watch = nil
    outer.wait(watch.fd, math.min(seconds, outer.heartbeat), watch.idle, watch.is_quick)
    table.insert(run.ready, watch.coroutine)
  elseif next(run.sleepers) == nil then
    wake_all(run)
  else
    outer.sleep(seconds)
  end
  wake_sleepers(run)
end

local function finish(run, thread, ok, ...)
  if coroutine.status(thread) ~= "dead" then
    if ... ~= true then table.insert(run.ready, thread) end -- a yield of the function's own
    return
  end
  local index = run.indexes[thread]
  run.live, run.indexes[thread], current[thread] = run.live - 1, nil, nil
  run.finished(index, ok, ...)
end

local function start_more(run)
  while run.live < run.concurrency do
    local index, task = run.take()
    if not task then return end
    local thread = coroutine.create(task)
    run.live = run.live + 1
    run.indexes[thread], current[thread] = index, run.host
    table.insert(run.ready, thread)
  end
end

local function resume_ready(run)
  local batch = run.ready
  local count = #batch
  for i = 1, count do
    local thread = batch[i]
    finish(run, thread, coroutine.resume(thread))
  end
  for i = 1, #batch do batch[i] = batch[i + count] end
end

--- Runs tasks until all have ended.
-- @tparam function take returns the next index and function, or nothing when there are no more
-- @tparam number concurrency how many may run at the same time
-- @tparam function finished called with a task's index, whether it ended without raising, and what it returned
-- @tparam table outer the host outside
local function run_all(take, concurrency, finished, outer)
  local run = { ready = {}, sleepers = {}, indexes = {}, live = 0 }
  run.take, run.concurrency, run.finished = take, concurrency, finished
  run.host = make_host(run)
  start_more(run)
  while run.live > 0 do
    if #run.ready == 0 then wait_outside(run, outer) end
    resume_ready(run)
    start_more(run)
  end
end

return { current = find, run = run_all }
