local ceql = require "sapanywhere.call.ceql"

local function write(where)
  local problems = {}
  local text = ceql.check(where, "where", problems)
  return text, problems[1] and problems[1].message
end

local NAN, INFINITY = 0 / 0, math.huge

local RIGHT = {
  { "firstName = 'x'", "firstName = 'x'" },
  { { "firstName = ? AND total > ?", "O'Hara", 5 }, "firstName = 'O''Hara' AND total > 5" },
  { { "a = ?", "" }, "a = ''" },
  { { "a = ?", "''" }, "a = ''''''" },
  { { "a = ?", "100%?" }, "a = '100%?'" },
  { { "a = ? OR b = ?", true, false }, "a = true OR b = false" },
  { { "a = ?", 2 ^ 53 }, "a = 9007199254740992" },
  { { "a = ?", 2 ^ 53 + 2 }, "a = 9007199254740994" },
  { { "a = ?", -0.5 }, "a = -0.5" }, { { "a = ?", -2 ^ 63 }, "a = -9223372036854775808" }, { { "a = ?", 0 }, "a = 0" },
  { { "a = ?", -2 ^ 53 }, "a = -9007199254740992" }, { { "a = ?", -7 }, "a = -7" },
  { { "a IN (?)", { "x", 2, true } }, "a IN ('x', 2, true)" },
  { { "a in ( ? ) AND b = ?", { "x" }, 1 }, "a in ( 'x' ) AND b = 1" },
  { { "a = '?' AND b = ?", 1 }, "a = '?' AND b = 1" },
  { { "a = 'it''s ?' AND b = ?", 1 }, "a = 'it''s ?' AND b = 1" },
  { { 'a = "?" AND b = ?', 1 }, 'a = "?" AND b = 1' },
  { { "a IS NULL" }, "a IS NULL" },
  { { "a = ?", "é" }, "a = 'é'" },
}

local WRONG = {
  { "", "where must not be empty" }, { {}, "where must be CEQL" }, { 5, "where must be CEQL" },
  { "a = 'x\n'", "where must not hold control characters" }, { "a = '\255'", "where must be valid UTF-8" },
  { { "a = ?" }, "where has 1 question marks and 0 values" },
  { { "a = 1", 2 }, "where has 0 question marks and 1 values" },
  { { "a = ?", nil, 3 }, "where has 1 question marks and 2 values" },
  { { "a = ?", [1e300] = 3 }, "where has 1 question marks and 1" },
  { { "a = ?", [INFINITY] = 3 }, "where must be a list: CEQL" },
  { { "a = ?", NAN }, "where[2] must be a finite number" },
  { { "a = ?", INFINITY }, "where[2] must be a finite number" },
  { { "a = ?", {} }, "where[2] must not be a list, except for IN (?)" },
  { { "a BEGIN(?)", { 1 } }, "where[2] must not be a list, except for IN (?)" },
  { { "a IN (?)", {} }, "where[2] must not be an empty list" },
  { { "a IN (?)", { { 1 } } }, "where[2] must be a string, a number or a boolean, not a table" },
  { { "a IN (?)", { 1, nil, 3, x = 1 } }, "where[2] must be a list without gaps or names" },
  { { "a IN (?)", { 1, [0] = 2 } }, "where[2] must be a list without gaps or names" },
  { { "a IN (?)", { 1, [1.5] = 2 } }, "where[2] must be a list without gaps or names" },
  { { "a IN (?)", { 1, [-1] = 2 } }, "where[2] must be a list without gaps or names" },
  { { "a IN (?)", { 1, [9] = 2 } }, "where[2] must be a list without gaps or names" },
  { { "a IN (?)", { 1, x = 2 } }, "where[2] must be a list without gaps or names" },
  { { "a = ?", -INFINITY }, "where[2] must be a finite number" },
  { { "a = ?", "x\0" }, "where[2] must not hold control characters" },
  { { "a = ?", print }, "where[2] must be a string, a number or a boolean, not a function" },
  { { "a = 'x AND b = ?", 1 }, "where has a quote that is not closed" },
  { { "a = ?", 1, name = 1 }, "where must be a list: CEQL with question marks" },
}

describe("where", function()
  for _, case in ipairs(RIGHT) do
    it("is " .. case[2], function() assert.equal(case[2], (write(case[1]))) end)
  end

  for i, case in ipairs(WRONG) do
    it(("is refused (%d): %s"):format(i, case[2]), function()
      local text, message = write(case[1])
      assert.truthy(message and message:find(case[2], 1, true), tostring(message) .. " for " .. tostring(text))
    end)
  end

  it("never lets a value end its own quotes", function()
    for _, value in ipairs { "'", "''", "' OR 1 = 1", "\\'", "a'b'c", "'?'" } do
      local text = assert(write { "a = ? AND b = ?", value, value })
      assert.equal(0, select(2, text:gsub("'", "")) % 2)
      assert.equal("a =  AND b = ", (text:gsub("'[^']*'", ""):gsub("''", "")))
    end
  end)
end)
