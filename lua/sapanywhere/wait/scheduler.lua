--- Runs many functions as coroutines on one thread, with calls in flight at the same time.
--
-- It is a host of its own for the calls inside (see find.lua), and waits in the host outside when all of them wait.
-- What one of the coroutines runs itself joins their loop, as a group of its own: so there is one loop, one leader in
-- it, and one place where everything waits.

local core = require "sapanywhere.core"
local await = require "sapanywhere.wait.await"
local guarded = require "sapanywhere.wait.guarded"
local hosts = require "sapanywhere.wait.find"

local now = core.now

local FOREVER = 3600

-- What a coroutine that waits for something yields first, and what is noted of it then. Where it cannot yield, that
-- raises in it, and nothing may have been noted before.
local PARK, WATCH, SLEEP = {}, {}, {}

local notes = {
  [PARK] = function(_, thread, signal) signal.waiting = thread end,
  [WATCH] = function(loop, thread, watch) watch.coroutine, loop.watch = thread, watch end,
  [SLEEP] = function(loop, thread, due) loop.sleepers[thread] = due end,
}

local current = setmetatable({}, { __mode = "kv" }) -- coroutine → its loop's host

-- The host of the running coroutine, if a scheduler runs it.
local function find()
  local running = coroutine.running()
  return running and current[running]
end

hosts.ask_scheduler(find)

local Signal = {}
Signal.__index = Signal

function Signal:wait()
  if not self.posted then coroutine.yield(PARK, self) end
  self.posted = false
end

-- Notes that it is posted at the end: where there is no memory for the place among the ready ones, it is not.
function Signal:post()
  if self.posted then return end
  if self.waiting then table.insert(self.ready, self.waiting) end
  self.posted, self.waiting = true, nil
end

function Signal.close() end

-- What a coroutine yields first when its task has returned; it is given the next one.
local ENDED = {}

local function run_tasks(task)
  while true do task = coroutine.yield(ENDED, task()) end
end

-- Starts as many of a group's tasks as may run at the same time. Coroutines are used again: with new ones, the tables
-- that are keyed by them would be built anew each time they are full.
local function start_more(loop, group)
  while group.live < group.concurrency do
    local index, task = group.take()
    if not task then return end
    local thread = table.remove(group.idle) or coroutine.create(run_tasks)
    group.live = group.live + 1
    loop.groups[thread], loop.indexes[thread], loop.tasks[thread], current[thread] = group, index, task, loop.host
    table.insert(loop.ready, thread)
  end
end

local function forget(loop, thread)
  loop.groups[thread], loop.indexes[thread], loop.tasks[thread], current[thread] = nil, nil, nil, nil
end

-- Runs a group for one of the loop's coroutines, which waits meanwhile.
local function join(loop, group)
  group.ended = loop.host.signal()
  start_more(loop, group)
  while group.live > 0 do group.ended:wait() end
end

-- The host that the calls inside see: it notes who waits for what, and yields. A leader is never silent here, so there
-- is one at a time, and it alone waits for a descriptor (see await.lua).
local function make_host(loop, outer)
  local host = { heartbeat = FOREVER, patience = math.huge, outer = outer, pace = outer.pace }

  function host.wait(fd, _, look)
    coroutine.yield(WATCH, { fd = fd, look = look })
  end

  -- Whoever waits inside waits as long as the whole does. In nginx nothing more may be asked.
  function host.can_wait(waiter)
    return (outer.pace or guarded.is_inside(waiter)) and outer.can_wait(loop)
  end

  function host.is_asleep()
    return loop.is_asleep
  end

  function host.signal()
    return setmetatable({ ready = loop.ready }, Signal)
  end

  function host.sleep(seconds)
    coroutine.yield(SLEEP, now() + seconds)
  end

  function host.loop()
    return loop
  end

  function host.join(group)
    join(loop, group)
  end

  return host
end

local function next_wake(loop)
  local earliest = now() + FOREVER
  for _, due in pairs(loop.sleepers) do
    if due < earliest then earliest = due end
  end
  return earliest
end

local function wake_sleepers(loop)
  local time = now()
  for sleeper, due in pairs(loop.sleepers) do
    if due <= time then
      loop.sleepers[sleeper] = nil
      table.insert(loop.ready, sleeper)
    end
  end
end

-- All wait: so does the whole, in the host outside. Where a function only yielded, it is a look and no wait.
local function wait_outside(loop, outer)
  local watch, has_more = loop.watch, #loop.yielded > 0
  if not watch then
    await.depose(loop) -- whoever led has ended, or has caught the error of its wait and does something else
    if #loop.ready > 0 then return end
  end
  local seconds = has_more and 0 or math.max(0, next_wake(loop) - now())
  if watch then
    local look = watch.look
    loop.watch, loop.is_asleep, loop.signal = nil, true, look and look.signal
    outer.wait(watch.fd, math.min(seconds, outer.heartbeat), look)
    loop.is_asleep, loop.signal = false, nil
    table.insert(loop.ready, watch.coroutine)
  elseif not (has_more and outer.blocks) then
    outer.sleep(seconds) -- for no time, too: others of the loop outside run then
  end
  wake_sleepers(loop)
end

local function end_task(loop, thread, ok, ...)
  local group, index = loop.groups[thread], loop.indexes[thread]
  if ok then table.insert(group.idle, thread) else forget(loop, thread) end
  group.live = group.live - 1
  group.finished(index, ok, ...)
  start_more(loop, group)
  if group.live > 0 then return end
  for _, idle in ipairs(group.idle) do forget(loop, idle) end
  if group.ended then group.ended:post() end
end

local function go_on(loop, thread, ok, first, ...)
  if first == ENDED and ok then return end_task(loop, thread, true, ...) end
  if coroutine.status(thread) == "dead" then return end_task(loop, thread, false, first) end
  local note = notes[first]
  if note then note(loop, thread, (...)) else table.insert(loop.yielded, thread) end -- a yield of its own
end

local function resume_ready(loop)
  local batch, yielded = loop.ready, loop.yielded
  for i = 1, #yielded do batch[#batch + 1], yielded[i] = yielded[i], nil end
  local count = #batch
  for i = 1, count do
    local thread = batch[i]
    local task = loop.tasks[thread]
    if task then loop.tasks[thread] = false end
    go_on(loop, thread, coroutine.resume(thread, task))
  end
  for i = 1, #batch do batch[i] = batch[i + count] end
end

local function run_loop(group, outer)
  local loop = {
    ready = {}, yielded = {}, sleepers = {}, groups = {}, indexes = {}, tasks = {},
    watch = nil, -- who waits outside for all
    thread = coroutine.running(), signal = nil, is_asleep = false, -- of the whole, as of a waiter in the host outside
  }
  loop.host = make_host(loop, outer)
  start_more(loop, group)
  while group.live > 0 do
    if #loop.ready == 0 then wait_outside(loop, outer) end
    resume_ready(loop)
  end
end

--- Runs tasks until all have ended.
-- @tparam function take returns the next index and function, or nothing when there are no more
-- @tparam number concurrency how many may run at the same time
-- @tparam function finished called with a task's index, whether it ended without raising, and what it returned
-- @tparam table outer the host outside
local function run_all(take, concurrency, finished, outer)
  local group = { take = take, concurrency = concurrency, finished = finished, live = 0, idle = {} }
  if outer.join then outer.join(group) else run_loop(group, outer) end
end

return { run = run_all }
