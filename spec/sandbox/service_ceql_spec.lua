-- What the local service understands of CEQL, as values.

local ceql = require "sapanywhere.sandbox.service.ceql"
local cjson = require "cjson"

local row = {
  firstName = "O'Hara", total = 5.5, count = "12", active = true, gone = cjson.null, code = "AB-12%",
  customer = { id = 7, name = "Ada" }, list = { 1 }, creationTime = "2016-05-06T00:00:00.000Z",
}

describe("the sandbox's CEQL", function()
  for _, case in ipairs {
    { "firstName = 'O''Hara'", true }, { "firstName='Ada'", false }, { "firstName != 'Ada'", true },
    { "total > 5", true }, { "total > 5.5", false }, { "total >= 5.5", true }, { "total < 6", true },
    { "total <= -1", false }, { "total = '5.5'", true }, { "count = 12", true }, { "count > 9", true },
    { "customer.id = 7", true }, { "customer.name = 'Bob'", false }, { "customer.name.x = 'Ada'", false },
    { "creationTime > '2016-01-01T00:00:00.000Z'", true }, { "creationTime < '2016-01-01'", false },
    { "active = true", true }, { "active = FALSE", false }, { "active = 'true'", true }, { "active < true", false },
    { "firstName LIKE 'O%'", true }, { "firstName LIKE '%a'", true }, { "firstName LIKE '%''H%a'", true },
    { "firstName LIKE 'Hara'", false }, { "firstName LIKE '%'", true }, { "firstName LIKE 'O%O%'", false },
    { "code LIKE 'A%-%12%'", true }, { "code LIKE '%AB-12%AB-12%'", false }, { "gone LIKE '%'", false },
    { "total IN (1, 5.5)", true }, { "firstName in ('Ada', 'Bob')", false }, { "firstName IN ('O''Hara')", true },
    { "gone IS NULL", true }, { "missing is null", true }, { "gone IS NOT NULL", false }, { "total IS NOT NULL", true },
    { "gone = 1", false }, { "gone != 1", false }, { "missing != 'x'", false }, { "list = 1", false },
    { "list IS NULL", false },
    { "total > 5 AND firstName = 'Ada'", false }, { "total > 5 OR firstName = 'Ada'", true },
    { "total = 1 AND total = 2 OR total = 5.5", true }, { "total = 5.5 OR total = 1 AND total = 2", true },
    { "(total = 5.5 OR total = 1) AND total = 2", false }, { "((total=5.5))", true }, { "  total=5.5 ", true },
    { "total = 5.5 and (firstName = 'Ada' or count = 12)", true },
  } do
    it("finds that " .. case[1] .. " is " .. tostring(case[2]), function()
      assert.equal(case[2], assert(ceql.compile(case[1]))(row))
    end)
  end

  for text, problem in pairs {
    [""] = "the name of a field is expected, not the end (character 1)",
    ["where a = 1"] = "an operator is expected, not a (character 7)",
    ["a"] = "an operator is expected, not the end (character 2)",
    ["a ="] = "a value is expected, not the end (character 4)",
    ["a = b"] = "a value is expected, not b (character 5)",
    ["a = NULL"] = "a value is expected, not NULL (character 5)",
    ["NOT a = 1"] = "the name of a field is expected, not NOT (character 1)",
    ["a NOT LIKE 'x'"] = "an operator is expected, not NOT (character 3)",
    ["a <> 1"] = '"<" is not understood (character 3)',
    ["a == 1"] = '"=" is not understood (character 3)',
    ["`a` = 1"] = '"`" is not understood (character 1)',
    ["a = \"x\""] = '"\\"" is not understood (character 5)',
    ["a = 'x"] = "a quote is not closed (character 5)",
    ["a = 1x"] = "a number is malformed (character 5)",
    ["a = 1 b = 2"] = "AND, OR or the end is expected, not b (character 7)",
    ["(a = 1"] = "a closing parenthesis is expected, not the end (character 7)",
    ["a = 1)"] = "AND, OR or the end is expected, not ) (character 6)",
    ["a IN ()"] = "a value is expected, not ) (character 7)",
    ["a IN 1"] = "an opening parenthesis is expected, not 1 (character 6)",
    ["a LIKE 1"] = "a quoted string is expected, not 1 (character 8)",
    ["a IS 1"] = "NULL is expected, not 1 (character 6)",
    ["a BETWEEN 1 AND 2"] = "an operator is expected, not BETWEEN (character 3)",
    ["a = 1; drop"] = '";" is not understood (character 6)',
    [("("):rep(51) .. "a = 1" .. (")"):rep(51)] = "too many parentheses (character 51)",
  } do
    it("says of " .. text:sub(1, 30) .. " what it cannot read", function()
      local test, said = ceql.compile(text)
      assert.is_nil(test)
      assert.equal("Error parsing query: " .. problem, said)
    end)
  end

  it("reads any bytes without an error of Lua's", function()
    for byte = 0, 255 do
      local _, said = ceql.compile("a = " .. string.char(byte))
      assert.is_true(said == nil or said:find("^Error parsing query: ") ~= nil)
    end
  end)
end)
