-- How an instance is changed and authenticated again, as values.

local cjson = require "cjson"
local played = require "support.played"

local assert_refused = played.assert_refused
local create, creation, get_code, path_of = played.create, played.creation, played.get_code, played.path_of

local function send(self, method, instance, body, query)
  return self.api(method, path_of(instance) .. (query or ""), { body = body })
end

local function changed(...)
  local answer = send(...)
  assert.equal(200, answer.status, answer.body)
  return cjson.decode(answer.body)
end

describe("the sandbox's change of an instance", function()
  for _, method in ipairs { "PATCH", "PUT" } do
    it("by " .. method .. " changes what is given and leaves the rest", function()
      local self = played.start()
      local before = create(self)
      local after = changed(self, method, before, {
        name = "<b>new</b>", tags = { "a", "<i>b</i>" }, configuration = { ["my.own"] = 7 },
      })
      assert.same({ "new", { "a", "b" }, "7" }, { after.name, after.tags, after.configuration["my.own"] })
      assert.same({ before.id, before.token }, { after.id, after.token })
      assert.is_nil(after.providerData)
      after = changed(self, method, before, { element = { id = 2198 } })
      assert.same({ "new", { "a", "b" }, "7" }, { after.name, after.tags, after.configuration["my.own"] })
      assert.equal(before.configuration["oauth.user.token"], after.configuration["oauth.user.token"])
    end)

    it("by " .. method .. " replaces tags as a whole, and clears them", function()
      local self = played.start()
      local instance = create(self, { tags = { "a", "b" } })
      assert.same({ "c" }, changed(self, method, instance, { tags = { "c" } }).tags)
      assert.same({}, changed(self, method, instance, '{"tags":[]}').tags)
    end)

    it("by " .. method .. " renews the provider's tokens for a fresh code", function()
      local self = played.start()
      local before = create(self)
      self.store:set("instances", before.id, { revoked = true })
      local after = changed(self, method, before, { providerData = { code = get_code(self) } })
      assert.not_equal(before.configuration["oauth.user.token"], after.configuration["oauth.user.token"])
      assert.equal(before.token, after.token)
      assert.is_false(self.store:get("instances", before.id).revoked)
      local body = assert_refused(400, send(self, method, before, { providerData = { code = "stale" } }))
      assert.matches("unknown", body.providerMessage)
    end)

    it("by " .. method .. " keeps a secret that comes back masked", function()
      local self = played.start { mask = true, tags_as = "strings" }
      local instance = create(self)
      changed(self, method, instance, instance)
      assert.equal(self.settings.api_secret,
        self.store:get("instances", instance.id).configuration["oauth.api.secret"])
    end)

    it("by " .. method .. " refuses what is wrong", function()
      local self = played.start()
      local instance = create(self)
      for _, body in ipairs { "", "[1]", "x", '{"name":1}', '{"name":""}', '{"tags":"a"}', '{"tags":[1]}',
        '{"configuration":[1]}', '{"providerData":"code"}' } do
        assert_refused(400, self.api(method, path_of(instance), {
          body = body, headers = { ["content-type"] = "application/json" },
        }))
      end
      assert_refused(404, self.api(method, "/instances/7", { body = "{}" }))
      assert_refused(415, self.api(method, path_of(instance), {
        body = "{}", headers = { ["content-type"] = "text/plain" },
      }))
    end)
  end
end)

describe("the sandbox's re-authentication", function()
  local query = "?reAuthenticate=true"

  it("takes the body of a creation with a fresh code, and keeps id and token", function()
    local self = played.start()
    local before = create(self)
    local after = changed(self, "PUT", before, creation(self, get_code(self), { name = "again" }), query)
    assert.same({ before.id, before.token, "again" }, { after.id, after.token, after.name })
    assert.not_equal(before.configuration["oauth.user.token"], after.configuration["oauth.user.token"])
    assert.equal(1, #self.store:list("instances"))
  end)

  it("refuses a body that would not do for a creation, and a code that was used", function()
    local self = played.start()
    local instance = create(self)
    local code = get_code(self)
    assert.matches("OAuth code", assert_refused(400,
      send(self, "PUT", instance, creation(self, nil, { providerData = false }), query)).message)
    assert_refused(400, send(self, "PUT", instance, { providerData = { code = code } }, query))
    assert.equal(200, send(self, "PUT", instance, creation(self, code), query).status)
    assert.matches("used already",
      assert_refused(400, send(self, "PUT", instance, creation(self, code), query)).providerMessage)
  end)
end)

describe("the sandbox's creation with tokens of one's own", function()
  local tokens = {
    externalAuthentication = "initial", providerData = false,
    ["configuration.oauth.user.token"] = "mine", ["configuration.oauth.user.refresh_token"] = "mine too",
  }

  it("needs no code and keeps them", function()
    local instance = create(played.start(), tokens)
    assert.equal("initial", instance.externalAuthentication)
    assert.equal("mine", instance.configuration["oauth.user.token"])
    assert.equal("mine too", instance.configuration["oauth.user.refresh_token"])
  end)

  it("names the tokens that are missing, and refuses a code beside them", function()
    local self = played.start()
    local _, answer = create(self, { externalAuthentication = "initial", providerData = false })
    assert.equal("Missing required entries: configuration.oauth.user.token, configuration.oauth.user.refresh_token",
      assert_refused(400, answer).message)
    local both = { providerData = { code = get_code(self) } }
    for name, value in pairs(tokens) do both[name] = both[name] or value end
    assert_refused(400, select(2, create(self, both)))
    assert_refused(400, select(2, create(self, { externalAuthentication = "final" })))
  end)
end)

describe("the sandbox's creation that retrieves objects", function()
  it("gives name, vendorName and type of each, and otherwise none", function()
    local self = played.start()
    local instance = create(self, { retrieveObjectsAfterInstantiation = true })
    assert.equal(3, #instance.objects)
    assert.same({ name = "customers", vendorName = "Customers", type = "vendor" }, instance.objects[1])
    assert.is_nil(create(self).objects)
    assert_refused(400, select(2, create(self, { retrieveObjectsAfterInstantiation = "yes" })))
  end)
end)
