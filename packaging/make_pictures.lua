-- Makes pictures of a terminal: the demo, and the command. `make pictures` runs it.
--
--     lua packaging/make_pictures.lua DIRECTORY
--
-- What runs is given a terminal (script, of util-linux); what it writes there is drawn as SVG, light and dark.

local system = require "sapanywhere.sandbox.carrier.system"

local directory = assert(arg[1], "say a directory")

-- A person who uses the sandbox at a shell, and who presses Allow as soon as there is an address.
local COMMAND = [[
type() { printf '\033[2m$\033[0m %s\n' "$*"; eval "$@"; }
export HOME=$PLACE XDG_RUNTIME_DIR=$PLACE LC_ALL=C.UTF-8
LUA_PATH="$PWD/lua/?.lua;;" LUA_CPATH=$(echo "$LUA_CPATH" | sed "s|^build|$PWD/build|") COMMAND=$PWD/bin/sapanywhere
cd $PLACE
sapanywhere() { $LUA $COMMAND "$@"; }
allow() {
  address=
  while [ -z "$address" ]; do
    sleep 0.1
    address=$(grep -o 'http://127[^ ]*/sbo/[^ ]*' $PLACE/said | tr -d '\r' | head -n 1)
  done
  form=$(curl -s "$address" | sed -n 's/.*name="form" value="\([0-9a-f]*\)".*/\1/p')
  curl -s -o /dev/null -L -d "form=$form&decision=allow" "${address%%\?*}"
}
$LUA $COMMAND sandbox >/dev/null 2>&1 & running=$!
eval "$(sapanywhere sandbox --env)"
allow &
type sapanywhere connect --no-browser; echo
type sapanywhere customers list --limit 3; echo
type sapanywhere customers get 2 --fields id,customerName,total; echo
type sapanywhere orders count --where "\"status = 'OPEN'\""; echo
type sapanywhere bulk export orders --format csv --to orders.csv; echo
type sapanywhere customers get 2000
kill -INT $running; wait
]]

local DEMO = "$LUA spec/demo.lua"

-- What a program writes to a terminal of so many columns.
local function record(shell, columns)
  local place = system.output("mktemp -d"):match "%S+"
  local lua = arg[-1]
  system.write_file(place .. "/run", ("PLACE=%s LUA=%s\nstty cols %d rows 100\n%s\n"):format(
    place, lua, columns, shell))
  system.output(("TERM=xterm timeout 120 script -qefc 'sh %s/run' %s/said </dev/null"):format(place, place))
  local said = system.read_file(place .. "/said"):gsub("^Script started[^\n]*\n", ""):gsub("\n*Script done.*$", "")
  system.output("rm -rf " .. place)
  return (said:gsub("%f[%w/]" .. place:gsub("%p", "%%%0") .. "/", ""))
end

-- A terminal: lines of cells, each a character and a style.

local CLASSES = { ["1"] = "b", ["2"] = "f", ["31"] = "r", ["32"] = "g", ["33"] = "y", ["36"] = "c" }

local function read_style(codes, style)
  for code in (codes == "" and "0" or codes):gmatch "%d+" do style = code == "0" and "" or CLASSES[code] or style end
  return style
end

local function read_screen(text)
  local lines, column, style = { {} }, 0, ""
  local place = 1
  while place <= #text do
    local codes, final, after = text:match("^\27%[([%d;?]*)(%a)()", place)
    local char = not codes and text:match("^[^\128-\191][\128-\191]*", place) or "?"
    if codes then
      style, place = final == "m" and read_style(codes, style) or style, after
    else
      place = place + #char
      if char == "\r" then
        column = 0
      elseif char == "\n" then
        lines[#lines + 1] = {}
      elseif char:byte() >= 32 then
        column = column + 1
        lines[#lines][column] = { char, style }
      end
    end
  end
  return lines
end

-- Drawing

local WIDE, HIGH, MARGIN = 8.4, 20, 16

local HEAD = [[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">
<style>
  svg { --ground: #fbfbfc; --text: #1c2024; --faint: #5b646d; --line: #c9ced4; --good: #0b6b36; --bad: #a81f15;
    --warn: #7a4f00; --name: #0b5c74 }
  @media (prefers-color-scheme: dark) { svg { --ground: #14171a; --text: #eceef0; --faint: #a3acb5; --line: #363c42;
    --good: #7ddba3; --bad: #ff9d8f; --warn: #f0c674; --name: #7fd1e8 } }
  rect { fill: var(--ground); stroke: var(--line) }
  text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--text); white-space: pre }
  .b { font-weight: bold } .f { fill: var(--faint) } .g { fill: var(--good) } .r { fill: var(--bad) }
  .y { fill: var(--warn) } .c { fill: var(--name) }
</style>
<rect x=".5" y=".5" width="%d" height="%d" rx="8"/>
]]

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

-- Runs of one style, each at its column: so the columns stand, whatever font is there.
local function draw_line(cells, count, y, out)
  local column = 1
  while column <= count do
    local first, style, chars = column, (cells[column] or {})[2] or "", {}
    while column <= count and ((cells[column] or {})[2] or "") == style do
      chars[#chars + 1] = (cells[column] or { " " })[1]
      column = column + 1
    end
    local text = table.concat(chars)
    if text:find "%S" then
      out[#out + 1] = ('<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>\n'):format(MARGIN + (first - 1) * WIDE, y,
        #chars * WIDE, style ~= "" and (' class="%s"'):format(style) or "", (text:gsub("[&<>]", ENTITIES)))
    end
  end
end

local function last_of(cells)
  local last = 0
  for column, cell in pairs(cells) do
    if cell[1] ~= " " and column > last then last = column end
  end
  return last
end

local function draw(lines, columns, title)
  local width, height = math.floor(columns * WIDE + 2 * MARGIN), #lines * HIGH + 2 * MARGIN
  local out = { HEAD:format(width, height, width, height, title, width - 1, height - 1) }
  for number, cells in ipairs(lines) do
    draw_line(cells, math.min(columns, last_of(cells)), MARGIN + number * HIGH - 5, out)
  end
  out[#out + 1] = "</svg>\n"
  return table.concat(out)
end

-- Lines as a terminal shows them: those that are too long go on below.
local function fold(lines, columns)
  local folded = {}
  for _, cells in ipairs(lines) do
    local last, from = last_of(cells), 1
    repeat
      local part = {}
      for column = from, math.min(last, from + columns - 1) do part[column - from + 1] = cells[column] end
      folded[#folded + 1], from = part, from + columns
    until from > last
  end
  return folded
end

local function trim(lines, most)
  while lines[1] and last_of(lines[1]) == 0 do table.remove(lines, 1) end
  while #lines > most or lines[1] and last_of(lines[#lines]) == 0 do table.remove(lines) end
  return lines
end

local PICTURES = {
  { "terminal-command.svg", "The command connects a shop and looks into it", COMMAND, 80, 60 },
  { "terminal-demo.svg", "The first steps of the demo", DEMO, 92, 55 },
}

for _, picture in ipairs(PICTURES) do
  local name, title, shell, columns, most = (table.unpack or unpack)(picture)
  local lines = trim(fold(read_screen(record(shell, columns)), columns), most)
  assert(#lines > 10, name .. ": there is nothing to see")
  system.write_file(directory .. "/" .. name, draw(lines, columns, title))
  print(directory .. "/" .. name)
end
