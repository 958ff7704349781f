-- A million rows, page by page: memory does not grow.

local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

local ROWS = 1000000

describe("a walk through a million rows", function()
  it("gives each once, in order, and holds one page at a time", function()
    local service = assert(sandbox.start { log = false })
    finally(function() service:stop() end)
    local client = assert(sapanywhere.new {
      base_url = service.base_url, user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    })
    local auth = assert(client:oauth_url {})
    local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
    local instance = assert(client:create_instance { code = grant.code, name = "my shop" })
    service:seed { customers = ROWS }
    local shop = assert(client:instance { token = instance.token })

    local function kilobytes()
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end

    local count, last, early = 0, 0, nil
    for row, err in shop.customers:each { fields = "id" } do
      if not row then error(tostring(err)) end
      assert(row.id > last)
      count, last = count + 1, row.id
      if count == ROWS / 10 then early = kilobytes() end
    end
    assert.equal(ROWS, count)
    local grown = kilobytes() - early
    assert(grown < 256, ("%.0f KiB more after a million rows than after a tenth of them"):format(grown))
  end)
end)
