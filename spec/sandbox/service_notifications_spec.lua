-- Notifications of the local service, as values.

local base64 = require "sapanywhere.sandbox.service.base64"
local cjson = require "cjson"
local notifications = require "sapanywhere.sandbox.service.notifications"
local played = require "support.played"
local sha256 = require "sapanywhere.sandbox.service.sha256"
local url = require "sapanywhere.sandbox.service.url"

local assert_refused = played.assert_refused

local function hex(bytes)
  return (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

describe("the sandbox's SHA-256", function()
  local known = {
    [""] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq =
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    [("a"):rep(1000)] = "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3",
  }
  for name, way in pairs(sha256.ways) do
    local bits = way()
    it("by " .. name .. (bits and "" or ", which this Lua does not have") .. " is the standard's", function()
      for text, digest in pairs(bits and known or {}) do assert.equal(digest, hex(sha256.make(bits)(text))) end
    end)
  end

  it("authenticates as RFC 4231 has it", function()
    assert.equal("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      hex(sha256.hmac(("\11"):rep(20), "Hi There")))
    assert.equal("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      hex(sha256.hmac(("\170"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First")))
  end)
end)

describe("the sandbox's base64", function()
  it("is the standard's, both ways", function()
    for text, encoded in pairs { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", ["\255\254\253\0"] = "//79AA==" } do
      assert.equal(encoded, base64.encode(text))
      assert.equal(text, base64.decode(encoded))
    end
    for _, text in ipairs { "Zg", "Zg=", "Z===", "Zm9v ", "Zm-v" } do assert.is_nil(base64.decode(text)) end
  end)
end)

local function listening(changes)
  local settings = {
    ["configuration.event.notification.enabled"] = "true",
    ["configuration.event.notification.callback.url"] = "http://127.0.0.1:9/hook",
    ["configuration.event.notification.signature.key"] = "MySecretEventSignatureKey",
  }
  for name, value in pairs(changes or {}) do settings[name] = value or nil end
  return settings
end

describe("the sandbox's notification", function()
  it("is signed as the documents have it", function()
    local instance = { configuration = { ["event.notification.signature.key"] = "MySecretEventSignatureKey" } }
    assert.equal("sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ=",
      notifications.sign(instance, "<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>"))
    assert.is_nil(notifications.sign({ configuration = {} }, "x"))
  end)

  local notice = {
    id = 7, instance_id = 1001,
    events = { { objectType = "orders", objectId = 5, eventType = "CREATED", date = "2016-11-30T00:00:00.000Z" } },
  }

  it("has the present form", function()
    local message = cjson.decode(notifications.write(notice)).message
    assert.equal(7, message.eventId)
    assert.same({
      objectType = "orders", objectId = 5, eventType = "CREATED", date = "2016-11-30T00:00:00.000Z",
      elementKey = "sapanywhere", hubKey = "ecommerce",
    }, message.events[1])
    assert.equal(1001, message.raw.instance_id)
    assert.equal("orders", message.raw.objectType)
  end)

  it("has the older form", function()
    notice.legacy = true
    local body = cjson.decode(notifications.write(notice))
    notice.legacy = nil
    assert.same({ 7, 1001, 7 }, { body.eventId, body.instanceId, body.notificationId })
    assert.equal("orders", body.response.events[1].objectType)
  end)

  it("follows each change of the hub's, for every instance that asks", function()
    local self = played.start()
    local quiet, one, two = played.create(self), played.create(self, listening()), played.create(self, listening())
    played.create(self, listening { ["configuration.event.notification.enabled"] = "false" })
    played.create(self, listening { ["configuration.event.notification.callback.url"] = false })
    self.api("DELETE", played.path_of(played.create(self, listening())) .. "/enabled")
    local function send(method, target, body)
      return self.api(method, target, { body = body, headers = { authorization = played.element(self, quiet) } })
    end
    local seen = {}
    for _, answer in ipairs {
      send("POST", "/orders", { a = 1 }), send("PATCH", "/orders/1", { a = 2 }),
      send("DELETE", "/orders/1"),
    } do
      assert.equal(2, #answer.deliveries)
      assert.same({ one.id, two.id }, { answer.deliveries[1].instance_id, answer.deliveries[2].instance_id })
      local delivery = answer.deliveries[1]
      assert.equal("http://127.0.0.1:9/hook", delivery.url)
      local mac = sha256.hmac("MySecretEventSignatureKey", delivery.body)
      assert.equal("sha256=" .. base64.encode(mac), delivery.signature)
      local event = cjson.decode(delivery.body).message.events[1]
      seen[#seen + 1] = ("%s %s %d"):format(event.eventType, event.objectType, event.objectId)
    end
    assert.same({ "CREATED orders 1", "UPDATED orders 1", "DELETED orders 1" }, seen)
    assert.is_nil(send("GET", "/orders").deliveries)
    assert.is_nil(send("DELETE", "/orders/1").deliveries)
    send("POST", "/orders", { a = 1 })
    assert.is_nil(send("POST", "/orders/2/notes", { content = "x" }).deliveries)
  end)
end)

describe("the sandbox's deliveries", function()
  local path = "/notifications/subscriptions/deliveries?" .. url.build_query {
    { "where", "channel='webhook' and status='queued'" },
  }

  local function fill()
    local self = played.start()
    local instance = played.create(self, listening())
    local answer = self.api("POST", "/orders", {
      body = "{}", headers = { authorization = played.element(self, instance) },
    })
    return self, answer.deliveries[1], instance
  end

  it("are listed by where; none is a 404, as in every list of the platform's", function()
    local self, delivery = fill()
    assert_refused(404, self.api("GET", path))
    self.store:set("deliveries", delivery.id, { status = "queued" })
    local list = cjson.decode(self.api("GET", path).body)
    assert.same({ 1, "queued", "webhook" }, { #list, list[1].status, list[1].channel })
    assert.same(cjson.decode(delivery.body), list[1].payload)
    assert.equal(1, #cjson.decode(self.api("GET", "/notifications/subscriptions/deliveries").body))
    assert_refused(400, self.api("GET", "/notifications/subscriptions/deliveries?where=x"))
    assert_refused(401, self.call("GET", "/elements/api-v2" .. path))
  end)

  it("are sent again by PUT", function()
    local self, delivery = fill()
    assert_refused(404, self.api("PUT", path))
    self.store:set("deliveries", delivery.id, { status = "queued" })
    local answer = self.api("PUT", path)
    assert.equal("retry", cjson.decode(answer.body)[1].status)
    assert.equal(delivery.body, answer.deliveries[1].body)
    assert.equal(delivery.signature, answer.deliveries[1].signature)
  end)

  it("belong to subscriptions", function()
    local self, _, instance = fill()
    assert.same({ {
      id = instance.id, channel = "webhook", topics = { ("instance-%d-sapanywhere-events"):format(instance.id) },
      config = { url = "http://127.0.0.1:9/hook" }, active = true,
    } }, cjson.decode(self.api("GET", "/notifications/subscriptions").body))
    assert_refused(404, played.start().api("GET", "/notifications/subscriptions"))
  end)
end)
