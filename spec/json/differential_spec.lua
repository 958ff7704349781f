-- Two decoders, one language: what core.decode accepts, dkjson decodes to the same value, and the other way
-- round.
--
-- DIFFERENTIAL_SECONDS says for how long (default 1); DIFFERENTIAL_SEED repeats a run.

local core = require "sapanywhere.core"
local dkjson = require "dkjson"

local seconds = tonumber(os.getenv("DIFFERENTIAL_SECONDS")) or 1
local seed = tonumber(os.getenv("DIFFERENTIAL_SEED")) or tonumber(core.hex(core.random(3)), 16)
local random = math.random
local math_type = rawget(math, "type") or function() return "number" end

local function pick(list)
  return list[random(#list)]
end

-- Texts

local BLANKS = { "", "", "", "", " ", "\n", "\t", "\r\n", "  " }
local NAMES = { '"a"', '"id"', '"oauth.api.key"', '""', '"\\u0061"', '"caf\195\169"', '"n\\n"' }
local PIECES = {
  "plain", "\195\169", "\226\130\172", "\240\159\152\128", "\\n", '\\"', "\\\\", "\\/", "\\u0000", "\\u00e9",
  "\\uD83D\\uDE00", "\127", "x",
}
local NUMBERS = {
  "0", "-0", "1", "-1", "1.5", "-0.0", "1e5", "1E+2", "2.5e-3", "1e400", "-1e400", "1e-400", "0.1",
  "3.141592653589793",
  "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
  "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "5e-324",
  "1.7976931348623157e308", "4.35", "2.2250738585072011e-308",
}

local write_value

local function write_number()
  if random() < 0.6 then return pick(NUMBERS) end
  local text = ("%s%d"):format(pick { "", "-" }, random(0, 999999999))
  if random() < 0.5 then text = ("%s.%d"):format(text, random(0, 999999999)) end
  if random() < 0.3 then text = ("%se%d"):format(text, random(-330, 330)) end
  return text
end

local function write_string()
  local parts = {}
  for i = 1, random(0, 5) do parts[i] = pick(PIECES) end
  return '"' .. table.concat(parts) .. '"'
end

local function write_members(opening, closing, depth, write_name)
  local parts = {}
  for i = 1, random(0, 4) do
    parts[i] = pick(BLANKS) .. write_name() .. pick(BLANKS) .. write_value(depth - 1) .. pick(BLANKS)
  end
  return opening .. pick(BLANKS) .. table.concat(parts, ",") .. closing
end

function write_value(depth)
  local kind = random(depth > 0 and 8 or 5)
  if kind == 1 then return pick { "true", "false" } end
  if kind == 2 then return "null" end
  if kind == 3 then return write_string() end
  if kind <= 5 then return write_number() end
  if kind == 6 then return write_members("[", "]", depth, function() return "" end) end
  return write_members("{", "}", depth, function() return pick(NAMES) .. pick(BLANKS) .. ":" end)
end

local TOKENS = {
  "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\uD800", "\\q", "null", "true", "0", "00", "-", ".", "e",
  "+", "//\n", "/**/", "\239\187\191", "\f", "\v", "\0", "\1", "\128", "\255", "\237\160\128", "NaN",
  "Infinity", "0x10", "'", " ",
}

local function mutate(text)
  for _ = 1, random(3) do
    local at, count = random(0, #text), random(0, 3)
    local change = random(4)
    if change == 1 then
      text = text:sub(1, at) .. text:sub(at + count + 1)
    elseif change == 2 then
      text = text:sub(1, at) .. string.char(random(0, 255)) .. text:sub(at + 2)
    elseif change == 3 then
      local from = random(0, #text)
      text = text:sub(1, at) .. text:sub(from, from + random(8)) .. text:sub(at + 1)
    else
      text = text:sub(1, at) .. pick(TOKENS) .. text:sub(at + 1)
    end
  end
  return text
end

-- Where a token is tried.
local FORMS = {
  "%s", "1%s", '"%s"', "[%s]", "[1%s]", "[1,%s]", "[%s1]",
  '{"a"%s:1}', '{"a":1%s}', '{"a":1,%s}', '{%s"a":1}',
}

-- Values

-- A number that the host cannot hold arrives as its text from ours, and rounded, or as infinity, from dkjson.
local function is_same_number(ours, theirs)
  if type(ours) == "string" then return math.abs(theirs) >= 2 ^ 53 and tonumber(ours) == theirs end
  if ours ~= theirs then return false end
  return ours == 0 or math_type(ours) == math_type(theirs) -- dkjson reads -0 as an integer
end

local function is_same(ours, theirs)
  if type(theirs) == "number" then return is_same_number(ours, theirs) end
  if type(ours) ~= "table" or type(theirs) ~= "table" then return ours == theirs end
  for name, value in pairs(theirs) do
    if ours[name] == nil or not is_same(ours[name], value) then return false end
  end
  for name in pairs(ours) do
    if theirs[name] == nil then return false end
  end
  return true
end

-- What dkjson accepts and RFC 8259 does not: our word for it, and what is then to be seen where we point.
local LENIENT = {
  ["a control character in a string"] = "^%c", -- raw tabs and line ends
  ["invalid UTF-8"] = "^[\128-\255]", -- bytes are bytes to it
  ["an unknown escape in a string"] = "^\\[^\"\\/bfnrtu]", -- \q is q
  ["a \\u without four hexadecimal digits"] = "^\\u", -- \u alone is u
  ["half of a surrogate pair in a string"] = "^\\u[dD][89a-fA-F]%x%x", -- becomes what is no UTF-8
  ["a number begins with a zero"] = "^0%d", -- 007
  ["a digit is missing"] = "^%.", -- -.5
  ["a digit is missing after the decimal point"] = "^%D", -- 1.
  ["a value is missing"] = "^[^\"{%[%-%dtfn]", -- .5, [1,], comments, marks, other blanks
  ["a name is missing"] = "^[^\"]", -- {1: 2}, {true: 2}, {[]: 2}, {"a": 1,}
  ["a colon is missing"] = "^[^:]", -- {"a"} is a list
  ["a comma or a closing bracket is missing"] = "^[^,]", -- [1 2], ["a": 1], comments, marks
  ["bytes after the end"] = "^[^ \t\r\n]", -- it reads a value and stops
  ["nested too deeply"] = "^[%[{]", -- as deep as the stack goes
}

local function explains(text, problem, offset)
  if problem == "the text ends too early" then return text:find("%d%.%s*$") ~= nil end -- 1.
  local sight = LENIENT[problem]
  return sight ~= nil and text:find(sight, offset + 1) ~= nil
end

-- LuaJIT reads no number with an exponent of many digits, and so does dkjson in it.
local function is_beyond_host(text)
  return rawget(_G, "jit") ~= nil and text:find("[eE][+-]?%d%d%d%d") ~= nil
end

local function shown(text)
  return ("%q (seed %d)"):format(text, seed)
end

-- Ours reads the numbers of a long text in another way.
local LONG = (" "):rep(4096)

-- Returns whether ours accepts the text.
local function compare(text)
  local ours, problem, offset = core.decode(text, true)
  local of_long, same_problem = core.decode(LONG .. text, true)
  assert(problem == same_problem and is_same(ours, of_long), "not the same where it is long: " .. shown(text))
  local theirs, place, complaint = dkjson.decode(text, 1, core.null, nil, nil)
  if problem == nil then
    if complaint and is_beyond_host(text) then return true end
    assert(complaint == nil, "only ours accepts " .. shown(text))
    assert(is_same(ours, theirs), "not the same value for " .. shown(text))
    assert(not text:find("[^ \t\r\n]", place), "dkjson stops early in " .. shown(text))
    return true
  end
  if complaint == nil then
    local complains = ("ours says %s at %d, and dkjson accepts "):format(problem, offset)
    assert(explains(text, problem, offset), complains .. shown(text))
  end
  return false
end

local function read_corpus()
  local texts = {}
  local pipe = assert(io.popen("ls spec/fixtures/*.json spec/fuzz/corpus/json_scan/*"))
  for path in pipe:lines() do
    local file = assert(io.open(path, "rb"))
    texts[#texts + 1] = file:read("*a")
    file:close()
  end
  pipe:close()
  return texts
end

-- Calls `try` again and again in its share of the time, and returns how often.
local function repeatedly(share, try)
  math.randomseed(seed)
  local finish, times = core.now() + seconds * share, 0
  repeat
    for _ = 1, 20 do try() end
    times = times + 20
  until core.now() >= finish
  return times
end

describe(("the two decoders (seed %d)"):format(seed), function()
  it("agree on the recorded answers and on what was hard before", function()
    local texts = read_corpus()
    assert.is_true(#texts >= 5)
    for _, text in ipairs(texts) do compare(text) end
  end)

  it("agree on each token that is nearly JSON", function()
    for _, number in ipairs(NUMBERS) do assert(compare(number)) end
    for _, token in ipairs(TOKENS) do
      for _, form in ipairs(FORMS) do
        compare((form:gsub("%%s", function() return token end)))
      end
    end
  end)

  it("agree on any JSON", function()
    repeatedly(0.4, function()
      local text = pick(BLANKS) .. write_value(4) .. pick(BLANKS)
      assert(compare(text), "ours refuses " .. shown(text))
    end)
  end)

  it("agree on what was JSON before it was spoilt", function()
    local corpus, accepted = read_corpus(), 0
    local times = repeatedly(0.6, function()
      local text = random(10) == 1 and pick(corpus) or write_value(3)
      if compare(mutate(text)) then accepted = accepted + 1 end
    end)
    assert(accepted > 0 and accepted < times, "spoilt too little, or too much")
  end)
end)
