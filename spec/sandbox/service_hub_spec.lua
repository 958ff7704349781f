-- Customers, orders and products of the local service, as values.

local cjson = require "cjson"
local played = require "support.played"
local url = require "sapanywhere.sandbox.service.url"

local assert_refused, header_of = played.assert_refused, played.header_of

-- A service with an instance, whose own calls are made with `ask`.
local function connect(ground, changes)
  local self = played.start()
  if ground then
    self.store:lay_ground {
      seed = ground.seed or 1, customers = ground.customers or 0, orders = ground.orders or 0,
      products = ground.products or 0,
    }
  end
  self.instance = assert(played.create(self, changes))
  function self.ask(method, target, body, headers)
    headers = headers or {}
    headers.authorization = headers.authorization or played.element(self, self.instance)
    return self.api(method, target, { body = body, headers = headers })
  end
  function self.got(method, target, body)
    local answer = self.ask(method, target, body)
    assert.equal(200, answer.status, answer.body)
    return answer.body ~= "" and cjson.decode(answer.body) or nil, answer
  end
  return self
end

local function ids(list)
  local out = {}
  for index, row in ipairs(list) do out[index] = ("%d"):format(row.id) end
  return table.concat(out, " ")
end

local function query(pairs) return "?" .. url.build_query(pairs) end

for _, prefix in ipairs { "/hubs/ecommerce", "/hubs/other", "" } do
  describe("the sandbox's resources below '" .. prefix .. "'", function()
    for _, object in ipairs { "customers", "orders", "products" } do
      it("create, read, change, count and delete " .. object, function()
        local self = connect()
        local path = prefix .. "/" .. object
        assert.same({ count = 0 }, self.got("GET", path .. "/count"))
        local row = self.got("POST", path, { name = "a", nested = { x = 1 } })
        assert.same({ "a", 1, 1 }, { row.name, row.nested.x, row.id })
        assert.same(row, self.got("GET", path .. "/1"))
        row = self.got("PATCH", path .. "/1", { name = "b" })
        assert.same({ "b", 1 }, { row.name, row.nested.x })
        assert.same({ row }, self.got("GET", path))
        assert.same({ count = 1 }, self.got("GET", path .. "/count"))
        assert.is_nil(self.got("DELETE", path .. "/1"))
        assert_refused(404, self.ask("GET", path .. "/1"))
        assert_refused(404, self.ask("DELETE", path .. "/1"))
        assert.equal(2, self.got("POST", path, { name = "c" }).id)
      end)
    end
  end)
end

describe("the sandbox's rows", function()
  it("keep their members' order, numbers as written, empty lists and objects", function()
    local self = connect()
    local text = '{"z":1.50,"a":12345678901234567890,"l":[],"o":{},"m":[1e3,{"x":[]}],"s":"\\u00e9\\n\\"","b":false}'
    local answer = self.ask("POST", "/customers", text)
    assert.equal(1, (answer.body:find(
      '{"id":1,"z":1.50,"a":12345678901234567890,"l":[],"o":{},"m":[1e3,{"x":[]}],"s":"é\\n\\"","b":false,', 1, true)))
  end)

  it("take no id from the client", function()
    local self = connect()
    assert.equal(1, self.got("POST", "/customers", { id = 7 }).id)
    assert.equal(1, self.got("PATCH", "/customers/1", { id = 8 }).id)
  end)

  it("are shown without what is null, unless the instance's configuration says otherwise", function()
    local self = connect()
    self.got("POST", "/customers", '{"a":null,"b":[{"c":null,"d":1},null]}')
    assert.equal(1, (self.ask("GET", "/customers/1").body:find('{"id":1,"b":[{"d":1},null],', 1, true)))
    assert.equal(2, (self.ask("GET", "/customers").body:find('{"id":1,"b":[{"d":1},null],', 1, true)))
    local other = connect(nil, { ["configuration.filter.response.nulls"] = "false" })
    assert.equal(1, (other.ask("POST", "/customers", '{"a":null}').body:find('{"id":1,"a":null,', 1, true)))
  end)

  for _, body in ipairs {
    "", "[]", "1", "{", '{"a":1,}', '{"a":01}', '{"a":1}x', '{"a":"\n"}', "{'a':1}", '{"a":nul}', '{"a":"\\x"}',
    '{"a":' .. ("["):rep(200) .. ("]"):rep(200) .. "}",
  } do
    it("are not made of " .. body:sub(1, 12), function()
      assert_refused(400, connect().ask("POST", "/customers", body, { ["content-type"] = "application/json" }))
    end)
  end

  it("do not refer to a customer who does not exist: the provider says so", function()
    local self = connect { customers = 2 }
    for _, id in ipairs { 3, "x", "3" } do
      local body = assert_refused(400, self.ask("POST", "/orders", { customer = { id = id } }))
      assert.equal("customer: no such customer", body.providerMessage)
    end
    assert.equal(1, self.got("POST", "/orders", { customer = { id = 2 } }).id)
    assert_refused(400, self.ask("PATCH", "/orders/1", { customer = { id = 9 } }))
    assert.equal("a", self.got("PATCH", "/orders/1", { note = "a" }).note)
  end)

  it("that do not exist are the provider's 404", function()
    local self = connect { customers = 1 }
    for _, id in ipairs { "2", "0", "x", "1x", "-1", "%2e%2e" } do
      assert.matches("does not exist", assert_refused(404, self.ask("GET", "/customers/" .. id)).providerMessage)
    end
  end)

  it("of the seed are changed and deleted like any other", function()
    local self = connect { customers = 3 }
    local row = self.got("PATCH", "/customers/2", { status = "GONE" })
    assert.equal("GONE", row.status)
    assert.equal(row.firstName, self.got("GET", "/customers/2").firstName)
    self.got("DELETE", "/customers/1")
    assert.equal(4, self.got("POST", "/customers", { firstName = "New" }).id)
    assert.equal("2 3 4", ids(self.got("GET", "/customers")))
    assert.equal(3, self.got("GET", "/customers/count").count)
  end)

  it("are all new where the ground is laid anew", function()
    local self = connect { customers = 3 }
    self.got("DELETE", "/customers/1")
    self.got("POST", "/customers", { firstName = "New" })
    self.store:lay_ground { seed = 1, customers = 2, orders = 0, products = 0 }
    assert.equal("1 2", ids(self.got("GET", "/customers")))
    assert.equal(3, self.got("POST", "/customers", { firstName = "New" }).id)
  end)
end)

describe("the sandbox's resources below a row", function()
  it("are created, read, changed and deleted", function()
    local self = connect { customers = 2 }
    local path = "/hubs/ecommerce/customers/2/notes"
    assert.same({}, self.got("GET", path))
    assert.equal("a", self.got("POST", path, { content = "a" }).content)
    assert.equal("b", self.got("PATCH", path .. "/1", { content = "b" }).content)
    assert.equal("b", self.got("GET", path .. "/1").content)
    assert.equal(1, #self.got("GET", path))
    assert.same({}, self.got("GET", "/customers/1/notes"))
    assert.same({}, self.got("GET", "/customers/2/contacts"))
    self.got("DELETE", path .. "/1")
    assert_refused(404, self.ask("GET", path .. "/1"))
  end)

  it("need their row, and are no files", function()
    local self = connect { customers = 2 }
    assert_refused(404, self.ask("GET", "/customers/3/notes"))
    assert_refused(404, self.ask("POST", "/customers/x/notes", { content = "a" }))
    assert_refused(404, self.ask("GET", "/customers/2/attachments"))
    assert_refused(404, self.ask("GET", "/customers/2/notes/1/more"))
    assert_refused(405, self.ask("PUT", "/customers/2/notes/1", { content = "a" }))
  end)
end)

describe("the sandbox's lists", function()
  it("come in pages, with opaque tokens, one even before an empty page", function()
    local self = connect { customers = 5 }
    local seen, target = {}, "/customers?pageSize=1"
    for _ = 1, 6 do
      local list, answer = self.got("GET", target)
      seen[#seen + 1] = ids(list)
      assert.equal(tostring(#list), header_of(answer, "elements-returned-count"))
      local token = header_of(answer, "elements-next-page-token")
      if not token then break end
      assert.matches("^[%w+/]+=+$", token)
      assert.matches("%+.*/", token)
      target = "/customers?pageSize=1&nextPage=" .. url.encode(token)
    end
    assert.same({ "1", "2", "3", "4", "5", "" }, seen)
  end)

  it("take a token for the list it came with and no other", function()
    local self = connect { customers = 5, orders = 5 }
    local token = header_of(self.ask("GET", "/customers?pageSize=2"), "elements-next-page-token")
    local follow = "nextPage=" .. url.encode(token)
    assert.equal("3 4", ids(self.got("GET", "/customers?pageSize=2&" .. follow)))
    assert_refused(400, self.ask("GET", "/orders?pageSize=2&" .. follow))
    assert_refused(400, self.ask("GET", "/customers?where=id%3E1&" .. follow))
    assert_refused(400, self.ask("GET", "/customers?orderBy=id&" .. follow))
    assert_refused(400, self.ask("GET", "/customers?nextPage=" .. token))
    assert_refused(400, self.ask("GET", "/customers?nextPage=x"))
  end)

  it("have 100 rows at most, and say so in a header where more was asked for", function()
    local self = connect { customers = 150 }
    local list, answer = self.got("GET", "/customers?pageSize=101")
    assert.equal(100, #list)
    assert.equal("The pageSize of 101 is more than the maximum of 100, which was used.",
      header_of(answer, "Elements-Error"))
    list, answer = self.got("GET", "/customers?pageSize=100")
    assert.equal(100, #list)
    assert.is_nil(header_of(answer, "Elements-Error"))
    assert.equal(100, #self.got("GET", "/customers"))
  end)

  it("tell the whole count where that is asked for", function()
    local self = connect { customers = 150 }
    local _, answer = self.got("GET", "/customers?pageSize=2&returnTotalCount=true")
    assert.equal("150", header_of(answer, "elements-total-count"))
    _, answer = self.got("GET", "/customers" .. query { { "where", "id <= 7" }, { "returnTotalCount", "true" } })
    assert.equal("7", header_of(answer, "elements-total-count"))
    assert.is_nil(header_of(self.ask("GET", "/customers"), "elements-total-count"))
  end)

  it("are chosen by where, page by page, and counted by it", function()
    local self = connect { customers = 500 }
    local where = { "where", "lastName = 'O''Hara' AND total > 5" }
    local target, seen = "/customers" .. query { where, { "pageSize", "7" } }, 0
    repeat
      local list, answer = self.got("GET", target)
      for _, row in ipairs(list) do
        assert.equal("O'Hara", row.lastName)
        assert.is_true(row.total > 5)
      end
      seen = seen + #list
      local token = header_of(answer, "elements-next-page-token")
      target = token and "/customers" .. query { where, { "pageSize", "7" }, { "nextPage", token } }
    until not token
    assert.is_true(seen > 7)
    assert.equal(seen, self.got("GET", "/customers/count" .. query { where }).count)
  end)

  it("come in an order, which goes on from page to page", function()
    local self = connect { customers = 30 }
    local last, seen, more = math.huge, 0, nil
    repeat
      local pairs_of = { { "orderBy", "total desc" }, { "pageSize", "7" } }
      if more then table.insert(pairs_of, { "nextPage", more }) end
      local list, answer = self.got("GET", "/customers" .. query(pairs_of))
      for _, row in ipairs(list) do
        assert.is_true(row.total <= last)
        last, seen = row.total, seen + 1
      end
      more = header_of(answer, "elements-next-page-token")
    until not more
    assert.equal(30, seen)
    assert.equal("1 2 3", ids(self.got("GET", "/customers?orderBy=id&pageSize=3")))
  end)

  it("have pages by number, too", function()
    local self = connect { customers = 10 }
    assert.equal("4 5 6", ids(self.got("GET", "/customers?page=2&pageSize=3")))
    assert.equal("6 5", ids(self.got("GET", "/customers?page=3&pageSize=2&orderBy=id%20desc")))
  end)

  it("show the fields that are asked for", function()
    local self = connect { customers = 2 }
    local list = self.got("GET", "/customers?fields=id,firstName,nothing")
    assert.same({ id = 1, firstName = list[1].firstName }, list[1])
    assert.is_string(list[1].firstName)
  end)

  for _, case in ipairs {
    { "pageSize", "0" }, { "pageSize", "x" }, { "page", "0" }, { "orderBy", "total up" }, { "orderBy", "1 2 3" },
  } do
    it("refuse " .. case[1] .. "=" .. case[2], function()
      assert_refused(400, connect().ask("GET", "/customers" .. query { case }))
    end)
  end

  it("name what they cannot read of a where", function()
    local body = assert_refused(400, connect().ask("GET", "/customers" .. query { { "where", "NOT a = 1" } }))
    assert.matches("^Error parsing query: ", body.message)
    assert_refused(400, connect().ask("GET", "/customers/count" .. query { { "where", "a" } }))
  end)
end)

describe("the sandbox's hub", function()
  it("wants User and Element, takes Organization as well, and answers 401 otherwise", function()
    local self = connect()
    local user, token = "User us+er/=", "Element " .. self.instance.token
    local organization = "Organization " .. self.settings.organization_secret
    for _, header in ipairs {
      user .. ", " .. token, token .. ", " .. user, user .. ", " .. organization .. ", " .. token,
    } do
      assert.equal(200, self.ask("GET", "/customers", nil, { authorization = header }).status)
    end
    for _, header in ipairs {
      user, token, user .. ", " .. organization, user .. ", Element x", "User x, " .. token,
      user .. ", Organization x, " .. token, user .. "," .. token,
    } do
      local body = assert_refused(401, self.ask("GET", "/customers", nil, { authorization = header }))
      assert.equal("Invalid Organization or User secret, or invalid Element token provided.", body.message)
    end
  end)

  it("knows no token of a deleted instance", function()
    local self = connect()
    self.api("DELETE", played.path_of(self.instance))
    assert_refused(401, self.ask("GET", "/customers"))
  end)

  it("answers 403 to a disabled instance, except for its objects", function()
    local self = connect { customers = 1 }
    self.api("DELETE", played.path_of(self.instance) .. "/enabled")
    assert_refused(403, self.ask("GET", "/customers"))
    assert_refused(403, self.ask("GET", "/ping"))
    assert.same({ "customers", "orders", "products" }, self.got("GET", "/objects"))
    self.api("PUT", played.path_of(self.instance) .. "/enabled")
    assert.equal(1, #self.got("GET", "/customers"))
  end)

  it("answers 401 where the provider's tokens are gone, until they are renewed", function()
    local self = connect()
    self.store:set("instances", self.instance.id, { revoked = true })
    assert.matches("revoked", assert_refused(401, self.ask("GET", "/customers")).providerMessage)
    self.api("PATCH", played.path_of(self.instance), { body = { providerData = { code = played.get_code(self) } } })
    assert.equal(200, self.ask("GET", "/customers").status)
  end)

  it("says whose answer it is", function()
    local self = connect()
    local answer = self.ask("GET", "/customers")
    assert.equal(("%d"):format(self.instance.id), header_of(answer, "Elements-Element-Instance-Id"))
    assert.matches("^%x+$", header_of(answer, "elements-request-id"))
  end)

  it("answers a ping, and tells its objects in two ways", function()
    local self = connect()
    local pong = self.got("GET", "/ping")
    assert.same({ "sapanywhere", true }, { pong.endpoint, pong.valid })
    assert.matches("^%d+%-%d%d%-%d%dT", pong.dateTime)
    local helium = cjson.decode(self.ask("GET", "/objects", nil, { ["elements-version"] = "Helium" }).body)
    assert.equal("customers", helium[1].name)
  end)

  it("knows no further objects, and no other verbs", function()
    local self = connect()
    assert_refused(404, self.ask("GET", "/hubs/ecommerce/widgets"))
    assert_refused(404, self.ask("GET", "/hubs/ecommerce"))
    assert_refused(405, self.ask("PUT", "/customers/1", { a = 1 }))
    assert_refused(405, self.ask("DELETE", "/customers"))
    assert_refused(406, self.ask("GET", "/customers", nil, { accept = "text/csv" }))
    assert_refused(415, self.ask("POST", "/customers", "{}", { ["content-type"] = "text/plain" }))
  end)

  it("stands behind a gateway that refuses more than 8 MB, without a request id", function()
    local self = connect()
    local answer = self.ask("POST", "/customers", '{"a":"' .. ("x"):rep(8 * 1024 * 1024) .. '"}')
    assert.equal(413, answer.status)
    assert.same({ message = "Request size limit exceeded" }, cjson.decode(answer.body))
    assert.is_nil(header_of(answer, "elements-request-id"))
  end)
end)
