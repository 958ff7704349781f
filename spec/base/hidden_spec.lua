local sapanywhere = require "sapanywhere"
local hidden = require "sapanywhere.base.hidden"

local KEY = ("k"):rep(32)

describe("an object that hides what it knows", function()
  local Class = {}

  it("gives it to its own methods", function()
    local known = { secret = "s" }
    assert.equal(known, hidden.known(hidden.object(Class, known), Class))
  end)

  it("gives nothing of another one", function()
    assert.is_nil(hidden.known(hidden.object(Class, {}), {}))
    for _, other in ipairs { {}, "text", 1, false } do assert.is_nil(hidden.known(other, Class)) end
    assert.is_nil(hidden.known(nil, Class))
  end)

  it("shows none of it to whoever looks at its entries", function()
    for _, entry in next, hidden.object(Class, { "the secret" }) do
      assert.truthy(type(entry) == "function" or type(entry) == "userdata")
    end
  end)
end)

-- What a user can make, each of an option that may mention it.
local MAKERS = {
  ["a client"] = function(mention) return sapanywhere.new { api_key = mention } end,
  ["an instance"] = function(mention) return sapanywhere.instance { user_secret = "u", token = mention } end,
  ["a sealer"] = function(mention) return sapanywhere.state { key = KEY, on_use = mention } end,
  ["a reader of notifications"] = function(mention) return sapanywhere.webhook { key = KEY, on_use = mention } end,
  ["a store"] = function(mention)
    return sapanywhere.store.redis { prefix = "p", key = KEY, command = mention }
  end,
}

for what, make in pairs(MAKERS) do
  describe(what, function()
    it("shows nothing when it is redacted, but for the objects that it is made of", function()
      local shown = sapanywhere.redact((assert(make(function() end))))
      assert.same(what == "an instance" and { customers = {}, orders = {}, products = {} } or {}, shown)
    end)
  end)

  describe(what .. " that its own options mention", function()
    it("is collected", function()
      local forgotten = setmetatable({}, { __mode = "k" })
      for _ = 1, 50 do
        local made
        made = assert(make(function() return made end))
        forgotten[made] = true
      end
      if rawget(_G, "jit") then require("jit").flush() end -- what compiled code mentions is not collected
      collectgarbage()
      collectgarbage()
      local count = 0
      for _ in pairs(forgotten) do count = count + 1 end
      assert.truthy(count <= 1, count .. " of 50 are there") -- the last may stand on the stack
    end)
  end)
end
