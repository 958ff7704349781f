--- CSV, as bulk files have it: a line of names, then a row a line; nested members have dotted names.
-- @module sapanywhere.sandbox.csv

local document = require "sapanywhere.sandbox.service.document"
local json = require "sapanywhere.sandbox.service.json"

local csv = {}

local function flatten(object, prefix, names, values)
  for _, member in ipairs(object) do
    local name, value = prefix .. member[1], member[2]
    if json.is_written_object(value) then
      flatten(value, name .. ".", names, values)
    else
      names[#names + 1] = name
      values[name] = value == json.null and "" or type(value) == "string" and value or json.encode(value)
    end
  end
end

local function quote(text)
  if not text:find('[",\r\n]') then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

--- Gives the names that a row has.
-- @tparam string text JSON
-- @treturn table a list
function csv.names(text)
  local names = {}
  flatten(document.read(text), "", names, {})
  return names
end

--- Writes the line of names.
-- @tparam table names
-- @treturn string
function csv.head(names)
  local out = {}
  for index, name in ipairs(names) do out[index] = quote(name) end
  return table.concat(out, ",")
end

--- Writes a row.
-- @tparam table names of the columns
-- @tparam string text JSON
-- @treturn string
function csv.row(names, text)
  local values, out = {}, {}
  flatten(document.read(text), "", {}, values)
  for index, name in ipairs(names) do out[index] = quote(values[name] or "") end
  return table.concat(out, ",")
end

-- Gives a field's text and where the next one begins: after a comma, or after the end of the line (`true`).
local function read_field(text, at)
  local parts = {}
  if text:sub(at, at) == '"' then
    repeat
      local stop = text:find('"', at + 1, true)
      if not stop then return nil end
      parts[#parts + 1] = text:sub(at + 1, stop - 1)
      at = stop + 1
    until text:sub(at, at) ~= '"'
  else
    local stop = text:find("[,\r\n]", at) or #text + 1
    parts[1], at = text:sub(at, stop - 1), stop
  end
  local after = text:match("^,()", at)
  if after then return table.concat(parts, '"'), after, false end
  after = text:match("^\r?\n()", at) or at > #text and at
  if after then return table.concat(parts, '"'), after, true end
end

local function read_line(text, at)
  local fields = {}
  while true do
    local field, after, is_last = read_field(text, at)
    if not field then return nil end
    fields[#fields + 1], at = field, after
    if is_last then return fields, at end
  end
end

--- Reads a file.
-- @tparam string text
-- @treturn[1] table a list of objects for `json.encode`; `false` stands for a line that has not as many fields
-- as there are names
-- @return[2] nil where it is not CSV
function csv.read(text)
  local names, at = read_line(text, 1)
  local objects = {}
  while names and at <= #text do
    local fields, after = read_line(text, at)
    if not fields then return nil end
    at = after
    local object = #fields == #names and json.object {} or false
    for index, name in ipairs(object and names or {}) do object[index] = { name, fields[index] } end
    objects[#objects + 1] = object
  end
  return names and objects
end

return csv
