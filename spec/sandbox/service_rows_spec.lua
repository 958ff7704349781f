-- The rows that come from a seed.

local cjson = require "cjson"
local rows = require "sapanywhere.sandbox.service.rows"

local ground = { seed = 7, customers = 1000, orders = 1000, products = 50 }

describe("the sandbox's seeded rows", function()
  for object in pairs(rows.objects) do
    it("of " .. object .. " are JSON, the same for the same seed, and differ otherwise", function()
      local other = { seed = 8, customers = 1000, orders = 1000, products = 50 }
      local distinct, changed = {}, 0
      for id = 1, 200 do
        local text = rows.make(ground, object, id)
        assert.equal(id, cjson.decode(text).id)
        assert.equal(text, rows.make(ground, object, id))
        distinct[text] = true
        if text ~= rows.make(other, object, id) then changed = changed + 1 end
      end
      local count = 0
      for _ in pairs(distinct) do count = count + 1 end
      assert.equal(200, count)
      assert.is_true(changed > 190)
    end)
  end

  it("are these, on every Lua", function()
    assert.equal('{"id":999999,"customerCode":"C0999999","customerType":"INDIVIDUAL_CUSTOMER",'
      .. [["customerName":"O'Hara García","firstName":"O'Hara","lastName":"García","email":"c999999@example.com",]]
      .. '"mobile":"+15556750567","stage":"CUSTOMER","marketingStatus":"SUBSCRIBED","status":"ACTIVE",'
      .. '"total":4725.31,"creationTime":"2016-10-22T09:59:35.000Z"}', rows.make(ground, "customers", 999999))
  end)

  it("of orders agree with their customers and products", function()
    for id = 1, 100 do
      local order = cjson.decode(rows.make(ground, "orders", id))
      local customer = cjson.decode(rows.make(ground, "customers", order.customer.id))
      assert.equal(customer.customerName, order.customer.name)
      assert.equal(customer.customerCode, order.customer.code)
      local total = 0
      for _, line in ipairs(order.productLines) do
        assert.equal(cjson.decode(rows.make(ground, "products", line.product.id)).price, line.unitPrice)
        total = total + line.quantity * line.unitPrice
      end
      assert.is_true(math.abs(total - order.total) < 0.001)
    end
  end)

  it("refer to nobody where there is nobody", function()
    local order = rows.make({ seed = 1, customers = 0, orders = 5, products = 0 }, "orders", 1)
    assert.is_nil(cjson.decode(order).customer)
    assert.matches('"productLines":%[%]', order)
  end)
end)
