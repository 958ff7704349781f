-- An application's spec for busted, against the local service.
--
--   LUA_PATH="../?.lua;?.lua;;" busted --lua=lua5.4 --pattern=_spec .

local local_shop = require "local_shop" -- of the folder above
local orders = require "orders"

describe("the open orders", function()
  local shop, service

  before_each(function() shop, service = local_shop { retry = { base = 0.01 } } end)
  after_each(function() service:stop() end)

  it("are added up by currency", function()
    service:seed {}
    for _, order in ipairs {
      { status = "OPEN", total = 10.5, currency = { code = "EUR" } },
      { status = "OPEN", total = 2, currency = { code = "EUR" } },
      { status = "OPEN", total = 7, currency = { code = "USD" } },
      { status = "CLOSED", total = 1000, currency = { code = "EUR" } },
    } do
      assert(shop.orders:create { body = order })
    end
    assert.same({ EUR = 12.5, USD = 7 }, orders.open_totals(shop))
  end)

  it("are added up from every page", function()
    service:seed { orders = 1000 }
    assert(orders.open_totals(shop))
    local asked = 0
    for _, request in ipairs(service:log()) do
      if request.uri:find("/orders?", 1, true) then asked = asked + 1 end
    end
    assert.is_true(asked > 1)
  end)

  it("are not added up by half where a page fails", function()
    local failing = { orders = {} }
    function failing.orders.each()
      local count = 0
      return function()
        count = count + 1
        if count == 1 then return { total = 1, currency = { code = "EUR" } } end
        return false, { kind = "timeout" }
      end
    end
    local sums, err = orders.open_totals(failing)
    assert.is_nil(sums)
    assert.equal("timeout", err.kind)
  end)

  it("are an error where the user has withdrawn consent", function()
    service:revoke(1001)
    local sums, err = orders.open_totals(shop)
    assert.is_nil(sums)
    assert.equal("auth", err.kind)
  end)
end)
