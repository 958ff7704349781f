local cjson = require "cjson"
local core = require "sapanywhere.core"

local math_type = rawget(math, "type") or function() return nil end
local has_integers = math_type(1) == "integer"

-- Lua 5.1 knows neither "\x" nor "\u".
local function utf8_char(code)
  if code < 0x80 then return string.char(code) end
  local bytes, first = {}, 0x40
  while code >= first do
    table.insert(bytes, 1, string.char(0x80 + code % 0x40))
    code, first = math.floor(code / 0x40), first / 2
  end
  return string.char(256 - 2 * first + code) .. table.concat(bytes)
end

local function decode_one(text)
  local list = assert(core.decode("[" .. text .. "]"))
  return list[1]
end

describe("decoding JSON", function()
  it("gives tables, strings, booleans and null as lua-cjson does", function()
    local value = core.decode '{"a": [1, "two", true, false, null, {}, []], "b": {"c": {"d": ""}}, "": "e"}'
    assert.same({ a = { 1, "two", true, false, core.null, {}, {} }, b = { c = { d = "" } }, [""] = "e" },
      value)
    assert.equal(cjson.null, core.null)
  end)

  it("takes a value of any kind for the whole", function()
    assert.equal(12, core.decode " 12 ")
    assert.equal(-1.5, core.decode "-1.5")
    assert.equal("x", core.decode '"x"')
    assert.equal(true, core.decode "true")
    assert.equal(core.null, core.decode "null")
    assert.same({}, core.decode "\t\r\n []")
    assert.same({}, core.decode " {}")
  end)

  it("gives plain tables, without metatables, for objects and for lists with something in them", function()
    local value = core.decode '{"list": [1], "object": {}, "lists": [[1.5]]}'
    assert.is_nil(getmetatable(value))
    assert.is_nil(getmetatable(value.list))
    assert.is_nil(getmetatable(value.object))
    assert.is_nil(getmetatable(value.lists))
    assert.is_nil(getmetatable(value.lists[1]))
  end)

  it("gives empty lists that are written as lists again", function()
    for _, text in ipairs {
      "[]", '{"a":[]}', "[[],{}]", "[[],[[]],{},[{}]]", '{"a":{"b":{"c":{"d":{"e":[]}}}}}', '{"a":[1.5,[],{"b":[]}]}',
      '["]","[]"]', '{"a":"]"}', '{"a\\u0041":[]}',
    } do
      local value = core.decode(text)
      local again = assert(core.encode(value))
      assert.equal((text:gsub("\\u0041", "A")), again)
      assert.equal(again, core.encode(core.decode(again)))
    end
    local mixed = core.decode '{"n": null, "list": [ \n ], "number": 12, "none": {}, "last": []}'
    assert.equal("[]", core.encode(mixed.list))
    assert.equal("[]", core.encode(mixed.last))
    assert.equal("{}", core.encode(mixed.none))
    assert.equal(12, mixed.number)
  end)

  it("gives each empty list for itself", function()
    local value = core.decode "[[],[]]"
    value[1][1] = "x"
    assert.equal('[["x"],[]]', core.encode(value))
  end)

  it("has the last of two empty lists of one name", function()
    assert.equal('{"a":[]}', core.encode(core.decode '{"a":1,"a":[]}'))
    assert.equal('{"a":"]"}', core.encode(core.decode '{"a":[],"a":"]"}'))
  end)

  it("takes escapes and every character", function()
    assert.equal('"\\/\b\f\n\r\t', core.decode [["\"\\\/\b\f\n\r\t"]])
    assert.equal("\0\1A\127", core.decode '"\\u0000\\u0001\\u0041\127"')
    assert.equal(utf8_char(0xE9) .. utf8_char(0x20AC) .. utf8_char(0x1F600),
      core.decode [["\u00e9\u20AC\uD83D\ude00"]])
    assert.equal(utf8_char(0xFF), core.decode [["\u00ff"]])
    for _, code in ipairs { 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF } do
      for before = 0, 9 do
        local text = ("x"):rep(before) .. utf8_char(code) .. "y"
        assert.equal(text, core.decode('"' .. text .. '"'))
      end
    end
  end)

  it("keeps a string whose first character is U+00FF apart from its marks", function()
    assert.same({ n = utf8_char(0xFF) .. "12" }, core.decode('{"n": "' .. utf8_char(0xFF) .. '12"}'))
  end)
end)

describe("nulls", function()
  local cases = {
    { '{"a":null}', {} },
    { '{"a":null,"b":null}', {} },
    { '{"a":null,"b":1}', { b = 1 } },
    { '{"a":1,"b":null}', { a = 1 } },
    { '{"a":1,"b":null,"c":null,"d":"x"}', { a = 1, d = "x" } },
    { '{"a":null,"b":null,"c":1,"d":null,"e":2}', { c = 1, e = 2 } },
    { '{ "a" : null , "b" : { "c" : null } , "d" : null }', { b = {} } },
    { '{"a":{"b":null},"c":null,"d":{"e":1,"f":null}}', { a = {}, d = { e = 1 } } },
    { '{"a":[null,{"b":null},null]}', { a = { core.null, {}, core.null } } },
    { '[{"a":null,"b":[{"c":null}]}]', { { b = { {} } } } },
    { '{"null":"null","a":"null"}', { null = "null", a = "null" } },
  }
  for _, case in ipairs(cases) do
    it("inside objects are left out of " .. case[1], function()
      assert.same(case[2], core.decode(case[1]))
    end)
  end

  it("are kept where that is asked for", function()
    assert.same({ a = core.null, b = { core.null } }, core.decode('{"a":null,"b":[null]}', true))
  end)
end)

describe("numbers", function()
  local whole = { "0", "1", "123", "-1", "9007199254740991", "-9007199254740991", "9007199254740992",
    "1234567890123456" }
  for _, text in ipairs(whole) do
    it(text .. " is what it says, and an integer where there are integers", function()
      for _, value in ipairs { decode_one(text), core.decode('{"n":' .. text .. "}").n,
        (core.decode(text)) } do
        assert.equal(text, ("%.0f"):format(value))
        assert.equal(tonumber(text), value)
        if has_integers then assert.equal("integer", math_type(value)) end
      end
    end)
  end

  local large = {
    "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808",
    "1000000000000000001",
  }
  for _, text in ipairs(large) do
    it(text .. " is exact: an integer where there are integers, its digits elsewhere", function()
      local value = decode_one(text)
      assert.equal(text, has_integers and ("%d"):format(value) or value)
      assert.equal(has_integers and "integer" or nil, math_type(value))
      assert.equal(value, core.decode('{"a":{"b":' .. text .. "}}").a.b)
      assert.equal(value, (core.decode(text)))
    end)
  end

  local huge = {
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "123456789012345678901234567890",
    "-633825300114114700748351602688", "1" .. ("0"):rep(400),
  }
  for _, text in ipairs(huge) do
    it(text:sub(1, 40) .. " arrives as its digits", function()
      assert.equal(text, decode_one(text))
      assert.equal(text, core.decode('{"n":' .. text .. "}").n)
    end)
  end

  for text, value in pairs {
    ["1.0"] = 1, ["0.0"] = 0, ["1.5"] = 1.5, ["-0.25"] = -0.25, ["1e3"] = 1000, ["1E+3"] = 1000,
    ["25e-2"] = 0.25,
    ["0.1"] = 0.1, ["1.7976931348623157e308"] = 1.7976931348623157e308, ["5e-324"] = 5e-324, ["1e-400"] = 0,
    ["123456789.123456789"] = 123456789.123456789, ["0.99999999999999999999"] = 1, ["12.50"] = 12.5, ["12.00"] = 12,
    ["-100.000000000000000001"] = -100, ["9007199254740993.0"] = 9007199254740992, ["0e0"] = 0,
  } do
    it(text .. " is a float where there are integers", function()
      for _, rows in ipairs { 1, 500 } do -- a long text is read in another way
        local list = core.decode('[' .. ('{"n":1,"x":%s},'):format(text):rep(rows) .. "0]")
        for i = 1, rows do
          assert.equal(value, list[i].x)
          assert.equal(has_integers and "float" or nil, math_type(list[i].x))
          assert.equal(has_integers and "integer" or nil, math_type(list[i].n))
        end
      end
      assert.equal(value, decode_one(text))
    end)
  end

  it("keep the sign of -0", function()
    assert.equal(-1 / 0, 1 / decode_one "-0")
    assert.equal(-1 / 0, 1 / decode_one "-0.0")
  end)

  for _, text in ipairs { "1e400", "-1e400", "1" .. ("0"):rep(400) .. ".5" } do
    it(text:sub(1, 10) .. ", beyond the range of a double, arrives as it stands", function()
      assert.equal(text, decode_one(text))
    end)
  end

  it("are found wherever they are", function()
    local value = core.decode [==[{
      "a": 1, "b": [2, [3, {"c": 4}], 5.5], "d": {"e": {"f": {"g": {"h": {"i": 6}}}}},
      "j.k": {"l\u0041": 7, "m\n": 8.5}, "": 9, "n": [[[[10]]]], "o": {"p": null, "q": 11}, "r": "\u00ff12"
    }]==]
    assert.same({
      a = 1, b = { 2, { 3, { c = 4 } }, 5.5 }, d = { e = { f = { g = { h = { i = 6 } } } } },
      ["j.k"] = { lA = 7, ["m\n"] = 8.5 }, [""] = 9, n = { { { { 10 } } } }, o = { q = 11 },
      r = utf8_char(0xFF) .. "12",
    }, value)
    if has_integers then
      assert.equal("integer", math_type(value.d.e.f.g.h.i))
      assert.equal("integer", math_type(value["j.k"].lA))
    end
  end)

  it("are found where a name is given twice, and the last one counts", function()
    assert.same({ a = 2 }, core.decode '{"a":1,"a":2}')
    assert.same({ a = "x", b = 3 }, core.decode '{"a":1,"a":"x","b":3}')
    assert.same({ a = { c = 2 }, b = 3 }, core.decode '{"a":{"b":1},"a":{"c":2},"b":3}')
    assert.same({ a = { 2 }, b = 3 }, core.decode '{"a":{"b":1},"a":[2],"b":3}')
    local value = core.decode '{"a":1,"a":1e3,"b":2,"\\u0062":1e3,"c":[1,1e3]}'
    assert.same({ a = 1000, b = 1000, c = { 1, 1000 } }, value)
    if has_integers then
      for _, number in ipairs { value.a, value.b, value.c[2] } do assert.equal("float", math_type(number)) end
      assert.equal("integer", math_type(value.c[1]))
    end
  end)

  it("are found in their thousands", function()
    local list, object = {}, {}
    for i = 1, 5000 do
      list[i] = i
      object["n" .. i] = { whole = i, half = i / 2 }
    end
    assert.same(list, core.decode(core.encode(list)))
    assert.same(object, core.decode(core.encode(object)))
  end)
end)

describe("what is no JSON", function()
  local bad = {
    ["empty text"] = { "", "the text ends too early", 0 },
    ["blanks alone"] = { " \n ", "the text ends too early", 3 },
    ["a byte order mark"] = { "\239\187\191[]", "a value is missing", 0 },
    ["bytes after the end"] = { "[] x", "bytes after the end", 3 },
    ["two values"] = { "1 2", "bytes after the end", 2 },
    ["a NUL after the end"] = { "[]\0", "bytes after the end", 2 },
    ["UTF-16"] = { "[\0]\0", "a value is missing", 1 },
    ["a list cut short"] = { "[1,2", "the text ends too early", 4 },
    ["an object cut short"] = { '{"a":', "the text ends too early", 5 },
    ["a string cut short"] = { '["abc', "the text ends too early", 5 },
    ["a string cut behind a backslash"] = { '["abc\\', "the text ends too early", 6 },
    ["a comma before the end of a list"] = { "[1,]", "a value is missing", 3 },
    ["a comma before the end of an object"] = { '{"a":1,}', "a name is missing", 7 },
    ["a comma behind a null before the end of an object"] = { '{"a":null,}', "a name is missing", 10 },
    ["a comma alone"] = { "[,]", "a value is missing", 1 },
    ["two commas"] = { "[1,,2]", "a value is missing", 3 },
    ["no comma"] = { "[1 2]", "a comma or a closing bracket is missing", 3 },
    ["no comma behind a null"] = { '{"a":null "b":1}', "a comma or a closing bracket is missing", 10 },
    ["no colon"] = { '{"a" 1}', "a colon is missing", 5 },
    ["no value"] = { '{"a":}', "a value is missing", 5 },
    ["no value before a comma"] = { '{"a":,"b":1}', "a value is missing", 5 },
    ["no name"] = { "{:1}", "a name is missing", 1 },
    ["a number as a name"] = { "{1:1}", "a name is missing", 1 },
    ["null as a name"] = { "{null:1}", "a name is missing", 1 },
    ["the wrong bracket"] = { "[1}", "a comma or a closing bracket is missing", 2 },
    ["the other wrong bracket"] = { '{"a":1]', "a comma or a closing bracket is missing", 6 },
    ["a bracket too much"] = { "[]]", "bytes after the end", 2 },
    ["a comment"] = { "[1/*x*/]", "a comma or a closing bracket is missing", 2 },
    ["a comment on a line"] = { "//x\n[]", "a value is missing", 0 },
    ["single quotes"] = { "['a']", "a value is missing", 1 },
    ["a name without quotes"] = { "{a:1}", "a name is missing", 1 },
    ["a form feed for a blank"] = { "[\f1]", "a value is missing", 1 },
    ["NaN"] = { "[NaN]", "a value is missing", 1 },
    ["nan"] = { "[nan]", "an unknown word", 1 },
    ["-nan"] = { "[-nan]", "a digit is missing", 2 },
    ["Infinity"] = { "[Infinity]", "a value is missing", 1 },
    ["-Infinity"] = { "[-Infinity]", "a digit is missing", 2 },
    ["inf"] = { "[inf]", "a value is missing", 1 },
    ["True"] = { "[True]", "a value is missing", 1 },
    ["tru"] = { "[tru]", "an unknown word", 1 },
    ["nulls"] = { "[nulls]", "a comma or a closing bracket is missing", 5 },
    ["a member that is nulls"] = { '{"a":nulls}', "a comma or a closing bracket is missing", 9 },
    ["a hexadecimal number"] = { "[0x10]", "a comma or a closing bracket is missing", 2 },
    ["a leading zero"] = { "[01]", "a number begins with a zero", 1 },
    ["a leading zero behind a minus"] = { "[-01]", "a number begins with a zero", 2 },
    ["two zeros"] = { "[00]", "a number begins with a zero", 1 },
    ["a plus"] = { "[+1]", "a value is missing", 1 },
    ["a point first"] = { "[.5]", "a value is missing", 1 },
    ["a point last"] = { "[1.]", "a digit is missing after the decimal point", 3 },
    ["a point before an exponent"] = { "[1.e5]", "a digit is missing after the decimal point", 3 },
    ["an exponent without digits"] = { "[1e]", "a digit is missing in the exponent", 3 },
    ["an exponent with a sign only"] = { "[1e+]", "a digit is missing in the exponent", 4 },
    ["a minus alone"] = { "[-]", "a digit is missing", 2 },
    ["a minus at the end"] = { "-", "the text ends too early", 1 },
    ["two points"] = { "[1.2.3]", "a comma or a closing bracket is missing", 4 },
    ["a line feed in a string"] = { '["a\nb"]', "a control character in a string", 3 },
    ["a NUL in a string"] = { '["a\0b"]', "a control character in a string", 3 },
    ["the byte 1F in a name"] = { '{"a\31":1}', "a control character in a string", 3 },
    ["an unknown escape"] = { [=[["\x41"]]=], "an unknown escape in a string", 2 },
    ["an escaped NUL"] = { '["\\\0"]', "an unknown escape in a string", 2 },
    ["three hexadecimal digits"] = { [=[["\u041"]]=], "a \\u without four hexadecimal digits", 2 },
    ["a high surrogate alone"] = { [=[["\uD83D"]]=], "half of a surrogate pair in a string", 2 },
    ["a high surrogate before text"] = { [=[["\uD83Dabcdef"]]=], "half of a surrogate pair in a string", 2 },
    ["a low surrogate alone"] = { [=[["\uDE00"]]=], "half of a surrogate pair in a string", 2 },
    ["two high surrogates"] = { [=[["\uD83D\uD83D"]]=], "half of a surrogate pair in a string", 2 },
    ["a low surrogate before a high one"] = { [=[["\uDE00\uD83D"]]=],
      "half of a surrogate pair in a string", 2 },
    ["a high surrogate at the end"] = { [["\uD83D\uDE]], "half of a surrogate pair in a string", 1 },
    ["an overlong NUL"] = { '["\192\128"]', "invalid UTF-8", 2 },
    ["an overlong slash"] = { '["\224\128\175"]', "invalid UTF-8", 2 },
    ["a surrogate in UTF-8"] = { '["\237\160\128"]', "invalid UTF-8", 2 },
    ["U+110000"] = { '["\244\144\128\128"]', "invalid UTF-8", 2 },
    ["the byte FF"] = { '["\25512"]', "invalid UTF-8", 2 },
    ["a character cut short"] = { '["\226\130"]', "invalid UTF-8", 2 },
    ["a character cut short at the end"] = { '"\226\130', "invalid UTF-8", 1 },
    ["a lone continuation byte in a name"] = { '{"\128":1}', "invalid UTF-8", 2 },
    ["Latin-1"] = { '["0123456789caf\233"]', "invalid UTF-8", 15 },
  }
  for name, case in pairs(bad) do
    it("is refused: " .. name, function()
      for _, keep_nulls in ipairs { false, true } do
        local value, what, offset = core.decode(case[1], keep_nulls)
        assert.is_nil(value)
        assert.equal(case[2], what)
        assert.equal(case[3], offset)
      end
    end)
  end

  it("is refused wherever the documented answer is cut", function()
    local file = assert(io.open "spec/fixtures/instance.json")
    local text = file:read("*a"):gsub("%s+$", "")
    file:close()
    assert.is_table(core.decode(text))
    for length = 0, #text - 1 do
      local value, what, offset = core.decode(text:sub(1, length))
      assert.is_nil(value)
      assert.is_string(what)
      assert.is_true(offset <= length)
    end
  end)

  it("is told of without a word of the text", function()
    for _, text in ipairs { '{"token":"s3cret" "', '["s3cret\n"]', "[s3cret]", '{"s3cret"}',
      '["\\us3cret"]' } do
      local _, what = core.decode(text)
      assert.is_nil(what:find("s3c", 1, true))
    end
  end)
end)

describe("nesting", function()
  it("may be 512 deep", function()
    local depth, value = 0, core.decode(("["):rep(512) .. ("]"):rep(512))
    while value do depth, value = depth + 1, value[1] end
    assert.equal(512, depth)
    assert.is_table(core.decode(('{"a":['):rep(256) .. "1.5" .. ("]}"):rep(256)))
  end)

  it("may not be deeper", function()
    assert.same({ nil, "nested too deeply", 512 }, { core.decode(("["):rep(513) .. ("]"):rep(513)) })
    assert.same({ nil, "nested too deeply", 512 }, { core.decode(("["):rep(200000)) })
    assert.same({ nil, "nested too deeply", 5 * 512 }, { core.decode(('{"a":'):rep(200000)) })
  end)

  it("does not harm a coroutine with little stack", function()
    local text = ('{"a":['):rep(256) .. "1.5" .. ("]}"):rep(256)
    local function dive(depth)
      if depth > 0 then return (dive(depth - 1)) end
      return core.decode(text)
    end
    assert.is_table(coroutine.wrap(dive)(1000))
  end)
end)

describe("encoding JSON", function()
  local cases = {
    { "true", true }, { "false", false }, { "null", core.null }, { '""', "" }, { "0", 0 }, { "-1", -1 },
    { "123", 123 },
    { "1.5", 1.5 }, { "0.1", 0.1 }, { "1e+300", 1e300 }, { "1e-07", 1e-7 }, { "100000", 1e5 },
    { "9007199254740992", 2 ^ 53 }, { "-9007199254740992", -2 ^ 53 }, { "0.30000000000000004", 0.1 + 0.2 },
    { "1.7976931348623157e+308", 1.7976931348623157e308 }, { "12345678901234", 12345678901234 },
    { "123456789012345", 123456789012345 }, { "3.141592653589793", 3.1415926535897931 },
    { "1.8014398509481988e+16", 2 ^ 54 + 4 },
    { '"https://x/"', "https://x/" },
    { [["\"\\\b\f\n\r\t\u0000\u001f]] .. '\127"', '"\\\b\f\n\r\t\0\31\127' },
    { '"' .. utf8_char(0xE9) .. utf8_char(0x20AC) .. utf8_char(0x1F600) .. '"',
      utf8_char(0xE9) .. utf8_char(0x20AC) .. utf8_char(0x1F600) },
    { "{}", {} }, { "[]", core.array {} }, { "[1,2,3]", { 1, 2, 3 } }, { "[[],{}]", { core.array {}, {} } },
    { '{"a":{"b":[{"c":null}]}}', { a = { b = { { c = core.null } } } } },
    { "[null,false]", { core.null, false } },
    { '{"oauth.api.key":"k"}', { ["oauth.api.key"] = "k" } }, { '{"":1}', { [""] = 1 } },
    { '{"1":1}', { ["1"] = 1 } },
    { "[1,2]", core.array { 1, 2 } },
  }
  for _, case in ipairs(cases) do
    it("writes " .. case[1], function() assert.equal(case[1], core.encode(case[2])) end)
  end

  it("writes integers of any size exactly", function()
    if not has_integers then return end
    for _, text in ipairs { "9007199254740993", "9223372036854775807", "-9223372036854775808",
      "1000000000000000001" } do
      assert.equal(text, core.encode(rawget(math, "tointeger")(text)))
    end
  end)

  it("writes a number so that it is read back as the same", function()
    local seed = os.time()
    math.randomseed(seed)
    for _ = 1, 5000 do
      local number = (math.random() - 0.5) * 10 ^ math.random(-300, 300)
      local text = core.encode(number)
      local is_same = number == tonumber(text) and number == core.decode(text)
      assert.is_true(is_same, "seed " .. seed .. ": " .. text)
    end
    assert.equal("-0", core.encode(decode_one "-0.0"))
  end)

  it("gives each character the escape that it needs, wherever it is", function()
    for byte = 0, 127 do
      for before = 0, 9 do
        local text = ("x"):rep(before) .. string.char(byte) .. "y"
        assert.equal(text, cjson.decode(core.encode { text })[1])
      end
    end
  end)

  local looped = { name = "x" }
  looped.list = { 1, looped }
  local deep = {}
  for _ = 1, 120 do deep = { deep } end
  local thread = coroutine.create(function() end)
  local cannot = "is a %s, which JSON cannot hold"
  local mixed = "mixes names and list positions"
  local odd_key = "has a key that is neither a name nor a list position"
  local problems = {
    { print, "", cannot:format "function" },
    { nil, "", cannot:format "nil" },
    { { configuration = { x = print } }, "configuration.x", cannot:format "function" },
    { { configuration = { ["oauth.api.key"] = thread } }, 'configuration["oauth.api.key"]',
      cannot:format "thread" },
    { { tags = { "a", { io.stdout } } }, "tags[2][1]", cannot:format "userdata" },
    { { { a = { 0 / 0 } } }, "[1].a[1]", "is not a finite number" },
    { { 1, 1 / 0 }, "[2]", "is not a finite number" },
    { { -1 / 0 }, "[1]", "is not a finite number" },
    { { name = "caf\233" }, "name", "is not valid UTF-8" },
    { { name = "\237\160\128" }, "name", "is not valid UTF-8" },
    { { a = { ["caf\233"] = 1 } }, "a", "has a name that is not valid UTF-8" },
    { { a = { 1, 2, x = 3 } }, "a", mixed },
    { { a = { x = 3, [1] = 2 } }, "a", mixed },
    { { a = core.array { x = 3 } }, "a", mixed },
    { { a = { 1, nil, 3 } }, "a", "is a list with holes" },
    { { a = { [2] = 1 } }, "a", "is a list with holes" },
    { { a = { [1000000000] = 1 } }, "a", "is a list with holes" },
    { { a = { [0] = 1 } }, "a", odd_key },
    { { a = { [1.5] = 1 } }, "a", odd_key },
    { { a = { [-1] = 1 } }, "a", odd_key },
    { { a = { [2 ^ 53] = 1 } }, "a", odd_key },
    { { a = { [true] = 1 } }, "a", odd_key },
    { { a = { [{}] = 1 } }, "a", odd_key },
    { { a = { [1 / 0] = 1 } }, "a", odd_key },
    { looped, "list[2]", "contains itself" },
    { deep, ("[1]"):rep(100), "is nested too deeply" },
    { { ["a\nb"] = print }, [=[["a\nb"]]=], cannot:format "function" },
    { { [("x"):rep(101)] = print }, "[...]", cannot:format "function" },
  }
  for i = 1, #problems do
    local case = problems[i]
    it(("refuses %s, which %s"):format(case[2] == "" and "the whole" or case[2]:sub(1, 60), case[3]),
      function()
      local text, path, problem = core.encode(case[1])
      assert.is_nil(text)
      assert.equal(case[2], path)
      assert.equal(case[3], problem)
    end)
  end

  it("writes one table in two places, since that is no cycle", function()
    local shared = { 1 }
    assert.same({ { 1 }, { { 1 } } }, core.decode(core.encode { shared, { shared } }))
  end)

  it("ends in time for a table that would write without end", function()
    local bomb = { ("x"):rep(1000) }
    for _ = 1, 60 do bomb = { bomb, bomb } end
    local text, _, problem = core.encode(bomb)
    assert.is_nil(text)
    assert.equal("is too large", problem)
  end)

  it("may be 100 deep", function()
    local value = {}
    for _ = 1, 99 do value = { value } end
    assert.equal(("["):rep(99) .. "{}" .. ("]"):rep(99), core.encode(value))
  end)

  it("looks at tables as they are and leaves them so", function()
    local calls = 0
    local function count() calls = calls + 1 end
    local value = setmetatable({ a = 1 }, { __index = count, __pairs = count, __len = count,
      __newindex = count })
    assert.equal('{"a":1}', core.encode(value))
    assert.equal(0, calls)
    assert.equal(1, rawget(value, "a"))
    assert.equal("a", (next(value)))
    assert.is_nil(next(value, "a"))
  end)

  it("takes the lists of newer versions of lua-cjson for lists", function()
    if not cjson.empty_array_mt then return end
    assert.equal("[]", core.encode(setmetatable({}, cjson.empty_array_mt)))
    assert.equal("[]", core.encode(setmetatable({}, cjson.array_mt)))
    assert.equal("[]", core.encode(cjson.empty_array))
  end)
end)

describe("encoding and decoding", function()
  local chars = { "a", "/", '"', "\\", "\n", "\0", "\127", utf8_char(0xE9), utf8_char(0xFF),
    utf8_char(0x1F600), "0", " " }

  local function random_string()
    local parts = {}
    for i = 1, math.random(0, 20) do parts[i] = chars[math.random(#chars)] end
    return table.concat(parts)
  end

  local function random_number()
    local kind = math.random(5)
    if kind == 1 then return math.random(-1000, 1000) end
    if kind == 2 then return (math.random() - 0.5) * 10 ^ math.random(-30, 30) end
    if kind == 3 then return math.random(-1000, 1000) / 8 end
    if kind == 4 then return math.random(-2 ^ 30, 2 ^ 30) * 2 ^ 22 + math.random(0, 2 ^ 22) end
    return has_integers and rawget(math, "maxinteger") - math.random(0, 1000) or 0
  end

  local function random_value(depth)
    local kind = math.random(depth > 0 and 7 or 4)
    if kind == 1 then return random_string() end
    if kind == 2 then return random_number() end
    if kind == 3 then return math.random(2) == 1 end
    if kind == 4 then return core.null end
    local value = {}
    if kind == 5 then
      for i = 1, math.random(0, 6) do value[i] = random_value(depth - 1) end
    else
      for _ = 1, math.random(0, 6) do value[random_string()] = random_value(depth - 1) end
    end
    return value
  end

  local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then return a == b end
    for key, value in pairs(a) do
      if not same(value, b[key]) then return false end
    end
    for key in pairs(b) do
      if a[key] == nil then return false end
    end
    return true
  end

  it("give back any value", function()
    local seed = os.time()
    math.randomseed(seed)
    for round = 1, 2000 do
      local value = random_value(5)
      local text = assert(core.encode(value))
      local back = core.decode(text, true)
      assert.is_true(same(value, back), ("seed %d, round %d: %s"):format(seed, round, text))
      assert.is_not_nil(core.decode(text))
    end
  end)

  it("do not depend on the locale of the process", function()
    local found
    for _, name in ipairs { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "ru_RU.UTF-8",
      "de_DE" } do
      found = found or os.setlocale(name)
    end
    if not found then return pending "no locale with another decimal point is installed" end
    finally(function() os.setlocale "C" end)
    assert.equal("1.5", core.encode(1.5))
    assert.equal("0.30000000000000004", core.encode(0.1 + 0.2))
    assert.equal(3 / 2, decode_one "1.5")
    os.setlocale "C"
    assert.equal(3 / 2, decode_one "1.5")
  end)

  it("neither read nor change the host's own settings of lua-cjson", function()
    local function settings()
      return {
        cjson.decode_max_depth(), cjson.encode_max_depth(), cjson.encode_number_precision(),
        cjson.decode_invalid_numbers(), cjson.encode_invalid_numbers(), cjson.encode_keep_buffer(),
      }
    end
    local before = settings()
    finally(function()
      cjson.decode_max_depth(before[1])
      cjson.encode_max_depth(before[2])
      cjson.encode_number_precision(before[3])
      cjson.decode_invalid_numbers(before[4])
    end)
    cjson.decode_max_depth(1)
    cjson.encode_max_depth(1)
    cjson.encode_number_precision(3)
    cjson.decode_invalid_numbers(true)
    local changed = settings()
    assert.same({ { { 1.23456789 } } }, core.decode "[[[1.23456789]]]")
    assert.equal("[[[1.23456789]]]", core.encode { { { 1.23456789 } } })
    assert.same(changed, settings())
    assert.has_error(function() cjson.decode "[[1]]" end)
  end)
end)

describe("loading the core", function()
  it("makes no globals and leaves lua-cjson as it was", function()
    local globals, fields = {}, {}
    for name in pairs(_G) do globals[name] = true end
    for name, value in pairs(cjson) do fields[name] = value end
    package.loaded["sapanywhere.core"] = nil
    finally(function() package.loaded["sapanywhere.core"] = core end)
    require "sapanywhere.core"
    for name in pairs(_G) do assert.is_true(globals[name], "a new global " .. tostring(name)) end
    for name, value in pairs(cjson) do assert.equal(fields[name], value) end
  end)

  it("says what is missing where lua-cjson is something else", function()
    package.loaded["sapanywhere.core"] = nil
    package.loaded.cjson = {}
    finally(function()
      package.loaded["sapanywhere.core"] = core
      package.loaded.cjson = cjson
    end)
    local ok, message = pcall(require, "sapanywhere.core")
    assert.is_false(ok)
    assert.is_truthy(tostring(message):find("sapanywhere needs lua-cjson", 1, true))
  end)
end)
