local uv = require "luv"

-- Resumes the running coroutine when `start` says so, once.
local function suspend(start)
  local thread, woken = coroutine.running(), false
  start(function()
    if woken then return end
    woken = true
    local ok, err = coroutine.resume(thread)
    if not ok then error(err, 0) end
  end)
  coroutine.yield()
end

local function wait(fd, seconds)
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
    local failure
    local thread = coroutine.create(function()
      local ok, err = xpcall(main, tostring)
      if not ok then failure = err end
    end)
    assert(coroutine.resume(thread))
    uv.run()
    assert(coroutine.status(thread) == "dead", "the loop ended before the calls")
    if failure then error(failure, 0) end
  end,
  together = function(list)
    local ended, failure, waiting = 0, nil, nil
    for _, run in ipairs(list) do
      local thread = coroutine.create(function()
        local ok, err = pcall(run)
        if not ok then failure = failure or err end
        ended = ended + 1
        if waiting and ended == #list then waiting() end
      end)
      assert(coroutine.resume(thread))
    end
    if ended < #list then suspend(function(wake) waiting = wake end) end
    if failure then error(failure, 0) end
  end,
  sleep = sleep,
}
