local core = require "sapanywhere.core"
local inner = require "spec.inner"

local function bytes(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16
local KNOWN = {
  { ("00"):rep(32), ("00"):rep(12), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
  { ("00"):rep(32), ("00"):rep(12), "", ("00"):rep(16), "cea7403d4d606b6e074ec5d3baf39d18",
    "d0d1c8a799996bf0265b98b5d48ab919" },
  { ("feffe9928665731c6d6a8f9467308308"):rep(2), "cafebabefacedbaddecaf888",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      .. "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      .. "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
    "76fc6ece0f4e1768cddf8853bb2d551b" },
}

local KEY, NONCE = ("k"):rep(32), ("n"):rep(12)

-- The text with one bit of one byte flipped.
local function flip(text, position)
  local byte = text:byte(position)
  return text:sub(1, position - 1) .. string.char(byte % 2 == 0 and byte + 1 or byte - 1) .. text:sub(position + 1)
end

describe("sealing with AES-256-GCM", function()
  for number, case in ipairs(KNOWN) do
    it("gives the known answer " .. number, function()
      local key, nonce, label, text = bytes(case[1]), bytes(case[2]), bytes(case[3]), bytes(case[4])
      local sealed = core.seal(key, nonce, label, text)
      assert.equal(case[5] .. case[6], core.hex(sealed))
      assert.equal(text, core.unseal(key, nonce, label, sealed))
    end)
  end

  it("gives back texts of any length", function()
    for _, length in ipairs { 0, 1, 15, 16, 17, 4079, 4080, 4081, 4096, 100000 } do
      local text = ("\0\255secret"):rep(length):sub(1, length)
      local sealed = core.seal(KEY, NONCE, "label", text)
      assert.equal(length + 16, #sealed)
      assert.equal(text, core.unseal(KEY, NONCE, "label", sealed))
    end
  end)

  it("opens nothing of which a bit was flipped, or that was cut", function()
    local sealed = core.seal(KEY, NONCE, "label", "a secret text")
    for position = 1, #sealed do
      assert.is_nil(core.unseal(KEY, NONCE, "label", flip(sealed, position)))
      assert.is_nil(core.unseal(KEY, NONCE, "label", sealed:sub(1, position - 1)))
    end
    for position = 1, 32 do assert.is_nil(core.unseal(flip(KEY, position), NONCE, "label", sealed)) end
    for position = 1, 12 do assert.is_nil(core.unseal(KEY, flip(NONCE, position), "label", sealed)) end
    for position = 1, 5 do assert.is_nil(core.unseal(KEY, NONCE, flip("label", position), sealed)) end
  end)

  it("leaves OpenSSL's queue of errors as it was, also where it opens nothing", function()
    local sealed = core.seal(KEY, NONCE, "label", "a secret text")
    for _, host_has_one in ipairs { false, true } do
      local before = inner.crypto_error(host_has_one)
      for position = 1, #sealed do assert.is_nil(core.unseal(KEY, NONCE, "label", flip(sealed, position))) end
      assert.equal("a secret text", core.unseal(KEY, NONCE, "label", sealed))
      assert.equal(before, inner.crypto_error())
    end
    inner.crypto_error(false)
  end)

  it("takes keys and nonces of the right length only", function()
    assert.has_error(function() core.seal(KEY .. "k", NONCE, "", "") end)
    assert.has_error(function() core.seal(KEY, NONCE:sub(2), "", "") end)
    assert.has_error(function() core.unseal("", NONCE, "", ("t"):rep(16)) end)
  end)
end)
