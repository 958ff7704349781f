local uv = require "support.kept" "luv"

local endings = {} -- coroutine → what to call with its error, or nothing, when it has ended

local function resume(thread)
  local ok, err = coroutine.resume(thread)
  if coroutine.status(thread) == "dead" then endings[thread](not ok and err or nil) end
end

local function spawn(run, ending)
  local thread = coroutine.create(run)
  endings[thread] = ending
  resume(thread)
end

-- Yields until `start` calls what it is given, once.
local function suspend(start)
  local thread, woken = coroutine.running(), false
  start(function()
    if woken then return end
    woken = true
    resume(thread)
  end)
  coroutine.yield()
end

local function wait(fd, seconds, ...)
  assert(select("#", ...) == 0, "more than a wait function takes")
  local poll, timer = uv.new_poll(fd), uv.new_timer()
  suspend(function(wake)
    poll:start("r", wake)
    timer:start(math.ceil(seconds * 1000), 0, wake)
  end)
  poll:stop()
  poll:close()
  timer:stop()
  timer:close()
end

local function sleep(seconds)
  local timer = uv.new_timer()
  suspend(function(wake) timer:start(math.ceil(seconds * 1000), 0, wake) end)
  timer:close()
end

return {
  name = "luv",
  wait = wait,
  run = function(main)
    local ended, failure = false, nil
    spawn(main, function(err) ended, failure = true, err end)
    uv.run()
    assert(ended, "the loop ended before the calls")
    if failure then error(failure, 0) end
  end,
  together = function(list)
    local ended, failure, finish = 0, nil, nil
    for _, run in ipairs(list) do
      spawn(run, function(err)
        ended, failure = ended + 1, failure or err
        if finish and ended == #list then finish() end
      end)
    end
    if ended < #list then suspend(function(wake) finish = wake end) end
    if failure then error(failure, 0) end
  end,
  sleep = sleep,
}
