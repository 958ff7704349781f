--- A very small browser: opens a page, reads its form, sends it. Goes where it is told and follows nothing.

local core = require "sapanywhere.core"

local engine = core.engine()
local pool = engine:pool { max_connections = 4 }
local done = {}

local M = {}

local function split(url)
  local origin, target = url:match("^(https?://[^/?#]+)([^#]*)")
  if not origin then error("not an http URL", 3) end
  return origin, target:find("^/") and target or "/" .. target
end

local function send(request)
  local transfer = pool:start(request)
  while not transfer:done() do assert(engine:wait(done, 60)) end
  return transfer:result()
end

local function ask(method, url, headers, body)
  local origin, target = split(url)
  table.insert(headers, 1, "Accept: text/html")
  return send {
    method = method, origin = origin, target = target, headers = headers, body = body,
    timeout = 30, connect_timeout = 5, max_bytes = 1e6,
  }
end

--- Opens a page.
-- @tparam string url
-- @treturn[1] table the response: `status`, `headers` (by lower-case name), `body`
-- @return[2] nil
-- @treturn[2] table the engine's failure
function M.open(url)
  return ask("GET", url, {})
end

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }

--- Text as people read it: without tags, entities resolved, white space joined.
function M.text(html)
  local text = html:gsub("<[^>]*>", ""):gsub("&([#%w]+);", ENTITIES)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local function attribute(tag, name)
  local value = tag:match("%s" .. name .. '="([^"]*)"')
  return value and M.text(value)
end

--- Reads the first form of a page.
-- @tparam string url where the page was opened
-- @tparam string html
-- @treturn[1] table `url` it goes to, `fields` (a list of `{ name, value }`), `buttons` (label → such a pair)
-- @return[2] nil there is none
function M.form(url, html)
  local tag, inside = html:match("(<form[^>]*>)(.-)</form>")
  if not tag then return nil end
  local form = { url = split(url) .. attribute(tag, "action"), fields = {}, buttons = {} }
  for input in inside:gmatch("<input[^>]*>") do
    table.insert(form.fields, { attribute(input, "name"), attribute(input, "value") })
  end
  for button, label in inside:gmatch("(<button[^>]*>)(.-)</button>") do
    form.buttons[M.text(label)] = { attribute(button, "name"), attribute(button, "value") }
  end
  return form
end

--- Presses a button of a form.
-- @tparam table form from `form`
-- @tparam string label of the button
-- @treturn[1] table the response
-- @return[2] nil
-- @treturn[2] table the engine's failure
function M.press(form, label)
  local list = {}
  local button = assert(form.buttons[label], "the form has no such button")
  for _, pair in ipairs(form.fields) do
    list[#list + 1] = pair[1]
    list[#list + 1] = pair[2]
  end
  list[#list + 1], list[#list + 2] = button[1], button[2]
  return ask("POST", form.url, { "Content-Type: application/x-www-form-urlencoded" }, core.target("", {}, {}, list))
end

return M
