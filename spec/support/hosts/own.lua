local core = require "sapanywhere.core"

local TURN = 0.005 -- seconds that the loop rests where nobody has something to read

-- A loop for functions of the user's own: it polls, and resumes whoever has something to read. It has no timers.
-- `raised` has what each coroutine has raised that nobody else is told of.
local function make_loop()
  local loop = { waiting = {}, cancelled = {}, raised = {}, endings = {} }

  function loop.wait(fd)
    local thread = coroutine.running()
    loop.waiting[thread] = fd
    coroutine.yield()
    if loop.cancelled[thread] then error("cancelled", 0) end
  end

  local function resume(thread)
    loop.waiting[thread] = nil
    local ok, err = coroutine.resume(thread)
    if coroutine.status(thread) ~= "dead" then return end
    local ending = loop.endings[thread]
    if ending then ending(not ok and err or nil) elseif not ok then loop.raised[thread] = err end
  end

  -- Runs a function in a coroutine; `ending(err)` is told how it ended.
  function loop.spawn(run, ending)
    local thread = coroutine.create(run)
    loop.endings[thread] = ending
    resume(thread)
    return thread
  end

  function loop.cancel(thread)
    loop.cancelled[thread] = true
    resume(thread)
  end

  -- Resumes whoever has something to read; whether there was anybody.
  local function turn()
    local threads, found = {}, false
    for thread in pairs(loop.waiting) do threads[#threads + 1] = thread end
    for _, thread in ipairs(threads) do
      if loop.waiting[thread] and core.poll(loop.waiting[thread], 0) then
        found = true
        resume(thread)
      end
    end
    return found
  end

  -- Until so many seconds have passed, or nobody waits.
  function loop.run(seconds)
    local ending = core.now() + seconds
    while next(loop.waiting) and core.now() < ending do
      if not turn() then core.poll(-1, TURN) end
    end
  end

  return loop
end

local HANG = 60 -- seconds

local loop = make_loop()

return {
  name = "a loop of the user's own",
  wait = loop.wait,
  make_loop = make_loop,
  run = function(main)
    local ended, failure = false, nil
    loop.spawn(main, function(err) ended, failure = true, err end)
    loop.run(HANG)
    if failure then error(failure, 0) end
    assert(ended, "the loop ended before the calls")
  end,
  together = function(list)
    local ended, failure, alarm = 0, nil, core.alarm()
    for _, run in ipairs(list) do
      loop.spawn(run, function(err)
        ended, failure = ended + 1, failure or err
        alarm:ring()
      end)
    end
    while ended < #list do
      loop.wait(alarm:fd())
      alarm:clear()
    end
    if failure then error(failure, 0) end
  end,
}
