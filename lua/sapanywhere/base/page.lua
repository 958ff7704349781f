--- The frame of the pages that people see on the way through the browser, the sandbox's and the command's: one look,
-- readable on a phone and in the dark, by keyboard and by ear, without a script.

local M = {}

--- The headers that each has, as lists of a name and a value: nothing is kept, told to others, or fetched.
M.HEADERS = {
  { "Content-Type", "text/html;charset=UTF-8" },
  { "Cache-Control", "no-store" },
  { "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    .. "frame-ancestors 'none'" },
  { "Referrer-Policy", "no-referrer" },
  { "X-Content-Type-Options", "nosniff" },
}

-- Colours of text keep a contrast of 7 to 1, those of borders 3 to 1, on either ground.
local TEMPLATE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<style>
:root { --text: #1c2024; --quiet: #4a525a; --ground: #f3f4f6; --card: #fff; --line: #d5d9de; --edge: #6b747d;
  --act: #0b5a2f; --on-act: #fff; --focus: #0a58ca; --good: #0b7a3d; --bad: #b42318 }
@media (prefers-color-scheme: dark) {
  :root { --text: #eceef0; --quiet: #b6bec6; --ground: #14171a; --card: #1e2226; --line: #363c42; --edge: #8a939c;
    --act: #7ddba3; --on-act: #06210f; --focus: #8ab8ff; --good: #7ddba3; --bad: #ff9d8f }
}
* { box-sizing: border-box }
html { color: var(--text); background: var(--ground); font: 1.0625rem/1.55 system-ui, sans-serif }
body { margin: 0; padding: clamp(1rem, 6vh, 4rem) 1rem }
main { max-width: 34rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere }
p { margin: 0 0 1rem; text-wrap: pretty; overflow-wrap: anywhere }
%s</style>
</head>
<body>
<main>
<h1>%s</h1>
%s
</main>
</body>
</html>
]]

--- Makes a page.
-- @tparam string title HTML that is safe already, like the others
-- @tparam string style what it adds to the style
-- @tparam string content
-- @treturn string HTML
function M.make(title, style, content)
  return TEMPLATE:format(title, style, title, content)
end

return M
