-- Counts a shop's rows in libuv's loop, three calls at the same time, while a clock goes on.
--
--   luajit with_luv.lua

local uv = require "luv"

-- libuv watches the descriptor, and a timer beside it.
local function wait(fd, seconds)
  local thread, poll, timer = coroutine.running(), uv.new_poll(fd), uv.new_timer()
  local function wake()
    poll:close()
    timer:close()
    assert(coroutine.resume(thread))
  end
  poll:start("r", wake)
  timer:start(math.ceil(seconds * 1000), 0, wake)
  coroutine.yield()
end

local shop, service = require "local_shop"({ wait = wait }, 0.05)
local left, ticks, clock = 3, 0, uv.new_timer()
clock:start(0, 1, function() ticks = ticks + 1 end)

for _, name in ipairs { "customers", "orders", "products" } do
  coroutine.wrap(function()
    local count, err = shop[name]:count {}
    print(name, count or tostring(err))
    left = left - 1
    if left == 0 then clock:close() end
  end)()
end

uv.run()
print("the clock went on", ticks > 0)
service:stop()
