--- What the demo writes on: indented, wrapped, aligned, coloured only where somebody looks at a terminal.

local WIDTH = 92
local MARGIN = "   "

local M = {}

-- Colours

local STYLES = { title = "1", step = "1;36", faint = "2", good = "32", bad = "33", name = "36" }

local function is_terminal()
  local ok, _, code = os.execute("test -t 1")
  return ok == 0 or ok == true and code == 0
end

local function wants_colour()
  local no_colour = os.getenv("NO_COLOR")
  if no_colour and no_colour ~= "" or os.getenv("TERM") == "dumb" then return false end
  return is_terminal()
end

local coloured = wants_colour()

local function style(name, text)
  if not coloured or not name then return text end
  return "\27[" .. STYLES[name] .. "m" .. text .. "\27[0m"
end

-- Characters of a UTF-8 text, which are its columns here.
local function length(text)
  return #text - select(2, text:gsub("[\128-\191]", ""))
end

local function put(...)
  io.write((table.concat { ... }:gsub("%s+$", "")), "\n")
end

-- Cuts a text that has no better place to be cut.
local function cut(word, room)
  if length(word) <= room then return word, "" end
  local at = word:sub(1, room):match("^.*[&,/]()")
  if not at or at < room / 2 then at = room + 1 end
  while word:find("^[\128-\191]", at) do at = at - 1 end
  return word:sub(1, at - 1), word:sub(at)
end

-- A text as lines of at most so many columns.
local function wrap(text, room)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    local joined = line == "" and word or line .. " " .. word
    if length(joined) <= room then
      line = joined
    else
      if line ~= "" then lines[#lines + 1] = line end
      line = word
      while length(line) > room do lines[#lines + 1], line = cut(line, room) end
    end
  end
  lines[#lines + 1] = line
  return lines
end

-- Parts

--- A heading of the whole.
function M.title(text)
  put("")
  put(style("title", text))
  put(style("faint", ("─"):rep(WIDTH)))
end

--- A heading of a step, with the call on the right.
function M.step(number, text, call)
  local left = ("%2s  %s"):format(number, text)
  local gap = math.max(2, WIDTH - length(left) - length(call))
  put("")
  put("")
  put(style("step", left), (" "):rep(gap), style("faint", call))
  put("")
end

--- A paragraph.
function M.text(text, how)
  for _, line in ipairs(wrap(text, WIDTH - #MARGIN)) do put(MARGIN, style(how, line)) end
end

function M.gap()
  put("")
end

local function put_block(mark, how, lines)
  for i, line in ipairs(lines) do
    put(MARGIN, style(how, i == 1 and mark or " "), " ", line)
  end
end

local function indented(text, first, more)
  local lines = wrap(text, WIDTH - #MARGIN - 2 - length(more))
  for i, line in ipairs(lines) do lines[i] = (i == 1 and first or more) .. line end
  return lines
end

local function append(lines, more)
  for _, line in ipairs(more) do lines[#lines + 1] = line end
end

--- A message that went over the wire: its first line, header lines and body, marked with an arrow.
-- @tparam string mark
-- @tparam string first the request line; the parameters of its query stand one below the other
-- @tparam {string,...} headers
-- @tparam[opt] string body lines
function M.message(mark, first, headers, body)
  local before, query, after = first:match("^([^?]*)(%?%S*)(.*)$")
  local lines = { before and before .. after or first }
  for parameter in (query or ""):gmatch("[?&][^&]*") do
    append(lines, indented(parameter, "    ", "       "))
  end
  for _, header in ipairs(headers) do append(lines, indented(header, "", "  ")) end
  if body then
    lines[#lines + 1] = ""
    for line in body:gmatch("[^\n]+") do
      local margin = line:match("^ *")
      append(lines, indented(line, margin, margin .. "  "))
    end
  end
  put_block(mark, "name", lines)
end

--- What came back, in one line.
function M.answer(text)
  put_block("←", "name", wrap(text, WIDTH - #MARGIN - 2))
end

--- Names on the left, values on the right.
-- @tparam table rows a list of `{ name, value }`
-- @tparam[opt] string how the style of the values
function M.columns(rows, how)
  local widest = 0
  for _, row in ipairs(rows) do widest = math.max(widest, length(row[1])) end
  for _, row in ipairs(rows) do
    local name = row[1] .. (" "):rep(widest - length(row[1]))
    for i, line in ipairs(wrap(row[2], WIDTH - #MARGIN - widest - 2)) do
      put(MARGIN, style("name", i == 1 and name or (" "):rep(widest)), "  ", style(how, line))
    end
  end
end

--- Lines in a frame: a page, as somebody sees it.
function M.frame(lines)
  local room = WIDTH - 2 * #MARGIN - 4
  local function row(text)
    put(MARGIN, style("faint", "│ "), text, (" "):rep(room - length(text)), style("faint", " │"))
  end
  put(MARGIN, style("faint", "┌" .. ("─"):rep(room + 2) .. "┐"))
  for _, line in ipairs(lines) do
    for _, part in ipairs(wrap(line, room)) do row(part) end
  end
  put(MARGIN, style("faint", "└" .. ("─"):rep(room + 2) .. "┘"))
end

--- A result in one line.
function M.verdict(good, text)
  for i, line in ipairs(wrap(text, WIDTH - #MARGIN - 2)) do
    put(MARGIN, style(good and "good" or "bad", (i == 1 and (good and "✓ " or "✗ ") or "  ") .. line))
  end
end

return M
