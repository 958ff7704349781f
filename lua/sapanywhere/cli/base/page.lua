--- The pages that the person sees in the browser when it comes back: quiet, for phones and the dark, without a script.

local M = {}

local TEMPLATE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<style>
:root { --text: #1c2024; --quiet: #4a525a; --ground: #f3f4f6; --card: #fff; --line: #d5d9de; --mark: %s }
@media (prefers-color-scheme: dark) {
  :root { --text: #eceef0; --quiet: #b6bec6; --ground: #14171a; --card: #1e2226; --line: #363c42; --mark: %s }
}
* { box-sizing: border-box }
html { color: var(--text); background: var(--ground); font: 1.0625rem/1.55 system-ui, sans-serif }
body { margin: 0; padding: clamp(1rem, 12vh, 7rem) 1rem }
main { max-width: 30rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card);
  border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: .75rem }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere }
p { margin: 0 0 .75rem; overflow-wrap: anywhere }
p:last-child { margin: 0; color: var(--quiet) }
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

local GOOD, BAD, NEUTRAL = { "#0b7a3d", "#7ddba3" }, { "#b42318", "#ff9d8f" }, { "#6b747d", "#8a939c" }

local PAGES = {
  connected = { 200, GOOD, "Connected", "The shop is connected, and your terminal knows it.",
    "You can close this page." },
  denied = { 200, NEUTRAL, "Access denied", "Nothing was connected, as you wished.", "You can close this page." },
  failed = { 200, BAD, "Something went wrong", "Look at your terminal: it says what, and what to do.",
    "You can close this page." },
  stray = { 400, BAD, "Not what was expected", "This page belongs to another attempt, or was opened by something else.",
    "Nothing was changed. Your terminal still waits for the right one." },
  unknown = { 404, NEUTRAL, "Nothing here", "This address leads nowhere.", "Look at your terminal for the right one." },
  used = { 410, NEUTRAL, "Opened before", "This address works once, and it was opened already.",
    "Your terminal shows another one that works." },
  method = { 405, NEUTRAL, "Nothing here", "Pages can only be looked at here.", "Look at your terminal." },
  large = { 431, BAD, "Too much", "The request is too large.", "Look at your terminal." },
}

local WORDS = {
  [200] = "OK", [302] = "Found", [400] = "Bad Request", [404] = "Not Found", [405] = "Method Not Allowed",
  [410] = "Gone", [431] = "Request Header Fields Too Large",
}

local HEADERS = table.concat({
  "Cache-Control: no-store", "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff",
  "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  "Connection: close", "",
}, "\r\n")

local function answer(status, headers, body)
  return ("HTTP/1.1 %d %s\r\n%s%sContent-Length: %d\r\n\r\n%s"):format(
    status, WORDS[status], headers, HEADERS, #body, body)
end

--- The bytes of an answer with one of the pages: "connected", "denied", "failed", "stray", "unknown", "used",
-- "method" or "large".
function M.answer(name)
  local status, mark, title, first, second = (table.unpack or unpack)(PAGES[name])
  local body = ("<p>%s</p>\n<p>%s</p>"):format(first, second)
  return answer(status, "Content-Type: text/html;charset=UTF-8\r\n",
    TEMPLATE:format(title, mark[1], mark[2], title, body))
end

--- The bytes of an answer that leads elsewhere.
function M.redirect(address)
  return answer(302, "Location: " .. address .. "\r\n", "")
end

return M
