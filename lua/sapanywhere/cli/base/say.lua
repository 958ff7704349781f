--- What the command prints: results on standard output, everything else on standard error.
--
-- A result is a table for people on a terminal, and one JSON object a line otherwise or with `--json`.

local json = require "sapanywhere.cli.base.json"
local sapanywhere = require "sapanywhere"
local secrets = require "sapanywhere.cli.base.secrets"
local stop = require "sapanywhere.cli.base.stop"
local terminal = require "sapanywhere.cli.base.terminal"

local M = { wants_json = false }

--- Whether people read the results.
function M.is_for_people()
  return not M.wants_json and terminal.is_terminal(1)
end

-- Standard error

local live = false -- whether a line that is to be written over stands there

local function clear_live()
  if live then io.stderr:write("\r", (" "):rep(terminal.width() - 1), "\r") end
  live = false
end

--- A line for people.
function M.note(text, style)
  clear_live()
  text = terminal.shown(secrets.redact(text))
  io.stderr:write(style and terminal.style(style, text, 2) or text, "\n")
end

--- A line as it is: the one address that has to be shown whole.
function M.bare(text)
  clear_live()
  io.stderr:write((text:gsub("%c", "")), "\n")
end

--- What is being waited for: on a terminal a line that the next one replaces.
function M.live(text)
  if not terminal.is_terminal(2) then return end
  clear_live()
  io.stderr:write(terminal.fit(terminal.shown(secrets.redact(text)), terminal.width() - 1))
  live = true
end

M.clear_live = clear_live

-- The same on as many lines as the terminal needs, broken between words.
local function note_in_lines(text, style)
  text = secrets.redact(text)
  if not terminal.is_terminal(2) then return M.note(text, style) end
  for _, line in ipairs(terminal.split(terminal.shown(text), terminal.width())) do M.note(line, style) end
end

--- Why the command ends. What the terminal shows of Ctrl-C is written over.
function M.failure(message, advice)
  clear_live()
  if terminal.is_terminal(2) then io.stderr:write("\r") end
  note_in_lines("sapanywhere: " .. message, "bad")
  if advice then note_in_lines("what to do: " .. advice) end
end

-- Standard output

local function print_line(text)
  clear_live()
  if not io.stdout:write(text, "\n") then error("standard output is closed", 0) end
end

--- One object on one line.
function M.json(value)
  print_line(json.write(value))
end

--- A text that is the result, as it is.
M.text = print_line

-- A list of words as people write it.
local function joined(list)
  local words = {}
  for place, word in ipairs(list) do
    if type(word) ~= "string" then return nil end
    words[place] = word
  end
  return words[1] and table.concat(words, ", ")
end

local function cell(value)
  if value == nil or value == sapanywhere.null then return "" end
  if type(value) == "table" and joined(value) then return terminal.shown(joined(value)) end
  if type(value) == "table" then return terminal.shown(json.write(value)) end
  if type(value) == "number" then return json.write(value) end
  return terminal.shown(tostring(value))
end

local FIRST = {}
for place, name in ipairs {
  "shop", "id", "name", "customerName", "orderNumber", "status", "stage", "email", "total", "price", "quantity",
  "objectType", "objectId", "eventType", "date", "creationTime", "code", "valid", "disabled",
} do FIRST[name] = place end

-- The names that some row has a plain value for, the telling ones first.
local function choose_names(rows)
  local seen, names = {}, {}
  for _, row in ipairs(rows) do
    for name, value in pairs(row) do
      if not seen[name] and type(value) ~= "table" and value ~= sapanywhere.null then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names, function(a, b)
    local one, two = FIRST[a] or 100, FIRST[b] or 100
    if one ~= two then return one < two end
    return tostring(a) < tostring(b)
  end)
  return names
end

local GAP, NARROWEST, WIDEST = 2, 6, 40

local function measure(rows, name)
  local widest, is_number = terminal.columns(cell(name)), true
  for _, row in ipairs(rows) do
    widest = math.max(widest, terminal.columns(cell(row[name])))
    is_number = is_number and (type(row[name]) == "number" or row[name] == nil)
  end
  return { name = name, width = math.min(widest, WIDEST), is_number = is_number }
end

-- The columns that fit; where the caller has chosen them, all, made narrower.
local function choose_columns(rows, names, chosen)
  local columns, used = {}, 0
  for _, name in ipairs(names) do
    local column = measure(rows, name)
    local room = terminal.width() - used
    if not chosen and columns[1] and column.width > room then break end
    column.width = math.max(math.min(column.width, room), chosen and NARROWEST or 1)
    columns[#columns + 1] = column
    used = used + column.width + GAP
  end
  return columns
end

local function write_row(columns, text_of)
  local parts = {}
  for place, column in ipairs(columns) do
    local text = terminal.fit(text_of(column), column.width)
    local blanks = (" "):rep(column.width - terminal.columns(text))
    parts[place] = column.is_number and blanks .. text or text .. blanks
  end
  return (terminal.fit(table.concat(parts, (" "):rep(GAP)), terminal.width()):gsub("%s+$", ""))
end

-- The heads of a table, which is then as wide as its first rows were.
local function begin_table(rows, chosen)
  local columns = choose_columns(rows, chosen or choose_names(rows), chosen)
  print_line(terminal.style("bold", write_row(columns, function(column) return cell(column.name) end)))
  return columns
end

local FIRST_ROWS = 100 -- those that a table is measured by

--- A printer of rows: `add(row)` for each, `done()` at the end.
-- @tparam[opt] {string,...} chosen the columns
-- @tparam[opt] function hide what makes a row fit to show; that of the shop's rows where left out
function M.rows(chosen, hide)
  hide = hide or secrets.hide
  if not M.is_for_people() then
    local function add(row)
      stop.look()
      M.json(hide(row))
    end
    return { add = add, done = function() end }
  end
  local waiting, columns = {}, nil
  local function print_waiting()
    if not waiting[1] then return end
    columns = columns or begin_table(waiting, chosen)
    for _, row in ipairs(waiting) do
      print_line(write_row(columns, function(column) return cell(row[column.name]) end))
    end
    waiting = {}
  end
  return {
    add = function(row)
      stop.look()
      row = hide(row)
      waiting[#waiting + 1] = type(row) == "table" and row or { value = row }
      if columns or #waiting == FIRST_ROWS then print_waiting() end
    end,
    done = print_waiting,
  }
end

-- The names of an object: those that tell most first, tables last.
local function order_names(value)
  local names, rank = json.names(value), {}
  for place, name in ipairs(names) do
    rank[name] = (type(value[name]) == "table" and 2e6 or 0) + (FIRST[name] or 1e6 + place)
  end
  table.sort(names, function(a, b) return rank[a] < rank[b] end)
  return names
end

local function add_lines(lines, value, margin)
  for _, name in ipairs(order_names(value)) do
    local entry = value[name]
    if type(entry) == "table" and next(entry) ~= nil and not joined(entry) then
      lines[#lines + 1] = { margin .. cell(name), "" }
      add_lines(lines, entry, margin .. "  ")
    elseif cell(entry) ~= "" and not (type(entry) == "table" and next(entry) == nil) then
      lines[#lines + 1] = { margin .. cell(name), cell(entry) }
    end
  end
end

--- One object.
-- @param value
-- @tparam[opt] function hide as for `rows`
function M.object(value, hide)
  value = (hide or secrets.hide)(value)
  if not M.is_for_people() or type(value) ~= "table" then
    if M.is_for_people() then return print_line(cell(value)) end
    return M.json(value)
  end
  local lines, widest = {}, 0
  add_lines(lines, value, "")
  for _, line in ipairs(lines) do widest = math.max(widest, terminal.columns(line[1])) end
  widest = math.min(widest, math.floor(terminal.width() / 2))
  for _, line in ipairs(lines) do
    local name = terminal.fit(line[1], widest)
    local parts = terminal.split(line[2], math.max(8, terminal.width() - widest - GAP))
    local blanks = parts[1] and (" "):rep(widest - terminal.columns(name) + GAP) or ""
    print_line(terminal.style("name", name) .. blanks .. (parts[1] or ""))
    for place = 2, #parts do print_line((" "):rep(widest + GAP) .. parts[place]) end
  end
end

return M
