--- What a value with parts must look like: tables, paths, trace contexts. These checks belong to those of checks.lua.

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"

local inside, plain, refuse_mask, segment, wrong =
  checks.inside, checks.plain, checks.refuse_mask, checks.segment, checks.wrong
local text_fault = core.text_fault

local M = {}

local TRACE = "^(%x%x)%-(" .. ("%x"):rep(32) .. ")%-(" .. ("%x"):rep(16) .. ")%-%x%x$"

--- The trace context of the W3C: a version, the trace, the caller's own span, flags.
function M.traceparent(value, name, problems)
  local version, trace, span = nil, nil, nil
  if type(value) == "string" and not value:find("%u") then version, trace, span = value:match(TRACE) end
  if not version or version == "ff" or not trace:find("[^0]") or not span:find("[^0]") then
    wrong(problems, name, 'must be "00-", 32 and 16 hexadecimal digits and two of flags, with "-" between, in small '
      .. "letters and not all zero")
  end
  return value
end

--- A list of segments: kept as a path, each encoded once.
function M.segments(value, name, problems)
  if type(value) ~= "table" or #value == 0 then
    return wrong(problems, name, 'must be a list of segments, such as { "customers", 7, "notes" }')
  end
  local count, path = #value, {}
  for key in next, value do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      return wrong(problems, name, "must be a list without gaps or names")
    end
  end
  for i = 1, count do
    local one = segment(value[i], inside(name, i), problems)
    path[i] = one and core.percent_encode(one) or ""
  end
  return table.concat(path, "/")
end

-- Whether a segment means this folder or the one above, in any spelling.
local function climbs(path)
  for one in path:gmatch("[^/]+") do
    local plain_one = one:gsub("%%2[eE]", ".")
    if plain_one == "." or plain_one:find("..", 1, true) then return true end
  end
  return false
end

-- Bytes that may stand in a path as they are.
local ODD_IN_PATH = "[^%w%-%._~!$&'()*+,;=:@/%%]"

--- A path below the base URL: what must be encoded in it is, escapes stay as they are.
function M.path(value, name, problems)
  if checks.text(value, name, problems) == nil then return nil end
  if value:sub(1, 1) ~= "/" then return wrong(problems, name, "must begin with '/'") end
  if value:find("[?#]") then return wrong(problems, name, "must hold no '?' or '#': parameters go into query") end
  if climbs(value) then return wrong(problems, name, "must hold no '.' or '..' as a segment") end
  if value:find("%%[01]%x") or value:find("%%7[fF]") then
    return wrong(problems, name, "must not hold escaped control characters")
  end
  local bad = value:gsub("%%%x%x", "")
  if bad:find("%", 1, true) then return wrong(problems, name, "holds a percent sign without two hexadecimal digits") end
  return (value:gsub(ODD_IN_PATH, function(byte) return ("%%%02X"):format(byte:byte()) end))
end

function M.tags(value, name, problems)
  if type(value) ~= "table" then
    return wrong(problems, name, 'must be a list of strings, such as { "eu" }')
  end
  local copy, count = {}, #value
  for key in pairs(value) do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      wrong(problems, name, "must be a list of strings without gaps or names")
      return copy
    end
  end
  for i = 1, count do
    local tag = value[i]
    copy[i] = text_fault(tag) and checks.text(tag, inside(name, i), problems) or tag
  end
  return core.array(copy)
end

local function scalar(value, name, problems)
  if type(value) == "boolean" then return value end
  if type(value) == "number" then
    if value ~= value or value == math.huge or value == -math.huge then
      wrong(problems, name, "must be a finite number")
    end
    return value
  end
  if type(value) ~= "string" then return wrong(problems, name, "must be a string, a number or a boolean") end
  refuse_mask(value, name, problems)
  return plain(value, name, problems)
end

-- A scalar of the caller's own data: any text, also an empty one, and stars.
local function data(value, name, problems)
  if type(value) == "string" then
    if not core.is_utf8(value) then wrong(problems, name, "must be valid UTF-8") end
    return value
  end
  return scalar(value, name, problems)
end

-- Whether a table is a list without gaps or names.
local function is_list(value)
  local count, entries = #value, 0
  for key in next, value do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then return false end
    entries = entries + 1
  end
  return entries == count
end

local function entry_name(key, name, problems)
  if type(key) ~= "string" then
    return wrong(problems, name, "must have strings for names, not a " .. type(key))
  end
  if key == "" then return wrong(problems, name, "must not have an empty name") end
  return plain(key, name .. ": a name", problems)
end

--- Names with strings, numbers or booleans: a configuration, or more parameters of a query.
function M.map(value, name, problems)
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  local copy = {}
  for key, entry in pairs(value) do
    if entry_name(key, name, problems) then copy[key] = scalar(entry, inside(name, key), problems) end
  end
  return copy
end

local array_metatable = getmetatable(core.array({}))

-- Lua may count a list with a gap in it to its end.
local function has_gap(list, count)
  for i = 1, count do
    if list[i] == nil then return true end
  end
  return false
end

local function copy_tree(value, name, problems, above, leaf)
  if value == core.null then return value end
  if type(value) ~= "table" then return leaf(value, name, problems) end
  if above[value] or above.depth >= 64 then
    return wrong(problems, name, "must not hold itself or be nested deeper than 64")
  end
  local copy, count = {}, #value
  if has_gap(value, count) then return wrong(problems, name, "must be a list without gaps") end
  above[value], above.depth = true, above.depth + 1
  for key, entry in pairs(value) do
    local listed = count > 0 and type(key) == "number" and key >= 1 and key <= count and key % 1 == 0
    if count > 0 and not listed then
      wrong(problems, name, "must be either a list or a table of names, not both")
      break
    elseif listed or entry_name(key, name, problems) then
      copy[key] = copy_tree(entry, inside(name, key), problems, above, leaf)
    end
  end
  above[value], above.depth = nil, above.depth - 1
  return getmetatable(value) == array_metatable and core.array(copy) or copy
end

--- Anything that JSON can say, with a name for each entry at the top.
function M.tree(value, name, problems)
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  if value[1] ~= nil then return wrong(problems, name, "must be a table of names, not a list") end
  return copy_tree(value, name, problems, { depth = 0 }, scalar)
end

-- Reads a body that is given as JSON: the table that it says, nulls kept.
local function decoded(value, name, problems)
  if type(value) ~= "string" then return value end
  local body, fault, offset = core.decode(value, true)
  if body == nil then
    return wrong(problems, name, ("is not JSON: %s at byte %d"):format(fault, offset or 0))
  end
  if type(body) ~= "table" then return wrong(problems, name, "must be a JSON object") end
  return body
end

--- A whole body with names: a table, or the JSON text of one.
function M.document(value, name, problems)
  local body = decoded(value, name, problems)
  return body ~= nil and M.tree(body, name, problems) or nil
end

--- A row of a resource, or a list: a table, or the JSON text of one. It is the caller's data, so anything may be in it.
function M.row(value, name, problems)
  local body = decoded(value, name, problems)
  if body == nil then return nil end
  if type(body) ~= "table" then return wrong(problems, name, "must be a table, or its JSON, not a " .. type(body)) end
  return copy_tree(body, name, problems, { depth = 0 }, data)
end

--- What `request` sends: a table is written as JSON, a string goes out as it is.
function M.payload(value, name, problems)
  if type(value) == "string" then return value end
  return M.row(value, name, problems)
end

--- A list of names, or names with commas between them: kept as the latter.
function M.names(value, name, problems)
  if type(value) == "table" then
    local list = M.tags(value, name, problems)
    if not list then return nil end
    for i = 1, #list do
      if type(list[i]) == "string" and list[i]:find(",", 1, true) then
        return wrong(problems, inside(name, i), "must not hold a comma")
      end
      if type(list[i]) ~= "string" then return nil end
    end
    value = table.concat(list, ",")
  end
  return checks.text(value, name, problems)
end

-- What one parameter may be: a value, or a list of them.
local function parameter(value, name, problems)
  if type(value) ~= "table" then return scalar(value, name, problems) end
  if not is_list(value) then return wrong(problems, name, "must be a value, or a list without gaps or names") end
  local list = {}
  for i = 1, #value do list[i] = scalar(value[i], inside(name, i), problems) end
  return list
end

--- Parameters of a query: strings, numbers or booleans by name, or lists of them.
function M.query(value, name, problems)
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  local copy = {}
  for key, entry in next, value do
    if entry_name(key, name, problems) then copy[key] = parameter(entry, inside(name, key), problems) end
  end
  return copy
end

-- Headers that the library itself writes, because others than the service read them.
local OWN_HEADERS = {
  authorization = "the secrets go there", host = "it is that of base_url", ["content-length"] = "it is counted",
  ["transfer-encoding"] = "the library chooses it", connection = "the library chooses it",
  ["proxy-authorization"] = "the option proxy takes credentials", ["accept-encoding"] = "the library chooses it",
  expect = "it is never sent", te = "the library chooses it", upgrade = "the library chooses it",
  trailer = "the library chooses it", ["keep-alive"] = "the library chooses it",
  ["proxy-connection"] = "the library chooses it", ["http2-settings"] = "the library chooses it",
}

--- Headers by name, kept as lines.
function M.headers(value, name, problems)
  if type(value) ~= "table" then return wrong(problems, name, "must be a table, not a " .. type(value)) end
  local lines, seen = {}, {}
  for key, entry in next, value do
    if type(key) ~= "string" or not key:find("^[%w!#$%%&'*+.^_`|~-]+$") then
      wrong(problems, name, "must have names of headers for names")
    elseif OWN_HEADERS[key:lower()] then
      wrong(problems, inside(name, key), "must not be set: " .. OWN_HEADERS[key:lower()])
    elseif seen[key:lower()] then
      wrong(problems, inside(name, key), "must not be given twice")
    elseif checks.text(entry, inside(name, key), problems) ~= nil then
      seen[key:lower()] = true
      lines[#lines + 1] = key .. ": " .. entry
    end
  end
  table.sort(lines)
  return lines
end

return M
