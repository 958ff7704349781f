-- Whatever is posted, with whatever signature, the answer is a notification or an error of a known kind, fit to show.

local core = require "sapanywhere.core"
local webhook = require "sapanywhere.webhook"

local KEY = "xyzzy"
local KINDS = { json = true, protocol = true }

local noted = {}
local reader = assert(webhook.new { key = KEY })
local once = assert(webhook.new { key = false, on_use = function(id)
  assert(id:find("^[%w_.-]+$") and #id <= 129, "an id of another form")
  if noted[id] then return false end
  noted[id] = true
  return true
end })

local function is_id(value)
  return value == nil or type(value) == "number" or type(value) == "string"
end

local function check(notification, err)
  if not notification then
    assert(KINDS[err.kind], tostring(err.kind))
    assert(not tostring(err):find("%c") and not tostring(err):find(KEY, 1, true), "a message that is not fit to show")
    return
  end
  assert(is_id(notification.event_id) and is_id(notification.instance_id) and type(notification.raw) == "table")
  assert(core.encode(notification.events):sub(1, 1) == "[", "events that are no list")
  for _, event in ipairs(notification.events) do assert(core.encode(event):sub(1, 1) == "{", "no event") end
end

-- The input is a body; and a signature, by which no body is signed.
return function(input)
  noted = {}
  local notification, err = reader:read {
    body = input, signature = "sha256=" .. core.base64(core.hmac_sha256(KEY, input)),
  }
  check(notification, err)
  local first, problem = once:read { body = input }
  check(first, problem)
  assert((first ~= nil) == (notification ~= nil), "read in one way only")
  local second, again = once:read { body = input }
  assert(not second and (not first or again.reason == "replayed"), "read twice")

  local refused, why = reader:read { body = "{}", signature = input }
  assert(not refused and why.kind == "signature" and not tostring(why):find("%c"))
end
