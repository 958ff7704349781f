--- What the person sits at: whether there is a terminal, how wide it is, what it can show.

local sapanywhere = require "sapanywhere"

local M = {}

local terminals = {}

--- Whether a descriptor (0, 1, 2) is a terminal.
function M.is_terminal(descriptor)
  if terminals[descriptor] == nil then terminals[descriptor] = sapanywhere.terminal.is_terminal(descriptor) end
  return terminals[descriptor]
end

--- The columns of the terminal, as it is now: a person may make its window wider.
function M.width()
  local terminal = sapanywhere.terminal
  local columns = terminal.width(1) or terminal.width(2) or terminal.width(0) or tonumber(os.getenv "COLUMNS" or "")
  return columns and columns >= 20 and columns or 80
end

--- Whether there is a program of that name on the PATH, or in other directories.
function M.has_program(name, more)
  for directory in ((os.getenv "PATH" or "") .. ":" .. (more or "")):gmatch("[^:]+") do
    local file = io.open(directory .. "/" .. name)
    if file then
      file:close()
      return true
    end
  end
  return false
end

local function locale()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value end
  end
  return "C"
end

--- Whether it shows more than ASCII.
M.is_utf8 = locale():lower():find("utf%-?8") ~= nil

local STYLES = { bold = "1", faint = "2", good = "32", bad = "31", warn = "33", name = "36" }

local function wants_colour(descriptor)
  local refused = os.getenv("NO_COLOR")
  return not (refused and refused ~= "") and os.getenv("TERM") ~= "dumb" and M.is_terminal(descriptor)
end

--- A text in a style, where the descriptor is a terminal that takes colours.
function M.style(name, text, descriptor)
  if not wants_colour(descriptor or 1) then return text end
  return "\27[" .. STYLES[name] .. "m" .. text .. "\27[0m"
end

-- What stands for signs of ours where there is ASCII only.
local PLAIN = { ["✓"] = "ok", ["✗"] = "no", ["…"] = "...", ["─"] = "-", ["█"] = "#", ["░"] = "." }

--- A text made fit to show: no control characters, none that turn the direction, and ASCII where there is no more.
function M.shown(text)
  text = text:gsub("%c", " "):gsub("\194[\128-\159]", " "):gsub("\226\128[\142\143\168-\174]", " ")
    :gsub("\226\129[\166-\169]", " ")
  if M.is_utf8 then return text end
  for sign, plain in pairs(PLAIN) do text = text:gsub(sign, plain) end
  return (text:gsub("[\194-\244][\128-\191]*", "?"):gsub("[\128-\255]", "?"))
end

local WIDE = { { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F },
  { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1FAFF }, { 0x20000, 0x3FFFD } }

local function code_of(char)
  local first, second, third, fourth = char:byte(1, 4)
  if not second or first < 0xC0 then return first end
  if not third then return (first - 0xC0) * 64 + second % 64 end
  if not fourth then return ((first - 0xE0) * 64 + second % 64) * 64 + third % 64 end
  return (((first - 0xF0) * 64 + second % 64) * 64 + third % 64) * 64 + fourth % 64
end

-- The columns of one character.
local function columns_of(char)
  local code = code_of(char)
  if code >= 0x300 and code <= 0x36F or code == 0x200B or code == 0x200D or code >= 0xFE00 and code <= 0xFE0F then
    return 0
  end
  for _, range in ipairs(WIDE) do
    if code >= range[1] and code <= range[2] then return 2 end
  end
  return 1
end

local CHARACTER = "[^\128-\191][\128-\191]*"

--- The columns that a text takes.
function M.columns(text)
  if not text:find("[\128-\255]") then return #text end
  local sum = 0
  for char in text:gmatch(CHARACTER) do sum = sum + columns_of(char) end
  return sum
end

--- A text of at most so many columns, cut with dots where it is longer.
function M.fit(text, room)
  if M.columns(text) <= room then return text end
  local dots = M.is_utf8 and "…" or "..."
  local left = room - M.columns(dots)
  if left < 0 then return ("."):rep(room) end
  local parts = {}
  for char in text:gmatch(CHARACTER) do
    left = left - columns_of(char)
    if left < 0 then break end
    parts[#parts + 1] = char
  end
  return table.concat(parts) .. dots
end

--- A text in pieces of at most so many columns, whole: between words where there are some, else anywhere.
function M.split(text, room)
  local pieces, piece, columns = {}, {}, 0
  for char in text:gmatch(CHARACTER) do
    if columns + columns_of(char) > room then
      local line = table.concat(piece)
      local kept, rest = line:match("^(.*%S) +(%S*)$")
      if not kept or #rest > #line / 2 then kept, rest = line, "" end
      pieces[#pieces + 1], piece, columns = kept, { rest }, M.columns(rest)
    end
    piece[#piece + 1], columns = char, columns + columns_of(char)
  end
  if piece[1] then pieces[#pieces + 1] = table.concat(piece) end
  return pieces
end

--- A text with blanks behind it.
function M.pad(text, room)
  return text .. (" "):rep(math.max(0, room - M.columns(text)))
end

--- A text as lines of at most so many columns.
function M.wrap(text, room)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and M.columns(line) + 1 + M.columns(word) > room then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end

return M
