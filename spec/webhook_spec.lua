local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local services = require "support.service"
local webhook = require "sapanywhere.webhook"

local KEY, OTHER_KEY = "Zq9key", "Zq9other"

local CURRENT = [[{"message":{"eventId":"e-1","events":[
  {"objectType":"orders","objectId":"77","eventType":"CREATED","date":"2017-03-01T10:00:00Z",
   "elementKey":"sapanywhere","hubKey":"ecommerce"},
  {"objectType":"orders","objectId":78,"eventType":"CANCELLED"}],
  "raw":{"instance_id":1001,"objectType":"orders"}}}]]
local LEGACY = [[{"eventId":5,"instanceId":1001,"notificationId":9,
  "response":{"events":[{"eventType":"UPDATED","anything":true}]}}]]

local function sign(body, key)
  return "sha256=" .. core.base64(core.hmac_sha256(key or KEY, body))
end

local function reader(more)
  local given = { key = KEY }
  for name, value in pairs(more or {}) do given[name] = value end
  return assert(webhook.new(given))
end

local function assert_refused(kind, reason, result, err)
  assert.is_nil(result)
  assert.is_true(errors.is(err))
  assert.equal(kind, err.kind, tostring(err))
  assert.equal(reason, err.reason)
  assert.equal(reason == "store", err.retryable)
  assert.is_nil(tostring(err):find("Zq9", 1, true), "a secret is shown")
end

local function read(body, more)
  return reader(more):read { body = body, signature = sign(body) }
end

describe("a reader of notifications", function()
  it("knows the signature of the platform's own example", function()
    local known = reader { key = "MySecretEventSignatureKey" }
    local given = {
      body = "<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>",
      signature = "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ=",
    }
    assert_refused("json", nil, known:read(given)) -- signed rightly, and no JSON
    given.body = given.body .. " "
    assert_refused("signature", "mismatch", known:read(given))
  end)

  it("reads the current form", function()
    local notification = assert(read(CURRENT))
    assert.equal("e-1", notification.event_id)
    assert.equal(1001, notification.instance_id)
    assert.equal(2, #notification.events)
    assert.equal("orders", notification.events[1].objectType)
    assert.equal("77", notification.events[1].objectId)
    assert.equal(78, notification.events[2].objectId)
    assert.equal("CANCELLED", notification.events[2].eventType)
    assert.same(core.decode(CURRENT), notification.raw)
  end)

  it("reads the old form as the same", function()
    local notification = assert(read(LEGACY))
    assert.equal(5, notification.event_id)
    assert.equal(1001, notification.instance_id)
    assert.same({ { eventType = "UPDATED", anything = true } }, notification.events)
    assert.equal(9, notification.raw.notificationId)
  end)

  it("does without ids, and takes a list without events", function()
    assert.same({ events = {}, raw = { message = { events = {} } } }, assert(read '{"message":{"events":[]}}'))
  end)

  describe("refuses a signature", function()
    local right = sign(CURRENT)
    local WRONG = {
      { "that is not there", nil, "missing" },
      { "that is empty", "", "missing" },
      { "of another key", sign(CURRENT, OTHER_KEY), "mismatch" },
      { "of another body", sign(LEGACY), "mismatch" },
      { "without its name", right:sub(8), "malformed" },
      { "of SHA-1", "sha1=" .. right:sub(8), "malformed" },
      { "with its name in capitals", "SHA256=" .. right:sub(8), "malformed" },
      { "in hexadecimal", "sha256=" .. core.hex(core.hmac_sha256(KEY, CURRENT)), "malformed" },
      { "that is cut", right:sub(1, -2), "malformed" },
      { "with more behind it", right .. " ", "malformed" },
      { "given twice", right .. ", " .. right, "malformed" },
      { "given as a list", { right, right }, "malformed" },
      { "in the alphabet for URLs", "sha256=" .. ("-"):rep(43) .. "=", "malformed" },
      { "that is no text", 5, "malformed" },
      { "of nothing", "sha256=" .. ("A"):rep(43) .. "=", "mismatch" },
    }
    for _, case in ipairs(WRONG) do
      it(case[1], function()
        assert_refused("signature", case[3], reader():read { body = CURRENT, signature = case[2] })
      end)
    end

    it("of which one character is another, whichever", function()
      local reads = reader()
      for position = 8, #right - 1 do
        local other = right:sub(position, position) == "A" and "B" or "A"
        local changed = right:sub(1, position - 1) .. other .. right:sub(position + 1)
        assert_refused("signature", "mismatch", reads:read { body = CURRENT, signature = changed })
      end
    end)

    it("before it looks at the body", function()
      local decode, decoded = core.decode, 0
      core.decode = function(...)
        decoded = decoded + 1
        return decode(...)
      end
      reader():read { body = CURRENT, signature = sign(CURRENT, OTHER_KEY) }
      reader():read { body = CURRENT }
      core.decode = decode
      assert.equal(0, decoded)
    end)
  end)

  it("accepts any of a list of keys", function()
    local both = reader { key = { OTHER_KEY, KEY } }
    assert(both:read { body = CURRENT, signature = sign(CURRENT, KEY) })
    assert(both:read { body = CURRENT, signature = sign(CURRENT, OTHER_KEY) })
    assert_refused("signature", "mismatch", both:read { body = CURRENT, signature = sign(CURRENT, "third") })
  end)

  it("goes without a signature only on purpose", function()
    assert(reader { key = false }:read { body = CURRENT })
    assert(reader { key = false }:read { body = CURRENT, signature = "sha1=x" })
  end)

  it("judges any bytes", function()
    for _ = 1, 50 do
      local key, body = core.random(40), core.random(200)
      local _, err = reader { key = key }:read { body = body, signature = sign(body, key) }
      assert.equal("json", err.kind)
    end
  end)

  describe("refuses a body", function()
    local WRONG = {
      { "json", "" }, { "json", "{" }, { "json", CURRENT .. "x" }, { "json", "\255" }, { "json", '{"a":1,}' },
      { "json", ("["):rep(100000) },
      { "protocol", "null" }, { "protocol", "5" }, { "protocol", '"Zq9"' }, { "protocol", "[]" }, { "protocol", "{}" },
      { "protocol", '{"message":5}' }, { "protocol", '{"message":{"eventId":1}}' },
      { "protocol", '{"message":{"events":5}}' }, { "protocol", '{"message":{"events":{"1":{}}}}' },
      { "protocol", '{"message":{"events":[5]}}' }, { "protocol", '{"message":{"events":[{},null]}}' },
      { "protocol", '{"message":{"events":[],"eventId":[]}}' },
      { "protocol", '{"message":{"events":[],"eventId":true}}' },
      { "protocol", '{"message":{"events":[],"raw":{"instance_id":{}}}}' },
      { "protocol", '{"response":{"events":null}}' },
    }
    -- Where a list of events belongs, in both forms: nothing else is taken for one, an empty object neither.
    for _, events in ipairs {
      "{}", '{"objectType":"orders","objectId":1,"eventType":"CREATED"}', "null", '"orders"', "true", "1", "[null]",
      "[[]]", '[[{"objectType":"orders"}]]', "[{},[]]", '[{},"x"]', '{"0":{}}',
    } do
      WRONG[#WRONG + 1] = { "protocol", '{"message":{"events":' .. events .. "}}" }
      WRONG[#WRONG + 1] = { "protocol", '{"eventId":1,"instanceId":2,"response":{"events":' .. events .. "}}" }
    end
    WRONG[#WRONG + 1] = { "protocol", '{"message":{"events":{}},"response":{"events":[]}}' }
    for _, case in ipairs(WRONG) do
      it(("with kind %s: %s"):format(case[1], case[2]:sub(1, 50)), function()
        local noted = false
        assert_refused(case[1], nil, read(case[2], { on_use = function() noted = true return true end }))
        assert.is_false(noted)
      end)
    end

    it("that is too large, and not one of 8,000,000 bytes", function()
      local start = '{"message":{"events":[],"raw":"'
      local body = start .. ("x"):rep(8000000 - #start - 3) .. '"}}'
      assert.equal(8000000, #body)
      assert(read(body))
      assert_refused("too_large", nil, read(body .. " "))
    end)
  end)

  describe("with on_use", function()
    it("takes each notification once", function()
      local noted, seconds = {}, nil
      local once = { on_use = function(id, time)
        seconds = time
        if noted[id] then return nil, "exists" end
        noted[id] = true
        return true
      end }
      assert(read(CURRENT, once))
      assert_refused("signature", "replayed", read(CURRENT, once))
      assert(read(LEGACY, once))
      assert(read(CURRENT:gsub("77", "79"), once)) -- the next of one change: the same event id
      assert.equal(7 * 86400, seconds)
      local count, event_ids = 0, {}
      for id in pairs(noted) do
        assert.matches("^[%w_.-]+$", id)
        event_ids[id:match("^(.*)%-%x+$")] = true
        count = count + 1
      end
      assert.equal(3, count)
      assert.same({ ["e-1"] = true, ["5"] = true }, event_ids)
    end)

    it("asks with an id of a known length and alphabet, whatever the event's id is", function()
      local seen
      local once = { on_use = function(id) seen = id return true end }
      for _, event_id in ipairs { '"' .. ("x"):rep(65) .. '"', '"a b"', '""', '"é"', "1e300", "0.5", "null" } do
        assert(read('{"message":{"events":[],"eventId":' .. event_id .. "}}", once))
        assert.matches("^[%w_.-]+$", seen)
        assert.is_true(#seen >= 64 and #seen <= 129, #seen)
      end
    end)

    it("does not ask about what is refused", function()
      local asked = false
      local once = reader { on_use = function() asked = true return true end }
      once:read { body = CURRENT, signature = sign(CURRENT, OTHER_KEY) }
      once:read { body = CURRENT }
      assert.is_false(asked)
    end)

    local FAILING = {
      { "raises an error", function() error("no connection, key " .. KEY) end },
      { "raises a table", function() error { KEY } end },
      { "fails", function() return nil, "no connection, key " .. KEY end },
      { "fails with a table", function() return false, { KEY } end },
    }
    for _, case in ipairs(FAILING) do
      it("that " .. case[1] .. " says that nobody knows", function()
        assert_refused("signature", "store", read(CURRENT, { on_use = case[2] }))
      end)
    end

    for _, value in ipairs { false, 1, "true", {} } do
      it("that returns " .. type(value) .. " refuses", function()
        assert_refused("signature", "replayed", read(CURRENT, { on_use = function() return value end }))
      end)
    end
  end)

  describe("is made", function()
    local WRONG = {
      { "without a key", {}, "key must be given" },
      { "with an empty key", { key = "" }, "at least 1 byte" },
      { "with a number", { key = 5 }, "at least 1 byte" },
      { "with an empty list", { key = {} }, "without gaps" },
      { "with a list that has a gap", { key = { KEY, nil, KEY } }, "without gaps" },
      { "with an empty key in a list", { key = { KEY, "" } }, "key[2] must be" },
      { "with an on_use that is no function", { key = KEY, on_use = 5 }, "on_use must be a function" },
      { "with an unknown option", { kee = KEY }, "did you mean 'key'?" },
    }
    for _, case in ipairs(WRONG) do
      it("not " .. case[1], function()
        local made, err = webhook.new(case[2])
        assert.is_nil(made)
        assert.equal("usage", err.kind)
        assert.truthy(tostring(err):find(case[3], 1, true), tostring(err))
        assert.is_nil(tostring(err):find("Zq9", 1, true))
      end)
    end

    it("with options that are inherited", function()
      local inherited = assert(webhook.new(setmetatable({}, { __index = { key = KEY, on_use = error } })))
      assert_refused("signature", "store", inherited:read { body = CURRENT, signature = sign(CURRENT) })
    end)
  end)

  it("wants a body that is a string", function()
    for _, given in ipairs { {}, { body = 5 }, { body = CURRENT, header = "x" } } do
      local _, err = reader():read(given)
      assert.equal("usage", err.kind)
    end
  end)

  it("raises for mistakes in the calling code", function()
    assert.has_error(function() webhook.new "Zq9" end)
    local made = reader()
    for expected, call in pairs {
      ["read: a table of options is expected, not a string"] = function() made:read(CURRENT) end,
      ["read: a table of options is expected, not a nil"] = function() made:read() end,
      ["read: call it as a method, reader:read(…)"] = function() made.read { body = CURRENT } end,
    } do
      local line = debug.getinfo(call, "S").linedefined
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.truthy(message:find("webhook_spec.lua:" .. line .. ": " .. expected, 1, true), message)
    end
  end)

  it("shows no key", function()
    local made = reader()
    assert.equal("sapanywhere.webhook", tostring(made))
  end)
end)

describe("a reader of what the local service sends", function()
  local service, instance

  setup(function()
    service = services.start {}
    instance = assert(service:client {}:create_instance(service:creating { configuration = {
      ["event.notification.enabled"] = "true", ["event.vendor.type"] = "webhook",
      ["event.notification.callback.url"] = "http://127.0.0.1:1/", ["event.notification.signature.key"] = KEY,
    } }))
  end)
  teardown(function() service:stop() end)

  for _, legacy in ipairs { false, true } do
    it("finds the events and the ids in the " .. (legacy and "old" or "current") .. " form", function()
      local body, signature = service:notification {
        instance = instance.id, legacy = legacy,
        events = { { objectType = "orders", objectId = 77, eventType = "CREATED" }, { objectType = "customers" } },
      }
      local notification = assert(reader():read { body = body, signature = signature })
      assert.equal(instance.id, tonumber(notification.instance_id))
      assert.truthy(notification.event_id)
      assert.equal(2, #notification.events)
      assert_refused("signature", "mismatch", reader { key = OTHER_KEY }:read { body = body, signature = signature })
      assert_refused("signature", "mismatch", reader():read { body = body .. " ", signature = signature })
    end)
  end
end)
