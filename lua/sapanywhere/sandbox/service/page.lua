--- Pages for people: readable on a phone and in the dark, by keyboard and by ear, without a script.
-- @module sapanywhere.sandbox.page

local page = {}

local headers = {
  { "Content-Type", "text/html;charset=UTF-8" },
  { "Cache-Control", "no-store" },
  { "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    .. "frame-ancestors 'none'" },
  { "Referrer-Policy", "no-referrer" },
  { "X-Content-Type-Options", "nosniff" },
}

-- Colours of text keep a contrast of 7 to 1, those of borders 3 to 1, on either ground.
local template = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<style>
:root { --text: #1c2024; --quiet: #4a525a; --ground: #f3f4f6; --card: #fff; --line: #d5d9de; --edge: #6b747d;
  --act: #0b5a2f; --on-act: #fff; --focus: #0a58ca }
@media (prefers-color-scheme: dark) {
  :root { --text: #eceef0; --quiet: #b6bec6; --ground: #14171a; --card: #1e2226; --line: #363c42; --edge: #8a939c;
    --act: #7ddba3; --on-act: #06210f; --focus: #8ab8ff }
}
* { box-sizing: border-box }
html { color: var(--text); background: var(--ground); font: 1.0625rem/1.55 system-ui, sans-serif }
body { margin: 0; padding: clamp(1rem, 6vh, 4rem) 1rem }
main { max-width: 34rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance }
p { margin: 0 0 1rem }
strong, dd, code { overflow-wrap: anywhere }
dl { margin: 1.5rem 0; padding: 1rem 0 0; border-top: 1px solid var(--line) }
dt { color: var(--quiet); font-size: .9375rem }
dd { margin: 0 0 1rem }
code { font: .9375rem/1.5 ui-monospace, monospace }
.choice { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0 }
button { flex: 1 1 10rem; min-height: 3rem; padding: .5rem 1.25rem; font: inherit; font-weight: 600;
  border: 2px solid var(--edge); border-radius: .5rem; color: var(--text); background: transparent; cursor: pointer }
button.allow { border-color: var(--act); color: var(--on-act); background: var(--act) }
button:hover { text-decoration: underline; text-underline-offset: .2em }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px }
.address { display: block; padding: .75rem; border: 1px solid var(--edge); border-radius: .5rem;
  -webkit-user-select: all; user-select: all }
.aside { margin: 1.5rem 0 0; color: var(--quiet); font-size: .9375rem }
@media (forced-colors: active) { button.allow { border-width: 4px } }
</style>
</head>
<body>
<main>
<h1>%s</h1>
%s
</main>
</body>
</html>
]]

--- Makes an answer of a page.
-- @tparam number status
-- @tparam string title
-- @tparam string content HTML that is safe already
-- @treturn table an answer, see `sapanywhere.sandbox.answers`
function page.make(status, title, content)
  local own = {}
  for index, header in ipairs(headers) do own[index] = { header[1], header[2] } end
  return { status = status, headers = own, body = template:format(title, title, content) }
end

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Makes a text safe to stand in HTML, in an element or a quoted attribute.
-- @tparam string text
-- @treturn string
function page.escape(text)
  return (text:gsub("[&<>\"']", entities))
end

return page
