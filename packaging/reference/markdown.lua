--- Turns Markdown into HTML with cmark-gfm, and makes what it gives into parts of our pages: headings that can be
-- linked
--- to, tables that scroll by themselves, Lua in colours.

local M = {}

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function render(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen("cmark-gfm --unsafe -e table -e strikethrough " .. quote(path)))
  local html = pipe:read("*a")
  pipe:close()
  os.remove(path)
  if html == "" and text:find("%S") then error("cmark-gfm gave nothing", 0) end
  return html
end

--- The name of a heading in links, as GitHub makes it.
function M.slug(text)
  text = text:gsub("<[^>]*>", ""):gsub("&%w+;", ""):lower()
  return (text:gsub("[^%w%s_%-\128-\255]", ""):gsub("%s", "-"))
end

-- Colours

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while]]):gmatch("%a+") do
  KEYWORDS[word] = true
end

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end
M.escape = escape

local function unescape(text)
  return (text:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"'):gsub("&amp;", "&"))
end

-- What begins a token, and which class it has; the first that fits is taken.
local TOKENS = {
  { "^%-%-%[%[.-%]%]", "c" }, { "^%-%-[^\n]*", "c" }, { "^%[%[.-%]%]", "s" },
  { '^"[^"\n]*"', "s" }, { "^'[^'\n]*'", "s" }, { "^%d[%w.]*", "n" }, { "^[%a_][%w_]*" }, { "^%s+" }, { "^." },
}

local function next_token(code, at)
  for _, rule in ipairs(TOKENS) do
    local _, last = code:find(rule[1], at)
    if last then return code:sub(at, last), rule[2], last + 1 end
  end
end

local function colour(code)
  local out, at = {}, 1
  while at <= #code do
    local token, class, after = next_token(code, at)
    if not class and KEYWORDS[token] then class = "k" end
    out[#out + 1] = class and ('<span class="%s">%s</span>'):format(class, escape(token)) or escape(token)
    at = after
  end
  return table.concat(out)
end

--- A block of Lua.
function M.lua(code)
  return '<pre class="lua"><code>' .. colour(code) .. "</code></pre>"
end

-- Pages

local function add_ids(html, headings)
  local seen = {}
  return (html:gsub("<h([1-6])>(.-)</h%1>", function(level, inside)
    local id = M.slug(inside)
    seen[id] = (seen[id] or 0) + 1
    if seen[id] > 1 then id = id .. "-" .. (seen[id] - 1) end
    headings[#headings + 1] = { level = tonumber(level), id = id, text = inside }
    return ('<h%s id="%s"><a class="here" href="#%s">%s</a></h%s>')
      :format(level, id, id, inside:gsub("<a [^>]*>(.-)</a>", "%1"), level)
  end))
end

--- Renders Markdown.
-- @tparam string text
-- @treturn string HTML
-- @treturn {table,...} the headings: `level`, `id`, `text`
function M.render(text)
  local html, headings = render(text), {}
  html = html:gsub('<pre><code class="language%-lua">(.-)</code></pre>', function(code)
    return (M.lua(unescape(code)))
  end)
  html = add_ids(html, headings)
  html = html:gsub("<table>(.-)</table>", function(inside)
    local class = inside:find("<th>option</th>", 1, true) and ' class="options"' or ""
    -- A head without a word is for Markdown only.
    inside = inside:gsub("<thead>%s*<tr>([%s</>th]*)</tr>%s*</thead>%s*", "")
    return ('<div class="scroll" tabindex="0"><table%s>%s</table></div>'):format(class, inside)
  end)
  html = html:gsub("<pre", '<pre tabindex="0"')
  return html, headings
end

return M
