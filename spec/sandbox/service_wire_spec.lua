-- What an instance is used for, over the wire: the local service in nginx, asked by curl.

local cjson = require "cjson"
local curl = require "support.curl"
local sandbox = require "sapanywhere.sandbox"
local url = require "sapanywhere.sandbox.service.url"

local self, instance

local function account()
  return "Authorization: User " .. self.user_secret .. ", Organization " .. self.organization_secret
end

local function create_instance(changes)
  local body = {
    element = { key = "sapanywhere" }, name = "my shop", tags = { "eu" },
    providerData = { code = assert(self:authorize {}):match("[?&]code=(%x+)") },
    configuration = {
      ["oauth.callback.url"] = self.callback_url, ["oauth.api.key"] = self.api_key,
      ["oauth.api.secret"] = self.api_secret,
    },
  }
  for name, value in pairs(changes or {}) do body.configuration[name] = value end
  local answer = curl.ask("POST", self.base_url .. "/instances", {
    headers = { account(), "Content-Type: application/json" }, body = cjson.encode(body),
  })
  assert.equal(200, answer.status, answer.body)
  return cjson.decode(answer.body)
end

local function ask(method, path, body, more)
  local headers = { "Authorization: User " .. self.user_secret .. ", Element " .. instance.token }
  if body then headers[2] = "Content-Type: application/json" end
  return curl.ask(method, (more and more.base_url or self.base_url) .. path, {
    headers = headers, body = body and cjson.encode(body), more = more and more.arguments,
  })
end

describe("the sandbox's hub in nginx", function()
  setup(function()
    self = assert(sandbox.start {})
    instance = create_instance()
  end)
  teardown(function() self:stop() end)

  it("is seeded with a million rows at once, and gives any page of them", function()
    self:seed { customers = 1000000, orders = 10, products = 10 }
    local first = ask("GET", "/hubs/ecommerce/customers?returnTotalCount=true")
    assert.same({ 200, "1000000", "100" }, {
      first.status, first.header["elements-total-count"], first.header["elements-returned-count"],
    })
    local token = url.encode(first.header["elements-next-page-token"])
    local second = ask("GET", "/hubs/ecommerce/customers?nextPage=" .. token)
    assert.equal(101, cjson.decode(second.body)[1].id)
    assert.equal(1000000, cjson.decode(ask("GET", "/customers/1000000").body).id)
    assert.equal(0, #cjson.decode(ask("GET", "/customers/1000000/notes").body))
  end)

  it("gives the same rows for the same seed", function()
    self:seed { customers = 100, seed = 5 }
    local one = ask("GET", "/customers").body
    self:seed { customers = 100, seed = 6 }
    assert.not_equal(one, ask("GET", "/customers").body)
    self:seed { customers = 100, seed = 5 }
    assert.equal(one, ask("GET", "/customers").body)
  end)

  it("knows after its restart what was changed", function()
    self:seed { customers = 3 }
    assert.equal(200, ask("PATCH", "/customers/2", { status = "GONE" }).status)
    assert.equal(200, ask("DELETE", "/customers/1").status)
    assert.equal(4, cjson.decode(ask("POST", "/customers", { firstName = "New" }).body).id)
    assert.is_true(self:restart())
    local list = cjson.decode(ask("GET", "/customers").body)
    assert.same({ 2, "GONE", 4 }, { list[1].id, list[1].status, list[3].id })
  end)

  it("refuses a seed that it does not understand", function()
    for _, options in ipairs { { shops = 1 }, { customers = -1 }, { customers = 1.5 }, { seed = "1" } } do
      assert.has_error(function() self:seed(options) end)
    end
  end)

  it("plays revoked tokens, by id and by token", function()
    assert.is_false(self:revoke(7))
    assert.is_false(self:revoke("nobody's"))
    local other = create_instance()
    assert.is_true(self:revoke(other.id))
    assert.equal(200, ask("GET", "/customers").status)
    assert.is_true(self:revoke(instance.token))
    assert.equal(401, ask("GET", "/customers").status)
    instance = create_instance()
    assert.equal(200, ask("GET", "/customers").status)
  end)

  it("misbehaves there as anywhere", function()
    self:seed { customers = 3 }
    local answer = ask("GET", "/customers", nil, { base_url = self:url { status = 502 } })
    assert.equal(502, answer.status)
    assert.equal(18, ask("GET", "/customers", nil, { base_url = self:url { cut = 300 } }).exit)
  end)

  it("writes nothing to its error log in all this", function()
    assert.equal("", self:error_log())
  end)
end)
