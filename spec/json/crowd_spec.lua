-- Strings that the hash of Lua 5.1 to 5.3 cannot tell apart: many of them would keep it busy for minutes.

local core = require "sapanywhere.core"

local is_jit = rawget(_G, "jit") ~= nil
local VERSION = _VERSION
local HASHES_ALL = VERSION == "Lua 5.1" and not is_jit             -- strings of any length, by steps
local HASHES_SOME = VERSION == "Lua 5.2" or VERSION == "Lua 5.3" -- likewise, but long ones only as names

-- Different strings of a length that agree in each byte which the hash looks at: it steps back from the last one.
local function alike(count, len)
  local step, looked_at, free = math.floor(len / 32) + 1, {}, {}
  for at = len, step, -step do looked_at[at] = true end
  for at = 1, len do
    if not looked_at[at] then free[#free + 1] = at end
  end
  local strings = {}
  for i = 1, count do
    local bytes, left = {}, i
    for at = 1, len do bytes[at] = "x" end
    for digit = 1, 4 do
      bytes[free[digit]] = string.char(97 + left % 16)
      left = math.floor(left / 16)
    end
    strings[i] = table.concat(bytes)
  end
  return strings
end

local function quoted(strings)
  local list = {}
  for i, text in ipairs(strings) do list[i] = '"' .. text .. '"' end
  return list
end

local function as_values(strings)
  return "[" .. table.concat(quoted(strings), ", ") .. "]"
end

local function as_names(strings)
  return "{" .. table.concat(quoted(strings), " :1, ") .. " : 1}"
end

local function escaped(strings)
  local list = {}
  for i, text in ipairs(strings) do
    list[i] = text:gsub("^.", function(char) return ("\\u%04x"):format(char:byte()) end):gsub(".$", "\\u0078")
  end
  return list
end

local function twice(strings)
  local list = {}
  for i, text in ipairs(strings) do list[2 * i - 1], list[2 * i] = text, text end
  return list
end

local SHORT, LONG = alike(1001, 40), alike(1001, 100)

describe("a text of strings that the hash cannot tell apart", function()
  -- what, the text, on which Luas it is refused
  local cases = {
    { "1001 of 40 bytes", as_values(SHORT), HASHES_ALL or HASHES_SOME },
    { "1001 of 32 bytes", as_values(alike(1001, 32)), HASHES_ALL or HASHES_SOME },
    { "1001 of 31 bytes, all of which it looks at", as_values(SHORT):gsub("xxxxxxxxx\"", '"'), false },
    { "1001 of 40 bytes with escapes", as_values(escaped(SHORT)), HASHES_ALL or HASHES_SOME },
    { "1001 of 100 bytes", as_values(LONG), HASHES_ALL },
    { "1001 names of 40 bytes", as_names(SHORT), HASHES_ALL or HASHES_SOME },
    { "1001 names of 100 bytes", as_names(LONG), HASHES_ALL or HASHES_SOME },
    { "1001 names of 100 bytes with escapes", as_names(escaped(LONG)), HASHES_ALL or HASHES_SOME },
    { "1000 of 40 bytes", as_values(alike(1000, 40)), false },
    { "1000 of 40 bytes, each twice", as_values(twice(alike(1000, 40))), false },
    { "5000 that are the same", "[" .. ('"' .. ("y"):rep(64) .. '",'):rep(5000) .. "1]", false },
    { "600 each of two lengths",
      as_values(alike(600, 40)):sub(1, -2) .. "," .. as_values(alike(600, 38)):sub(2), false },
    { "1001 between numbers that are marked", as_values(SHORT):gsub(",", ",1.5,"), HASHES_ALL or HASHES_SOME },
  }
  for _, case in ipairs(cases) do
    it((case[3] and "is refused: " or "is read: ") .. case[1], function()
      local value, problem = core.decode(case[2])
      assert.equal(not case[3], value ~= nil, problem)
      if case[3] then assert.truthy(problem:find("hash", 1, true), problem) end
    end)
  end

  -- Neither half is refused alone: those with the escape must count as what the escape stands for.
  local ESCAPES = {
    { "\\n", "\n" }, { "\\\"", "\"" }, { "\\\\", "\\" }, { "\\/", "/" }, { "\\t", "\t" }, { "\\b", "\b" },
    { "\\f", "\f" }, { "\\r", "\r" }, { "\\u007f", "\127" }, { "\\u0080", "\194\128" }, { "\\u07FF", "\223\191" },
    { "\\u0800", "\224\160\128" }, { "\\ud7ff", "\237\159\191" }, { "\\uE000", "\238\128\128" },
    { "\\uffff", "\239\191\191" }, { "\\uD800\\uDC00", "\240\144\128\128" }, { "\\udbff\\udfff", "\244\143\191\191" },
    { "\\ud83d\\uDE00", "\240\159\152\128" },
  }
  for _, escape in ipairs(ESCAPES) do
    it("is the same with an escape and with what it stands for: " .. escape[1], function()
      local list = alike(1001, 40)
      for i, text in ipairs(list) do
        local last = i % 2 == 0 and escape[1] or escape[2]
        if escape[2]:find("[%c\"\\]") and not escape[2]:find("[\127-\255]") then last = escape[1] end
        list[i] = text:sub(1, -1 - #escape[2]) .. last
      end
      local value, problem = core.decode(as_values(list))
      assert.equal(not (HASHES_ALL or HASHES_SOME), value ~= nil, problem)
    end)
  end

  it("is told from one of honest addresses", function()
    local list = {}
    for i = 1, 20000 do list[i] = ('"https://api.example.com/v1/customers/%08d/notes"'):format(i) end
    local value = core.decode("[" .. table.concat(list, ",") .. "]")
    assert.equal(20000, #value)
  end)
end)
