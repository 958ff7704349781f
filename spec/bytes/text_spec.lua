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

  -- Whether a character of that many bytes is one by its code point: no shorter form, no surrogate, in Unicode's range.
  local LEAST = { [2] = 0x80, [3] = 0x800, [4] = 0x10000 }

  local function is_character(list)
    local first, count = list[1], #list
    local point = first - ({ [2] = 0xC0, [3] = 0xE0, [4] = 0xF0 })[count]
    for i = 2, count do
      if list[i] < 0x80 or list[i] > 0xBF then return false end
      point = point * 64 + list[i] - 0x80
    end
    return point >= LEAST[count] and point <= 0x10FFFF and (point < 0xD800 or point > 0xDFFF)
  end

  it("has any second byte that gives a code point, and no other", function()
    for first = 0xC0, 0xF7 do
      local count = first < 0xE0 and 2 or first < 0xF0 and 3 or 4
      for second = 0, 255 do
        local list = { first, second }
        for i = 3, count do list[i] = 0x80 end
        local text = string.char((unpack or table.unpack)(list))
        if core.is_utf8(text) ~= is_character(list) then
          assert.equal(is_character(list), core.is_utf8(text), ("%02X %02X"):format(first, second))
        end
      end
    end
  end)

  it("has bytes from 80 to BF after those", function()
    for byte = 0, 255 do
      local expected, char = byte >= 0x80 and byte <= 0xBF, string.char(byte)
      for _, around in ipairs { { "\226\130", "" }, { "\240\159", "\128" }, { "\240\159\152", "" } } do
        assert.equal(expected, core.is_utf8(around[1] .. char .. around[2]))
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
