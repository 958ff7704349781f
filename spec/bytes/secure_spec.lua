local core = require "sapanywhere.core"

local function bytes(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

describe("HMAC-SHA256", function()
  -- RFC 4231, test cases 1 to 4, 6 and 7
  local cases = {
    { ("\11"):rep(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "Jefe", "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { ("\170"):rep(20), ("\221"):rep(50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { bytes "0102030405060708090a0b0c0d0e0f10111213141516171819", ("\205"):rep(50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { ("\170"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { ("\170"):rep(131),
      "This is a test using a larger than block-size key and a larger than block-size data. "
      .. "The key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
  }
  for i, case in ipairs(cases) do
    it("gives the known answer " .. i, function()
      assert.equal(case[3], core.hex(core.hmac_sha256(case[1], case[2])))
    end)
  end

  it("takes an empty key and an empty message", function()
    assert.equal("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
      core.hex(core.hmac_sha256("", "")))
  end)
end)

describe("base64", function()
  -- RFC 4648, section 10
  for plain, encoded in pairs {
    [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
    foobar = "Zm9vYmFy",
    ["\251\255\254"] = "+//+",
  } do
    it("writes " .. encoded, function() assert.equal(encoded, core.base64(plain)) end)
  end

  it("for URLs has other marks and no padding", function()
    assert.equal("-__-", core.base64url "\251\255\254")
    assert.equal("Zm9vYg", core.base64url "foob")
    assert.equal("", core.base64url "")
  end)

  it("for URLs reads back what it wrote", function()
    for length = 0, 70 do
      local text = core.random(length)
      assert.equal(text, core.unbase64url(core.base64url(text)))
    end
    local long = ("\0\255\127secret"):rep(1000)
    assert.equal(long, core.unbase64url(core.base64url(long)))
  end)

  for name, text in pairs {
    ["padding"] = "Zg==", ["the other alphabet"] = "+//+", ["white space"] = "Zm9v\n",
    ["one character alone"] = "A",
    ["five characters"] = "Zm9vA", ["two bits left over"] = "Zm9", ["four bits left over"] = "Zh",
    ["a NUL"] = "Zm9v\0", ["bytes beyond ASCII"] = "Zm9\195\169",
  } do
    it("for URLs refuses " .. name, function()
      local value, message = core.unbase64url(text)
      assert.is_nil(value)
      assert.equal("not base64url", message)
    end)
  end
end)

describe("comparing", function()
  it("tells equal from different", function()
    assert.is_true(core.equal("", ""))
    assert.is_true(core.equal("a\0b", "a\0b"))
    assert.is_false(core.equal("a\0b", "a\0c"))
    assert.is_false(core.equal("abc", "ab"))
    assert.is_false(core.equal("", "a"))
  end)

  it("is for strings", function()
    assert.has_error(function() core.equal("a") end)
    assert.has_error(function() core.equal(nil, "a") end)
  end)
end)

describe("random bytes", function()
  it("come in the number that was asked for, and never twice", function()
    for _, count in ipairs { 0, 1, 16, 256 } do assert.equal(count, #core.random(count)) end
    local seen = {}
    for _ = 1, 1000 do
      local bytes16 = core.random(16)
      assert.is_nil(seen[bytes16])
      seen[bytes16] = true
    end
  end)

  it("are random in each place", function()
    for _, count in ipairs { 1, 2, 33 } do
      local first, differs = core.random(count), {}
      for _ = 1, 64 do
        local others = core.random(count)
        for place = 1, count do differs[place] = differs[place] or others:byte(place) ~= first:byte(place) end
      end
      for place = 1, count do assert.is_true(differs[place], place .. " of " .. count) end
    end
  end)

  it("are at most 256", function()
    assert.has_error(function() core.random(257) end)
    assert.has_error(function() core.random(-1) end)
  end)
end)

describe("hexadecimal", function()
  it("has two small digits for each byte", function()
    assert.equal("", core.hex "")
    assert.equal("00ff1aa9", core.hex "\0\255\26\169")
    assert.equal(("61"):rep(5000), core.hex(("a"):rep(5000)))
  end)
end)

describe("the clock", function()
  it("only goes forward", function()
    local before = core.now()
    for _ = 1, 1000 do
      local after = core.now()
      assert.is_true(after >= before)
      before = after
    end
    assert.equal("number", type(before))
  end)
end)
