--- Reads JSON exactly: members in their order, numbers as they were written, empty lists as lists.
-- What it reads is what `json.encode` writes. Strict, and one pass over the text.
-- @module sapanywhere.sandbox.document

local json = require "sapanywhere.sandbox.service.json"

local document = {}

local max_depth = 100

local read_value

local function fail() error("not JSON", 0) end

local function skip_space(text, at) return text:match("^[ \t\r\n]*()", at) end

local function expect(text, at, char)
  at = skip_space(text, at)
  if text:sub(at, at) ~= char then fail() end
  return at + 1
end

-- The text between two quotes; escapes are decoded by lua-cjson.
local function read_string(text, at)
  local from = at
  while true do
    local stop = text:find('[%c"\\]', at)
    local char = stop and text:sub(stop, stop)
    if char == '"' then
      local raw = text:sub(from, stop - 1)
      local decoded = raw
      if raw:find("\\", 1, true) then
        local read = json.decode('["' .. raw .. '"]')
        decoded = read and read[1] or fail()
      end
      return decoded, stop + 1
    end
    if char ~= "\\" and char ~= "\127" then fail() end
    at = stop + (char == "\\" and 2 or 1)
  end
end

local function read_number(text, at)
  local digits, after = text:match("^%-?(%d+)()", at)
  if not digits or digits:find("^0%d") then fail() end
  after = text:match("^%.%d+()", after) or after
  after = text:match("^[eE][+-]?%d+()", after) or after
  return json.number(text:sub(at, after - 1)), after
end

local function read_list(text, at, depth)
  local list = {}
  at = skip_space(text, at)
  if text:sub(at, at) == "]" then return json.list(list), at + 1 end
  while true do
    list[#list + 1], at = read_value(text, at, depth)
    at = skip_space(text, at)
    if text:sub(at, at) == "]" then return json.list(list), at + 1 end
    at = expect(text, at, ",")
  end
end

local function read_object(text, at, depth)
  local object = json.object {}
  at = skip_space(text, at)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    local name, value
    name, at = read_string(text, expect(text, at, '"'))
    value, at = read_value(text, expect(text, at, ":"), depth)
    object[#object + 1] = { name, value }
    at = skip_space(text, at)
    if text:sub(at, at) == "}" then return object, at + 1 end
    at = expect(text, at, ",")
  end
end

local words = { ["true"] = true, ["false"] = false, null = json.null }

local function read_word(text, at)
  local word = text:match("^%a+", at)
  if not word or words[word] == nil then fail() end
  return words[word], at + #word
end

function read_value(text, at, depth)
  at = skip_space(text, at)
  local char = text:sub(at, at)
  if char == '"' then return read_string(text, at + 1) end
  if char == "{" or char == "[" then
    if depth == max_depth then fail() end
    return (char == "{" and read_object or read_list)(text, at + 1, depth + 1)
  end
  if char:find("[%d-]") then return read_number(text, at) end
  return read_word(text, at)
end

--- Reads a text.
-- @tparam string text
-- @return[1] the value, for `json.encode`
-- @return[2] nil where it is not JSON, or nested more than 100 deep
function document.read(text)
  local ok, value, at = pcall(read_value, text, 1, 0)
  if ok and skip_space(text, at) > #text then return value end
  return nil
end

--- Gives a member of an object, or nil.
-- @tparam table object
-- @tparam string name
function document.get(object, name)
  for index = #object, 1, -1 do
    if object[index][1] == name then return object[index][2] end
  end
end

--- Sets a member of an object, in its place where it has one.
-- @tparam table object
-- @tparam string name
-- @param value
function document.set(object, name, value)
  for _, member in ipairs(object) do
    if member[1] == name then
      member[2] = value
      return
    end
  end
  table.insert(object, { name, value })
end

--- The same object without a member.
-- @tparam table object
-- @tparam string name
-- @treturn table
function document.without(object, name)
  local rest = json.object {}
  for _, member in ipairs(object) do
    if member[1] ~= name then table.insert(rest, member) end
  end
  return rest
end

--- The same value without members that are null, however deep.
-- @param value
function document.without_nulls(value)
  local rest = {}
  if json.is_written_list(value) then
    for index, item in ipairs(value) do rest[index] = document.without_nulls(item) end
    return json.list(rest)
  end
  if not json.is_written_object(value) then return value end
  for _, member in ipairs(value) do
    if member[2] ~= json.null then table.insert(rest, { member[1], document.without_nulls(member[2]) }) end
  end
  return json.object(rest)
end

return document
