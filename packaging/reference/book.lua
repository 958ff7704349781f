--- Everything public, in the order in which it is told: from the rows of the calls, the options, and the comments.
-- The editor's types and the reference are two ways of printing it.
--
-- A chapter has `name`, `class` (of the types), `title`, `text` and `entries`. An entry is a function or a method:
-- `name`,
-- `shown` (how it is called), `text`, `params`, `returns`, `raises`, `usage`, `row`, and `options`: what its table
-- takes.
-- An option has `name`, `type`, `text`, `required`, `default`, and `wire`, where it goes in the request.

local comments = require "reference.comments"
local errors = require "sapanywhere.errors"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local rows = require "sapanywhere.api.rows"

local LUA = "lua/sapanywhere"

local M = { KINDS = errors.KINDS }

-- The comment above each option: its type, and what it means.
local function read_options()
  local told = {}
  for _, item in ipairs(comments.read(LUA .. "/api/options.lua")) do
    local name = item.code and item.code:match('{ name = "([%w_]+)"')
    if name then
      local kind, text = item.text:gsub("%s+", " "):match("^(.-) %- (.*)$")
      if not kind then error("the comment of the option " .. name .. " says no type", 0) end
      told[name] = { type = kind, text = text }
    end
  end
  return told
end

local told = read_options()
M.options = told

-- Where a field of a row goes.
local function wire_of(field)
  if field.place == "path" then return "path" end
  if field.place == "method" then return "method" end
  return ("%s `%s`"):format(field.place, table.concat(field.at, "."))
end

local SIGNING = { user_secret = true, organization_secret = true, token = true }

local function option_of(name, row)
  local rule = options.by_name[name]
  local option = {
    name = name, type = told[name].type, text = told[name].text, default = options.defaults[name], rule = rule,
    client = rule.client,
  }
  if row and SIGNING[name] and row.auth ~= "none" then option.wire = "header `Authorization`" end
  if name == "traceparent" or name == "user_agent" then option.wire = "header" end
  return option
end

local function mark_fields(row, by_name)
  for _, field in ipairs(row.fields) do
    local option = by_name[field.option]
    if option then
      option.wire = wire_of(field)
      if field.told then option.type, option.text = field.told.type, field.told.text end
      option.required = field.required and field.unless == nil
      option.unless = field.required and field.unless or nil
    end
  end
  for _, merged in ipairs(row.merges) do
    by_name[merged.option].wire = merged.place .. (merged.under and (" `%s`"):format(merged.under) or "")
  end
  for _, name in ipairs(row.required) do
    if by_name[name] then by_name[name].required = true end
  end
end

-- Whether a body that is given whole stands in the place of what would make it up.
local function has_whole_body(row)
  for _, name in ipairs(row.also or {}) do
    if name == "body" then return true end
  end
  return false
end

local function order(list)
  local place = {}
  for i, option in ipairs(options.LIST) do place[option.name] = i end
  local function rank(option)
    return (option.client and 2 or option.required and 0 or 1) * 1000 + place[option.name]
  end
  table.sort(list, function(a, b) return rank(a) < rank(b) end)
  return list
end

local function options_of_row(row)
  prepare.ready(row, options)
  local list, by_name = {}, {}
  for name in pairs(row.known) do
    local option = option_of(name, row)
    -- What the object that the call belongs to has already.
    if row.of and SIGNING[name] then option.from_owner = true end
    list[#list + 1], by_name[name] = option, option
  end
  mark_fields(row, by_name)
  if row.content and by_name.body then
    by_name.body.required, by_name.body.wire = row.content == "row", "body"
  end
  for _, option in ipairs(list) do
    if option.default ~= nil or option.from_owner then option.required = nil end
    -- Whether each call has to give it: not where the client has it, or a whole body holds it.
    option.each_call = option.required and option.rule.once
      and not (has_whole_body(row) and option.wire and option.wire:find("^body"))
  end
  return order(list)
end

local function options_of_object(object)
  local list = {}
  for name in pairs(object.known) do list[#list + 1] = option_of(name) end
  for _, option in ipairs(list) do
    for _, name in ipairs(object.required or {}) do
      if option.name == name then option.required, option.each_call = true, true end
    end
  end
  return order(list)
end

-- The options that a comment lists: `given.key` belongs to the parameter `given`.
local function split_params(entry)
  local params, list = {}, {}
  for _, param in ipairs(entry.params) do
    local owner, name = param.name:match("^([^.]+)%.(.+)$")
    if owner then
      list[#list + 1] = {
        name = name, type = param.type, text = param.text, default = param.default,
        required = not param.optional, each_call = not param.optional,
      }
    else
      params[#params + 1] = param
    end
  end
  entry.params = params
  if list[1] then entry.options = list end
end

local function entry_of(item, shown)
  local entry = {
    name = item.name:match("[^.:]+$"), shown = shown, text = item.text, params = item.params, returns = item.returns,
    raises = item.raises, usage = item.usage, kind = item.kind,
  }
  split_params(entry)
  return entry
end

local function items_of(...)
  local list = {}
  for _, path in ipairs { ... } do
    for _, item in ipairs(comments.read(path)) do
      if item.kind then list[#list + 1] = item end
    end
  end
  return list
end

local function find_row(of, name)
  for _, row in ipairs(rows.list) do
    if row.of == of and row.name == name then return row end
    if row.of == of and row.each and row.each.name == name then return row.each end
  end
end

-- Those of the rows, from the files they stand in.
local function entries_of_rows(of, prefix)
  local list = {}
  for _, file in ipairs { "oauth", "instances", "hub", "bulk" } do
    for _, item in ipairs(items_of(("%s/api/%s.lua"):format(LUA, file))) do
      local owner, name = item.name:match("^(%w+):([%w_]+)$")
      if item.kind == "function" and owner == of then
        name = name or item.name
        local row = find_row(of, name)
        if not row then error(item.path .. ": no row for the comment of " .. item.name, 0) end
        local entry = entry_of(item, prefix .. name)
        entry.row, entry.options = row, options_of_row(row)
        list[#list + 1] = entry
      end
    end
  end
  return list
end

local function join(...)
  local list = {}
  for _, part in ipairs { ... } do
    for _, entry in ipairs(part) do list[#list + 1] = entry end
  end
  return list
end

-- The documented functions of files, by how their names begin there, and how they are shown.
local function entries_of(names, prefix, ...)
  local list = {}
  for _, item in ipairs(items_of(...)) do
    local owner = item.name:match("^([%w_]+)[.:]") or ""
    if (item.kind == "function" or item.kind == "value") and names[owner] then
      list[#list + 1] = entry_of(item, prefix .. item.name:match("[^.:]+$"))
    end
  end
  return list
end

local function head_of(path)
  return comments.read(path)[1].text
end

local function find_entry(list, name)
  for _, entry in ipairs(list) do
    if entry.name == name then return entry end
  end
end

local function of_module()
  local own = entries_of({ M = true, [""] = true }, "sapanywhere.", LUA .. ".lua")
  find_entry(own, "new").options = options_of_object(options.NEW)
  find_entry(own, "instance").options = options_of_object(options.INSTANCE)
  for name, path in pairs { state = "/state.lua", webhook = "/webhook.lua" } do
    local there = entries_of({ [""] = true }, "sapanywhere.", LUA .. path)
    local entry = find_entry(there, name)
    find_entry(own, name).options = entry.options
    find_entry(own, name).text = entry.text
  end
  return own
end

local function of_client()
  local own = entries_of({ Client = true }, "client:", LUA .. "/client.lua")
  find_entry(own, "instance").options = options_of_object(options.INSTANCE)
  return join(entries_of_rows(nil, "client:"), own)
end

--- The tables `error`, `meta` and `event`: by name, their text and fields.
M.tables = {}
for _, item in ipairs(items_of(LUA .. ".lua")) do
  if item.kind == "table" then M.tables[item.name] = item end
end

M.chapters = {
  { name = "sapanywhere", class = "sapanywhere", title = "The module", text = head_of(LUA .. ".lua"),
    entries = of_module(), calls = true },
  { name = "client", class = "sapanywhere.Client", title = "A client", text = head_of(LUA .. "/client.lua"),
    entries = of_client() },
  { name = "instance", class = "sapanywhere.Instance", title = "An instance", text = head_of(LUA .. "/instance.lua"),
    entries = join(entries_of({ instance = true }, "shop:", LUA .. "/instance.lua"),
      entries_of_rows("instance", "shop:")) },
  { name = "resource", class = "sapanywhere.Resource", title = "A resource",
    text = "Rows of one kind, below the hub: `shop.customers`, `shop.orders`, `shop.products`, or what `shop:resource` "
      .. "gives.",
    entries = entries_of_rows("resource", "shop.customers:") },
  { name = "state", class = "sapanywhere.Sealer", title = "Sealed states", text = head_of(LUA .. "/state.lua"),
    entries = entries_of({ sealer = true }, "sealer:", LUA .. "/state.lua") },
  { name = "webhook", class = "sapanywhere.Reader", title = "Notifications", text = head_of(LUA .. "/webhook.lua"),
    entries = entries_of({ reader = true }, "reader:", LUA .. "/webhook.lua") },
  { name = "store", class = "sapanywhere.Store", title = "Stores of tokens", text = head_of(LUA .. "/store.lua"),
    entries = join(entries_of({ M = true }, "sapanywhere.store.", LUA .. "/store.lua"),
      entries_of({ store = true }, "store:", LUA .. "/store/methods.lua")) },
  { name = "private", class = "sapanywhere.private", title = "Private files", text = head_of(LUA .. "/private.lua"),
    entries = entries_of({ M = true }, "sapanywhere.private.", LUA .. "/private.lua") },
  { name = "terminal", class = "sapanywhere.terminal", title = "Terminals", text = head_of(LUA .. "/terminal.lua"),
    entries = entries_of({ M = true }, "sapanywhere.terminal.", LUA .. "/terminal.lua") },
  { name = "sandbox", class = "sapanywhere.Sandbox", title = "The local service",
    text = head_of(LUA .. "/sandbox.lua"),
    entries = entries_of({ sandbox = true, Sandbox = true }, "sandbox:", LUA .. "/sandbox.lua"),
    wishes = head_of(LUA .. "/sandbox/faults/misbehave.lua") },
}

for _, entry in ipairs(M.chapters[#M.chapters].entries) do
  if entry.name == "start" then entry.shown = "sandbox.start" end
end

-- The fields that the head of the sandbox's file lists: "* `name`, `name`: text".
local function fields_of(text)
  local fields = {}
  for names, what in (text:gsub("\n%s%s+", " ") .. "\n"):gmatch("%* (`[^:]-): ([^\n]*)\n") do
    for name in names:gmatch("`([%w_]+)`") do
      local kind = name == "tls_faults" and "table<string, string>" or "string"
      fields[#fields + 1] = { name = name, type = kind, text = what }
    end
  end
  return fields
end

M.chapters[#M.chapters].fields = fields_of(M.chapters[#M.chapters].text)

--- The option that any call takes and no client.
M.traceparent = option_of "traceparent"

-- A function of the module for each call of a client.
M.chapters[1].calls_of = entries_of_rows(nil, "sapanywhere.")

return M
