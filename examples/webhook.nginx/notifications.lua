-- Judges a notification, answers at once, and leaves the work to a timer.

local sapanywhere = require "sapanywhere"
local notes = require("notes_" .. (os.getenv "NOTES" or "dictionary"))
local work = require "work"

-- The platform sends a notification again, for hours, until it is answered with 2xx.
local STATUS = {
  replayed = 200, -- it was read before: say so, or it comes for ever
  store = 503, -- nobody knows whether it was: it may come again
  too_large = 413,
}

local function check(value, err) return value or error(tostring(err), 0) end -- assert would hide a table here

local reader = check(sapanywhere.webhook {
  key = check(os.getenv "WEBHOOK_KEY", "WEBHOOK_KEY is not set"),
  on_use = function(id, seconds)
    ngx.ctx.noted = id
    return notes.add(id, seconds)
  end,
})

local M = {}

function M.receive()
  ngx.req.read_body()
  local notification, err = reader:read {
    body = ngx.req.get_body_data() or "", signature = ngx.var.http_elements_webhook_signature,
  }
  if not notification then
    if err.reason ~= "replayed" then ngx.log(ngx.ERR, err) end
    return ngx.exit(STATUS[err.reason or err.kind] or 400)
  end
  local started, problem = ngx.timer.at(0, work, notification)
  if started then return ngx.exit(200) end
  ngx.log(ngx.ERR, "no timer: ", problem)
  notes.forget(ngx.ctx.noted) -- so that it is read when it comes again
  return ngx.exit(503)
end

return M
