-- What is hidden or made visible at the edges of each rule.

local redact = require "sapanywhere.redact"
local sapanywhere = require "sapanywhere"
local made = require "support.values"

-- A character's UTF-8, on every Lua.
local function utf8_char(code)
  local floor = math.floor
  local last, third = 0x80 + code % 64, 0x80 + floor(code / 64) % 64
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + floor(code / 64), last) end
  if code < 0x10000 then return string.char(0xE0 + floor(code / 4096), third, last) end
  return string.char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64, third, last)
end

describe("what is made visible", function()
  local UNSEEN = {
    { 0x80, 0x9F }, { 0xAD, 0xAD }, { 0x61C, 0x61C }, { 0x180E, 0x180E }, { 0x200B, 0x200B }, { 0x200E, 0x200F },
    { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
  }

  local function is_unseen(code)
    for _, range in ipairs(UNSEEN) do
      if code >= range[1] and code <= range[2] then return true end
    end
    return false
  end

  it("is every character that is not seen but does something, and no neighbour of it", function()
    for _, range in ipairs(UNSEEN) do
      for code = range[1] - 1, range[2] + 1 do
        local char = utf8_char(code)
        local expected = is_unseen(code) and ("<U+%04X>"):format(code) or char
        if code >= 0x80 then assert.equal("a" .. expected .. "b", redact.visible("a" .. char .. "b")) end
      end
    end
  end)
end)

describe("a name", function()
  it("of where a list goes on is no secret's", function()
    for _, name in ipairs { "elementsNextPageToken", "Elements-Next-Page-Token", "next_page_token", "pageToken" } do
      assert.same({ [name] = "abc" }, sapanywhere.redact { [name] = "abc" })
    end
    for _, name in ipairs { "token", "my_token", "next_token", "NextPageTokens-Token" } do
      assert.same({ [name] = "[hidden]" }, sapanywhere.redact { [name] = "abc" })
    end
  end)

  it("before an equals sign that is encoded hides what follows, however long the name is", function()
    for _, sign in ipairs { "%3D", "%3d", "%253D" } do
      for _, name in ipairs { "code", "api_secret", "apiSecret", "my.own-long_name.oauth.api.secret" } do
        assert.equal("see x " .. name .. sign .. "[hidden] y", sapanywhere.redact("see x " .. name .. sign .. "Zq9 y"))
        assert.equal(name .. sign .. "[hidden]", sapanywhere.redact(name .. sign .. "Zq9"))
      end
      assert.equal("encoded" .. sign .. "Zq9", sapanywhere.redact("encoded" .. sign .. "Zq9"))
    end
  end)
end)

describe("a secret that is given", function()
  it("is hidden whatever its characters are, under escapes", function()
    for _, code in ipairs { 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF } do
      local secret = "ab" .. utf8_char(code) .. "cd"
      assert.equal("<[hidden]>", sapanywhere.redact(("<ab\\u%04xcd>"):format(code), secret))
      assert.equal("<[hidden]>", sapanywhere.redact(("<ab&#%d;cd>"):format(code), secret))
    end
    for _, code in ipairs { 0x10000, 0x10FFFF } do
      local secret = "ab" .. utf8_char(code) .. "cd"
      assert.equal("<[hidden]>", sapanywhere.redact(("<ab&#x%x;cd>"):format(code), secret))
    end
  end)
end)

describe("a secret that is given and would be a pattern", function()
  for _, secret in ipairs { "pa%ss", "pa(ss", "pa.ss", "[pass", "pass%", "p-a-s-s", "^pass$" } do
    it("is hidden as it is, each time: " .. secret, function()
      assert.equal("1 [hidden] 2 [hidden] 3 [hidden]",
        sapanywhere.redact(("1 %s 2 %s 3 %s"):format(secret, secret, secret), secret))
    end)
  end

  it("hides nothing else", function()
    assert.equal("[hidden] and paxss", sapanywhere.redact("pa.ss and paxss", "pa.ss"))
  end)
end)

describe("the secrets of a call", function()
  local function secrets_of(given)
    local options = { api_key = "k-1234", api_secret = "s-1234", callback_url = "https://x.example/cb", state = "st" }
    for name, value in pairs(given) do options[name] = value end
    local set = {}
    for _, secret in ipairs(redact.secrets(assert(made.call("oauth_url", options)))) do set[secret] = true end
    return set
  end

  it("are those of its proxy, if it has any", function()
    for proxy, expected in pairs {
      ["http://h.example:3128"] = false, ["http://me:pw-1@h.example"] = "pw-1",
      ["http://token-1@h.example"] = "token-1",
      ["http://me:p%2Fw@h.example"] = "p/w", ["http://me:@h.example"] = "me",
    } do
      local set = secrets_of { proxy = proxy }
      if expected then assert.is_true(set[expected], proxy) end
      assert.is_nil(set["h.example"])
      assert.is_true(set["s-1234"])
    end
  end)

  it("are numbers, too, as they may be written", function()
    local set = secrets_of { extra = { pin_token = 1.5, my_secret = 2 ^ 53 } }
    assert.is_true(set["1.5"])
    assert.is_true(set["9007199254740992"])
    assert.is_true(set[tostring(2 ^ 53)])
  end)
end)
