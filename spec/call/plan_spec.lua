local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local made = require "support.values"
local plan = require "sapanywhere.call.plan"
local system = require "sapanywhere.sandbox.carrier.system"
local version = require "sapanywhere.version"

local function request(name, given, client)
  return plan.request(endpoints[name], assert(made.call(name, given, client)))
end

local function merged(base, more)
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

local ACCEPT, AGENT = "Accept: application/json", "User-Agent: sapanywhere-lua/" .. version
local JSON = "Content-Type: application/json"

local OAUTH = {
  api_key = "fake_sapanywhere_api_key", api_secret = "fake_sapanywhere_api_secret",
  callback_url = "https://www.mycoolapp.com/auth", state = "sapanywhere",
}
local BASE = "/elements/api-v2"
local OAUTH_TARGET = BASE .. "/elements/sapanywhere/oauth/url?apiKey=fake_sapanywhere_api_key"
  .. "&apiSecret=fake_sapanywhere_api_secret&callbackUrl=https%3A%2F%2Fwww.mycoolapp.com%2Fauth"
  .. "&state=sapanywhere"

describe("the plan of oauth_url", function()
  it("is the documented request", function()
    local planned = request("oauth_url", OAUTH)
    assert.equal("GET", planned.method)
    assert.equal("https://api.cloud-elements.com", planned.origin)
    assert.equal(OAUTH_TARGET, planned.target)
    assert.same({ ACCEPT, AGENT }, planned.headers)
    assert.is_nil(planned.body)
    assert.equal("sapanywhere", planned.state)
  end)

  local cases = {
    { "writes scope and site address after the state", { scope = "a b", site_address = "shop/1" },
      OAUTH_TARGET .. "&scope=a%20b&siteAddress=shop%2F1" },
    { "writes what is extra last, sorted",
      { extra = { subdomain = "x", debug = true, limit = 3, ["a b"] = "é" } },
      OAUTH_TARGET .. "&a%20b=%C3%A9&debug=true&limit=3&subdomain=x" },
    { "leaves the state out where it is false", { state = false },
      (OAUTH_TARGET:gsub("&state=sapanywhere", "")) },
    { "encodes each value once", { state = "100%25 +&=?#/é~" },
      (OAUTH_TARGET:gsub("state=sapanywhere", "state=100%%2525%%20%%2B%%26%%3D%%3F%%23%%2F%%C3%%A9~")) },
    { "puts the element into the path", { element = "other element%" },
      (OAUTH_TARGET:gsub("elements/sapanywhere", "elements/other%%20element%%25")) },
    { "takes a numeric id", { element = 2198 },
      (OAUTH_TARGET:gsub("elements/sapanywhere", "elements/2198")) },
    { "takes a numeric id as digits", { element = "2198" },
      (OAUTH_TARGET:gsub("elements/sapanywhere", "elements/2198")) },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local given = merged(OAUTH, case[2])
      assert.equal(case[3], request("oauth_url", given).target)
    end)
  end

  it("makes a fresh state of 128 bits where none is given", function()
    local given = merged(OAUTH)
    given.state = nil
    local one, two = request("oauth_url", given), request("oauth_url", given)
    assert.truthy(one.state:find("^%x+$") and #one.state == 32)
    assert.truthy(one.target:find("&state=" .. one.state, 1, true))
    assert.not_equal(one.state, two.state)
  end)

  it("sends no Authorization, even where the secrets are known", function()
    local planned = request("oauth_url", merged(OAUTH, { user_secret = "U", organization_secret = "O" }))
    assert.same({ ACCEPT, AGENT }, planned.headers)
  end)

  it("keeps everything out of the URL with secrets_in = body", function()
    local planned = request("oauth_url",
      merged(OAUTH, { secrets_in = "body", extra = { debug = true }, element = 7 }))
    assert.equal("POST", planned.method)
    assert.equal(BASE .. "/elements/7/oauth/url", planned.target)
    assert.same({ ACCEPT, AGENT, JSON }, planned.headers)
    assert.same({
      apiKey = OAUTH.api_key, apiSecret = OAUTH.api_secret, callbackUrl = OAUTH.callback_url,
        state = "sapanywhere",
      debug = true,
    }, core.decode(planned.body))
  end)

  local bases = {
    { "https://h.example/x/", "https://h.example", "/x" },
    { "https://H.example:443", "https://h.example:443", "" },
    { "http://127.0.0.1:8080/elements/api-v2", "http://127.0.0.1:8080", "/elements/api-v2" },
    { "http://[::1]:8080/", "http://[::1]:8080", "" },
    { "http://localhost/a//", "http://localhost", "/a" },
  }
  for _, case in ipairs(bases) do
    it("goes to the base URL " .. case[1], function()
      local planned = request("oauth_url", merged(OAUTH, { base_url = case[1] }))
      assert.equal(case[2], planned.origin)
      assert.equal(case[3], (planned.target:gsub("/elements/sapanywhere.*$", "")))
    end)
  end

  it("names the caller's user agent", function()
    assert.same({ ACCEPT, "User-Agent: shop/2" },
      request("oauth_url", merged(OAUTH, { user_agent = "shop/2" })).headers)
  end)

  it("refuses more parameters, or larger ones, than a URL can have", function()
    local many = {}
    for index = 1, 20000 do many["p" .. index] = "" end
    for _, extra in ipairs { many, { x = ("a"):rep(2 ^ 28 + 1) } } do
      local planned, err = request("oauth_url", merged(OAUTH, { extra = extra }))
      assert.is_nil(planned)
      assert.equal("usage", err.kind)
      assert.truthy(err.message:find("at most 1000 parameters", 1, true), err.message)
    end
  end)

  it("refuses a parameter of its own that is larger than a URL", function()
    local planned, err = request("oauth_url", merged(OAUTH, { state = ("a"):rep(2 ^ 28 + 1) }))
    assert.is_nil(planned)
    assert.equal("usage", err.kind)
  end)

  it("carries the limits of the call", function()
    local planned = request("oauth_url",
      merged(OAUTH, { timeout = 5, connect_timeout = 2, max_response_bytes = 2048 }))
    assert.same({ 5, 2, 2048 }, { planned.timeout, planned.connect_timeout, planned.max_bytes })
  end)

  it("lets a list be long and compressed, a single object neither", function()
    local planned = request("oauth_url", OAUTH)
    assert.same({ 1048576, nil, false }, { planned.max_bytes, planned.gzip, planned.once })
    planned = request("list_instances", { user_secret = "u", organization_secret = "o" })
    assert.same({ 8388608, true, false }, { planned.max_bytes, planned.gzip, planned.once })
  end)
end)

local CREATE = {
  user_secret = "<INSERT_USER_SECRET>", organization_secret = "<INSERT_ORGANIZATION_SECRET>",
  code = "<CODE_ON_THE_RETURN_URL>", api_key = "<INSERT_CLIENT_ID>", api_secret = "<INSERT_CLIENT_SECRET>",
  callback_url = "https://www.mycoolapp.com/auth", name = "<INSERT_INSTANCE_NAME>",
    tags = { "<ADD_YOUR_TAG>" },
}
local DOCUMENTED = system.read_file("spec/fixtures/create_instance.json")
local AUTHORIZATION = "Authorization: User <INSERT_USER_SECRET>, Organization <INSERT_ORGANIZATION_SECRET>"

local function documented()
  return assert(core.decode(DOCUMENTED))
end

describe("the plan of create_instance", function()
  it("is the documented request", function()
    local planned = request("create_instance", CREATE)
    assert.equal("POST", planned.method)
    assert.equal("https://api.cloud-elements.com", planned.origin)
    assert.equal("/elements/api-v2/instances", planned.target)
    assert.same({ ACCEPT, AGENT, JSON, AUTHORIZATION }, planned.headers)
    assert.same(documented(), core.decode(planned.body))
    assert.is_nil(planned.state)
  end)

  it("goes to the element's own path by numeric id, and names no key", function()
    local planned = request("create_instance", merged(CREATE, { element = 2198 }))
    assert.equal("/elements/api-v2/elements/2198/instances", planned.target)
    local expected = documented()
    expected.element = nil
    assert.same(expected, core.decode(planned.body))
  end)

  it("writes tags as a list also when there are none", function()
    assert.truthy(request("create_instance", merged(CREATE, { tags = {} })).body:find('"tags":%[%]'))
    local body = merged(documented(), { tags = {} })
    local given = { user_secret = "u", organization_secret = "o", body = body }
    assert.truthy(request("create_instance", given).body:find('"tags":%[%]'))
  end)

  it("leaves tags out where none are given", function()
    local given = merged(CREATE)
    given.tags = nil
    assert.is_nil(core.decode(request("create_instance", given).body).tags)
  end)

  it("merges configuration with its dotted keys, and extra at the top and deeper", function()
    local planned = request("create_instance", merged(CREATE, {
      configuration = { ["event.notification.enabled"] = true, ["oauth.scope"] = "BusinessData_RW",
        ["n.n"] = 3 },
      extra = { retrieveObjectsAfterInstantiation = true, providerData = { debug = true } },
    }))
    local expected = documented()
    expected.configuration["event.notification.enabled"] = true
    expected.configuration["oauth.scope"] = "BusinessData_RW"
    expected.configuration["n.n"] = 3
    expected.retrieveObjectsAfterInstantiation = true
    expected.providerData.debug = true
    assert.same(expected, core.decode(planned.body))
  end)

  it("sends a body as it is given", function()
    local body = merged(documented(), { objects = { "a" }, element = { id = 2198 } })
    local planned = request("create_instance", {
      user_secret = "<INSERT_USER_SECRET>", organization_secret = "<INSERT_ORGANIZATION_SECRET>", body = body,
    })
    assert.equal("/elements/api-v2/instances", planned.target)
    assert.same({ ACCEPT, AGENT, JSON, AUTHORIZATION }, planned.headers)
    assert.same(body, core.decode(planned.body))
  end)

  it("gives the same request for the same values", function()
    local values = assert(made.call("create_instance",
      merged(CREATE, { configuration = { a = "b" } })))
    local one, two = plan.request(endpoints.create_instance, values),
      plan.request(endpoints.create_instance, values)
    assert.same(core.decode(one.body), core.decode(two.body))
    assert.same(one.headers, two.headers)
  end)
end)

describe("the Authorization header", function()
  local turn = 0
  local client = assert(made.client {
    user_secret = "client-user", organization_secret = function()
      turn = turn + 1
      return "organization-" .. turn
    end,
  })
  local steady = assert(made.client { user_secret = "client-user", organization_secret = "client-organization" })

  local function signature(given, of)
    for _, line in ipairs(request("get_instance", merged({ id = 1 }, given), of).headers) do
      if line:find("^Authorization:") then return line end
    end
  end

  it("has what the call was given, whatever calls were made before", function()
    local usual = "Authorization: User client-user, Organization client-organization"
    for _ = 1, 2 do
      assert.equal(usual, signature({}, steady))
      assert.equal("Authorization: User call-user, Organization client-organization",
        signature({ user_secret = "call-user" }, steady))
      assert.equal("Authorization: User client-user, Organization call-organization",
        signature({ organization_secret = "call-organization" }, steady))
    end
  end)

  it("asks a function for each call, and keeps nothing of it", function()
    assert.equal("Authorization: User client-user, Organization organization-1", signature({}, client))
    assert.equal("Authorization: User client-user, Organization organization-2", signature({}, client))
  end)

  it("is never another kind's", function()
    local shop = assert(made.instance({ token = "token" }, steady))
    local listed = plan.request(endpoints["resource:list"], assert(made.call("resource:list", {}, shop)))
    assert.equal("Authorization: User client-user, Element token", listed.headers[#listed.headers])
    assert.equal("Authorization: User client-user, Organization client-organization", signature({}, steady))
  end)
end)

describe("the plan of list_instances", function()
  local SECRETS = { user_secret = "<INSERT_USER_SECRET>", organization_secret = "<INSERT_ORGANIZATION_SECRET>" }

  it("asks for each tag, and for one page", function()
    local planned = request("list_instances", merged(SECRETS, {
      tags = { "made-by:1", "eu" }, search_text = "my shop", page_size = 7, next_page = "e+/=",
    }))
    assert.equal("GET", planned.method)
    assert.equal("/elements/api-v2/instances?searchText=my%20shop&pageSize=7&nextPage=e%2B%2F%3D"
      .. "&tags%5B%5D=made-by%3A1&tags%5B%5D=eu", planned.target)
    assert.same({ ACCEPT, AGENT, AUTHORIZATION }, planned.headers)
    assert.is_nil(planned.body)
    assert.is_true(planned.repeatable)
  end)
end)

describe("the path of an instance", function()
  local SECRETS = { user_secret = "u", organization_secret = "o" }

  for id, segment in pairs { [1001] = "1001", ["a b"] = false, [" "] = false, ["."] = false, [".."] = false,
    [""] = false,
    ["a/b?c#d"] = "a%2Fb%3Fc%23d", ["é%"] = "%C3%A9%25", ["********"] = false, [1.5] = false } do
    it(("is one segment, or refused: %q"):format(tostring(id)), function()
      for _, name in ipairs { "get_instance", "delete_instance", "enable_instance", "disable_instance" } do
        local values, err = made.call(name, merged(SECRETS, { id = id }))
        if segment then
          assert.equal(BASE .. "/instances/" .. segment,
            (plan.request(endpoints[name], values).target:gsub("/enabled$", "")))
        else
          assert.equal("usage", err.kind)
          assert.equal("id", err.problems[1].option)
        end
      end
    end)
  end

  it("takes a new authorization under its own parameter", function()
    local given = merged(CREATE, { id = 7, element = 2198 })
    local planned = request("reauthenticate_instance", given)
    assert.equal("PUT", planned.method)
    assert.equal(BASE .. "/instances/7?reAuthenticate=true", planned.target)
    assert.same({ id = 2198 }, core.decode(planned.body).element)
    assert.is_false(planned.repeatable)
  end)
end)

describe("a body that is given whole", function()
  it("has its empty list written as a list", function()
    local body = {
      element = { key = "sapanywhere" }, providerData = { code = "c-1234" }, name = "my shop", tags = {},
      configuration = {
        ["oauth.callback.url"] = "https://www.mycoolapp.com/auth", ["oauth.api.key"] = "k-1234",
        ["oauth.api.secret"] = "s-1234",
      },
    }
    local planned = request("create_instance", { user_secret = "u-1234", organization_secret = "o-1234", body = body })
    assert.truthy(planned.body:find('"tags":[]', 1, true), planned.body)
    assert.is_nil(getmetatable(body.tags))
  end)
end)

describe("the plan of a call of an instance", function()
  local SHOP = assert(made.instance({ token = "t-1234" }, assert(made.client { user_secret = "u-1234" })))

  local function planned(name, given)
    local values = assert(made.call(name, given, SHOP))
    return plan.request(endpoints[name], values)
  end

  it("has names with commas between them, as a list or as one text", function()
    local target = "/elements/api-v2/hubs/ecommerce/customers?fields=id%2CfirstName"
    assert.equal(target, planned("resource:list", { fields = { "id", "firstName" } }).target)
    assert.equal(target, planned("resource:list", { fields = "id,firstName" }).target)
  end)

  it("has numbers and booleans of a query as text, whole ones without a point", function()
    for value, text in pairs {
      [7] = "7", [2 ^ 53] = "9007199254740992", [-2 ^ 53] = "-9007199254740992", [1.5] = "1.5",
      [0.1 + 0.2] = "0.30000000000000004", [true] = "true",
      [false] = "false", ["a b"] = "a%20b",
    } do
      local made_of = planned("instance:request", { method = "GET", path = "/x", query = { v = value } })
      assert.equal("/elements/api-v2/x?v=" .. text, made_of.target)
    end
  end)

  it("may be repeated where its own method is GET", function()
    for method, expected in pairs { GET = true, POST = false, PUT = false, PATCH = false, DELETE = false } do
      local made_of = planned("instance:request", { method = method, path = "/x" })
      assert.equal(method, made_of.method)
      assert.equal(expected, made_of.repeatable)
    end
    assert.is_true(planned("resource:list", {}).repeatable)
    assert.is_false(planned("resource:delete", { id = 1 }).repeatable)
  end)

  it("carries the user's secret and the token", function()
    local lines = planned("resource:list", {}).headers
    assert.equal("Authorization: User u-1234, Element t-1234", lines[#lines])
  end)
end)

describe("a creation whose body cannot be written", function()
  it("is a usage error that says where", function()
    local large = ("x"):rep(65 * 1024 * 1024)
    local _, err = request("create_instance", merged(CREATE, { name = large }))
    assert.equal("usage", err.kind)
    assert.truthy(err.message:find("the request's body is too large", 1, true), err.message)
    _, err = request("create_instance", merged(CREATE, { extra = { note = large } }))
    assert.truthy(err.message:find("note of the request's body is too large", 1, true), err.message)
  end)
end)

describe("what a client's options settle of its requests", function()
  local SECRETS = {
    api_key = "key-1", api_secret = "secret-1", callback_url = "https://h.example/cb", user_secret = "user-1",
    organization_secret = "organization-1", scope = "all",
  }

  -- The request of a call of a client, without what is another each time.
  local function planned(name, given, client)
    local made_request = assert(request(name, given, client))
    return { made_request.method, made_request.origin, made_request.target, made_request.headers, made_request.body,
      made_request.max_bytes, made_request.connect_timeout, made_request.timeout }
  end

  local CALLS = {
    { "oauth_url", { state = "s" } }, { "oauth_url", { state = "t" } }, { "oauth_url", { state = false } },
    { "oauth_url", { state = "s", element = "other" } }, { "oauth_url", { state = "s", api_key = "key-2" } },
    { "oauth_url", { state = "s", api_secret = function() return "secret-2" end } },
    { "oauth_url", { state = "s", scope = "some", site_address = "a" } },
    { "oauth_url", { state = "s", extra = { a = 1 } } }, { "oauth_url", { state = "s", secrets_in = "body" } },
    { "oauth_url", { state = "s", base_url = "https://other.example/x", user_agent = "me" } },
    { "oauth_url", setmetatable({ state = "s" }, { __index = { element = "behind" } }) },
    { "oauth_url", { state = "s", max_response_bytes = 2048, timeout = 3, connect_timeout = 2 } },
    { "create_instance", { code = "c", name = "n" } },
    { "create_instance", { code = "d", name = "m", tags = { "x" } } },
    { "create_instance", { code = "c", name = "n", element = 2198 } },
    { "create_instance", { code = "c", name = "n", user_secret = "user-2" } },
    { "create_instance", { code = function() return "c" end, name = "n", configuration = { a = "b" } } },
    { "create_instance",
      { code = "c", name = "n", traceparent = "00-" .. ("a"):rep(32) .. "-" .. ("b"):rep(16) .. "-01" } },
    { "get_instance", { id = 7 } }, { "get_instance", { id = "a/b" } }, { "list_instances", { tags = { "a", "b" } } },
    { "list_instances", {} }, { "delete_instance", { id = 7 } }, { "update_instance", { id = 7, name = "n" } },
  }

  local clients = {
    ["as the README makes it"] = {}, ["with an element's id"] = { element = "2198" },
    ["with its secrets in bodies"] = { secrets_in = "body" },
    ["with limits"] = { max_response_bytes = 4096, timeout = 9 },
    ["with functions for secrets"] = {
      api_key = function() return "key-3" end, organization_secret = function() return "organization-3" end,
    },
  }

  for name, more in pairs(clients) do
    it("is the same at each call of a client " .. name, function()
      local options = merged(SECRETS, more)
      local client = assert(made.client(options))
      for _ = 1, 2 do
        for i, call in ipairs(CALLS) do
          assert.same(planned(call[1], call[2], assert(made.client(options))), planned(call[1], call[2], client), i)
        end
      end
    end)
  end

  it("asks a client's functions at each call", function()
    local count = 0
    local client = assert(made.client(merged(SECRETS, {
      api_key = function()
        count = count + 1
        return "key-" .. count
      end,
    })))
    for i = 1, 3 do
      assert.truthy(request("oauth_url", { state = "s" }, client).target:find("apiKey=key-" .. i .. "&", 1, true))
    end
  end)

  it("leaves to each call what it must give itself", function()
    local client = assert(made.client(SECRETS))
    assert(made.call("create_instance", { code = "c", name = "n" }, client))
    for _ = 1, 2 do
      local values, err = made.call("create_instance", {}, client)
      assert.is_nil(values)
      assert.same({ "code", "name" }, err.missing)
    end
    assert.same({ "api_key" }, select(2, made.call("oauth_url", {}, assert(made.client {
      api_secret = "s", callback_url = "https://h.example/cb",
    }))).missing)
  end)

  it("is each resource's own", function()
    local client = assert(made.client(SECRETS))
    local shop = assert(require("sapanywhere.call.derive").made_with(
      require("sapanywhere.api.options").INSTANCE, { token = "token-1" }, client, require "sapanywhere.api.options"))
    local derive = require "sapanywhere.call.derive"
    for _ = 1, 2 do
      for _, resource in ipairs { "customers", "orders" } do
        local values = derive.object(setmetatable({ resource = resource }, shop.inherit))
        local planned_list = request("resource:list", { page_size = 5 }, values)
        assert.equal(BASE .. "/hubs/ecommerce/" .. resource .. "?pageSize=5", planned_list.target)
        assert.equal("Authorization: User user-1, Element token-1", planned_list.headers[3])
      end
    end
  end)
end)
