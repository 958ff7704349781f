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

  local function start_job(wishes)
    local answer = ask("POST", "/bulk/query?q=select%20*%20from%20customers", nil, { base_url = self:url(wishes) })
    assert.equal(200, answer.status, answer.body)
    return ("/bulk/%d"):format(cjson.decode(answer.body).id)
  end

  it("lets a bulk job take its time, and gives its file", function()
    self:seed { customers = 3000 }
    local job = start_job { job_seconds = 1 }
    assert.not_equal("COMPLETED", cjson.decode(ask("GET", job .. "/status").body).status)
    local status
    for _ = 1, 100 do
      status = cjson.decode(ask("GET", job .. "/status").body).status
      if status == "COMPLETED" then break end
      os.execute("sleep 0.1")
    end
    assert.equal("COMPLETED", status)
    assert.equal(3000, #cjson.decode(ask("GET", job .. "/customers").body))
    local compressed = ask("GET", job .. "/customers", nil, { arguments = { "--compressed" } })
    assert.equal("gzip", compressed.header["content-encoding"])
    assert.equal(3000, #cjson.decode(compressed.body))
  end)

  it("sends a bulk file of any size, and cuts it where it is told to", function()
    local job = start_job { job_seconds = 0, job_bytes = 50000000 }
    local answer = ask("GET", job .. "/customers")
    assert.same({ 200, "50000000", 50000000 }, { answer.status, answer.header["content-length"], #answer.body })
    answer = ask("GET", job .. "/customers", nil, { base_url = self:url { cut = 20000000 } })
    assert.equal(18, answer.exit)
    assert.is_true(#answer.body > 19000000 and #answer.body < 20000000)
  end)

  it("takes an upload that is larger than it would hold", function()
    local place = os.tmpname()
    local file = assert(io.open(place, "wb"))
    for _ = 1, 40 do file:write(('{"a":"' .. ("x"):rep(991) .. '"}\n'):rep(1000)) end
    file:close()
    local answer = ask("POST", "/bulk/customers", nil, { arguments = { "-F", "metaData={}", "-F", "file=@" .. place } })
    os.remove(place)
    assert.equal(200, answer.status, answer.body)
    os.execute("sleep 0.5")
    local status = cjson.decode(ask("GET", ("/bulk/%d/status"):format(cjson.decode(answer.body).id)).body)
    assert.same({ "COMPLETED", 40000 }, { status.status, status.recordsCount })
  end)

  it("refuses a body that is too large, as the gateway does", function()
    for _, size in ipairs { 9, 20 } do
      local answer = ask("POST", "/customers", { a = ("x"):rep(size * 1024 * 1024) })
      assert.equal(413, answer.status)
      assert.is_nil(cjson.decode(answer.body).requestId)
    end
  end)

  it("writes nothing to its error log in all this but that a large body went to a file", function()
    local further = self:error_log():gsub("[^\n]*a client request body is buffered to a temporary file[^\n]*\n", "")
    assert.equal("", further)
  end)
end)
