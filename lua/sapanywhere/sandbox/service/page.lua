--- Pages for people: readable on a phone and in the dark, by keyboard and by ear, without a script.
-- @module sapanywhere.sandbox.page

local frame = require "sapanywhere.base.page"

local page = {}

local STYLE = [[
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
]]

--- Makes an answer of a page.
-- @tparam number status
-- @tparam string title
-- @tparam string content HTML that is safe already
-- @treturn table an answer, see `sapanywhere.sandbox.answers`
function page.make(status, title, content)
  local own = {}
  for index, header in ipairs(frame.HEADERS) do own[index] = { header[1], header[2] } end
  return { status = status, headers = own, body = frame.make(title, STYLE, content) }
end

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Makes a text safe to stand in HTML, in an element or a quoted attribute.
-- @tparam string text
-- @treturn string
function page.escape(text)
  return (text:gsub("[&<>\"']", entities))
end

return page
