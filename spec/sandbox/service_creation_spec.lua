-- The creation of an instance, held against the documents as values.

local cjson = require "cjson"
local played = require "support.played"

local read_fixture = played.read_fixture
local make_service = played.start
local message_of = played.message_of
local get_code = played.get_code
local creation = played.creation
local create = played.create
local assert_refused = played.assert_refused
local callback_url = played.callback_url

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
