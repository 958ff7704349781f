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
