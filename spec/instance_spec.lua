local core = require "sapanywhere.core"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

describe("an instance", function()
  local service, client, instance, shop

  local function create(name, more)
    local auth = assert(client:oauth_url {})
    local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
    local given = { code = grant.code, name = name }
    for key, value in pairs(more or {}) do given[key] = value end
    return client:create_instance(given)
  end

  setup(function()
    service = assert(sandbox.start {})
    client = assert(sapanywhere.new {
      base_url = service:url {}, user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
      retry = { base = 0.05 },
    })
    instance = assert(create("my shop", { tags = { "eu" } }))
    service:seed { customers = 230, orders = 5, products = 3, seed = 7 }
    shop = assert(client:instance { token = instance.token })
  end)

  teardown(function()
    client:close()
    service:stop()
  end)

  describe("is managed:", function()
    it("read, listed, changed", function()
      assert.equal(instance.id, assert(client:get_instance { id = instance.id }).id)
      assert.equal(1, #assert(client:list_instances { tags = { "eu" } }))
      local found, err = client:list_instances { tags = { "nobody has this" } }
      assert.same({}, found, err)
      assert(client:update_instance { id = instance.id, name = "renamed", tags = { "eu", "b2b" } })
      assert.equal("renamed", assert(client:get_instance { id = tostring(instance.id) }).name)
    end)

    it("walked through page by page", function()
      for i = 1, 5 do assert(create("walk " .. i, { tags = { "walk" } })) end
      local names = {}
      for one, err in client:each_instance { tags = { "walk" }, page_size = 2 } do
        assert(one, err)
        names[#names + 1] = one.name
      end
      assert.equal(5, #names)
      local count = 0
      for _ in client:each_instance { tags = { "walk" }, limit = 3 } do count = count + 1 end
      assert.equal(3, count)
      for one, err in client:each_instance { tags = { "nobody has this" } } do error(tostring(one or err)) end
    end)

    it("asked for a hundred at once, where nothing else is said", function()
      for more, expected in pairs { [false] = "pageSize=100", [7] = "pageSize=7" } do
        service:clear_log()
        for one, err in client:each_instance { page_size = more or nil, limit = 1 } do assert(one, err) end
        local log = service:log()
        assert.truthy((log[#log].uri .. "&"):find(expected .. "&", 1, true), log[#log].uri)
      end
    end)

    it("disabled and enabled", function()
      assert.is_true(client:disable_instance { id = instance.id })
      local rows, err = shop.orders:list {}
      assert.is_nil(rows)
      assert.equal("forbidden", err.kind)
      assert.truthy(err.hint:find("enable_instance", 1, true))
      assert.is_true(client:enable_instance { id = instance.id })
      assert(shop.orders:list {})
    end)

    it("authorized anew, under the same id", function()
      local made = assert(create("tired", { tags = { "a" } }))
      local mine = assert(client:instance { token = made.token })
      service:revoke(made.id)
      local _, err = mine.orders:list {}
      assert.equal("auth", err.kind)
      assert.truthy(err.hint:find("reauthenticate_instance", 1, true))
      local auth = assert(client:oauth_url {})
      local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
      local again = assert(client:reauthenticate_instance { id = made.id, code = grant.code, name = "tired" })
      assert.equal(made.id, again.id)
      assert(client:instance { token = again.token or made.token }).orders:list {}
    end)

    it("authorized anew with a lost answer, and found again by its tag", function()
      local made = assert(create("lost", { tags = { "a" } }))
      local auth = assert(client:oauth_url {})
      local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
      local given = { id = made.id, code = grant.code, name = "lost", recover = true,
        base_url = service:url { act_then_die = true, fail = 1 } }
      local _, usage = client:reauthenticate_instance(given)
      assert.truthy(usage.message:find("tags must be given with recover", 1, true))
      given.tags = { "a" }
      local again, err, meta = client:reauthenticate_instance(given)
      assert(again, tostring(err))
      assert.is_true(meta.recovered)
      assert.equal(made.id, again.id)
    end)

    it("deleted, and then not found", function()
      local made = assert(create("gone"))
      assert.is_true(client:delete_instance { id = made.id })
      local _, err = client:delete_instance { id = made.id }
      assert.equal("not_found", err.kind)
      _, err = client:get_instance { id = made.id }
      assert.equal("not_found", err.kind)
    end)

    it("made with the provider's tokens in place of a code", function()
      local made, err = client:create_instance {
        name = "own", external_authentication = "initial",
        configuration = { ["oauth.user.token"] = "t", ["oauth.user.refresh_token"] = "r" },
      }
      assert(made, tostring(err))
      made, err = client:create_instance { name = "own", external_authentication = "initial", code = "c" }
      assert.is_nil(made)
      assert.equal("usage", err.kind)
      assert.same({ "configuration.oauth.user.refresh_token", "configuration.oauth.user.token" }, err.missing)
      assert.truthy(err.message:find("code is not taken with external_authentication", 1, true))
    end)

    it("reached by any request, too", function()
      local list = assert(client:request { method = "GET", path = "/instances", query = { ["tags[]"] = { "eu" } } })
      assert.equal(1, #list)
    end)
  end)

  describe("is used:", function()
    it("rows are listed, a page at a time", function()
      local rows, _, meta = shop.customers:list { page_size = 3, total_count = true, fields = { "id", "firstName" } }
      assert.equal(3, #rows)
      assert.equal(230, meta.total_count)
      assert.equal(3, meta.returned_count)
      local more = assert(shop.customers:list { page_size = 3, next_page = meta.next_page })
      assert.equal(rows[3].id + 1, more[1].id)
    end)

    it("rows are walked through", function()
      local count, last = 0, 0
      for row, err, meta in shop.customers:each {} do
        assert(row, err)
        assert.equal(200, meta.status)
        assert.truthy(row.id > last)
        count, last = count + 1, row.id
      end
      assert.equal(230, count)
    end)

    it("a failure is the last of a walk, and a mistake its first", function()
      local seen = {}
      for row, err in shop.customers:each { where = "((" } do seen[#seen + 1] = { row, err.kind } end
      assert.same({ { false, "rejected" } }, seen)
      seen = {}
      for row, err in shop.customers:each { limit = 0, wehre = 1 } do
        seen[#seen + 1] = { row, err.kind, err.message }
      end
      assert.equal(1, #seen)
      assert.equal("usage", seen[1][2])
      assert.truthy(seen[1][3]:find("did you mean 'where'", 1, true))
    end)

    it("rows are chosen with values that hold anything", function()
      assert(shop.customers:create { body = { firstName = "O'Hara ? 100%", lastName = "x" } })
      local found = assert(shop.customers:list { where = { "firstName = ?", "O'Hara ? 100%" } })
      assert.equal(1, #found)
      assert.equal(1, shop.customers:count { where = { "firstName = ?", "O'Hara ? 100%" } })
    end)

    it("a row is created, read, changed, deleted", function()
      local row = assert(shop.orders:create { body = { orderType = "SELL_ORDER", note = "", stars = "****" } })
      assert.equal("****", assert(shop.orders:get { id = row.id }).stars)
      local patched = assert(shop.orders:update { id = row.id, body = '{"note":"x"}' })
      assert.equal("x", patched.note)
      assert.is_true(shop.orders:delete { id = row.id })
      local _, err = shop.orders:get { id = row.id }
      assert.equal("not_found", err.kind)
    end)

    it("a row is sent back as it was read, its empty lists and objects too", function()
      local row = assert(shop.orders:create { body = '{"orderType":"SELL_ORDER","lines":[],"terms":{}}' })
      local read = assert(shop.orders:get { id = row.id })
      assert.equal("[]", core.encode(read.lines))
      assert.equal("{}", core.encode(read.terms))
      assert(shop.orders:update { id = row.id, body = read })
      local again = assert(shop:request { method = "GET", path = "/hubs/ecommerce/orders/" .. row.id })
      assert.equal("[]", core.encode(again.lines))
      assert.equal("{}", core.encode(again.terms))
    end)

    it("what stands below a row is a resource", function()
      local notes = assert(shop:resource { "customers", 7, "notes" })
      assert(notes:create { body = { content = "a" } })
      assert.equal("a", assert(notes:list {})[1].content)
    end)

    it("an odd segment is refused, any other encoded once", function()
      for _, segments in ipairs { {}, { "" }, { "." }, { ".." }, { "a b" }, { "a", {} }, { x = 1 }, { "a\0" } } do
        local resource, err = shop:resource(segments)
        assert.is_nil(resource)
        assert.equal("usage", err.kind)
      end
      assert(shop:resource { "a/b?c%" })
    end)

    it("a capped page is a warning", function()
      local rows, _, meta = shop.customers:list { page_size = 500 }
      assert.equal(100, #rows)
      assert.truthy(meta.warnings[1]:find("Elements-Error", 1, true))
    end)

    it("a body that is too large is refused before it is sent", function()
      local before = #service:log()
      local _, err = shop.orders:create { body = { note = ("x"):rep(8000001) } }
      assert.equal("too_large", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.equal(before, #service:log())
    end)

    it("any request goes out, with what may be set", function()
      local objects = assert(shop:request { method = "GET", path = "/objects", headers = { ["X-Shop"] = "1" } })
      assert.equal("table", type(objects))
      for path, said in pairs { ["objects"] = "must begin with '/'", ["/a/../b"] = "'..' as a segment",
        ["/a/%2E%2e/b"] = "'..' as a segment", ["/a?b=c"] = "no '?'", ["/a\r\n"] = "control", ["/%zz"] = "percent",
        ["/a%0d%0aX: y"] = "escaped control", ["/a%00"] = "escaped control", ["/a%7F"] = "escaped control" } do
        local _, err = shop:request { method = "GET", path = path }
        assert.truthy(err.message:find(said, 1, true), err.message)
      end
      for _, query in ipairs { { a = { b = 1 } }, { a = { 1, nil, 3 } }, { a = { {} } }, { a = { [2] = 1 } } } do
        local _, err = shop:request { method = "GET", path = "/objects", query = query }
        assert.equal("usage", err.kind)
      end
      for _, name in ipairs { "Authorization", "host", "Content-Length", "a b", "Expect", "Proxy-Connection" } do
        local _, err = shop:request { method = "GET", path = "/objects", headers = { [name] = "1" } }
        assert.equal("usage", err.kind)
      end
    end)

    it("a request with a text for its body is refused without a word of the text", function()
      local result, err, meta = shop:request { method = "POST", path = "/hubs/ecommerce/nothing/1/2/3/4",
        body = '{"apiSecret":"Zq9marker"}',
        base_url = service:url { status = 400, header = { ["X-A"] = "Zq9marker" } } }
      assert.is_nil(result)
      assert.equal(400, meta.status)
      assert.is_nil(tostring(err):find("Zq9marker", 1, true))
      assert.is_nil(meta.headers["x-a"]:find("Zq9marker", 1, true))
      local text, problem = shop:request { method = "POST", path = "/ping", body = "a text", headers = {
        ["X-Api-Key"] = "Zq9marker" }, base_url = service:url { status = 400, header = { ["X-A"] = "Zq9marker" } } }
      assert.is_nil(text)
      assert.equal("rejected", problem.kind)
    end)

    it("a list in place of an object is refused, and a count of too many digits is not believed", function()
      local found, err = shop:ping { base_url = service:url { body = "list" } }
      assert.is_nil(found)
      assert.equal("protocol", err.kind)
      local header = { ["Elements-Total-Count"] = ("9"):rep(400), ["Elements-Returned-Count"] = "-1" }
      local rows, _, meta = shop.orders:list { base_url = service:url { body = "list", header = header } }
      assert.same({}, rows)
      assert.is_nil(meta.total_count)
      assert.is_nil(meta.returned_count)
    end)

    it("its token shows nowhere", function()
      assert.is_nil(tostring(core.encode { a = tostring(shop) }):find(instance.token, 1, true))
      local _, err = assert(client:instance { token = "Zq9marker" }).orders:list {}
      assert.equal("auth", err.kind)
      assert.is_nil(tostring(err):find("Zq9marker", 1, true))
      local made, problem = client:instance { token = "Zq9 marker" }
      assert.is_nil(made)
      assert.is_nil(tostring(problem):find("marker", 1, true))
    end)

    it("its token may be a function, asked at each call", function()
      local asked = 0
      local lazy_shop = assert(sapanywhere.instance {
        base_url = service:url {}, user_secret = service.user_secret,
        token = function()
          asked = asked + 1
          return instance.token
        end,
      })
      assert(lazy_shop.orders:list {})
      assert(lazy_shop.products:count {})
      assert.equal(2, asked)
    end)

    it("nothing is sent once a function of the caller has used up the time", function()
      local function take_long()
        local ends = core.now() + 0.3
        while core.now() < ends do end
      end
      local before = #service:log()
      for _, more in ipairs { { token = function()
        take_long()
        return instance.token
      end }, { token = instance.token, on_event = take_long } } do
        more.timeout = 0.2
        local made, err, meta = assert(client:instance(more)).orders:create { body = { note = "late" } }
        assert.is_nil(made)
        assert.equal("timeout", err.kind)
        assert.equal("not_sent", err.outcome)
        assert.equal(0, meta.attempts)
      end
      assert.equal(before, #service:log())
    end)

    it("it answers a ping", function() assert(shop:ping {}) end)
  end)
end)
