--- Reads the LDoc comments of a Lua file. Knows the tags that this library uses, and raises at any other: a tag that is
-- not understood would be missing from the reference without a word.

local M = {}

local TAGS = {
  module = true, submodule = true, classmod = true, ["function"] = true, table = true,
  param = true, tparam = true, ["return"] = true, treturn = true, raise = true, usage = true, field = true,
}

-- A type ends at the first space outside braces, quotes and parentheses.
local function split_type(text)
  local depth, quoted = 0, false
  for at = 1, #text do
    local byte = text:sub(at, at)
    if byte == '"' then quoted = not quoted end
    if not quoted and byte:find("[{(<]") then depth = depth + 1 end
    if not quoted and byte:find("[})>]") then depth = depth - 1 end
    if byte == " " and depth == 0 and not quoted then return text:sub(1, at - 1), text:sub(at + 1) end
  end
  return text, ""
end

local function add_param(item, tag, modifier, text)
  local kind
  if tag == "tparam" then kind, text = split_type(text) end
  local name, more = text:match("^(%S+)%s*(.*)$")
  local default = modifier:match("^opt=(.*)$")
  item.params[#item.params + 1] = {
    name = name, type = kind, text = more, optional = modifier:find("^opt") ~= nil, default = default,
  }
end

local function add_return(item, tag, modifier, text)
  local group, kind = tonumber(modifier) or 1
  if tag == "treturn" then
    kind, text = split_type(text)
  elseif text:find("^nil%f[%W]") then
    kind, text = "nil", text:gsub("^nil%s*", "")
  end
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], { type = kind, text = text })
end

local function add_field(item, text)
  local name, rest = text:match("^(%S+)%s*(.*)$")
  local kind, more = rest:match("^(.-): (.*)$")
  if not kind then kind, more = rest:match("^(%S+)[:;]?%s*(.*)$") end
  item.fields[#item.fields + 1] = { name = name, type = kind, text = more }
end

local ENTER = {}

local function name_it(kind)
  return function(item, _, _, text) item.kind, item.name = kind, text end
end

for _, tag in ipairs { "module", "submodule", "classmod", "function", "table" } do ENTER[tag] = name_it(tag) end
ENTER.param, ENTER.tparam = add_param, add_param
ENTER["return"], ENTER.treturn = add_return, add_return
function ENTER.field(item, _, _, text) add_field(item, text) end
function ENTER.raise(item, _, _, text) item.raises = text end
function ENTER.usage(item, _, _, text) item.usage = text end

-- The lines of a comment as its text and its tags; a tag goes on until the next.
local function read_block(path, number, lines)
  local item = { line = number, params = {}, returns = {}, fields = {}, path = path }
  local text, open = {}, nil
  local function close()
    if not open then return end
    local joined = table.concat(open.lines, open.tag == "usage" and "\n" or " ")
    joined = open.tag == "usage" and joined:gsub("^\n", "") or joined:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
    ENTER[open.tag](item, open.tag, open.modifier, joined)
  end
  for _, line in ipairs(lines) do
    local tag, rest = line:match("^%s*@(%a+)(.*)$")
    if tag and not TAGS[tag] then error(("%s:%d: the tag @%s is not known"):format(path, number, tag), 0) end
    if tag then
      close()
      local modifier = rest:match("^(%b[])") or ""
      open = { tag = tag, modifier = modifier:sub(2, -2), lines = { (rest:sub(#modifier + 1):gsub("^%s+", "")) } }
    else
      table.insert(open and open.lines or text, (line:gsub("^ ", "", 1)))
    end
  end
  close()
  item.text = table.concat(text, "\n"):gsub("^%s+", ""):gsub("%s+$", "")
  return item
end

-- What is documented, where no tag says so: the function or the entry of a table that follows.
local function infer(item, code)
  if item.kind or not code then return item end
  local name = code:match("^function ([%w_.:]+)") or code:match("^([%a_][%w_]*%.[%w_]+) = ")
  if name then item.kind, item.name = code:find("^function") and "function" or "value", name end
  return item
end

--- Reads the comments of a file.
-- @tparam string path
-- @treturn {table,...} items in their order: `kind`, `name`, `text`, `params`, `returns` (a list of lists), `fields`,
--   `raises`, `usage`, `code` (the line behind); those that document nothing public have no `kind`
function M.read(path)
  local items, lines, number, start = {}, nil, 0, nil
  for line in io.lines(path) do
    number = number + 1
    local first = line:match("^%s*%-%-%-(%f[%s%z].*)$")
    local more = lines and line:match("^%s*%-%-(.*)$")
    if first and not lines then
      lines, start = { first }, number
    elseif more then
      lines[#lines + 1] = more
    elseif lines then
      local item = infer(read_block(path, start, lines), line)
      item.code = line
      items[#items + 1], lines = item, nil
    end
  end
  return items
end

return M
