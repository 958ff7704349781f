-- Counts a shop's rows in copas, three calls at the same time.
--
--   lua5.1 with_copas.lua

local copas = require "copas"

-- copas waits for anything that has a descriptor.
local function wait(fd)
  local woken = false
  copas.receive {
    getfd = function() return fd end,
    dirty = function() return false end,
    close = function() end,
    receive = function()
      if woken then return true end
      woken = true
      return nil, "timeout"
    end,
  }
end

local shop, service = require "local_shop"({ wait = wait }, 0.05)
local left = 3

for _, name in ipairs { "customers", "orders", "products" } do
  copas.addthread(function()
    local count, err = shop[name]:count {}
    print(name, count or tostring(err))
    left = left - 1
  end)
end

while left > 0 do copas.step(0.1) end
service:stop()
