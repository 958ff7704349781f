local ceql = require "sapanywhere.call.ceql"
local service = require "sapanywhere.sandbox.service.ceql"

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

  -- Values that somebody might write to get out of their quotes, or to be taken for something else.
  local HOSTILE = {
    "'", "''", "'''", "\\'", "\\", "\\\\'", "' OR 1 = 1", "' OR '1' = '1", "'; DROP TABLE customers; --", "x' --",
    "/* x */", "a'b'c", "'?'", "?", "??", "%", "%%", "_", "100%", "`", '"', '" OR 1 = 1', "``", "(", ")", "')",
    "') OR (1 = 1", "IN (?)", "NULL", "null", "true", "5", "5.5", "-1", "1e3", "0x10", " ", " x ", "", ",", "',' ",
    "\195\164", "\226\128\153", "\202\188 OR 1 = 1", "\239\188\135", "\226\128\168", "\240\159\148\145",
    ("'"):rep(1000), ("x"):rep(10000), "&pageSize=1", "%27", "%2527", "#", "+", "${x}", "{{x}}", "\\u0027", "&#39;",
  }

  it("never lets a value end its own quotes", function()
    for _, value in ipairs(HOSTILE) do
      local text = assert(write { "a = ? AND b IN (?)", value, { value, "y" } })
      local quoted = "'" .. value:gsub("'", "''") .. "'"
      assert.equal(("a = %s AND b IN (%s, 'y')"):format(quoted, quoted), text)
      assert.equal(0, select(2, text:gsub("'", "")) % 2)
    end
  end)

  it("is read by the local service as the values that were given, and as no others", function()
    for _, value in ipairs(HOSTILE) do
      local text = assert(write { "a = ? AND b IN (?) AND c = ?", value, { "y", value }, true })
      local test = assert(service.compile(text))
      assert.is_true(test { a = value, b = value, c = true }, value)
      assert.is_true(test { a = value, b = "y", c = true }, value)
      for _, other in ipairs { value .. "x", "x" .. value, "another" } do
        assert.is_false(test { a = other, b = value, c = true }, value)
        assert.is_false(test { a = value, b = other, c = true }, value)
      end
    end
  end)

  it("is one parameter of the query, whatever is in it", function()
    local made, plan = require "support.values", require "sapanywhere.call.plan"
    local rows, url = require "sapanywhere.api.rows", require "sapanywhere.sandbox.service.url"
    local shop = assert(made.instance({ token = "t" }, assert(made.client { user_secret = "u" })))
    for _, value in ipairs(HOSTILE) do
      for _, where in ipairs { { "a = ?", value }, "a = " .. value } do
        local values = assert(made.call("resource:list", { where = where }, shop))
        local target = assert(plan.request(rows["resource:list"], values)).target
        local query = assert(url.parse_query(target:match("^[^?]*%?(.*)$")))
        assert.same({ (write(where)) }, query.where)
        assert.is_nil(next(query, next(query)))
      end
    end
  end)

  it("takes numbers exactly", function()
    for _, value in ipairs { 0, -1, 1e15, 0.1, -2.5e-7, 2 ^ 53, -2 ^ 53, 2 ^ 60, 1e300, 5e-324 } do
      local text = assert(write { "a = ?", value })
      assert.equal(value, tonumber(text:match("^a = (.*)$")), text)
      assert.is_nil(text:find("%.0$"), text)
    end
  end)
end)
