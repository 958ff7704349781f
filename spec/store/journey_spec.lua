-- The token's way: from the creation into a store, and from there into the calls of the instance.

local contract = require "support.store_contract"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

describe("a token in a store", function()
  local service, client, path

  setup(function()
    service, path = services.start {}, os.tmpname()
    client = service:client {
      user_secret = service.user_secret, organization_secret = service.organization_secret,
    }
    os.remove(path)
  end)
  teardown(function()
    service:stop()
    os.remove(path)
    os.remove(path .. ".lock")
  end)

  local function open(key)
    return assert(sapanywhere.store.file { path = path, key = key or contract.KEY })
  end

  it("is what the instance's calls use, also after it was replaced", function()
    local store = open()
    local first = assert(client:create_instance(service:creating()))
    local second = assert(client:create_instance(service:creating()))
    assert(store:put("my shop", first))
    local shop = assert(client:instance { token = store:token("my shop") })
    assert(shop.customers:create { body = { firstName = "Ann" } })
    assert.equal(1, #assert(shop.customers:list {}))
    assert(store:put("my shop", second)) -- as after reauthenticate_instance
    assert(client:delete_instance { id = first.id })
    assert(shop:ping {})
  end)

  it("that cannot be had is an error before anything is sent, and not a secret's", function()
    local store = open()
    for _, one in ipairs { store, open(contract.OTHER_KEY) } do
      local name = one == store and "nobody" or "my shop"
      local shop = assert(client:instance { token = one:token(name) })
      service:clear_log()
      local result, err = shop:ping {}
      assert.is_nil(result)
      assert.equal("not_sent", err.outcome)
      assert.same({}, service:log())
      assert.is_nil(tostring(err):find("Zq9", 1, true))
      assert.truthy(tostring(err):find(name == "nobody" and "has no entry of that name" or "with another key", 1, true))
    end
  end)
end)
