-- Writes the types for editors (lua-language-server and what understands its annotations), from the comments and the
-- rows of the calls. `make types` runs it.
--
--   lua packaging/make_types.lua DIRECTORY

local book = require "reference.book"

local out

local function say(format, ...)
  out[#out + 1] = select("#", ...) > 0 and format:format(...) or format
end

-- Types

local NAMED = {
  error = "Error", meta = "Meta", event = "Event", kind = "Kind", retry = "Retry", tls = "Tls", secret = "Secret",
  grant = "Grant", notification = "Notification", sealer = "Sealer", reader = "Reader", store = "Store",
  sandbox = "Sandbox", resource = "Resource", client = "Client", instance = "Instance",
}

-- `{string|number,...}` is a list, other braces stay; our own names get the library's name in front.
local function translate(kind)
  kind = kind:gsub("{([^{}]-),%.%.%.}", function(of)
    return (of:find("|", 1, true) and "(" .. of .. ")" or of) .. "[]"
  end)
  kind = kind:gsub("sapanywhere%.(%a+)", "%1")
  kind = kind:gsub('("?)%f[%w_]([%a_]+)%f[^%w_]("?:?)', function(before, word, after)
    local ours = before == "" and after == "" and NAMED[word]
    return before .. (ours and "sapanywhere." .. ours or word) .. after
  end)
  return (kind:gsub("([:,])(%f[%w.])", "%1 %2"))
end

local function one_line(text)
  return (text:gsub("%s+", " "):gsub("@{([^}|]*)|?([^}]*)}", function(target, label)
    return "`" .. (label ~= "" and label or target) .. "`"
  end))
end

local function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local names = {}
  for name, entry in pairs(value) do names[#names + 1] = name .. " = " .. show(entry) end
  table.sort(names)
  return "{ " .. table.concat(names, ", ") .. " }"
end

local function say_text(text)
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    local indent, rest = line:match("^(%s*)(.*)$")
    say("---%s", rest == "" and "" or " " .. indent .. one_line(rest))
  end
end

-- Options

local function describe(option)
  local parts = { one_line(option.text) }
  if option.unless then
    parts[#parts + 1] = ("required without `%s`"):format(option.unless)
  elseif option.required and not option.each_call then
    parts[#parts + 1] = "required, here or where the client is made"
  end
  if option.default ~= nil then
    local shown = type(option.default) == "string" and option.rule == nil and option.default or show(option.default)
    parts[#parts + 1] = ("default `%s`"):format(shown)
  end
  return (table.concat(parts, "; "):gsub("^; ", ""))
end

local function say_option(option)
  say("---@field %s%s %s %s", option.name, option.each_call and "" or "?", translate(option.type), describe(option))
end

local function say_options(class, list)
  local inherits
  for _, option in ipairs(list) do inherits = inherits or option.client end
  say("---@class %s%s", class, inherits and ": sapanywhere.options.client" or "")
  for _, option in ipairs(list) do
    if not option.client then say_option(option) end
  end
  say ""
end

local function class_of_options(chapter, entry)
  local of = (chapter.name == "sapanywhere" or chapter.name == "client") and "" or chapter.name .. "."
  return "sapanywhere.options." .. of .. entry.name
end

-- Answers

-- The entries that an answer always has, as its row says.
local ENTRIES = { id = "string|number", text = "string", token = "string", url = "string" }

local function say_answer(entry)
  local has = entry.row and entry.row.answer.has
  if not has then return end
  say("---@class sapanywhere.answers.%s", entry.name)
  for _, field in ipairs(has) do say("---@field %s %s", field.name, ENTRIES[field.is]) end
  if entry.name == "oauth_url" then say "---@field state? string the one that was sent" end
  say "---@field [string] any"
  say ""
end

local function type_of_return(entry, place, kind)
  local row = entry.row
  if row and kind == "function" then return "fun(): table|false|nil, sapanywhere.Error?, sapanywhere.Meta?" end
  if row and place == 1 and row.answer.has then return "sapanywhere.answers." .. entry.name end
  return translate(kind or "any")
end

-- What stands at each place in one way of returning or another.
local function returns_of(entry)
  local places = {}
  for group = 1, 3 do
    for place, value in ipairs(entry.returns[group] or {}) do
      local seen = places[place] or { types = {}, text = "" }
      places[place] = seen
      local kind = type_of_return(entry, place, value.type)
      if value.type == "nil" then
        seen.optional = true
      elseif not seen.types[kind] then
        seen.types[kind] = true
        table.insert(seen.types, kind)
        if seen.text == "" then seen.text = value.text end
      end
    end
  end
  return places
end

local NAMES = { "result", "err", "meta" }

local function say_returns(entry)
  for place, value in ipairs(returns_of(entry)) do
    local kind = #value.types > 0 and table.concat(value.types, "|") or "nil"
    if value.optional and kind ~= "nil" then
      kind = (kind:find("^fun") or kind:find("|", 1, true)) and "(" .. kind .. ")?" or kind .. "?"
    end
    local text = one_line(value.text)
    say("---@return %s%s", kind, text ~= "" and (" %s %s"):format(NAMES[place] or "more", text) or "")
  end
end

-- Functions

local function say_function(chapter, entry, name)
  say_text(entry.text)
  if entry.raises then say("---\n--- Raises %s.", one_line(entry.raises)) end
  local names = {}
  for _, param in ipairs(entry.params) do
    local has_options = entry.options and param.type == "table"
    local kind = has_options and class_of_options(chapter, entry) or translate(param.type or "any")
    names[#names + 1] = param.name
    say("---@param %s%s %s %s", param.name, param.optional and "?" or "", kind, one_line(param.text))
  end
  say_returns(entry)
  say("function %s(%s) end\n", name, table.concat(names, ", "))
end

local function say_functions(chapter, variable, colon, entries)
  for _, entry in ipairs(entries) do
    if entry.kind == "function" then say_function(chapter, entry, variable .. colon .. entry.name) end
  end
end

local function say_tables()
  for _, name in ipairs { "error", "meta", "event" } do
    local item = book.tables[name]
    say_text(item.text)
    say("---@class sapanywhere.%s", NAMED[name])
    for _, field in ipairs(item.fields) do
      local sure = name == "error" and (field.name == "kind" or field.name == "message")
        or name == "event" and field.name == "event"
      say("---@field %s%s %s %s", field.name, sure and "" or "?", translate(field.type), one_line(field.text))
    end
    say ""
  end
end

local function say_kinds()
  say "--- What went wrong."
  say "---@alias sapanywhere.Kind"
  for _, kind in ipairs(book.KINDS) do say("---| %q", kind) end
  say ""
end

local SMALL = [[
--- A string, or a function that returns it when a call needs it; or nil and an error.
---@alias sapanywhere.Secret string|(fun(): string?, any)

---@class sapanywhere.Retry
---@field max? number how many times more, 0 to 10; default `2`
---@field base? number seconds of the first pause, at most; default `0.5`
---@field cap? number seconds that a pause grows to; default `8`

---@class sapanywhere.Tls
---@field ca_file? string path of the certificates that are trusted
---@field ca_path? string directory of such
---@field cert_file? string path of the client's own certificate
---@field key_file? string path of its key, not encrypted
---@field min_version? "1.2"|"1.3"

---@class sapanywhere.Grant
---@field code string
---@field state? string
---@field [string] any

---@class sapanywhere.Notification
---@field event_id? string|number
---@field instance_id? string|number
---@field events table[] as the server sends them: `objectType`, `objectId`, `eventType`, and more
---@field raw table the whole body, decoded
]]

-- The options that any call takes.
local function say_client_options()
  say "--- What any call takes."
  say "---@class sapanywhere.options.client"
  for _, entry in ipairs(book.chapters[1].entries) do
    if entry.name == "new" then
      for _, option in ipairs(entry.options) do
        if option.client then say_option(option) end
      end
    end
  end
  say_option(book.traceparent)
  say ""
end

-- Classes

local function say_all_options(chapter)
  for _, entry in ipairs(chapter.entries) do
    if entry.options then say_options(class_of_options(chapter, entry), entry.options) end
    say_answer(entry)
  end
end

local FIELDS = {
  instance = { "customers", "orders", "products" },
}

local function say_class(chapter, variable)
  say_text(chapter.text)
  say("---@class %s", chapter.class)
  for _, name in ipairs(FIELDS[chapter.name] or {}) do say("---@field %s sapanywhere.Resource", name) end
  for _, field in ipairs(chapter.fields or {}) do
    say("---@field %s %s %s", field.name, field.type, one_line(field.text))
  end
  say("local %s = {}\n", variable)
end

local CLASSES = {
  { "client", "Client" }, { "instance", "Instance" }, { "resource", "Resource" }, { "state", "Sealer" },
  { "webhook", "Reader" }, { "store", "Store" },
}

local function chapter_of(name)
  for _, chapter in ipairs(book.chapters) do
    if chapter.name == name then return chapter end
  end
end

-- A table of functions in the module: `sapanywhere.store`, `sapanywhere.private`, `sapanywhere.terminal`.
local function say_part(chapter)
  local prefix = "sapanywhere." .. chapter.name
  say_text(chapter.text)
  say("---@class %s\n%s = {}\n", prefix, prefix)
  for _, entry in ipairs(chapter.entries) do
    if entry.shown:find(prefix .. ".", 1, true) == 1 then say_function(chapter, entry, entry.shown) end
  end
end

local PARTS = { store = true, private = true, terminal = true }

local function methods_of(chapter)
  local list = {}
  for _, entry in ipairs(chapter.entries) do
    if entry.shown:find(":", 1, true) then list[#list + 1] = entry end
  end
  return list
end

local MADE = "-- Made by `make types` from the comments in lua/; a change here is lost.\n"

local function module_types()
  out = {}
  local module, client = chapter_of "sapanywhere", chapter_of "client"
  say "---@meta sapanywhere"
  say(MADE)
  say_kinds()
  say(SMALL)
  say_tables()
  say_client_options()
  for _, chapter in ipairs(book.chapters) do
    if chapter.name ~= "sandbox" then say_all_options(chapter) end
  end
  for _, pair in ipairs(CLASSES) do
    local chapter = chapter_of(pair[1])
    say_class(chapter, pair[2])
    say_functions(chapter, pair[2], ":", methods_of(chapter))
  end
  say_class(module, "sapanywhere")
  for _, entry in ipairs(module.entries) do
    if entry.kind == "value" and not PARTS[entry.name] then
      say_text(entry.text)
      say("sapanywhere.%s = %s\n", entry.name, entry.name == "_VERSION" and '""' or "{}")
    end
  end
  say_functions(module, "sapanywhere", ".", module.entries)
  say_functions(client, "sapanywhere", ".", module.calls_of)
  say_part(chapter_of "store")
  say_part(chapter_of "private")
  say_part(chapter_of "terminal")
  say "return sapanywhere"
  return table.concat(out, "\n") .. "\n"
end

local function sandbox_types()
  out = {}
  local chapter = chapter_of "sandbox"
  say "---@meta sapanywhere.sandbox"
  say(MADE)
  say_all_options(chapter)
  say_class(chapter, "Sandbox")
  say_functions(chapter, "Sandbox", ":", methods_of(chapter))
  say "local sandbox = {}\n"
  for _, entry in ipairs(chapter.entries) do
    if entry.name == "start" then say_function(chapter, entry, "sandbox.start") end
  end
  say "return sandbox"
  return table.concat(out, "\n") .. "\n"
end

-- Writing

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write((text:gsub("[ \t]+\n", "\n"))))
  assert(file:close())
end

local directory = assert(arg[1], "a directory is needed")
write(directory .. "/sapanywhere.lua", module_types())
write(directory .. "/sapanywhere/sandbox.lua", sandbox_types())
