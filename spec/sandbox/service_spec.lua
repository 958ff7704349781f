-- The local service as a function, held against the documents; no server.

local cjson = require "cjson"
local misbehave = require "sapanywhere.sandbox.faults.misbehave"
local records = require "sapanywhere.sandbox.service.records"
local service = require "sapanywhere.sandbox.service.service"
local store = require "sapanywhere.sandbox.service.store"
local system = require "sapanywhere.sandbox.carrier.system"
local url = require "sapanywhere.sandbox.service.url"

local callback_url = "https://www.mycoolapp.com/auth?x=1"

local function read_fixture(name)
  return system.read_file("spec/fixtures/" .. name)
end

local function make_service(options)
  local settings = {
    api_key = "key & <co>", api_secret = "se+cr/et=",
    user_secret = "us+er/=", organization_secret = ("0a"):rep(16),
    tags_as = "absent", client_id_as = "key", mask = false,
  }
  for name, value in pairs(options or {}) do settings[name] = value end
  local known = store.new()
  local self = { settings = settings, store = known }
  function self.call(method, target, given)
    given = given or {}
    local path, query = target:match("^([^?]*)%??(.*)$")
    return service.answer(settings, known, {
      method = method, path = path, query = query, body = given.body or "", headers = given.headers or {},
      origin = "http://127.0.0.1:1",
    })
  end
  function self.api(method, target, given)
    given = given or {}
    given.headers = given.headers or {}
    if given.headers.authorization == nil then
      given.headers.authorization = "User " .. settings.user_secret .. ", Organization "
        .. settings.organization_secret
    end
    if type(given.body) == "table" then given.body = cjson.encode(given.body) end
    if given.body then given.headers["content-type"] = given.headers["content-type"] or "application/json" end
    return self.call(method, "/elements/api-v2" .. target, given)
  end
  return self
end

local function header_of(answer, name)
  for _, header in ipairs(answer.headers) do
    if header[1]:lower() == name:lower() then return header[2] end
  end
end

local function message_of(answer)
  return cjson.decode(answer.body).message
end

local function oauth_target(self, changes)
  local values = {
    apiKey = self.settings.api_key, apiSecret = self.settings.api_secret,
    callbackUrl = callback_url, state = "a b&c",
  }
  for name, value in pairs(changes or {}) do values[name] = value or nil end
  local pairs_of = {}
  for name, value in pairs(values) do table.insert(pairs_of, { name, value }) end
  return "/elements/sapanywhere/oauth/url?" .. url.build_query(pairs_of)
end

local function ask(self, changes)
  return cjson.decode(self.api("GET", oauth_target(self, changes)).body).oauthUrl
end

local function show(self, oauth_url)
  local page = self.call("GET", oauth_url:match("^http://127.0.0.1:1(/.*)$"))
  return page, page.body:match('name="form" value="(%x+)"')
end

local function press(self, form, decision)
  return self.call("POST", "/sbo/oauth2/authorize", {
    headers = { ["content-type"] = "application/x-www-form-urlencoded" },
    body = "form=" .. form .. "&decision=" .. decision,
  })
end

local function get_code(self)
  local _, form = show(self, ask(self))
  return header_of(press(self, form, "allow"), "Location"):match("[?&]code=(%x+)")
end

local function creation(self, code, changes)
  local body = {
    element = { key = "sapanywhere" }, providerData = { code = code }, name = "my shop", tags = { "eu" },
    configuration = {
      ["oauth.callback.url"] = callback_url, ["oauth.api.key"] = self.settings.api_key,
      ["oauth.api.secret"] = self.settings.api_secret,
    },
  }
  for name, value in pairs(changes or {}) do
    local setting = name:match("^configuration%.(.*)$")
    if setting then
      body.configuration[setting] = value or nil
    else
      body[name] = value or nil
    end
  end
  return body
end

local function create(self, changes, target)
  local answer = self.api("POST", target or "/instances", { body = creation(self, get_code(self), changes) })
  return answer.status == 200 and cjson.decode(answer.body) or nil, answer
end

-- The number may have been read as a float.
local function path_of(instance)
  return ("/instances/%d"):format(instance.id)
end

local function assert_refused(status, answer)
  local body = cjson.decode(answer.body)
  assert.equal(status, answer.status)
  assert.matches("^" .. ("%x"):rep(24) .. "$", body.requestId)
  assert.equal(body.requestId, header_of(answer, "elements-request-id"))
  assert.equal("string", type(body.message))
  return body
end

describe("the sandbox's answer to oauth/url", function()
  it("has the two documented fields and an address of the consent page", function()
    local self = make_service()
    local answer = self.api("GET", oauth_target(self))
    assert.equal(200, answer.status)
    assert.same({
      element = "sapanywhere",
      oauthUrl = "http://127.0.0.1:1/sbo/oauth2/authorize?scope=BusinessData_RW&response_type=code"
        .. "&redirect_uri=https%3A%2F%2Fwww.mycoolapp.com%2Fauth%3Fx%3D1&state=a%20b%26c"
        .. "&client_id=key%20%26%20%3Cco%3E",
    }, cjson.decode(answer.body))
  end)

  it("holds the same names in the same order as the documented sample", function()
    local self = make_service { client_id_as = "url" }
    local documented = cjson.decode(read_fixture("oauth_url.json"))
    local function names(address)
      local out = {}
      for name in address:gmatch("[?&]([%w_]+)=") do out[#out + 1] = name end
      return out
    end
    assert.same(names(documented.oauthUrl), names(ask(self, {
      state = "sapanywhere", callbackUrl = "https://www.mycoolapp.com/auth",
    })))
  end)

  it("is the same by numeric id and by POST, and echoes a scope of the caller's", function()
    local self = make_service()
    local by_id = self.api("GET", (oauth_target(self):gsub("sapanywhere", "2198", 1)))
    assert.equal("sapanywhere", cjson.decode(by_id.body).element)
    local by_post = self.api("POST", "/elements/sapanywhere/oauth/url", { body = {
      apiKey = self.settings.api_key, apiSecret = self.settings.api_secret,
      callbackUrl = callback_url, scope = "A B",
    } })
    assert.matches("scope=A%%20B&", cjson.decode(by_post.body).oauthUrl)
    assert.not_matches("state=", cjson.decode(by_post.body).oauthUrl)
  end)

  it("needs no Authorization header and accepts one", function()
    local self = make_service()
    assert.equal(200, self.call("GET", "/elements/api-v2" .. oauth_target(self)).status)
    assert.equal(200, self.api("GET", oauth_target(self)).status)
  end)

  local refusals = {
    { "a missing secret", { apiSecret = false }, 400, "Missing required parameters: apiSecret" },
    { "an empty key", { apiKey = "" }, 400, "Missing required parameters: apiKey" },
    { "nothing at all", { apiKey = false, apiSecret = false, callbackUrl = false }, 400,
      "Missing required parameters: apiKey, apiSecret, callbackUrl" },
    { "a relative callback", { callbackUrl = "/auth" }, 400 },
    { "a callback with a fragment", { callbackUrl = "https://a.example/#x" }, 400 },
    { "a callback with a line end", { callbackUrl = "https://a.example/\r\nX: y" }, 400 },
    { "a callback that is a script", { callbackUrl = "javascript:alert(1)" }, 400 },
    { "a wrong key", { apiKey = "other" }, 401 },
    { "a wrong secret", { apiSecret = "se cr/et=" }, 401 },
  }
  for _, case in ipairs(refusals) do
    it("refuses " .. case[1], function()
      local self = make_service()
      local body = assert_refused(case[3], self.api("GET", oauth_target(self, case[2])))
      if case[4] then assert.equal(case[4], body.message) end
    end)
  end

  it("refuses an unknown element, a parameter given twice, and malformed escapes", function()
    local self = make_service()
    assert_refused(404, self.api("GET", (oauth_target(self):gsub("sapanywhere", "shopify", 1))))
    assert_refused(400, self.api("GET", oauth_target(self) .. "&apiKey=x"))
    assert_refused(400, self.api("GET", oauth_target(self) .. "&x=%zz"))
  end)

  it("refuses a POST that is not JSON, says it is not, or has its parameters in the query", function()
    local self = make_service()
    local path = "/elements/sapanywhere/oauth/url"
    assert_refused(400, self.api("POST", path, { body = "apiKey=x" }))
    assert_refused(400, self.api("POST", path, { body = "[1]" }))
    assert_refused(400, self.api("POST", path, { body = { apiKey = 1 } }))
    local as_text = { body = "{}", headers = { ["content-type"] = "text/plain" } }
    assert_refused(415, self.api("POST", path, as_text))
    assert_refused(415, self.api("POST", path))
    assert_refused(400, self.api("POST", oauth_target(self), { body = "{}" }))
  end)
end)

describe("the sandbox's consent page", function()
  it("says who asks for what and where the answer goes, with everything escaped", function()
    local self = make_service()
    local page = show(self, ask(self, { scope = "<script>\"'", state = "\"><script>" }))
    assert.equal(200, page.status)
    assert.matches("text/html", header_of(page, "Content-Type"))
    assert.matches("key &amp; &lt;co&gt;", page.body)
    assert.matches("&lt;script&gt;&quot;&#39;", page.body)
    assert.matches("https://www.mycoolapp.com/auth%?x=1", page.body)
    assert.not_matches("<script", page.body)
    assert.matches('value="allow">Allow</button>', page.body)
    assert.matches('value="deny">Deny</button>', page.body)
    assert.matches('<html lang="en">', page.body)
  end)

  it("redirects with code and state, both decoding to what they were", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    local answer = press(self, form, "allow")
    assert.equal(302, answer.status)
    local location = header_of(answer, "Location")
    assert.equal(1, location:find(callback_url .. "&code=", 1, true))
    assert.same({ "a b&c" }, url.parse_query(location:match("%?(.*)$")).state)
  end)

  it("redirects with an error and the state, and no code, where it is denied", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    local location = header_of(press(self, form, "deny"), "Location")
    assert.equal(callback_url .. "&error=access_denied&state=a%20b%26c", location)
  end)

  it("leaves out a state that was not given", function()
    local self = make_service()
    local _, form = show(self, ask(self, { state = false }))
    assert.not_matches("state", header_of(press(self, form, "allow"), "Location"))
  end)

  it("understands the documented sample's way of saying client_id", function()
    local self = make_service { client_id_as = "url", api_key = "fake_key" }
    assert.equal(200, show(self, ask(self)).status)
  end)

  it("takes each form once, and only forms that it showed", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    assert.equal(302, press(self, form, "deny").status)
    assert.equal(400, press(self, form, "allow").status)
    assert.equal(400, press(self, ("0"):rep(32), "allow").status)
    local _, other = show(self, ask(self))
    assert.equal(400, press(self, other, "maybe").status)
  end)

  local function changed(from, to)
    return function(address) return (address:gsub(from, to, 1)) end
  end
  for name, change in pairs {
    ["a callback that was never asked with"] = changed("mycoolapp", "evil"),
    ["an unknown client"] = changed("client_id=key", "client_id=kex"),
    ["another response type"] = changed("response_type=code", "response_type=token"),
    ["malformed escapes"] = changed("state=a%%20", "state=a%%2g"),
    ["nothing"] = changed("%?.*", ""),
  } do
    it("shows no form for " .. name, function()
      local self = make_service()
      local page, form = show(self, change(ask(self)))
      assert.equal(400, page.status)
      assert.is_nil(form)
    end)
  end
end)

describe("the sandbox's creation of an instance", function()
  it("answers with the documented instance, word for word where that can be", function()
    local self = make_service()
    local documented = cjson.decode(read_fixture("instance.json"))
    local instance = create(self)
    local fresh = { "id", "token", "name" }
    for _, name in ipairs(fresh) do
      assert.equal(type(documented[name]), type(instance[name]))
      documented[name], instance[name] = nil, nil
    end
    for _, name in ipairs { "oauth.callback.url", "oauth.api.key", "oauth.api.secret", "oauth.user.token",
      "oauth.user.refresh_token" } do
      assert.equal("string", type(instance.configuration[name]))
      documented.configuration[name], instance.configuration[name] = nil, nil
    end
    assert.same(documented, instance)
  end)

  it("writes its members in the documented order, and empty lists as lists", function()
    local self = make_service()
    local _, answer = create(self)
    local function names(text)
      local out = {}
      for name in text:gmatch('"([%w_.]+)"%s*:') do out[#out + 1] = name end
      return out
    end
    assert.same(names(read_fixture("instance.json")), names(answer.body))
    assert.matches('"resources":%[%]', answer.body)
    assert.matches('"provisionInteractions":%[%]', answer.body)
    assert.matches('"id":%d+,', answer.body)
  end)

  it("accepts the documented request body, filled in", function()
    local self = make_service()
    local body = cjson.decode(read_fixture("create_instance.json"))
    body.providerData.code = get_code(self)
    body.configuration = creation(self).configuration
    assert.equal(200, self.api("POST", "/instances", { body = body }).status)
  end)

  it("gives each its own id and a token that only a raw header can carry", function()
    local self = make_service()
    local one, two = create(self), create(self)
    assert.not_equal(one.id, two.id)
    assert.not_equal(one.token, two.token)
    assert.matches("%+", one.token)
    assert.matches("/", one.token)
    assert.matches("=$", one.token)
  end)

  it("echoes the configuration over the documented defaults", function()
    local self = make_service()
    local instance = create(self, {
      ["configuration.event.notification.enabled"] = true, ["configuration.my.own"] = "1",
      ["configuration.event.notification.callback.url"] = "https://a.example/",
    })
    assert.equal("true", instance.configuration["event.notification.enabled"])
    assert.equal("1", instance.configuration["my.own"])
    assert.equal("100", instance.configuration["pagination.max"])
    assert.is_true(instance.eventsEnabled)
    assert.equal("https://a.example/", instance.eventsNotificationCallbackUrl)
    assert.equal(self.settings.api_secret, instance.configuration["oauth.api.secret"])
  end)

  it("hides key and secret where it is told to mask", function()
    local instance = create(make_service { mask = true })
    assert.equal("********", instance.configuration["oauth.api.key"])
    assert.equal("********", instance.configuration["oauth.api.secret"])
    assert.equal(callback_url, instance.configuration["oauth.callback.url"])
  end)

  it("gives tags the shape that it was told", function()
    assert.is_nil(create(make_service()).tags)
    assert.same({ "eu" }, create(make_service { tags_as = "strings" }).tags)
    assert.same({ { id = 1, name = "eu" } }, create(make_service { tags_as = "objects" }).tags)
  end)

  it("strips HTML from name and tags", function()
    local self = make_service { tags_as = "strings" }
    local instance = create(self, { name = '<a href="x">shop</a>', tags = { "<b>eu</b>" } })
    assert.equal("shop", instance.name)
    assert.same({ "eu" }, instance.tags)
  end)

  it("works below an element, where element.key may be left out, and with a trailing slash", function()
    local self = make_service()
    assert.truthy(create(self, { element = false }, "/elements/sapanywhere/instances"))
    assert.truthy(create(self, { element = false }, "/elements/2198/instances"))
    assert.truthy(create(self, { element = { id = 2198 } }))
    assert.truthy(create(self, nil, "/instances/"))
    assert_refused(404, select(2, create(self, nil, "/elements/shopify/instances")))
    local other = { element = { key = "shopify" } }
    assert_refused(404, select(2, create(self, other, "/elements/2198/instances")))
  end)

  it("names every missing entry, and for a code says the documented sentence", function()
    local self = make_service()
    local sentence = "You must provide an OAuth code in order to create an instance of this element"
    local _, answer = create(self, { providerData = false })
    assert.equal(sentence, assert_refused(400, answer).message)
    local message = message_of(self.api("POST", "/instances", { body = "{}" }))
    for _, name in ipairs { "element.key", "providerData.code", "configuration.oauth.callback.url",
      "configuration.oauth.api.key", "configuration.oauth.api.secret", "name" } do
      assert.truthy(message:find(name, 1, true), name)
    end
    assert.truthy(message:find(sentence, 1, true))
  end)

  for _, name in ipairs {
    "element", "name", "configuration.oauth.callback.url", "configuration.oauth.api.key",
    "configuration.oauth.api.secret",
  } do
    it("refuses a request without " .. name .. ", naming that alone", function()
      local self = make_service()
      local _, answer = create(self, { [name] = false })
      local entry = name == "element" and "element.key" or name
      assert.equal("Missing required entries: " .. entry, assert_refused(400, answer).message)
    end)
  end

  for name, value in pairs {
    element = "sapanywhere", providerData = "code", configuration = "none", tags = "eu", name = 1,
  } do
    it("refuses an entry " .. name .. " of the wrong type", function()
      local _, answer = create(make_service(), { [name] = value })
      assert.equal("Entries of the wrong type: " .. name, assert_refused(400, answer).message)
    end)
  end

  it("refuses tags that are not a list of strings, and settings that are not plain", function()
    for _, tags in ipairs { { a = "b" }, { 1 }, { { "eu" } }, { "" } } do
      assert_refused(400, select(2, create(make_service(), { tags = tags })))
    end
    assert_refused(400, select(2, create(make_service(), { ["configuration.x"] = { 1 } })))
  end)

  local function assert_provider_refuses(pattern, answer)
    assert.matches(pattern, assert_refused(400, answer).providerMessage)
  end

  it("refuses a code that is unknown, used, or issued for another callback", function()
    local self = make_service()
    local function try(code, changes)
      return self.api("POST", "/instances", { body = creation(self, code, changes) })
    end
    assert_provider_refuses("unknown", try("nonsense"))
    local code = get_code(self)
    local elsewhere = { ["configuration.oauth.callback.url"] = "https://other.example/" }
    assert_provider_refuses("callback", try(code, elsewhere))
    assert.equal(200, try(code).status)
    assert_provider_refuses("used already", try(code))
    assert.equal(1, #self.store:list("instances"))
  end)

  it("refuses a wrong key or secret, and keeps the code good", function()
    local self = make_service()
    local code = get_code(self)
    for _, name in ipairs { "configuration.oauth.api.key", "configuration.oauth.api.secret" } do
      local body = creation(self, code, { [name] = "wrong" })
      assert_provider_refuses("invalid_client", self.api("POST", "/instances", { body = body }))
    end
    assert.equal(200, self.api("POST", "/instances", { body = creation(self, code) }).status)
  end)

  it("refuses what is not JSON", function()
    local self = make_service()
    for _, body in ipairs { "", "{", "[1]", "1", "null", "{'a':1}", '{"name":NaN}' } do
      assert_refused(400, self.api("POST", "/instances", { body = body }))
    end
  end)
end)

describe("the sandbox's check of the Authorization header", function()
  local user, organization = "us+er/=", ("0a"):rep(16)

  for _, header in ipairs {
    "User " .. user .. ", Organization " .. organization,
    "Organization " .. organization .. ", User " .. user,
  } do
    it("accepts " .. header, function()
      assert_refused(404, make_service().api("GET", "/instances", { headers = { authorization = header } }))
    end)
  end

  for name, header in pairs {
    ["no header"] = false,
    ["two headers"] = { "User " .. user, "Organization " .. organization },
    ["no organization"] = "User " .. user,
    ["no user"] = "Organization " .. organization,
    ["no space after the comma"] = "User " .. user .. ",Organization " .. organization,
    ["two spaces"] = "User  " .. user .. ", Organization " .. organization,
    ["a semicolon"] = "User " .. user .. "; Organization " .. organization,
    ["small letters"] = "user " .. user .. ", organization " .. organization,
    ["quotes"] = 'User "' .. user .. '", Organization "' .. organization .. '"',
    ["a colon"] = "User: " .. user .. ", Organization: " .. organization,
    ["percent-encoding"] = "User us%2Ber%2F%3D, Organization " .. organization,
    ["a trimmed secret"] = "User us+er/, Organization " .. organization,
    ["a scheme twice"] = "User " .. user .. ", User " .. user .. ", Organization " .. organization,
    ["a foreign scheme"] = "User " .. user .. ", Organization " .. organization .. ", Bearer x",
    ["a comma at the end"] = "User " .. user .. ", Organization " .. organization .. ", ",
    ["a wrong user"] = "User x, Organization " .. organization,
    ["a wrong organization"] = "User " .. user .. ", Organization x",
    ["an unknown token"] = "User " .. user .. ", Organization " .. organization .. ", Element x",
  } do
    it("refuses " .. name .. " with the documented sentence, and notes why", function()
      local answer = make_service().api("GET", "/instances", { headers = { authorization = header } })
      local body = assert_refused(401, answer)
      assert.equal("Invalid Organization or User secret, or invalid Element token provided.", body.message)
      assert.equal("string", type(answer.note))
      assert.is_nil(answer.note:find(user, 1, true))
    end)
  end

  it("accepts the token of a living instance, and no longer that of a deleted one", function()
    local self = make_service()
    local one, two = create(self), create(self)
    local header = "User " .. user .. ", Organization " .. organization .. ", Element " .. one.token
    local function list() return self.api("GET", "/instances", { headers = { authorization = header } }) end
    assert.equal(200, list().status)
    assert.equal(200, self.api("DELETE", path_of(one)).status)
    assert_refused(401, list())
    assert.equal(200, self.api("GET", path_of(two)).status)
  end)
end)

describe("the sandbox's instances", function()
  it("can be read and deleted once", function()
    local self = make_service()
    local instance = create(self)
    local read = cjson.decode(self.api("GET", path_of(instance)).body)
    assert.same({ "eu" }, read.tags)
    read.tags = nil
    assert.same(instance, read)
    local deleted = self.api("DELETE", path_of(instance))
    assert.same({ 200, "" }, { deleted.status, deleted.body })
    assert_refused(404, self.api("DELETE", path_of(instance)))
    assert_refused(404, self.api("GET", path_of(instance)))
  end)

  it("are unknown by anything that is not their id", function()
    local self = make_service()
    create(self)
    for _, id in ipairs { "1", "x", "1001x", "-1", "1e3", "..", "%00" } do
      assert_refused(404, self.api("GET", "/instances/" .. id))
    end
  end)

  it("are never deleted without an id, even with an Element token", function()
    local self = make_service()
    local instance = create(self)
    local header = "User us+er/=, Organization " .. ("0a"):rep(16) .. ", Element " .. instance.token
    for _, target in ipairs { "/instances", "/instances/" } do
      assert_refused(400, self.api("DELETE", target, { headers = { authorization = header } }))
    end
    assert.equal(1, #self.store:list("instances"))
  end)

  local function names(answer)
    local out = {}
    for _, instance in ipairs(cjson.decode(answer.body)) do out[#out + 1] = instance.name end
    return table.concat(out, " ")
  end

  local function fill()
    local self = make_service()
    create(self, { name = "One", tags = { "eu", "a&b" } })
    create(self, { name = "Two", tags = { "us" } })
    create(self, { name = "Three", tags = false })
    return self
  end

  for _, case in ipairs {
    { "", "One Two Three" },
    { "?tags[]=eu", "One" },
    { "?tags%5B%5D=a%26b", "One" },
    { "?tags[]=eu&tags[]=us", "One Two" },
    { "?searchText=t", "Two Three" },
    { "?searchText=anywhere", "One Two Three" },
    { "?searchText=THREE", "Three" },
    { "?pageSize=2", "One Two" },
    { "?pageSize=5000", "One Two Three" },
    { "?hydrate=false", "One Two Three" },
  } do
    it("are listed by GET /instances" .. case[1], function()
      local self = fill()
      local answer = self.api("GET", "/instances" .. case[1])
      assert.equal(case[2], names(answer))
      assert.equal(case[2], names(self.api("GET", "/elements/sapanywhere/instances" .. case[1])))
    end)
  end

  it("are listed with their tags as strings, and brief where not hydrated", function()
    local self = fill()
    local list = cjson.decode(self.api("GET", "/instances").body)
    assert.same({ "eu", "a&b" }, list[1].tags)
    list = cjson.decode(self.api("GET", "/instances?hydrate=false").body)
    assert.is_nil(list[1].configuration)
    assert.equal("sapanywhere", list[1].element.key)
  end)

  it("are listed page by page; the token comes even where nothing follows", function()
    local self = fill()
    local first = self.api("GET", "/instances?pageSize=2")
    local token = header_of(first, "elements-next-page-token")
    local second = self.api("GET", "/instances?pageSize=2&nextPage=" .. url.encode(token))
    assert.equal("Three", names(second))
    assert.is_nil(header_of(second, "elements-next-page-token"))
    local whole = header_of(self.api("GET", "/instances?pageSize=3"), "elements-next-page-token")
    assert_refused(404, self.api("GET", "/instances?nextPage=" .. url.encode(whole)))
    assert_refused(400, self.api("GET", "/instances?nextPage=" .. token)) -- not encoded
  end)

  it("are not found where none match, rather than an empty list", function()
    assert_refused(404, make_service().api("GET", "/instances"))
    assert_refused(404, fill().api("GET", "/instances?tags[]=none"))
  end)

  it("are not listed for malformed filters", function()
    for _, query in ipairs { "pageSize=0", "pageSize=x", "pageSize=-1", "nextPage=x", "tags[]=%z" } do
      assert_refused(400, fill().api("GET", "/instances?" .. query))
    end
  end)
end)

describe("the sandbox refuses", function()
  for _, case in ipairs {
    { "an unknown path", 404, "GET", "/nothing" },
    { "a wrong verb", 405, "PUT", "/instances" },
    { "a wrong verb on the OAuth URL", 405, "DELETE", "/elements/sapanywhere/oauth/url" },
    { "an Accept without JSON", 406, "GET", "/instances", { headers = { accept = "text/xml" } } },
    { "an Expect header", 417, "POST", "/instances", { body = "{}", headers = { expect = "100-continue" } } },
    { "a body over 8 MB", 429, "POST", "/instances", { body = (" "):rep(8 * 1024 * 1024 + 1) } },
    { "a body that is not called JSON", 415, "POST", "/instances",
      { body = "{}", headers = { ["content-type"] = "application/jsonx" } } },
  } do
    it(case[1] .. " with " .. case[2], function()
      assert_refused(case[2], make_service().api(case[3], case[4], case[5]))
    end)
  end

  it("everything outside its paths", function()
    assert_refused(404, make_service().call("GET", "/elements/api-v1/instances"))
    assert_refused(404, make_service().call("GET", "/"))
  end)

  it("no usual Accept and Content-Type", function()
    for _, accept in ipairs { "*/*", "application/json", "text/html, application/json;q=0.9" } do
      local answer = make_service().api("POST", "/instances", {
        body = "{}", headers = { accept = accept, ["content-type"] = "Application/JSON; charset=utf-8" },
      })
      assert.equal(400, answer.status)
    end
  end)
end)

describe("the sandbox's store", function()
  it("reads its own journal back, and those of others, to the same end", function()
    local path = os.tmpname()
    local one, two = store.new(store.open_file(path)), store.new(store.open_file(path))
    local first = one:number("instances", { token = "a\0\n\"\\\255" }, "token")
    two:sync()
    local second = two:number("instances", { token = "b" }, "token")
    assert.equal(first.id + 1, second.id)
    one:put("codes", "c", {})
    two:sync()
    assert.is_true(two:claim("codes", "c", "two"))
    assert.is_false(one:claim("codes", "c", "one"))
    one:remove("instances", first.id)
    local three = store.new(store.open_file(path))
    three:sync()
    assert.same({ { id = second.id, token = "b" } }, three:list("instances"))
    for _, each in ipairs { one, two, three } do each:close() end
    os.remove(path)
  end)

  it("leaves half a line for later", function()
    local values, taken = records.read_all("1\n{\"a\",b=2}\n3")
    assert.same({ 1, 0 }, { values[1], values[3] or 0 })
    assert.equal(12, taken)
  end)

  it("writes values that read back the same", function()
    local value = { "a\r\n\0\"", 1, -2.5, 2 ^ 53, true, { x = false, ["y z"] = { "\200" } } }
    local line = records.write(value)
    assert.not_matches("[%c\128-\255]", line)
    assert.same(value, records.read(line))
  end)
end)

describe("the sandbox's misbehaviour", function()
  local function right()
    local headers = { { "Content-Type", "application/json" } }
    return { status = 200, headers = headers, body = '{"token":"t","id":1}' }
  end
  local function alter(text, answer) return misbehave.alter(assert(misbehave.parse(text)), answer) end

  it("is written and read back", function()
    local told = misbehave.parse(misbehave.write {
      delay = 0.5, status = 503, act = false, die = true, redirect = "https://a.example/?x=1;2",
      header = { ["Retry-After"] = "1 ;%", X = { "a", "b" } },
    })
    assert.same({
      delay = 0.5, status = 503, act = false, die = true, redirect = "https://a.example/?x=1;2",
      header = { { "Retry-After", "1 ;%" }, { "X", "a" }, { "X", "b" } },
    }, told)
  end)

  for _, text in ipairs {
    "delai=1", "delay=x", "delay", "die=yes", "body=nothing", "chunked=2", "raw=%2",
  } do
    it("is not read from " .. text, function()
      local told, problem = misbehave.parse(text)
      assert.is_nil(told)
      assert.equal("string", type(problem))
    end)
  end

  it("does the action unless it answers otherwise or dies, or is told to", function()
    for text, acts in pairs {
      [""] = true, ["delay=1"] = true, ["body=html"] = true, ["cut=1"] = true, ["act_then_die=1"] = true,
      ["die_reused=1"] = true, ["status=503"] = false, ["redirect=x"] = false, ["die=1"] = false,
      ["status=503;act=1"] = true, ["body=html;act=0"] = false,
    } do
      assert.equal(acts, misbehave.acts(misbehave.parse(text)))
    end
  end)

  it("answers any status in the documented shape with any header", function()
    local answer = alter("status=429;header.Retry-After=7")
    assert_refused(429, answer)
    assert.equal("7", header_of(answer, "Retry-After"))
    assert_refused(418, alter("status=418"))
    assert_refused(503, alter("status=503;act=1", right()))
  end)

  it("puts bodies in the answer's place that are all unlike what was promised", function()
    local bodies = require "sapanywhere.sandbox.faults.bodies"
    for name in pairs(bodies) do
      local answer = alter("body=" .. name, right())
      assert.equal(200, answer.status)
      assert.equal(name ~= "html" and "application/json;charset=UTF-8" or "text/html",
        header_of(answer, "Content-Type"))
      if name ~= "nourl" then assert.not_equal(right().body, answer.body, name) end
    end
  end)

  it("leaves a token out, and nothing else", function()
    assert.same({ id = 1 }, cjson.decode(alter("body=notoken", right()).body))
  end)

  it("pads JSON to a size", function()
    local answer = alter("size=5000", right())
    assert.equal(5000, #answer.body)
    assert.equal("t", cjson.decode(answer.body).token)
    assert.equal(5000, #alter("size=5000;body=list", right()).body)
    assert.equal(right().body, alter("size=3", right()).body)
  end)

  it("rolls dice only where it is flaky", function()
    local told = misbehave.parse("flaky=5")
    assert.equal(told, (misbehave.roll(told, function() return 501 end)))
    local now, fault = misbehave.roll(told, function(low) return low end)
    assert.is_true(now.die)
    assert.equal("die=1", fault)
    assert.equal(0, #now.header)
  end)
end)
