-- An entry of a store as text: what was stored once must be read by every later version.

local core = require "sapanywhere.core"
local entry = require "sapanywhere.store.entry"

local KEY, OTHER = ("k"):rep(32), ("o"):rep(32)
local NAME, TEXT = "my shop", '{"token":"a-token"}'
local SEALED = "AQw6nLyXM7vvdHdlbHZlIGJ5dGVzklzM2LYTkBVQbb9n3uLCWeWzCDuSKX2YXn03Z1xjU0ADDRo"

local function open(sealed, name, list) return entry.open(entry.derive(list or { KEY }), name or NAME, sealed) end

describe("a sealed entry", function()
  it("of the first version is opened", function()
    assert.equal(TEXT, open(SEALED))
    assert.equal(TEXT, open(SEALED, NAME, { OTHER, KEY }))
  end)

  it("has its version, the mark of its key, a nonce, the text and a tag, and no more", function()
    local sealed = core.unbase64url(assert(entry.seal(entry.derive { KEY }, NAME, TEXT)))
    local known = core.unbase64url(SEALED)
    assert.equal(1 + 8 + 12 + #TEXT + 16, #sealed)
    assert.equal(known:sub(1, 9), sealed:sub(1, 9))
    assert.not_equal(known:sub(10, 21), sealed:sub(10, 21))
    assert.equal(TEXT, open(core.base64url(sealed)))
  end)

  it("is sealed with the first key, and another time with another nonce", function()
    local keys = entry.derive { OTHER, KEY }
    local first, second = entry.seal(keys, NAME, TEXT), entry.seal(keys, NAME, TEXT)
    assert.not_equal(first, second)
    assert.equal(TEXT, open(first, NAME, { OTHER }))
    assert.same({ nil, "key" }, { open(first, NAME, { KEY }) })
  end)

  it("is no other name's", function()
    assert.same({ nil, "damaged" }, { open(SEALED, "my shops") })
    assert.same({ nil, "damaged" }, { open(SEALED, "") })
  end)

  it("is told apart from damage by the mark of its key", function()
    assert.same({ nil, "key" }, { open(SEALED, NAME, { OTHER }) })
    local bytes = core.unbase64url(SEALED)
    for at = 1, #bytes do
      local changed = bytes:sub(1, at - 1) .. string.char((bytes:byte(at) + 1) % 256) .. bytes:sub(at + 1)
      local expected = at >= 2 and at <= 9 and "key" or "damaged"
      assert.same({ nil, expected }, { open(core.base64url(changed)) })
    end
  end)

  it("is damaged where it is cut", function()
    local bytes = core.unbase64url(SEALED)
    for length = 0, #bytes - 1 do
      local text, reason = open(core.base64url(bytes:sub(1, length)))
      assert.same({ nil, "damaged" }, { text, reason }, length)
    end
    for _, text in ipairs { "", "AQ", TEXT, SEALED .. "=", SEALED .. "\n" } do
      assert.same({ nil, "damaged" }, { open(text) })
    end
  end)

  it("may hold nothing", function()
    assert.equal("", open(assert(entry.seal(entry.derive { KEY }, NAME, ""))))
  end)
end)

describe("an entry as JSON", function()
  it("is a table with all that JSON can say", function()
    local text = assert(entry.write { token = "t", id = 7, nothing = core.null, list = core.array {} })
    local read = entry.read(text)
    assert.same({ "t", 7, true }, { read.token, read.id, read.nothing == core.null })
    assert.equal(text:find('"list":[]', 1, true) ~= nil, true)
    for _, wrong in ipairs { "", "7", "null", '"text"', "{", "[1" } do assert.is_nil(entry.read(wrong)) end
  end)
end)
