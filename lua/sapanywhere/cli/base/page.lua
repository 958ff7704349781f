--- The pages that the person sees in the browser when it comes back: quiet, for phones and the dark, without a script.

local frame = require "sapanywhere.base.page"

local M = {}

-- A bar in the colour of how it ended; the words say it, too.
local STYLE = [[
main { margin-top: clamp(0rem, 6vh, 3rem); background: linear-gradient(var(%s) .3rem, var(--card) 0) }
p:last-child { margin: 0; color: var(--quiet) }
]]

local GOOD, BAD, NEUTRAL = "--good", "--bad", "--edge"

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

local LENGTH = "Connection: close\r\nContent-Length: %d\r\n\r\n"

local function answer(status, more, body)
  local lines = { ("HTTP/1.1 %d %s\r\n"):format(status, WORDS[status]), more }
  for _, header in ipairs(frame.HEADERS) do lines[#lines + 1] = ("%s: %s\r\n"):format(header[1], header[2]) end
  lines[#lines + 1] = LENGTH:format(#body)
  return table.concat(lines) .. body
end

--- The bytes of an answer with one of the pages: "connected", "denied", "failed", "stray", "unknown", "used",
-- "method" or "large".
function M.answer(name)
  local status, mark, title, first, second = (table.unpack or unpack)(PAGES[name])
  return answer(status, "", frame.make(title, STYLE:format(mark), ("<p>%s</p>\n<p>%s</p>"):format(first, second)))
end

--- The bytes of an answer that leads elsewhere.
function M.redirect(address)
  return answer(302, "Location: " .. address .. "\r\n", "")
end

return M
