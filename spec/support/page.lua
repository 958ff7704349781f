--- Pages in Markdown as programs: their blocks of code read, put together, and run.
--
-- The Lua blocks of a page, one after another, are one program. A word behind "lua" is the library that a block needs:
-- without it the block is left out. Blocks of "lua nginx" and "nginx" are excerpts of a file in examples/.

local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

local Page = {}
Page.__index = Page

-- Blocks that are no part of the page's program.
local EXCERPT = { nginx = true }

local function read_blocks(text)
  local blocks, block, number = {}, nil, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local language, word = line:match("^```(%w*) ?(%w*)$")
    if language and not block then
      block = { language = language, word = word, line = number, lines = {} }
    elseif language then
      block.text = table.concat(block.lines, "\n") .. "\n"
      blocks[#blocks + 1], block = block, nil
    elseif block then
      block.lines[#block.lines + 1] = line
    end
  end
  return blocks
end

--- Reads a page.
-- @tparam string path
-- @treturn table `path`, `text` and `blocks`, a list of `{ language, word, line, lines, text }`
function M.read(path)
  local text = system.read_file(path)
  return setmetatable({ path = path, text = text, blocks = read_blocks(text) }, Page)
end

--- The pages of the project.
function M.all()
  local pages = {}
  for path in system.output("ls README.md CHANGELOG.md CONTRIBUTING.md docs/*.md"):gmatch("[^\n]+") do
    pages[#pages + 1] = M.read(path)
  end
  return pages
end

--- The Lua blocks that make the page's program here.
-- @tparam function has tells whether there is a library
function Page:program(has)
  local list = {}
  for _, block in ipairs(self.blocks) do
    local is_part = block.language == "lua" and not EXCERPT[block.word]
    if is_part and (block.word == "" or has(block.word)) then list[#list + 1] = block end
  end
  return list
end

-- The program's text: every line stands in the line that it has in the page, so that a message names the right one.
local function put_together(blocks)
  local lines, last = {}, 0
  for _, block in ipairs(blocks) do
    for number = last + 1, block.line do lines[number] = "" end
    for i, line in ipairs(block.lines) do lines[block.line + i] = line end
    last = block.line + #block.lines
  end
  return table.concat(lines, "\n") .. "\n"
end

-- What its comments `-->` say that it prints.
local function expected_of(blocks)
  local lines = {}
  for _, block in ipairs(blocks) do
    for line in block.text:gmatch("%-%-> ([^\n]*)") do lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n")
end

-- The paths of a Lua that runs in another directory.
local function absolute(path)
  local here = system.output("pwd -P"):gsub("\n", "")
  return (path:gsub("[^;]+", function(template)
    return template:sub(1, 1) == "/" and template or here .. "/" .. template
  end))
end

local COMMAND = "cd %s && LUA_PATH=%s LUA_CPATH=%s timeout -s KILL 60 %s %s 2>&1"

--- Runs a program in a directory of its own, with the modules of the specs.
-- @tparam string name of the file
-- @tparam string text
-- @tparam[opt] string before shell text such as "X=1"
-- @treturn string what it printed, tabs as two spaces
function M.run(name, text, before)
  local dir = system.output("mktemp -d"):gsub("\n", "")
  system.write_file(dir .. "/" .. name, text)
  local quote = system.quote
  local said = system.output((before or "") .. COMMAND:format(quote(dir), quote(absolute(package.path)),
    quote(absolute(package.cpath)), child.interpreter(), name))
  os.execute("rm -rf " .. quote(dir))
  return (said:gsub("\t", "  "))
end

--- Runs the page's program, in a directory of its own.
-- @tparam function has tells whether there is a library
-- @treturn string what it should print
-- @treturn string what it printed
function Page:run(has)
  local blocks = self:program(has)
  local said = M.run((self.path:gsub("/", "-")), put_together(blocks))
  return expected_of(blocks), (said:gsub("\n$", ""))
end

return M
