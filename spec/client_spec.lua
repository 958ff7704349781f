-- Mistakes in the calling code, made with each function and method that there is: they raise in the caller's line.

local rows = require "sapanywhere.api.rows"
local sapanywhere = require "sapanywhere"

local THIS_FILE = "client_spec.lua:"

-- Every method: the object, its name, an example of a variable with the object, whether it takes options.
local function list_methods(client, shop)
  local list = {
    { client, "instance", "client", true }, { client, "close", "client", false }, { shop, "resource", "shop", true },
  }
  local owners = { instance = { shop, "shop" }, resource = { shop.customers, "shop.customers" } }
  for _, row in ipairs(rows.list) do
    local owner = owners[row.of] or { client, "client" }
    list[#list + 1] = { owner[1], row.name, owner[2], true }
    if row.each then list[#list + 1] = { owner[1], row.each.name, owner[2], true } end
  end
  return list
end

-- What a function raises, with the line where it is called in this file.
local function assert_raises(expected, f, ...)
  local arguments, count = { ... }, select("#", ...)
  local line = debug.getinfo(1, "l").currentline + 1
  local ok, message = pcall(function() f((unpack or table.unpack)(arguments, 1, count)) end)
  assert.is_false(ok, expected)
  assert.truthy(message:find(THIS_FILE .. line .. ": " .. expected, 1, true), message)
end

describe("a mistake in the calling code", function()
  local client, shop

  setup(function()
    client = assert(sapanywhere.new { user_secret = "u-1234" })
    shop = assert(client:instance { token = "t-1234" })
  end)
  teardown(function() client:close() end)

  it("is a method called without its colon", function()
    for _, method in ipairs(list_methods(client, shop)) do
      local object, name, example, has_options = method[1], method[2], method[3], method[4]
      local arguments = has_options and " { … }" or "()"
      local expected = ("%s: call it with a colon, %s:%s%s"):format(name, example, name, arguments)
      for _, receiver in ipairs { {}, 5, "client", object == client and shop or client } do
        assert_raises(expected, object[name], receiver, {})
      end
      assert_raises(expected, object[name])
    end
  end)

  it("is a method given something else than a table of options", function()
    for _, method in ipairs(list_methods(client, shop)) do
      local object, name, _, has_options = method[1], method[2], method[3], method[4]
      if has_options then
        assert_raises(name .. ": a table of options is expected, not a nil", object[name], object)
        assert_raises(name .. ": a table of options is expected, not a number", object[name], object, 5)
        assert_raises(name .. ": a table of options is expected, not a string", object[name], object, "id")
      end
    end
  end)

  it("is a function of the module given something else", function()
    local names = { "new", "instance", "state", "webhook" }
    for _, row in ipairs(rows.list) do
      if not row.of then
        names[#names + 1] = row.name
        if row.each then names[#names + 1] = row.each.name end
      end
    end
    for _, name in ipairs(names) do
      assert_raises(name .. ": a table of options is expected, not a nil", sapanywhere[name])
      assert_raises(name .. ": a table of options is expected, not a boolean", sapanywhere[name], true)
    end
  end)
end)

describe("a client", function()
  local function assert_usage(expected, result, err)
    assert.is_nil(result)
    assert.equal("usage", err.kind)
    assert.truthy(err.message:find(expected, 1, true), err.message)
  end

  it("is not made of wrong options", function()
    assert_usage("new: timeout must be", sapanywhere.new { timeout = "long" })
    assert_usage("new: unknown option 'time_out'", sapanywhere.new { time_out = 3 })
  end)

  it("makes no instance without a user's secret, its own or the instance's", function()
    local client = assert(sapanywhere.new {})
    assert_usage("instance: missing user_secret", client:instance { token = "t-1234" })
    assert_usage("instance: missing token", client:instance { user_secret = "u-1234" })
    assert(client:instance { token = "t-1234", user_secret = "u-1234" })
    assert_usage("instance: missing user_secret", sapanywhere.instance { token = "t-1234" })
    assert(sapanywhere.instance { token = "t-1234", user_secret = "u-1234" })
    client:close()
  end)

  it("makes no resource of a path that is none", function()
    local client = assert(sapanywhere.new { user_secret = "u-1234" })
    local shop = assert(client:instance { token = "t-1234" })
    assert_usage("resource: ", shop:resource {})
    assert_usage("resource: ", shop:resource { "customers", "" })
    assert_usage("resource: ", shop:resource { "customers", ".." })
    assert(shop:resource { "customers", 7, "notes" })
    client:close()
  end)

  it("may be closed twice, and calls nothing afterwards", function()
    local client = assert(sapanywhere.new { api_key = "k", api_secret = "s", callback_url = "https://x.example/cb" })
    client:close()
    client:close()
    local result, err = client:oauth_url {}
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.equal("not_sent", err.outcome)
  end)
end)
