-- What the local service remembers, and how it is written.

local records = require "sapanywhere.sandbox.service.records"
local store = require "sapanywhere.sandbox.service.store"

describe("the sandbox's store", function()
  it("reads its own journal back, and those of others, to the same end", function()
    local path = os.tmpname()
    local one, two = store.new(store.open_file(path)), store.new(store.open_file(path))
    local first = one:number("instances", { token = "a\0\n\"\\\255" }, "token")
    two:sync()
    local second = two:number("instances", { token = "b" }, "token")
    assert.equal(first.id + 1, second.id)
    one:put("codes", "c", {})
    two:sync()
    assert.is_true(two:claim("codes", "c", "two"))
    assert.is_false(one:claim("codes", "c", "one"))
    one:remove("instances", first.id)
    local three = store.new(store.open_file(path))
    three:sync()
    assert.same({ { id = second.id, token = "b" } }, three:list("instances"))
    for _, each in ipairs { one, two, three } do each:close() end
    os.remove(path)
  end)

  it("numbers each kind by itself, and begins the hub's anew on new ground", function()
    local known = store.new()
    assert.equal(11, known:add("hub/orders", { a = 1 }, "one", 10))
    assert.equal(12, known:add("hub/orders", { a = 2 }, "two", 10))
    assert.equal(7001, known:add("jobs", {}, "three", 7000))
    known:lay_ground { seed = 1, customers = 0, orders = 5, products = 0 }
    assert.is_nil(known:get("hub/orders", 11))
    assert.equal(6, known:add("hub/orders", {}, "four", 5))
    assert.equal(7002, known:add("jobs", {}, "five", 7000))
    assert.equal(5, known.ground.orders)
  end)

  it("gives each of two who add at the same time a number of its own", function()
    local path = os.tmpname()
    local one, two = store.new(store.open_file(path)), store.new(store.open_file(path))
    assert.equal(1, one:add("jobs", {}, "a", 0))
    assert.equal(2, two:add("jobs", {}, "b", 0))
    assert.equal(3, one:add("jobs", {}, "c", 0))
    for _, each in ipairs { one, two } do each:close() end
    os.remove(path)
  end)

  it("changes some fields of a row, and none of a row that is not there", function()
    local known = store.new()
    known:put("codes", "c", { a = 1, b = 2 })
    known:set("codes", "c", { b = 3 })
    known:set("codes", "d", { b = 3 })
    assert.same({ a = 1, b = 3 }, known:get("codes", "c"))
    assert.is_nil(known:get("codes", "d"))
  end)

  it("leaves half a line for later", function()
    local values, taken = records.read_all("1\n{\"a\",b=2}\n3")
    assert.same({ 1, 0 }, { values[1], values[3] or 0 })
    assert.equal(12, taken)
  end)

  it("writes values that read back the same", function()
    local value = { "a\r\n\0\"", 1, -2.5, 2 ^ 53, true, { x = false, ["y z"] = { "\200" } } }
    local line = records.write(value)
    assert.not_matches("[%c\128-\255]", line)
    assert.same(value, records.read(line))
  end)
end)
