--- The small changes that can be made in a text of C or Lua, found by its tokens: nothing in comments, in strings or
-- in the preprocessor's lines is changed.

local changes = {}

-- What a token may become. In C "!=" stands for Lua's "~=", and "&&" and "||" for its words.
local SWAPS = {
  ["=="] = "!=", ["!="] = "==", ["~="] = "==", ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">",
  ["&&"] = "||", ["||"] = "&&", ["and"] = "or", ["or"] = "and", ["true"] = "false", ["false"] = "true",
  ["+"] = "-", ["-"] = "+",
}

-- Two bytes that are one token, longest first; "->" and "++" are here so that their parts are not changed.
local LONG = { "...", "<<=", ">>=", "->", "++", "--", "+=", "-=", "*=", "/=", "|=", "&=", "==", "!=", "~=", "<=", ">=",
  "&&", "||", "<<", ">>", "..", "//", "::" }

local function ends_at(text, pattern, from, plain)
  local _, last = text:find(pattern, from, plain)
  return last or #text
end

-- The last byte of what is a comment, a string or a line of the preprocessor; nothing where code begins at that place.
local function skip_in_lua(text, at)
  local long = text:match("^%-%-%[(=*)%[", at) or text:match("^%[(=*)%[", at)
  if long then return ends_at(text, "]" .. long .. "]", at, true) end
  if text:find("^%-%-", at) then return ends_at(text, "[^\n]*", at) end
end

local function skip_in_c(text, at)
  if text:find("^/%*", at) then return ends_at(text, "*/", at + 2, true) end
  if text:find("^//", at) then return ends_at(text, "[^\n]*", at) end
  if text:find("^#", at) and ("\n" .. text:sub(1, at - 1)):find("\n[ \t]*$") then
    local last = ends_at(text, "[^\n]*", at)
    while text:sub(last, last) == "\\" do last = ends_at(text, "[^\n]*", last + 2) end
    return last
  end
end

local function skip_string(text, at)
  local quote = text:match("^[\"']", at)
  if not quote then return nil end
  local last = at + 1
  while last <= #text and text:sub(last, last) ~= quote do
    last = last + (text:sub(last, last) == "\\" and 2 or 1)
  end
  return last
end

local function read_operator(text, at)
  for _, long in ipairs(LONG) do
    if text:sub(at, at + #long - 1) == long then return long end
  end
  return text:sub(at, at)
end

--- The tokens of a text.
-- @tparam string text
-- @tparam string language "c" or "lua"
-- @treturn table a list; each has its text, its first byte (`at`), its line, and whether it is a string
function changes.tokens(text, language)
  local skip = language == "c" and skip_in_c or skip_in_lua
  local list, at, line = {}, 1, 1
  while at <= #text do
    local word, is_string
    local skipped = skip(text, at)
    if skipped and not text:find("^%[", at) then
      word = text:sub(at, skipped)
    elseif skipped or skip_string(text, at) then
      word, is_string = text:sub(at, skipped or skip_string(text, at)), true
    elseif text:find("^%s", at) then
      word, skipped = text:match("^%s+", at), true
    else
      word = text:match("^[%a_][%w_]*", at) or text:match("^%d[%w.]*", at) or read_operator(text, at)
    end
    if is_string or not skipped then list[#list + 1] = { text = word, at = at, line = line, is_string = is_string } end
    for _ in word:gmatch "\n" do line = line + 1 end
    at = at + #word
  end
  return list
end

-- The token that closes what the one at an index opens.
local function find_close(tokens, index)
  local open = tokens[index].text
  local close, depth = open == "(" and ")" or "then", 0
  for i = index, #tokens do
    if tokens[i].text == open then depth = depth + 1 end
    if tokens[i].text == close then depth = depth - 1 end
    if depth == 0 then return tokens[i] end
  end
end

-- "if (a)" becomes "if (!(a))", "if a then" becomes "if not (a) then".
local function negate(tokens, i, language, add)
  local word = tokens[i].text
  if word ~= "if" and word ~= "elseif" and not (word == "while" and language == "c") then return end
  if language == "c" then
    local close = tokens[i + 1] and tokens[i + 1].text == "(" and find_close(tokens, i + 1)
    if close then add(tokens[i + 1].at, close.at, "(!", ")", word .. ": negated", tokens[i].line) end
    return
  end
  local close
  for j = i + 1, #tokens do
    if tokens[j].text == "then" then close = tokens[j] break end
  end
  if close then add(tokens[i].at + #word, close.at - 1, " not (", ") ", word .. ": negated", tokens[i].line) end
end

-- "+" and "-" with something before them; "<" that does not belong to a type has something on either side, too.
local function stands_between(tokens, i)
  local before = tokens[i - 1]
  return before and (before.is_string or before.text:find("^[%w_%])]") and before.text ~= "return")
end

local function swap(tokens, i, language, add)
  local word = tokens[i].text
  local other = SWAPS[word]
  if not other or tokens[i].is_string then return end
  if (word == "+" or word == "-") and not stands_between(tokens, i) then return end
  if word == "==" and language == "lua" then other = "~=" end
  if (word == "true" or word == "false") and language == "c" then return end
  add(tokens[i].at, tokens[i].at + #word - 1, other, nil, word .. " -> " .. other, tokens[i].line)
end

local function count_on(tokens, i, _, add)
  local word = tokens[i].text
  local digits, suffix = word:match("^(%d+)([uUlL]*)$")
  if not digits or (#digits > 1 and digits:find("^0")) or #digits > 15 then
    digits, suffix = word:match("^(0x%x+)([uUlL]*)$")
  end
  if not digits or #digits > 15 then return end
  local other = ("%.0f"):format(tonumber(digits) + 1) .. suffix
  add(tokens[i].at, tokens[i].at + #word - 1, other, nil, word .. " -> " .. other, tokens[i].line)
end

-- "not a" becomes "a"; "!a" becomes "a".
local function affirm(tokens, i, language, add)
  local word = tokens[i].text
  if tokens[i].is_string or word ~= (language == "c" and "!" or "not") then return end
  add(tokens[i].at, tokens[i].at + #word - 1, "", nil, word .. " gone", tokens[i].line)
end

-- Lines that are a whole statement, by the look of them: what does not compile without it is no change.
local function remove_lines(text, tokens, language, add)
  local at, line, has_code, in_string = 1, 1, {}, {}
  for _, token in ipairs(tokens) do
    has_code[token.line] = true
    local _, breaks = token.text:gsub("\n", "")
    for more = 0, breaks do
      if token.is_string and breaks > 0 then in_string[token.line + more] = true end
    end
  end
  for whole in text:gmatch "([^\n]*)\n" do
    local code = whole:gsub(language == "c" and "%s*/%*.-%*/%s*$" or "%s*%-%-.*$", "")
    local ends = language == "c" and code:find(";$") or language == "lua" and code:find("[%w_%])}\"']$")
    local is_head = code:find("^%s*local ") or code:find("^%s*end") or code:find("^%s*}") or code:find("^%s*struct ")
    if has_code[line] and not in_string[line] and ends and not is_head and code:find("^%s") then
      add(at, at + #whole - 1, "", nil, "gone: " .. code:match("^%s*(.-)$"), line)
    end
    at, line = at + #whole + 1, line + 1
  end
end

local KINDS = { swap, count_on, affirm, negate }

--- Every change that can be made in a text.
-- @tparam string text
-- @tparam string language "c" or "lua"
-- @treturn table a list; each has its `line`, what it is (`what`) and the whole text with it (`make()`)
function changes.list(text, language)
  local list = {}
  local function add(first, last, before, after, what, line)
    list[#list + 1] = { line = line, what = what, make = function()
      local kept = after and text:sub(first, last) or ""
      return text:sub(1, first - 1) .. before .. kept .. (after or "") .. text:sub(last + 1)
    end }
  end
  local tokens = changes.tokens(text, language)
  for i = 1, #tokens do
    for _, kind in ipairs(KINDS) do kind(tokens, i, language, add) end
  end
  remove_lines(text, tokens, language, add)
  return list
end

return changes
