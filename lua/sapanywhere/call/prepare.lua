--- Prepares the rows of calls: what a row says is looked at once, and each step of a call finds what it needs.
--
-- A row has
--
-- - `name`, and `of` where it is a method of something else than a client: "instance" or "resource"
-- - `method` and `path` below the base URL; `{name}` in them is a field. `path_by_id` is the path where the element is
--   a numeric id
-- - `auth`: "none", "account" (the account's two secrets) or "instance" (the user's secret and the instance's token)
-- - `fields`, in the order they are sent: `option`; `place`, where it goes ("path", "query", "body", or "method");
--   `at`, its path of names there, `or_at` where the server takes another too; `required`, `unless` another option is
--   given; `check` and `told` (its type and text), in place of the option's own; `encoded`, the check has encoded it
--   already; `quiet`, it is not an
--   option of the call: the object that the call belongs to has it
-- - `merges`: options whose entries join those of a `place`, at its top or `under` a name
-- - `also`: options that are taken though no field sends them; `needs`: such that are required; `content`: the check of
--   an option `body` that is the whole body
-- - `repeatable`: a second try can do no harm. A row whose method is a field is repeatable for GET
-- - `movable`: the query may travel in the body of a POST
-- - `rules`: functions of the values and the list of problems, for what options have to do with each other
-- - `each`: the name of the iterator over its pages; `empty_status`: how the server says that a list is empty;
--   `makes`: what may exist where nobody knows how the call ended; `recovery`: the row that looks for what a call with
--   an unknown outcome may have done
-- - `way`: how it is performed, where a call is more than one request: see `ways` in perform.lua
-- - `answer`: what a good answer is, see answer.lua: `is`; `has`, entries that it must have; `may_have`, such as are
--   left out where they are not what they must be

local checks = require "sapanywhere.call.checks"
local lazy = require "sapanywhere.base.lazy"

local compound = lazy "sapanywhere.call.compound"

local SIGNED_BY = {
  none = {}, account = { "user_secret", "organization_secret" }, instance = { "user_secret", "token" },
}

local M = {}

local function complain(row, message)
  error(("the row %s %s"):format(row.name, message), 0)
end

-- A path cut at its fields: text, field, text, field, …
local function cut(row, path, fields)
  local parts, last = {}, 1
  for before, name, after in path:gmatch("()%{([%w_]+)%}()") do
    local field = fields[name]
    if not field then complain(row, "has no field for {" .. name .. "} in " .. path) end
    parts[#parts + 1] = path:sub(last, before - 1)
    parts[#parts + 1] = field
    last = after
  end
  parts[#parts + 1] = path:sub(last)
  return parts
end

local function check_places(row)
  local paths = row.path .. (row.path_by_id or "")
  for _, field in ipairs(row.fields) do
    local name = field.option
    if field.place == "path" and not paths:find("{" .. name .. "}", 1, true) then
      complain(row, "has a field for {" .. name .. "}, which no path of it holds")
    elseif field.place ~= "path" and field.place ~= "method" and not field.at then
      complain(row, "does not say where " .. name .. " goes")
    end
  end
end

-- The option that a call takes, with the check that it has here.
local function take(row, option, field)
  if row.known[option.name] then return end
  local check = field and field.check or row.flat and option.flat_check or option.check
  row.known[option.name], row.texts[option.name] = { check = check }, checks.TEXTS[check]
end

local function send(row, option, required)
  if required then row.required[#row.required + 1] = option.name end
  if option.secret then row.secrets[#row.secrets + 1] = option.name end
end

local function take_fields(row, by_name)
  row.alternatives = {} -- fields that are required unless another option is given
  for _, field in ipairs(row.fields) do
    local option = by_name[field.option]
    if field.unless then table.insert(row.alternatives, field) end
    row.sends_body = row.sends_body or field.place == "body"
    if not field.quiet then
      take(row, option, field)
      send(row, option, field.required and not field.unless)
      if field.required and field.place == "path" then row.beside_body[#row.beside_body + 1] = option.name end
    end
  end
  for _, merged in ipairs(row.merges) do take(row, by_name[merged.option]) end
end

-- Text that is not sent is not taken from a client either, whatever the client was made with.
local function take_others(row, options)
  for _, name in ipairs(SIGNED_BY[row.auth]) do
    take(row, options.by_name[name])
    send(row, options.by_name[name], true)
    row.beside_body[#row.beside_body + 1] = name
  end
  for _, name in ipairs(row.also or {}) do take(row, options.by_name[name]) end
  for _, name in ipairs(row.needs or {}) do
    take(row, options.by_name[name])
    send(row, options.by_name[name], true)
  end
  for _, option in ipairs(options.LIST) do
    if option.client then take(row, option) end
  end
  send(row, options.by_name.proxy)
  if row.content then row.known.body = { check = compound[row.content] } end
end

local function add(list, ...)
  for _, text in ipairs { ... } do list[#list + 1] = text end
end

-- The first fields of a query are settled, where they are texts that an object may have.
local function is_settled(row, option)
  return #row.query == 0 and not option.once and option.name ~= "state" and row.texts[option.name] ~= nil
end

-- The fields of a place as core.target and core.compose take them; `varied` are those of the query that may be no text.
local function list_places(row, by_name)
  row.settled_query, row.query, row.varied, row.json = {}, {}, {}, {}
  for _, field in ipairs(row.fields) do
    local option, at = field.option, field.at
    if field.place == "query" and is_settled(row, by_name[option]) then
      add(row.settled_query, option, at[1])
      row.settled[option] = true
    elseif field.place == "query" then
      add(row.query, option, at[1])
      if not row.texts[option] then add(row.varied, option, at[1]) end
    end
    if field.place == "body" or row.movable and field.place == "query" then
      add(row.json, option, at[2] and at[1] or "", at[#at])
    end
  end
  for _, merged in ipairs(row.merges) do
    if merged.place == "query" then row.merged_query = merged.option end
  end
  row.has_query = #row.query > 0 or #row.settled_query > 0 or row.merged_query ~= nil
end

-- The options that the settled part of a request is made of, see plan.lua, beside those of its query. One that only a
-- call has is not among them, unless it changes more than its own place.
local function list_settled(row, options)
  row.settled = { element = true, secrets_in = true, hub = true, headers = true, method = true }
  row.settled.body = not row.content
  for _, name in ipairs(SIGNED_BY[row.auth]) do row.settled[name] = true end
  for _, merged in ipairs(row.merges) do row.settled[merged.option] = true end
  for _, option in ipairs(options.LIST) do
    if option.client then row.settled[option.name] = true end
  end
  row.has_fixed_path = not row.takes_method and not row.way
  for _, field in ipairs(row.fields) do
    if field.place == "path" and not row.settled[field.option] and not field.quiet then row.has_fixed_path = false end
  end
end

--- Looks at a row as it is written, and cuts its paths. Raises where a name in a path has no field.
-- @tparam table row
function M.check(row)
  local fields = {}
  for _, field in ipairs(row.fields) do
    if field.place == "path" then fields[field.option] = field end
  end
  for _, field in ipairs(row.fields) do
    if row.path_by_id and row.path_by_id:find("{" .. field.option .. "}", 1, true) then
      fields[field.option] = field
    end
  end
  if not SIGNED_BY[row.auth] then complain(row, "has an auth that is not none, account or instance") end
  check_places(row)
  row.merges = row.merges or {}
  row.parts = cut(row, row.path, fields)
  row.parts_by_id = row.path_by_id and cut(row, row.path_by_id, fields)
  row.rules = row.rules or {}
  row.takes_method = row.method:sub(1, 1) == "{"
  row.may_be_list = row.answer.is == "list" or row.answer.is == "anything"
  row.title = row.of and row.of .. ":" .. row.name or row.name
end

--- Whether any of the tables is there whose entries join the row's request.
-- @tparam table row
-- @tparam table values the call's
function M.has_merges(row, values)
  local merges = row.merges
  for i = 1, #merges do
    if values[merges[i].option] then return true end
  end
  return false
end

--- Makes a row ready for its calls, when it is first called.
-- @tparam table row which `check` has seen
-- @tparam table options `LIST` and `by_name`, see api/options.lua
-- @treturn table the row
function M.ready(row, options)
  if row.known then return row end
  row.flat = row.movable -- what is merged into a query holds no tables
  row.known, row.texts, row.required, row.beside_body, row.secrets = {}, {}, {}, {}, {}
  take_fields(row, options.by_name)
  take_others(row, options)
  list_settled(row, options)
  list_places(row, options.by_name)
  if row.recovery then M.ready(row.recovery, options) end
  return row
end

return M
