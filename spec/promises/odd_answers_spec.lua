-- Answers that a service should not give, and what each kind of call makes of them: nothing wrong is taken for what was
-- asked for, a list that was cut least of all.

local core = require "sapanywhere.core"
local services = require "support.service"

describe("an odd answer", function()
  local service, client, shop

  setup(function()
    service = services.start {}
    client = service:client {
      user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    }
    local instance = assert(client:create_instance { code = service:code(), name = "x" })
    shop = assert(client:instance { token = instance.token })
  end)
  teardown(function()
    client:close()
    service:stop()
  end)

  -- A URL at which every answer is this.
  local function saying(body, head, status)
    local answer = "HTTP/1.1 %s\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s"
    return service:url { act = false, raw = answer:format(status or "200 OK", head or "", #body, body) }
  end

  -- What a call made of an answer, in a few words.
  local function told(result, err)
    if err then return err.kind end
    return type(result) == "table" and core.encode(result) or tostring(result)
  end

  local CALLS = {
    list = function(url) return shop.orders:list { base_url = url } end,
    each = function(url)
      local found = {}
      for row, err in shop.orders:each { base_url = url } do
        found[#found + 1] = row and (type(row) == "table" and core.encode(row) or tostring(row)) or err.kind
      end
      return table.concat(found, " ")
    end,
    get = function(url) return shop.orders:get { id = 1, base_url = url } end,
    create = function(url) return shop.orders:create { body = {}, base_url = url } end,
    delete = function(url) return shop.orders:delete { id = 1, base_url = url } end,
    count = function(url) return shop.orders:count { base_url = url } end,
    ping = function(url) return shop:ping { base_url = url } end,
    request = function(url) return shop:request { method = "GET", path = "/x", base_url = url } end,
    get_instance = function(url) return client:get_instance { id = 1, base_url = url } end,
    list_instances = function(url) return client:list_instances { base_url = url } end,
    create_instance = function(url) return client:create_instance { code = "c", name = "n", base_url = url } end,
    bulk_query = function(url) return shop:bulk_query { query = "x", base_url = url } end,
    bulk_status = function(url) return shop:bulk_status { id = 1, base_url = url } end,
  }

  -- Body, then what calls make of it.
  local BODIES = {
    { "", { list = "json", each = "json", get = "json", create = "true", delete = "true", count = "json", ping = "json",
      request = "true", get_instance = "json", create_instance = "json", bulk_query = "json" } },
    { " \r\n", { list = "json", create = "true", request = " \r\n" } },
    { "null", { list = "protocol", each = "protocol", get = tostring(core.null), count = "protocol", ping = "protocol",
      get_instance = "protocol", list_instances = "protocol", create_instance = "protocol", bulk_query = "protocol" } },
    { "{}", { list = "protocol", each = "protocol", get = "{}", count = "protocol", ping = "{}",
      get_instance = "protocol", list_instances = "protocol", create_instance = "protocol",
      bulk_status = "protocol" } },
    { "[]", { list = "[]", each = "", count = "protocol", ping = "protocol", get_instance = "protocol",
      create_instance = "protocol", bulk_query = "protocol" } },
    { '{"rows":[{"id":1}]}', { list = "protocol", each = "protocol", list_instances = "protocol" } },
    { '[{"id":1},null,{"id":2}]', { list = '[{"id":1},null,{"id":2}]', each = '{"id":1} protocol' } },
    { '[{"id":1},false]', { list = '[{"id":1},false]', each = '{"id":1} protocol' } },
    { "[null]", { each = "protocol" } }, { '["customers",5]', { each = "customers 5" } },
    { "5", { count = "5", list = "protocol" } }, { '"5"', { count = "5" } }, { '{"count":5}', { count = "5" } },
    { '{"count":"5"}', { count = "5" } }, { "-1", { count = "protocol" } }, { "1.5", { count = "protocol" } },
    { '"1e3"', { count = "protocol" } }, { '" 5"', { count = "protocol" } },
    { '{"count":null}', { count = "protocol" } },
    { '"' .. ("9"):rep(400) .. '"', { count = "protocol" } }, { '{"totalInstances":5}', { count = "protocol" } },
    { '{"id":null}', { get_instance = "protocol", bulk_query = "protocol" } },
    { '{"id":{"id":1}}', { get_instance = "protocol", bulk_query = "protocol" } },
    { '{"id":""}', { get_instance = "protocol", bulk_query = "protocol" } },
    { '{"id":1,"token":null}', { create_instance = "protocol" } },
    { '{"id":1,"token":{"token":"t"}}', { create_instance = "protocol" } },
    { '{"id":1,"instance":{"token":"t"}}', { create_instance = "protocol" } },
    { '{"id":1,"token":"********"}', { create_instance = "protocol" } },
    { '{"id":1,"token":"a\\nb"}', { create_instance = "protocol" } },
    { '[{"id":1,"token":"t"}]', { create_instance = "protocol" } },
    { '{"status":null}', { bulk_status = "protocol" } }, { '{"status":["COMPLETED"]}', { bulk_status = "protocol" } },
    { '{"status":"COMPLETED\\u0007"}', { bulk_status = "protocol" } },
  }

  for _, row in ipairs(BODIES) do
    it("is not taken for what it is not: " .. row[1]:sub(1, 40):gsub("%s", " "), function()
      for name, expected in pairs(row[2]) do
        assert.equal(expected, told(CALLS[name](saying(row[1]))), name)
      end
    end)
  end

  it("of 404 that says that a list is empty is a list, and goes on as one", function()
    local url = saying('{"requestId":"x","message":"No instances found"}', nil, "404 Not Found")
    assert.equal("[]", core.encode(assert(client:list_instances { base_url = url })))
    for one, err in client:each_instance { base_url = url } do error(tostring(one or err)) end
    assert.equal("not_found", told(shop.orders:list { base_url = url }))
    assert.equal("not_found", told(client:get_instance { id = 1, base_url = url }))
    assert.equal("not_found", told(client:delete_instance { id = 1, base_url = url }))
  end)

  it("of 204 is a success where nothing is owed, whatever its body", function()
    assert.is_true(shop.orders:create { body = {}, base_url = saying("", nil, "204 No Content") })
    assert.is_true(shop.orders:delete { id = 1, base_url = saying('{"id":1}', nil, "204 No Content") })
    assert.equal("json", told(shop.orders:list { base_url = saying("", nil, "204 No Content") }))
  end)

  it("of 2xx is a success where nothing is owed, with any body", function()
    for _, body in ipairs { "", "<html>", "null", "\1\255" } do
      assert.is_true(shop.orders:delete { id = 1, base_url = saying(body) })
      assert.is_true(client:enable_instance { id = 1, base_url = saying(body, nil, "202 Accepted") })
    end
  end)

  it("that gives an instance no token of use leaves the old one", function()
    for _, token in ipairs { "null", '""', '"********"', '{"token":"t"}', "5", '"a\\u0000"', "false" } do
      local result, err, meta = client:reauthenticate_instance { id = 1, code = "c", name = "n",
        base_url = saying('{"id":1,"token":' .. token .. "}") }
      assert(result, tostring(err))
      assert.is_nil(result.token, token)
      if token ~= "null" then assert.truthy(meta.warnings[1]:find("token is not", 1, true)) end
    end
    local good = assert(client:reauthenticate_instance { id = 1, code = "c", name = "n",
      base_url = saying '{"id":1,"token":"a+b/c="}' })
    assert.equal("a+b/c=", good.token)
  end)

  it("with counts that are none has none", function()
    for _, count in ipairs { "abc", "-1", "1e9", "1.5", ("9"):rep(16), "0x10", " " } do
      local head = ("Elements-Returned-Count: %s\r\nElements-Total-Count: %s\r\n"):format(count, count)
      local rows, _, meta = shop.orders:list { base_url = saying("[{}]", head) }
      assert.equal(1, #rows)
      assert.is_nil(meta.returned_count)
      assert.is_nil(meta.total_count)
    end
  end)

  describe("with a token of the next page", function()
    local function list(token, more)
      local head = ("Elements-Next-Page-Token: %s\r\n%s"):format(token, more or "")
      return shop.orders:list { base_url = saying("[{}]", head) }
    end

    it("that is anything printable goes back as it came, as one parameter", function()
      for _, token in ipairs {
        "a&pageSize=1#?", "%0d%0aX-Injected: 1", "eyJ0b2tlbiI6ImFiYyJ9", "a b+c", "'\"<>\\^`{|}",
        "\195\164\226\130\172", "../../instances", "code=1&token=abcdefgh", ("x"):rep(60000),
      } do
        local _, err, meta = list(token)
        assert.is_nil(err)
        assert.equal(token, meta.next_page)
        service:clear_log()
        assert(shop.orders:list { next_page = token, base_url = saying "[]" })
        local uri = service:log()[1].uri
        assert.equal(core.percent_encode(token), uri:match("[?]nextPage=(.*)$"), uri:sub(1, 200))
      end
    end)

    it("is not changed by what is hidden in headers beside it", function()
      for _, more in ipairs { "X-Note: token=abcdefgh\r\n", "X-Echo: User " .. service.user_secret .. "\r\n" } do
        for _, token in ipairs { "token=abcdefgh", "a?code=12345678&x=1", "Bearer abcdefghijk" } do
          local _, _, meta = list(token, more)
          assert.equal(token, meta.next_page)
        end
      end
      local _, _, meta = list("a" .. service.user_secret, "X-Note: 1\r\n")
      assert.is_nil(meta.next_page:find(service.user_secret, 1, true))
    end)

    it("that cannot be sent back is an error: without it the list would look whole", function()
      for _, token in ipairs { "a\tb", "\255\254", "\27[31m", "a\127" } do
        assert.equal("protocol", told(list(token)))
        local url = saying('[{"id":1}]', ("Elements-Next-Page-Token: %s\r\n"):format(token))
        assert.equal("protocol", CALLS.each(url))
        assert.equal("protocol", told(CALLS.request(url)))
      end
    end)

    it("that is empty is none", function()
      local _, _, meta = list ""
      assert.is_nil(meta.next_page)
    end)
  end)

  it("refuses with members of any type, and is told as well as it can be", function()
    local _, err = shop.orders:get { id = 1, base_url = saying(
      '{"message":{"a":{"b":1}},"requestId":[1],"providerMessage":false}', nil, "400 No") }
    assert.equal("rejected", err.kind)
    assert.equal("string", type(err.message))
    assert.truthy(err.request_id == nil or type(err.request_id) == "string")
  end)
end)
