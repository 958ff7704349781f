-- Counts a shop's rows in cqueues, three calls at the same time, while a clock goes on.
--
--   lua5.4 with_cqueues.lua

local cqueues = require "cqueues"
local shop, service = require "local_shop"(nil, 0.05)

local loop = cqueues.new()
local left = 3

for _, name in ipairs { "customers", "orders", "products" } do
  loop:wrap(function()
    local count, err = shop[name]:count {}
    print(name, count or tostring(err))
    left = left - 1
  end)
end

loop:wrap(function()
  local ticks = 0
  while left > 0 do
    cqueues.sleep(0.001)
    ticks = ticks + 1
  end
  print("the clock went on", ticks > 0)
end)

assert(loop:loop())
service:stop()
