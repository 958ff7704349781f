--- CEQL, the language of `where`: `firstName = 'O''Hara' AND (total > 5 OR status IN ('A', 'B'))`.
-- It has `= != < > <= >=`, `LIKE` with `%`, `IN`, `IS NULL`, `IS NOT NULL`, `AND`, `OR` and parentheses; dots
-- lead into nested objects; strings are in single quotes, an inner quote is doubled. What else it may be, it is
-- refused by name.
-- @module sapanywhere.sandbox.ceql

local cjson = require "cjson"

local ceql = {}

local max_depth = 50

-- Words

local keywords = {
  AND = true, OR = true, LIKE = true, IN = true, IS = true, NOT = true, NULL = true, TRUE = true, FALSE = true,
}

local function fail(problem, at) error({ problem = problem, at = at }, 0) end

local function scan_string(text, at)
  local parts, from = {}, at + 1
  while true do
    local stop = text:find("'", from, true)
    if not stop then fail("a quote is not closed", at) end
    parts[#parts + 1] = text:sub(from, stop - 1)
    if text:sub(stop + 1, stop + 1) ~= "'" then
      return { kind = "string", value = table.concat(parts, "'"), at = at }, stop + 1
    end
    from = stop + 2
  end
end

local function scan_name(text, at)
  local name, after = text:match("^([%a_][%w_.]*)()", at)
  local keyword = keywords[name:upper()] and name:upper()
  return { kind = keyword or "name", value = name, at = at }, after
end

local function scan_number(text, at)
  local digits, after = text:match("^(%-?%d+%.?%d*)()", at)
  if not digits or text:find("^[%w_.]", after) then fail("a number is malformed", at) end
  return { kind = "number", value = tonumber(digits), at = at }, after
end

local function scan_sign(text, at)
  local sign = text:match("^[<>!]=", at) or text:match("^[=<>(),]", at)
  if not sign or text:find("^<>", at) or text:find("^==", at) then
    fail(("%q is not understood"):format(text:match("^[%w%p]", at) or "?"), at)
  end
  return { kind = sign, value = sign, at = at }, at + #sign
end

local function scan_word(text, at)
  if text:find("^'", at) then return scan_string(text, at) end
  if text:find("^[%a_]", at) then return scan_name(text, at) end
  if text:find("^%-?%d", at) then return scan_number(text, at) end
  return scan_sign(text, at)
end

local function scan(text)
  local words, at = {}, text:match("^%s*()")
  while at <= #text do
    words[#words + 1], at = scan_word(text, at)
    at = text:match("^%s*()", at)
  end
  words[#words + 1] = { kind = "end", value = "the end", at = #text + 1 }
  return { words = words, index = 1, depth = 0 }
end

-- Comparing; a row's field that is missing or null is nil and fulfils nothing but IS NULL.

local function make_lookup(name)
  local path = {}
  for part in name:gmatch("[^.]+") do path[#path + 1] = part end
  return function(row)
    local value = row
    for _, part in ipairs(path) do
      if type(value) ~= "table" then return nil end
      value = value[part]
    end
    if value ~= cjson.null then return value end
  end
end

-- Makes two values alike: both numbers where both read as such, else both texts.
local function alike(one, two)
  if type(one) == type(two) then return one, two end
  local first, second = tonumber(one), tonumber(two)
  if first and second then return first, second end
  return tostring(one), tostring(two)
end

local comparisons = {
  ["="] = function(a, b) return a == b end,
  ["!="] = function(a, b) return a ~= b end,
  ["<"] = function(a, b) return a < b end,
  [">"] = function(a, b) return a > b end,
  ["<="] = function(a, b) return a <= b end,
  [">="] = function(a, b) return a >= b end,
}

local ordered = { number = true, string = true }

local function make_comparison(lookup, sign, value)
  local holds, needs_order = comparisons[sign], sign:find("[<>]") ~= nil
  return function(row)
    local found = lookup(row)
    if found == nil or type(found) == "table" then return false end
    local a, b = alike(found, value)
    if needs_order and not ordered[type(a)] then return false end
    return holds(a, b)
  end
end

local function split_wildcards(pattern)
  local parts = {}
  for part in (pattern .. "%"):gmatch("(.-)%%") do parts[#parts + 1] = part end
  return parts
end

local function make_like(lookup, pattern)
  local parts = split_wildcards(pattern)
  local first, last = parts[1], parts[#parts]
  return function(row)
    local text = lookup(row)
    if text == nil or type(text) == "table" then return false end
    text = tostring(text)
    if #parts == 1 then return text == first end
    if text:sub(1, #first) ~= first then return false end
    local at = #first + 1
    for index = 2, #parts - 1 do
      local _, stop = text:find(parts[index], at, true)
      if not stop then return false end
      at = stop + 1
    end
    return #text - #last + 1 >= at and text:sub(#text - #last + 1) == last
  end
end

local function make_in(lookup, values)
  local tests = {}
  for index, value in ipairs(values) do tests[index] = make_comparison(lookup, "=", value) end
  return function(row)
    for _, test in ipairs(tests) do
      if test(row) then return true end
    end
    return false
  end
end

-- Reading

local function peek(state) return state.words[state.index] end

local function take(state, kind)
  local word = peek(state)
  if kind and word.kind ~= kind then return nil end
  state.index = state.index + 1
  return word
end

local function want(state, kind, what)
  local word = take(state, kind)
  if word then return word end
  fail(("%s is expected, not %s"):format(what, peek(state).value), peek(state).at)
end

local literals = {
  string = function(word) return word.value end,
  number = function(word) return word.value end,
  TRUE = function() return true end,
  FALSE = function() return false end,
}

local function read_literal(state)
  local word = take(state)
  local read = literals[word.kind]
  if not read then fail(("a value is expected, not %s"):format(word.value), word.at) end
  return read(word)
end

local function read_literals(state)
  want(state, "(", "an opening parenthesis")
  local values = {}
  repeat values[#values + 1] = read_literal(state) until not take(state, ",")
  want(state, ")", "a closing parenthesis")
  return values
end

local function read_null(state, lookup)
  local negated = take(state, "NOT") ~= nil
  want(state, "NULL", "NULL")
  return function(row) return (lookup(row) == nil) ~= negated end
end

local function read_condition(state)
  local lookup = make_lookup(want(state, "name", "the name of a field").value)
  local word = take(state)
  if comparisons[word.kind] then return make_comparison(lookup, word.kind, read_literal(state)) end
  if word.kind == "LIKE" then return make_like(lookup, want(state, "string", "a quoted string").value) end
  if word.kind == "IN" then return make_in(lookup, read_literals(state)) end
  if word.kind == "IS" then return read_null(state, lookup) end
  fail(("an operator is expected, not %s"):format(word.value), word.at)
end

local read_any

local function read_factor(state)
  local open = take(state, "(")
  if not open then return read_condition(state) end
  state.depth = state.depth + 1
  if state.depth > max_depth then fail("too many parentheses", open.at) end
  local test = read_any(state)
  want(state, ")", "a closing parenthesis")
  state.depth = state.depth - 1
  return test
end

-- Reads what a keyword joins; `decisive` is the value that settles it.
local function read_joined(state, read, keyword, decisive)
  local tests = {}
  repeat tests[#tests + 1] = read(state) until not take(state, keyword)
  if #tests == 1 then return tests[1] end
  return function(row)
    for _, test in ipairs(tests) do
      if test(row) == decisive then return decisive end
    end
    return not decisive
  end
end

local function read_all(state) return read_joined(state, read_factor, "AND", false) end

function read_any(state) return read_joined(state, read_all, "OR", true) end

--- Makes a test of an expression.
-- @tparam string text
-- @treturn[1] function `test(row)` of a decoded row
-- @return[2] nil
-- @treturn[2] string what could not be read, and where
function ceql.compile(text)
  local ok, test = pcall(function()
    local state = scan(text)
    local read = read_any(state)
    want(state, "end", "AND, OR or the end")
    return read
  end)
  if ok then return test end
  if type(test) ~= "table" then error(test, 0) end
  return nil, ("Error parsing query: %s (character %d)"):format(test.problem, test.at)
end

return ceql
