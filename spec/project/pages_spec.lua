-- The pages are true: README.md, CONTRIBUTING.md and docs/*.md. Their blocks of code run, one after another as one
-- program, and print what their comments say; what they link to, and what they name, is there.

local kept = require "support.kept"
local page = require "support.page"
local system = require "sapanywhere.sandbox.carrier.system"

local pages = page.all()

local LANGUAGES = { lua = true, nginx = true, sh = true, text = true, json = true, c = true }
local WORDS = { [""] = true, cqueues = true, copas = true, luv = true, nginx = true }

local function has_library(word)
  return (pcall(kept, word))
end

-- Text without the space at the beginnings of lines.
local function flat(text)
  return (("\n" .. text):gsub("\n[ \t]+", "\n"):gsub("\n+", "\n"))
end

local function read_examples()
  local texts = {}
  for path in system.output("find examples -type f"):gmatch("[^\n]+") do texts[path] = flat(system.read_file(path)) end
  return texts
end

local examples = read_examples()

-- Whether a file in examples/ holds an excerpt. A line of three dots leaves something out.
local function is_excerpt(text)
  for _, whole in pairs(examples) do
    local at = 1
    for part in (flat(text) .. "...\n"):gmatch("(.-)%.%.%.\n") do
      local _, last = whole:find(part, at, true)
      at = last
      if not at then break end
    end
    if at then return true end
  end
  return false
end

for _, one in ipairs(pages) do
  describe(one.path, function()
    if #one:program(has_library) > 0 then
      it("is a program that does what it says", function()
        local expected, said = one:run(has_library)
        assert.equal(expected, said)
      end)
    end

    it("has no block that nobody runs", function()
      for _, block in ipairs(one.blocks) do
        assert(LANGUAGES[block.language], "line " .. block.line)
        assert(WORDS[block.word], "line " .. block.line)
      end
    end)

    it("has excerpts of the examples as they are", function()
      for _, block in ipairs(one.blocks) do
        if block.language == "nginx" or block.word == "nginx" then
          assert(is_excerpt(block.text), "line " .. block.line)
        end
      end
    end)
  end)
end

describe("docs/troubleshooting.md", function()
  -- Lines of the sources that may hold a message; what is put in at run time stands as a format there.
  local sources = system.output("cat $(find lua src -name '*.lua' -o -name '*.c')"):gsub("%%[sd]", "…")

  it("quotes what the library says", function()
    local text = page.read("docs/troubleshooting.md").text
    for quoted in text:gmatch("\n| `([^`]+)`[^|]* |") do
      for part in (quoted:gsub("^usage: ", "") .. "…"):gmatch("(.-) ?…:? ?") do
        local is_lua = part:find("^undefined symbol") or part:find("^module ") or part == "start"
        assert(part == "" or is_lua or sources:find(part, 1, true), quoted)
      end
    end
  end)
end)

describe("what the pages name", function()
  local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
  end

  -- Names of headings as links have them: small letters, spaces as hyphens, no punctuation.
  local function anchors(text)
    local found = {}
    for heading in ("\n" .. text):gmatch("\n##* ([^\n]+)") do
      found[heading:lower():gsub("[^%w%-_ ]", ""):gsub(" ", "-")] = true
    end
    return found
  end

  -- A path seen from the page's folder, without "..".
  local function from(folder, path)
    local whole = folder .. path
    local count
    repeat whole, count = whole:gsub("[^/]+/%.%./", "", 1) until count == 0
    return whole
  end

  local function check_link(one, target)
    if target:find("^https?://") then return end
    local path, anchor = target:match("^([^#]*)#?(.*)$")
    local file = path == "" and one.path or from(one.path:match("^.*/") or "", path)
    assert(exists(file), one.path .. ": " .. target)
    if anchor ~= "" then assert(anchors(system.read_file(file))[anchor], one.path .. ": " .. target) end
  end

  it("by links is there", function()
    for _, one in ipairs(pages) do
      for target in one.text:gmatch("%]%(([^)]+)%)") do check_link(one, target) end
    end
  end)

  -- Made by a step of the Makefile, or a file of somebody else's.
  local ELSEWHERE = { "^build/", "^share/", "^sapanywhere%-lua", "^text/", "^application/", "^multipart/", "^spec/x" }

  local function is_elsewhere(path)
    for _, pattern in ipairs(ELSEWHERE) do
      if path:find(pattern) then return true end
    end
    return path:find("^/") ~= nil or path:find("^shop/") ~= nil
  end

  it("by paths is there", function()
    for _, one in ipairs(pages) do
      for path in one.text:gmatch("`([%w_.]+/[%w_./-]+)`") do
        local is_ours = not is_elsewhere(path) and not path:find("NAME", 1, true)
        assert(not is_ours or exists(path), one.path .. ": " .. path)
      end
    end
  end)

  it("by targets of the Makefile is there", function()
    local makefile = system.read_file("Makefile")
    local folders = makefile:match("\nAPART := ([^\n]*)") or ""
    for _, one in ipairs(pages) do
      for _, pattern in ipairs { "`make ([%l-]+)", "\nmake ([%l-]+)" } do
        for target in one.text:gmatch(pattern) do
          local apart = target:match("^test%-(%l+)$")
          local is_apart = apart and (" " .. folders .. " "):find(" " .. apart .. " ", 1, true)
          assert(is_apart or makefile:find("\n" .. target .. ":", 1, true), one.path .. ": " .. target)
        end
      end
    end
  end)
end)
