-- The search for secrets in the core, against secrets and disguises of every length, place and kind.

local core = require "sapanywhere.core"

local SHORTEST = 4 -- of those that are found anywhere, and in base64
local SECRET = "k9/Zt+x%Q-_7'\"&<é€😀wB2=.~ yL5j0RqMv8nCd3FhGs6PaT1uW4eKo" -- whose parts are no part of what is around

local function secret_of(length) return SECRET:sub(1, length) end

-- Another text of the same length: its last byte is another.
local function spoiled(secret) return secret:sub(1, -2) .. (secret:sub(-1) == "#" and "*" or "#") end

local function assert_found(text, secret, where)
  if not core.may_hold(text, secret) then assert.is_true(false, where .. ": " .. secret .. " in " .. text) end
end

local function assert_not_found(text, secret, where)
  if core.may_hold(text, secret) then assert.is_false(true, where .. ": " .. secret .. " in " .. text) end
end

-- Each byte, or each character, as an escape.
local function each_byte(format)
  return function(text) return (text:gsub(".", function(char) return format:format(char:byte()) end)) end
end

local function code_points(text)
  local list = {}
  for char in text:gmatch "[%z\1-\127\194-\244][\128-\191]*" do
    local first = char:byte()
    local point = first < 0x80 and first or first % (first < 0xE0 and 32 or first < 0xF0 and 16 or 8)
    for i = 2, #char do point = point * 64 + char:byte(i) - 0x80 end
    list[#list + 1] = point
  end
  return list
end

local function each_character(write)
  return function(text)
    local parts = {}
    for i, point in ipairs(code_points(text)) do parts[i] = write(point) end
    return table.concat(parts)
  end
end

local function json_escape(point, format)
  if point < 0x10000 then return (format or "\\u%04x"):format(point) end
  point = point - 0x10000
  return ("\\u%04X\\u%04x"):format(0xD800 + math.floor(point / 1024), 0xDC00 + point % 1024)
end

local DISGUISES = {
  ["as it is"] = function(text) return text end,
  ["in percent"] = each_byte "%%%02x",
  ["in percent, with capital letters"] = each_byte "%%%02X",
  ["in JSON"] = each_character(json_escape),
  ["in HTML, decimal"] = each_character(function(point) return ("&#%d;"):format(point) end),
  ["in HTML, hexadecimal"] = each_character(function(point) return ("&#x%x;"):format(point) end),
  ["in HTML, hexadecimal with capital letters"] = each_character(function(point) return ("&#X%X;"):format(point) end),
  ["in HTML, with names"] = function(text)
    local names = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }
    return (text:gsub("[&<>\"']", names))
  end,
  ["in JSON, with marks alone"] = function(text) return (text:gsub("[/\\\"']", "\\%0")) end,
}

-- Lengths at which no character of the secret is cut.
local LENGTHS = {}
for length = 1, #SECRET do
  local after = SECRET:byte(length + 1)
  if not after or after < 0x80 or after >= 0xC0 then LENGTHS[#LENGTHS + 1] = length end
end

describe("a secret", function()
  for name, disguise in pairs(DISGUISES) do
    it("of any length is found " .. name .. ", and another one is not", function()
      for _, length in ipairs(LENGTHS) do
        local secret = secret_of(length)
        assert_found(disguise(secret), secret, "alone")
        assert_found("!" .. disguise(secret) .. "!", secret, "between marks")
        assert_not_found("!" .. disguise(spoiled(secret)) .. "!", secret, "another")
      end
    end)

    it("is found " .. name .. " at any place of a text", function()
      for _, length in ipairs { 4, 5, 15, 16, 18, #SECRET } do
        local secret = secret_of(length)
        for before = 0, 34 do
          for after = 0, 2 do
            local text = ("~"):rep(before) .. disguise(secret) .. ("~"):rep(after)
            assert_found(text, secret, before .. " before it")
          end
        end
      end
    end)
  end

  it("is found whatever its characters are, under escapes that stand for them", function()
    for char, point in pairs {
      ["\127"] = 0x7F, ["\194\128"] = 0x80, ["\223\191"] = 0x7FF, ["\224\160\128"] = 0x800, ["\237\159\191"] = 0xD7FF,
      ["\238\128\128"] = 0xE000, ["\239\191\191"] = 0xFFFF, ["\240\144\128\128"] = 0x10000,
      ["\240\159\152\128"] = 0x1F600, ["\244\143\191\191"] = 0x10FFFF,
    } do
      local secret = "ab" .. char .. "cd"
      assert_found("ab" .. json_escape(point) .. "cd", secret, "JSON")
      assert_found(("ab&#%d;cd"):format(point), secret, "HTML")
      assert_found(("ab&#x%06X;cd"):format(point), secret, "HTML")
      assert_not_found(("ab&#%d;cd"):format(point + 1), secret, "another")
    end
  end)

  it("is found under three layers of escapes, whatever their order, and not under four", function()
    local secret = secret_of(18)
    local names = { "in percent", "in JSON", "in HTML, decimal" }
    for _, first in ipairs(names) do
      for _, second in ipairs(names) do
        for _, third in ipairs(names) do
          local text = DISGUISES[third](DISGUISES[second](DISGUISES[first](secret)))
          assert_found("x=" .. text, secret, first .. second .. third)
          assert_not_found("x=" .. DISGUISES["in percent"](text), secret, "four")
        end
      end
    end
  end)

  it("is found in base64 of either alphabet, at any place of what was encoded", function()
    for _, length in ipairs(LENGTHS) do
      local secret = secret_of(length)
      for before = 0, 5 do
        for after = 0, 3 do
          local plain = ("\255"):rep(before) .. secret .. ("\254"):rep(after)
          for _, encode in ipairs { core.base64, core.base64url } do
            local text = "?" .. encode(plain)
            if length >= SHORTEST then assert_found(text, secret, before .. " before it") end
            if length > SHORTEST then
              local other = ("\255"):rep(before) .. "#" .. secret:sub(2) .. ("\254"):rep(after)
              assert_not_found("?" .. encode(other), secret, "another")
            end
          end
        end
      end
    end
  end)

  it("of less than four bytes is found where no letter or digit touches it", function()
    for _, secret in ipairs { "ab", "a", "a9Z" } do
      for _, mark in ipairs { "", " ", "=", "/", ":", "@", "[", "`", "{", "\200" } do
        assert_found(mark .. secret .. mark, secret, mark)
      end
      for _, touching in ipairs { "0", "9", "A", "Z", "a", "z" } do
        assert_not_found(touching .. secret .. " ", secret, touching)
        assert_not_found(" " .. secret .. touching, secret, touching)
      end
      assert_found(" x" .. secret .. " " .. secret, secret, "the second time")
    end
  end)

  it("with a space is found where the space is a plus", function()
    assert_found("q=my+secret+word", "my secret word", "form")
    assert_not_found("q=my secret word", "my+secret+word", "the other way round")
  end)

  it("is found by the side of others, of any length, however many", function()
    local secrets = {}
    for i = 1, 50 do
      secrets[i] = ("secret-%d-%s"):format(i, ("x"):rep(i))
      if i % 7 == 0 then secrets[i] = ("%02d"):format(i) end
    end
    for i, secret in ipairs(secrets) do
      assert_found("text " .. secret .. " text", secrets, "the " .. i .. "th")
      assert_found({ "no", "text " .. secret }, secrets, "the " .. i .. "th")
    end
    assert_not_found("text secret-51- text secret 1 x", secrets, "none")
    assert_not_found("text", {}, "no secrets")
    assert_not_found("text", "", "an empty secret")
    assert_not_found("", "secret", "an empty text")
  end)
end)

describe("what is no escape", function()
  it("is a text like any other", function()
    for _, text in ipairs {
      "%4", "%", "%zz41", "%4g", "\\u12", "\\u", "\\u00g1", "\\", "\\x", "&", "&#", "&#;", "&#x;", "&#12", "&#xZ;",
      "&amp", "&nosuch;", "&#x110000;", "\\ud83d", "\\ud83d\\u0041", "\\udc00", "%%41%",
    } do
      local secret = "begin" .. text .. "end"
      assert_found(secret, secret, text)
      assert_found("%21\\/&lt;" .. secret, secret, text)
      assert_not_found("begin" .. text .. "End", secret, text)
      assert_found("before" .. text, "before", text)
    end
  end)

  it("ends where a text ends", function()
    for _, text in ipairs {
      "secret%4", "secret%", "secret\\u004", "secret\\", "secret&#6", "secret&am", "secret\\ud83d\\ude0",
    } do
      assert_found(text, "secret", text)
      assert_not_found(text, "secretA", text)
    end
  end)
end)
