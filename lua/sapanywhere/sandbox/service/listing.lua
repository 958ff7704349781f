--- The list of a resource: chosen by `where`, in an order, a page at a time, and how many there are.
-- @module sapanywhere.sandbox.listing

local answers = require "sapanywhere.sandbox.service.answers"
local ceql = require "sapanywhere.sandbox.service.ceql"
local document = require "sapanywhere.sandbox.service.document"
local json = require "sapanywhere.sandbox.service.json"
local pages = require "sapanywhere.sandbox.service.pages"
local url = require "sapanywhere.sandbox.service.url"

local listing = {}

local max_page = 100

local function first(values, name) return values[name] and values[name][1] ~= "" and values[name][1] or nil end

-- What is asked for

local function read_order(text)
  local name, direction = text:match("^%s*([%a_][%w_.]*)%s*(%a*)%s*$")
  direction = direction and direction:lower()
  if direction == "" or direction == "asc" then return { name = name } end
  if direction == "desc" then return { name = name, down = true } end
  return nil, "The parameter orderBy must be the name of a field, and perhaps asc or desc."
end

local function read_page_number(text)
  local number = text:match("^%d+$") and tonumber(text) or 0
  if number < 1 then return nil, "The parameter page must be a positive number." end
  return number
end

-- Each reads one parameter into what is asked for, or gives nil and what is wrong.
local readers = {
  { "where", "is_read", ceql.compile },
  { "orderBy", "order", read_order },
  { "page", "number", read_page_number },
}

local function read_query(query, name)
  local values = url.parse_query(query)
  if not values then return nil, "The query string is malformed." end
  local list = name .. "\n" .. (first(values, "where") or "") .. "\n" .. (first(values, "orderBy") or "")
  local asked, problem = pages.read(values, list, max_page)
  if not asked then return nil, problem end
  for _, reader in ipairs(readers) do
    local text = first(values, reader[1])
    if text then
      asked[reader[2]], problem = reader[3](text)
      if not asked[reader[2]] then return nil, problem end
    end
  end
  asked.where = first(values, "where")
  asked.list, asked.fields = list, first(values, "fields")
  asked.total = first(values, "returnTotalCount") == "true"
  return asked
end

-- Finding

local function passes() return true end

--- Makes a test of an expression that can be read.
-- @tparam string|nil where
-- @treturn function `test(text)` of a row
function listing.compile(where)
  if not where then return passes end
  local test = assert(ceql.compile(where))
  return function(text) return test(json.decode(text)) end
end

--- Calls `take(text, id)` for the rows after an id that pass a test, until it gives true.
-- @tparam table rows from `collection.open`
-- @tparam number from
-- @tparam function test from `compile`
-- @tparam function take
function listing.each(rows, from, test, take)
  for id = from + 1, rows:last() do
    local text = rows:get(id)
    if text and test(text) and take(text, id) then return end
  end
end

local each = listing.each

local function find_by_id(rows, asked)
  local found, last = {}, nil
  local skip = asked.number and not asked.from and (asked.number - 1) * asked.size or 0
  each(rows, asked.from or 0, listing.compile(asked.where), function(text, id)
    if skip > 0 then
      skip = skip - 1
    else
      found[#found + 1], last = text, id
    end
    return #found == asked.size
  end)
  return found, last
end

local ranks = { ["nil"] = 0, boolean = 1, number = 2, string = 3, table = 4 }

local function make_key(text, path)
  local value = json.decode(text)
  for part in path:gmatch("[^.]+") do value = type(value) == "table" and value[part] or nil end
  if value == json.null then value = nil end
  return value
end

local function precedes(one, two)
  local rank, other = ranks[type(one.key)], ranks[type(two.key)]
  if rank ~= other then return rank < other end
  if (rank == 2 or rank == 3) and one.key ~= two.key then return one.key < two.key end
  return one.id < two.id
end

-- A page of what is sorted begins at its place, not after an id.
local function find_in_order(rows, asked)
  local all = {}
  each(rows, 0, listing.compile(asked.where), function(text, id)
    all[#all + 1] = { id = id, key = make_key(text, asked.order.name) }
  end)
  table.sort(all, asked.order.down and function(a, b) return precedes(b, a) end or precedes)
  local found, from = {}, asked.from or ((asked.number or 1) - 1) * asked.size
  for place = from + 1, math.min(from + asked.size, #all) do found[#found + 1] = rows:get(all[place].id) end
  return found, from + #found
end

local function count(rows, where)
  if not where then return rows:count() end
  local number = 0
  each(rows, 0, listing.compile(where), function() number = number + 1 end)
  return number
end

-- Showing

--- Gives a row with the fields that are asked for.
-- @tparam string text JSON
-- @tparam string fields their names, with commas; of a dotted name the whole member is shown
-- @treturn string JSON
function listing.choose_fields(text, fields)
  local chosen, row = json.object {}, document.read(text)
  for wanted in fields:gmatch("[^,%s]+") do
    local name = wanted:match("^[^.]*")
    local value = document.get(row, name)
    if value ~= nil then document.set(chosen, name, value) end
  end
  return json.encode(chosen)
end

--- Gives a row as an instance shows it: without what is null, unless its configuration says otherwise.
-- @tparam table instance a row
-- @tparam string text JSON
-- @treturn string JSON
function listing.show(instance, text)
  local kept = instance.configuration["filter.response.nulls"] == "false"
  if kept or not text:find("null", 1, true) then return text end
  return json.encode(document.without_nulls(document.read(text)))
end

local function show_all(instance, texts, fields)
  local shown = {}
  for index, text in ipairs(texts) do
    text = listing.show(instance, text)
    shown[index] = fields and listing.choose_fields(text, fields) or text
  end
  return "[" .. table.concat(shown, ",") .. "]"
end

--- Answers `GET /{object}` and what is below a row likewise.
-- A full page comes with the token of the next, even where that turns out to be empty.
-- @tparam table rows from `collection.open`
-- @tparam table request
-- @tparam table instance a row
-- @treturn table an answer
function listing.list(rows, request, instance)
  local asked, problem = read_query(request.query, rows.name)
  if not asked then return answers.failure(400, problem) end
  local texts, position = (asked.order and find_in_order or find_by_id)(rows, asked)
  local token = #texts == asked.size and pages.token(position, asked.list) or nil
  local headers = pages.headers(asked, #texts, token)
  if asked.total then
    table.insert(headers, { "elements-total-count", ("%d"):format(count(rows, asked.where)) })
  end
  return answers.text(show_all(instance, texts, asked.fields), headers)
end

--- Answers `GET /{object}/count`.
-- @tparam table rows from `collection.open`
-- @tparam table request
-- @treturn table an answer
function listing.count(rows, request)
  local asked, problem = read_query(request.query, rows.name)
  if not asked then return answers.failure(400, problem) end
  return answers.ok(json.object { { "count", count(rows, asked.where) } })
end

return listing
