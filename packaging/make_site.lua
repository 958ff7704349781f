-- Writes the site: the README and the guides, the reference from the comments and the rows of the calls, the examples.
-- `make doc` runs it. No page needs a script.
--
--   lua packaging/make_site.lua DIRECTORY

local book = require "reference.book"
local markdown = require "reference.markdown"
local version = require "sapanywhere.version"

local directory = assert(arg[1], "a directory is needed")

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(directory .. "/" .. name, "w"))
  assert(file:write(text))
  file:close()
end

local function list(command)
  local found, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do found[#found + 1] = line end
  pipe:close()
  return found
end

-- The pages: the reading order of the guides, then whatever else there is.

local ORDER = { "start", "command", "nginx", "event-loops", "states", "retries", "secrets", "notifications", "bulk",
  "calls", "testing", "operations", "troubleshooting", "glossary" }

local function title_of(text)
  return text:match("^#%s+([^\n]+)") or text:match("\n#%s+([^\n]+)")
end

local function guide_of(path, name)
  local text = read(path)
  return { path = path, name = name, title = (title_of(text) or name):gsub("`", ""), text = text }
end

local function collect_guides()
  local rank, guides = {}, {}
  for i, name in ipairs(ORDER) do rank[name] = i end
  for _, path in ipairs(list "ls docs/*.md 2>/dev/null") do
    guides[#guides + 1] = guide_of(path, path:match("([^/]+)%.md$"))
  end
  table.sort(guides, function(a, b)
    local i, j = rank[a.name] or 100, rank[b.name] or 100
    return i == j and a.name < b.name or i < j
  end)
  return guides
end

local guides = collect_guides()
local front = guide_of("README.md", "index")
local others = {}
local OTHERS = { ["CONTRIBUTING.md"] = "contributing", ["CHANGELOG.md"] = "changes", ["bench/README.md"] = "numbers" }
for path, name in pairs(OTHERS) do
  local file = io.open(path)
  if file then
    file:close()
    others[#others + 1] = guide_of(path, name)
  end
end
table.sort(others, function(a, b) return a.name < b.name end)

-- Which page a file of the project is.
local page_of_file = { ["README.md"] = "index.html", docs = "index.html", examples = "examples.html" }
for _, pages in ipairs { guides, others } do
  for _, guide in ipairs(pages) do page_of_file[guide.path] = guide.name .. ".html" end
end

-- The reference's pages must not have the name of a guide.
for _, chapter in ipairs(book.chapters) do chapter.page = "reference-" .. chapter.name .. ".html" end

-- Links

local function join_path(folder, target)
  local parts = {}
  for part in ((folder ~= "" and folder .. "/" or "") .. target):gmatch("[^/]+") do
    if part == ".." then table.remove(parts) elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

-- The page for a link of a file; nil where the site has none.
local function resolve(path, href)
  if href:find("^%a+:") or href:find("^#") then return href end
  local target, rest = href:match("^([^#]*)(.*)$")
  local file = join_path(path:match("^(.*)/[^/]*$") or "", target:gsub("/$", ""))
  if page_of_file[file] then return page_of_file[file] .. rest end
  if file:find("^examples/") then return "examples.html#" .. markdown.slug(file) end
  if file:find("%.svg$") or file:find("%.png$") then return file:match("[^/]+$") end
end

local function fix_links(html, path)
  html = html:gsub('<a href="([^"]*)">(.-)</a>', function(href, inside)
    local target = resolve(path, href)
    return target and ('<a href="%s">%s</a>'):format(target, inside) or inside
  end)
  return (html:gsub('<img src="([^"]*)"', function(src)
    return ('<img src="%s"'):format(resolve(path, src) or src)
  end))
end

-- Pages

local function link(page, current, text)
  local here = page == current and ' aria-current="page"' or ""
  return ('<li><a href="%s"%s>%s</a>'):format(page, here, text)
end

local function contents_of(headings, deepest)
  local out = { "<ul>" }
  for _, heading in ipairs(headings) do
    if heading.level == deepest then
      local text = heading.text:gsub("<a [^>]*>(.-)</a>", "%1")
      out[#out + 1] = ('<li><a href="#%s">%s</a></li>'):format(heading.id, text)
    end
  end
  out[#out + 1] = "</ul>"
  return out[3] and table.concat(out, "\n") or ""
end

local function menu(current, headings)
  local out = {}
  local function entry(page, text)
    out[#out + 1] = link(page, current, text) .. (page == current and contents_of(headings, 2) or "") .. "</li>"
  end
  local function section(title) out[#out + 1] = "</ul><h2>" .. title .. "</h2><ul>" end
  out[#out + 1] = "<ul>"
  entry("index.html", "Overview")
  section "Guides"
  for _, guide in ipairs(guides) do entry(guide.name .. ".html", guide.title) end
  entry("examples.html", "Examples")
  section "Reference"
  for _, chapter in ipairs(book.chapters) do entry(chapter.page, chapter.title) end
  section "The project"
  for _, guide in ipairs(others) do entry(guide.name .. ".html", guide.title) end
  out[#out + 1] = "</ul>"
  return table.concat(out, "\n")
end

-- The menu is folded on a phone, and always there on a wide screen, where the second copy is shown.
local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s · sapanywhere</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<nav aria-label="Pages">
<a class="skip" href="#content">To the text</a>
<a class="name" href="index.html">sapanywhere %s</a>
<details class="narrow"><summary>All pages</summary>
%s
</details>
<div class="wide">
%s
</div>
</nav>
<main id="content">
%s
<footer>sapanywhere %s. Made by <code>make doc</code>.</footer>
</main>
</body>
</html>
]]

local function write_page(name, title, html, headings)
  local pages = menu(name, headings)
  title = title:gsub("<[^>]*>", "")
  write(name, PAGE:format(title, version, pages, pages, html, version))
end

local function write_guide(guide)
  local html, headings = markdown.render(guide.text)
  write_page(guide.name .. ".html", guide.title, fix_links(html, guide.path), headings)
end

-- The reference

local entry_page = {} -- the name in a comment → where it is told

for _, chapter in ipairs(book.chapters) do
  for _, entry in ipairs(chapter.entries) do
    entry_page[entry.name] = entry_page[entry.name] or chapter.page .. "#" .. entry.name
    entry_page[entry.shown] = chapter.page .. "#" .. entry.name
  end
end
for name in pairs(book.tables) do entry_page[name] = "reference-sapanywhere.html#" .. name end

local TARGETS = {}
for _, chapter in ipairs(book.chapters) do
  TARGETS["sapanywhere." .. chapter.name] = chapter.page
  TARGETS[chapter.name] = chapter.page
end

-- Comments: @{sapanywhere.state} and `name` lead to what they name.
local function with_links(text, own)
  text = text:gsub("`([%w_.:]+)`", function(name)
    local page = name ~= own and entry_page[name]
    return page and ("[`%s`](%s)"):format(name, page) or nil
  end)
  return (text:gsub("@{([%w_.]+)}", function(target)
    if not TARGETS[target] then error("no page for @{" .. target .. "}", 0) end
    return ("[`%s`](%s)"):format(target, TARGETS[target])
  end))
end

local function in_cell(text)
  return (text:gsub("%s+", " "):gsub("|", "\\|"))
end

local function show_value(value)
  if type(value) == "string" then return ('"%s"'):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local names = {}
  for name, entry in pairs(value) do names[#names + 1] = name .. " = " .. show_value(entry) end
  table.sort(names)
  return "{ " .. table.concat(names, ", ") .. " }"
end

local function describe(option)
  local parts = { in_cell(with_links(option.text, option.name)) }
  if option.each_call then
    table.insert(parts, 1, "**required**")
  elseif option.unless then
    table.insert(parts, 1, ("**required** without `%s`"):format(option.unless))
  elseif option.required then
    table.insert(parts, 1, "**required**, here or in the client")
  end
  local text = table.concat(parts, "; ")
  if option.default ~= nil then
    local is_text = type(option.default) == "string" and option.rule == nil
    local shown = is_text and option.default or show_value(option.default)
    text = text .. (" (default `%s`)"):format(in_cell(shown))
  end
  return text
end

local function say_option(out, option)
  local kind = option.type:gsub("fun%(.*", "function"):gsub("{([^{}]-),%.%.%.}", "list of %1"):gsub("|", " or ")
  out[#out + 1] = ("| `%s` | %s | %s | %s |"):format(option.name, in_cell(kind), option.wire or "", describe(option))
end

local function say_options(out, entry, show_common)
  local common
  out[#out + 1] = "\n| option | type | goes to | |\n|---|---|---|---|"
  for _, option in ipairs(entry.options) do
    if show_common or not option.client then say_option(out, option) else common = true end
  end
  if #entry.options == 0 then table.remove(out) end
  if common then
    out[#out + 1] = "\nBesides, the [options of any call](reference-sapanywhere.html#new).\n"
  end
end

local AUTH = { none = "without a signature", account = "signed by the account's two secrets",
  instance = "signed by the user's secret and the instance's token" }

local function say_request(out, row)
  local how = row.repeatable and "; it changes nothing, so it may be made again" or "; it is sent at most once"
  if row.method:find("{", 1, true) then how = "; a GET may be made again, everything else is sent at most once" end
  out[#out + 1] = ("\n`%s %s`, %s%s.\n"):format(row.method:gsub("[{}]", ""), row.path, AUTH[row.auth], how)
end

local NOT_OF_CALLS = { denied = true, state = true, callback = true, signature = true, store = true, job = true }

local function say_errors(out, entry)
  local kinds = {}
  for _, kind in ipairs(book.KINDS) do
    if not NOT_OF_CALLS[kind] or kind == "job" and entry.row.way == "job" then
      kinds[#kinds + 1] = "`" .. kind .. "`"
    end
  end
  local listed = table.concat(kinds, ", ")
  out[#out + 1] = ("\n**Errors:** the kinds %s; see [what to do](index.html#errors).\n"):format(listed)
end

local function show_type(kind)
  return kind and kind:gsub("sapanywhere%.", ""):gsub("fun%(.*", "function"):gsub("{([^{}]-),%.%.%.}", "list of %1")
    :gsub("|", " or ")
end

local function say_returns(out, entry)
  for group = 1, 3 do
    local places = entry.returns[group]
    if places then
      local parts = {}
      for _, value in ipairs(places) do
        local kind = show_type(value.type)
        local text = with_links(value.text, entry.name)
        if TARGETS[kind] then kind = ("[%s](%s)"):format(kind, TARGETS[kind]) end
        if book.tables[kind] then kind = ("[%s](%s)"):format(kind, entry_page[kind]) end
        parts[#parts + 1] = kind and text ~= "" and kind .. ": " .. text or kind or text
      end
      out[#out + 1] = ("%s **Returns** %s"):format("\n-", table.concat(parts, " — "))
    end
  end
  if entry.raises then out[#out + 1] = "\n- **Raises** " .. with_links(entry.raises, entry.name) end
end

-- The shortest block of the guides that makes the call; each block is run by a spec.
local blocks = {}
for _, pages in ipairs { { front }, guides } do
  for _, guide in ipairs(pages) do
    for code in guide.text:gmatch("\n```lua[^\n]*\n(.-)\n```") do
      blocks[#blocks + 1] = { code = code, page = guide.name .. ".html", title = guide.title }
    end
  end
end

local function find_example(entry)
  local found
  local name = entry.shown:match("([.:][%w_]+)$"):gsub("%p", "%%%0")
  if entry.shown:find("^sapanywhere%.") or entry.shown:find("^sandbox") then name = entry.shown:gsub("%p", "%%%0") end
  name = name:gsub("^sandbox%%%.", 'sandbox"?%%.') -- require "sapanywhere.sandbox".start
  for _, block in ipairs(blocks) do
    if (block.code .. " "):find(name .. "%f[^%w_]%s*[({\"]") and (not found or #block.code < #found.code) then
      found = block
    end
  end
  return found
end

local function say_example(out, entry)
  if entry.usage then out[#out + 1] = "\n```lua\n" .. entry.usage .. "\n```\n" end
  local example = find_example(entry)
  if not example or entry.usage then return end
  out[#out + 1] = ('\n<p class="from">From <a href="%s">%s</a>:</p>\n\n```lua\n%s\n```\n')
    :format(example.page, markdown.escape(example.title), example.code)
end

local function head_of(entry)
  if entry.kind == "value" then return entry.shown end
  local names = {}
  for _, param in ipairs(entry.params) do names[#names + 1] = param.name end
  if entry.options and #names == 1 then return entry.shown .. " { … }" end
  return ("%s(%s)"):format(entry.shown, table.concat(names, ", "))
end

local function say_entry(out, entry)
  out[#out + 1] = ("\n## `%s`\n"):format(head_of(entry))
  if entry.row then say_request(out, entry.row) end
  out[#out + 1] = with_links(entry.text, entry.name) .. "\n"
  local is_made = entry.row or entry.options and entry.options[1].rule
  for _, param in ipairs(entry.params) do
    local text = with_links(param.text, entry.name)
    -- What the table of options says better.
    if not is_made and text ~= "" and not param.text:find("@{", 1, true) then
      out[#out + 1] = ("- `%s` (%s%s): %s"):format(param.name, show_type(param.type or "anything"),
        param.optional and ", optional" or "", text)
    end
  end
  if entry.options then say_options(out, entry, entry.name == "new") end
  out[#out + 1] = ""
  say_returns(out, entry)
  out[#out + 1] = ""
  if entry.row then say_errors(out, entry) end
  say_example(out, entry)
end

local function say_table(out, name)
  local item = book.tables[name]
  out[#out + 1] = ("\n## `%s`\n\n%s\n"):format(name, with_links(item.text, name))
  out[#out + 1] = "| option | type | |\n|---|---|---|"
  for _, field in ipairs(item.fields) do
    local text = in_cell(with_links(field.text))
    out[#out + 1] = ("| `%s` | %s | %s |"):format(field.name, in_cell(show_type(field.type)), text)
  end
end

local function name_headings(html, entries)
  for _, entry in ipairs(entries) do
    local id = markdown.slug(head_of(entry))
    html = html:gsub('<h2 id="' .. id:gsub("%p", "%%%0") .. '"><a class="here" href="#[^"]*">',
      ('<h2 id="%s"><a class="here" href="#%s">'):format(entry.name, entry.name), 1)
  end
  return html
end

local function write_chapter(chapter)
  local out = { "# " .. chapter.title .. "\n\n" .. with_links(chapter.text, chapter.name) .. "\n" }
  if chapter.calls then
    out[#out + 1] = "\nThe calls of [a client](reference-client.html) are functions of the module, too: "
    local names = {}
    for _, entry in ipairs(chapter.calls_of) do
      names[#names + 1] = ("[`%s`](reference-client.html#%s)"):format(entry.name, entry.name)
    end
    out[#out + 1] = table.concat(names, ", ") .. ".\n"
  end
  for _, entry in ipairs(chapter.entries) do say_entry(out, entry) end
  if chapter.wishes then out[#out + 1] = "\n## Misbehaviour\n\n" .. chapter.wishes .. "\n" end
  if chapter.calls then
    for _, name in ipairs { "error", "meta", "event" } do say_table(out, name) end
  end
  local html, headings = markdown.render(table.concat(out, "\n"))
  html = name_headings(html, chapter.entries)
  local by_id = {}
  for _, entry in ipairs(chapter.entries) do by_id[markdown.slug(head_of(entry))] = entry end
  for _, heading in ipairs(headings) do
    local entry = by_id[heading.id]
    if entry then heading.id, heading.text = entry.name, "<code>" .. entry.name .. "</code>" end
  end
  write_page(chapter.page, chapter.title, html:gsub("<th>option</th>", function()
    return "<th>name</th>"
  end), headings)
end

-- The examples

local LANGUAGE = { lua = "lua" }

local function write_examples()
  local out = { "# Examples\n\nWhole programs, each run by a spec.\n" }
  for _, path in ipairs(list "find examples -type f | sort") do
    local language = LANGUAGE[path:match("%.(%w+)$")] or ""
    out[#out + 1] = ("\n## `%s`\n\n````%s\n%s````\n"):format(path, language, read(path))
  end
  local text = table.concat(out):gsub("````lua\n(.-)````", "```lua\n%1```")
  local html, headings = markdown.render(text)
  write_page("examples.html", "Examples", html, headings)
end

-- Writing

write("style.css", read "packaging/reference/style.css")
for _, path in ipairs(list "ls bench/*.svg docs/*.svg docs/*.png 2>/dev/null") do
  write(path:match("[^/]+$"), read(path))
end
write_guide(front)
for _, guide in ipairs(guides) do write_guide(guide) end
for _, guide in ipairs(others) do write_guide(guide) end
for _, chapter in ipairs(book.chapters) do write_chapter(chapter) end
write_examples()
