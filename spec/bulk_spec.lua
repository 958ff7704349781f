local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

describe("a bulk job", function()
  local service, client, shop, instance

  setup(function()
    service = assert(sandbox.start {})
    client = assert(sapanywhere.new {
      base_url = service:url {}, user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    })
    local auth = assert(client:oauth_url {})
    local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
    instance = assert(client:create_instance { code = grant.code, name = "my shop" })
    service:seed { customers = 20 }
    shop = assert(client:instance { token = instance.token })
  end)

  teardown(function()
    client:close()
    service:stop()
  end)

  it("is begun, watched, and waited for", function()
    local job = assert(shop:bulk_query { query = "select * from customers", from = "2016-01-01T00:00:00.000Z" })
    assert.equal("CREATED", job.status)
    assert(shop:bulk_status { id = job.id })
    local seen = {}
    local ended, err, meta = shop:bulk_wait {
      id = job.id, interval = 0.05, on_progress = function(one) seen[#seen + 1] = one.status end,
    }
    assert(ended, tostring(err))
    assert.equal("COMPLETED", ended.status)
    assert.equal("COMPLETED", seen[#seen])
    assert.equal(200, meta.status)
    assert.same({}, (shop:bulk_errors { id = job.id }))
  end)

  it("that is cancelled ends with an error that holds it", function()
    local job = assert(shop:bulk_query { query = "select * from customers" })
    assert.is_true(shop:bulk_cancel { id = job.id })
    local ended, err = shop:bulk_wait { id = job.id, interval = 0.05 }
    assert.is_nil(ended)
    assert.equal("job", err.kind)
    assert.equal("CANCELLED", err.job.status)
  end)

  it("that goes on ends the wait in time, and says so", function()
    local slow = assert(sapanywhere.instance {
      base_url = service:url { job_seconds = 60 }, user_secret = service.user_secret, token = instance.token,
    })
    local job = assert(slow:bulk_query { query = "select * from customers" })
    local ended, err, meta
    for _, seconds in ipairs { 1, 5, 25 } do -- on a busy machine the first look takes longer
      ended, err, meta = shop:bulk_wait { id = job.id, interval = 0.3, timeout = seconds }
      assert.is_nil(ended)
      assert.equal("timeout", err.kind)
      assert.is_true(err.retryable)
      assert.truthy(meta.elapsed > 0.8 * seconds and meta.elapsed < seconds + 20)
      if err.job then break end
    end
    assert.truthy(err.job.status)
  end)

  it("is looked at once more before the time is up", function()
    local job = assert(shop:bulk_query { query = "select * from customers" })
    assert(shop:bulk_wait { id = job.id, interval = 60, timeout = 3 })
  end)

  it("that is not there is not found", function()
    local _, err = shop:bulk_wait { id = "none" }
    assert.equal("not_found", err.kind)
  end)

  it("is not begun by a mistake", function()
    local _, err = shop:bulk_query { query = 5 }
    assert.truthy(err.message:find("query must be a string", 1, true))
    _, err = shop:bulk_wait { id = 1, interval = 0 }
    assert.equal("usage", err.kind)
  end)
end)
