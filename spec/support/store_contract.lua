--- What every store does: the specs that each runs. `busted` are the words of the spec file that runs them.

local assert = require "luassert"
local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"

local M = {}

M.KEY, M.OTHER_KEY = "Zq9key-abcdefghijklmnopqrstuvwxyz012345", "Zq9other-abcdefghijklmnopqrstuvwxyz0123"
M.TOKEN = "Zq9token/S/kZD36BaABPS7EAuSGHF+1wsthT"

M.INSTANCE = {
  id = 1001, name = "my shop", token = M.TOKEN, valid = true, tags = { "eu", "é" },
  configuration = { ["base.url"] = "https://api-us.sapanywhere.com/v1/", ["event.notification.enabled"] = "false" },
}

--- Asserts that a call failed with kind "store", for the reason, without telling a secret.
function M.assert_failed(reason, result, err)
  assert.is_nil(result)
  assert.is_true(errors.is(err), "no error")
  assert.equal("store", err.kind, tostring(err))
  assert.equal(reason, err.reason, tostring(err))
  assert.equal(reason == "locked", err.retryable)
  assert.is_nil(tostring(err):find("Zq9", 1, true), "a secret is shown")
end

local function copy(more)
  local instance = {}
  for name, value in pairs(M.INSTANCE) do instance[name] = value end
  for name, value in pairs(more) do instance[name] = value end
  return instance
end

--- Describes what a store does.
-- @tparam table busted `it`, `before_each` and `after_each`
-- @tparam function open makes a store that sees the same entries each time; empty before the first spec
function M.describe(busted, open)
  local it, store = busted.it, nil

  busted.before_each(function()
    store = open()
    for _, name in ipairs(assert(store:names())) do assert(store:remove(name)) end
  end)

  it("is empty at first", function()
    assert.same({}, store:names())
    assert.same({ n = 2 }, { n = select("#", store:get("my shop")), store:get("my shop") })
    assert.is_true(store:remove("my shop"))
  end)

  it("gives back what was put, to whoever opens it", function()
    assert.is_true(store:put("my shop", M.INSTANCE))
    assert.same(M.INSTANCE, store:get("my shop"))
    assert.same(M.INSTANCE, open():get("my shop"))
    assert.same({ "my shop" }, open():names())
  end)

  it("keeps what JSON can say", function()
    local entry = { none = core.null, list = { 1, 2.5, -3 }, deep = { { { a = "\0\1\"\\é" } } }, large = 2 ^ 53 }
    assert(store:put("x", entry))
    assert.same(entry, store:get("x"))
  end)

  it("replaces and removes one and leaves the others", function()
    for i = 1, 20 do assert(store:put("shop " .. i, copy { id = i })) end
    assert(store:put("shop 7", copy { id = 77 }))
    assert.is_true(store:remove("shop 8"))
    for i = 1, 20 do
      local found = store:get("shop " .. i)
      assert.equal(i == 7 and 77 or i ~= 8 and i or nil, found and found.id)
    end
    assert.equal(19, #store:names())
  end)

  it("takes any bytes as names, and lists them in order", function()
    local names, all = { "a", "a ", "A", "%41", "é", "\255\254", "\0", "a\0b", "__proto__", "1", "-", "/../x", "\r\n" },
      ""
    for byte = 0, 255 do all = all .. string.char(byte) end
    names[#names + 1] = all
    names[#names + 1] = ("n"):rep(1024)
    for i, name in ipairs(names) do assert(store:put(name, { id = i })) end
    for i, name in ipairs(names) do assert.same({ id = i }, store:get(name)) end
    table.sort(names)
    assert.same(names, store:names())
  end)

  it("gives the token when it is asked for, the one that is there then", function()
    local token = store:token("my shop")
    M.assert_failed("missing", token())
    assert(store:put("my shop", M.INSTANCE))
    assert.equal(M.TOKEN, token())
    assert(store:put("my shop", copy { token = "another" }))
    assert.equal("another", token())
    assert(store:put("my shop", { id = 5 }))
    M.assert_failed("missing", token())
  end)

  it("refuses names that are none", function()
    for _, name in ipairs { "", 5, true, {}, ("n"):rep(1025) } do
      for _, call in ipairs { "put", "get", "remove" } do
        local result, err = store[call](store, name, M.INSTANCE)
        assert.is_nil(result)
        assert.equal("usage", err.kind)
        assert.equal(call .. ": name must be a string of 1 to 1024 bytes", err.message)
      end
      assert.equal("usage", select(2, store:token(name)()).kind)
    end
    local longest = ("n"):rep(1024)
    assert(store:put(longest, M.INSTANCE))
    assert.same(M.INSTANCE, store:get(longest))
    assert(store:remove(longest))
  end)

  it("refuses what JSON cannot say, and keeps what was there", function()
    assert(store:put("x", M.INSTANCE))
    local itself = {}
    itself.itself = itself
    for _, entry in ipairs { { f = print }, { x = 0 / 0 }, { s = "Zq9\255" }, itself } do
      local result, err = store:put("x", entry)
      assert.is_nil(result)
      assert.equal("usage", err.kind)
      assert.truthy(err.message:find("put: instance cannot be written: ", 1, true), err.message)
      assert.is_nil(tostring(err):find("Zq9", 1, true))
    end
    assert.same(M.INSTANCE, store:get("x"))
  end)

  it("raises for mistakes in the calling code", function()
    for expected, call in pairs {
      ["put: a table"] = function() store:put("x", "Zq9") end,
      ["get: call it as a method, store:get(…)"] = function() store.get("x") end,
      ["names: call it as a method, store:names(…)"] = function() store.names() end,
      ["remove: call it as a method, store:remove(…)"] = function() store.remove({}, "x") end,
      ["token: call it as a method, store:token(…)"] = function() store.token(nil, "x") end,
    } do
      local place = "store_contract.lua:" .. debug.getinfo(call, "S").linedefined .. ": "
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.truthy(message:find(place .. expected, 1, true), message)
    end
  end)

  it("shows nothing", function()
    assert.equal("sapanywhere.store", tostring(store))
  end)
end

--- Describes what a store does that has a key.
-- @tparam table busted likewise
-- @tparam function open makes a store with this key, or list of keys
-- @tparam function swap exchanges what is stored under two names
-- @tparam function change replaces the text of an entry by what a function makes of it
-- @tparam function snapshot all that is stored, as one text
function M.describe_sealed(busted, open, swap, change, snapshot)
  local it, store = busted.it, nil

  busted.before_each(function()
    store = open(M.KEY)
    assert(store:put("one", copy { id = 1 }))
    assert(store:put("two", copy { id = 2 }))
  end)

  busted.after_each(function()
    for _, name in ipairs(store:names() or {}) do store:remove(name) end
  end)

  it("holds no token that can be read", function()
    local text = snapshot()
    assert.truthy(text:find("one", 1, true))
    for _, secret in ipairs { M.TOKEN, M.KEY, "Zq9", "sapanywhere.com" } do
      assert.is_nil(text:find(secret, 1, true))
      local encoded = core.base64url(secret)
      assert.is_nil(#secret > 8 and text:find(encoded:sub(1, -4), 1, true) or nil)
    end
  end)

  it("refuses another key, and is left as it is", function()
    local before, wrong = snapshot(), open(M.OTHER_KEY)
    M.assert_failed("key", wrong:get("one"))
    M.assert_failed("key", wrong:put("one", M.INSTANCE))
    M.assert_failed("key", wrong:remove("one"))
    M.assert_failed("key", wrong:token("one")())
    assert.equal(before, snapshot())
  end)

  it("changes its key in steps", function()
    local both = open { M.OTHER_KEY, M.KEY }
    assert.equal(1, both:get("one").id)
    for _, name in ipairs(both:names()) do assert(both:put(name, both:get(name))) end
    local new = open(M.OTHER_KEY)
    assert.equal(1, new:get("one").id)
    assert.equal(2, new:get("two").id)
    M.assert_failed("key", open(M.KEY):get("one"))
    for _, name in ipairs(new:names()) do assert(new:remove(name)) end
  end)

  it("refuses entries that were swapped, and is left as it is", function()
    swap("one", "two")
    local before = snapshot()
    for _, name in ipairs { "one", "two" } do
      M.assert_failed("damaged", store:get(name))
      M.assert_failed("damaged", store:put(name, M.INSTANCE))
    end
    assert.equal(before, snapshot())
    swap("one", "two")
    assert.equal(1, store:get("one").id)
  end)

  it("refuses an entry in which one character is another, whichever, and one that is cut", function()
    local whole
    change("one", function(text) whole = text return text end)
    for position = 1, #whole do
      local other = whole:sub(position, position) == "A" and "B" or "A"
      local head, tail = whole:sub(1, position - 1), whole:sub(position + 1)
      for _, wrong in ipairs { head .. other .. tail, head } do
        change("one", function() return wrong end)
        local before = snapshot()
        local entry, err = store:get("one")
        assert.is_nil(entry)
        assert.equal("store", err.kind)
        assert(err.reason == "damaged" or err.reason == "key")
        assert.is_nil((store:put("one", M.INSTANCE)))
        assert.equal(before, snapshot())
      end
    end
    change("one", function() return whole end)
    assert.equal(1, store:get("one").id)
  end)

  it("removes an entry that is damaged", function()
    change("one", function(text) return text:sub(1, -2) .. (text:sub(-1) == "A" and "Q" or "A") end)
    M.assert_failed("damaged", store:get("one"))
    assert.is_true(store:remove("one"))
    assert.same({ "two" }, store:names())
    assert.equal(2, store:get("two").id)
  end)
end

return M
