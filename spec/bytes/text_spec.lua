local core = require "sapanywhere.core"

describe("UTF-8", function()
  local good = {
    "", "plain", "\0", "\127", "\194\128", "\223\191", "\224\160\128", "\237\159\191", "\238\128\128",
    "\239\191\191",
    "\240\144\128\128", "\244\143\191\191", "caf\195\169 \226\130\172 \240\159\152\128",
  }
  local bad = {
    ["a lone continuation byte"] = "\128",
    ["C0, an overlong NUL"] = "\192\128",
    ["C1, overlong ASCII"] = "\193\191",
    ["three bytes where two do"] = "\224\159\191",
    ["four bytes where three do"] = "\240\143\191\191",
    ["the first surrogate"] = "\237\160\128",
    ["the last surrogate"] = "\237\191\191",
    ["U+110000"] = "\244\144\128\128",
    ["F5"] = "\245\128\128\128",
    ["FE"] = "\254",
    ["FF"] = "\255",
    ["two bytes cut short"] = "\195",
    ["three bytes cut short"] = "\226\130",
    ["four bytes cut short"] = "\240\159\152",
    ["a first byte before ASCII"] = "\195A",
    ["a third byte that is none"] = "\226\130A",
    ["a fourth byte that is none"] = "\240\159\152A",
    ["Latin-1"] = "caf\233",
  }

  it("is recognised, wherever in a text", function()
    for _, text in ipairs(good) do
      for before = 0, 17 do
        assert.is_true(core.is_utf8(("x"):rep(before) .. text .. ("y"):rep(17 - before)))
      end
    end
  end)

  for name, text in pairs(bad) do
    it("is not " .. name, function()
      for before = 0, 17 do
        assert.is_false(core.is_utf8(("x"):rep(before) .. text))
        assert.is_false(core.is_utf8(("x"):rep(before) .. text .. "yyyyyyyyyyyyyyyyy"))
      end
    end)
  end
end)

describe("control characters", function()
  it("are the bytes below 20 and 7F", function()
    for byte = 0, 255 do
      assert.equal(byte < 0x20 or byte == 0x7F, core.has_control("some text" .. string.char(byte) .. "more"))
    end
    assert.is_false(core.has_control "")
  end)
end)
