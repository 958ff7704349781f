--- Notifications: what the platform posts to a URL of yours, judged by its signature and brought into one form.
--
-- The signature is the HMAC-SHA256 of the raw body, and of nothing else: no time, no address. So a notification that
-- somebody saw can be sent again; `on_use` takes each once. No I/O but what `on_use` does.
-- @module sapanywhere.webhook

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"
local errors = require "sapanywhere.errors"
local hidden = require "sapanywhere.base.hidden"
local keys = require "sapanywhere.call.keys"
local options = require "sapanywhere.call.options"
local told = require "sapanywhere.call.told"

local SCHEME = "sha256="
local SIGNATURE = "^sha256=[%w+/]+=$"
local SIGNATURE_BYTES = #SCHEME + 44 -- 32 bytes in base64, padded
local MOST_BYTES = 8000000
local NOTED_SECONDS = 7 * 86400 -- the platform's last attempt comes after some four days
local LONGEST_SHOWN_ID = 64
local DIGEST_LABEL = "sapanywhere.webhook body"

-- Options

local check_keys = keys.check(1)

-- The list of keys; false on purpose for notifications that have no signature.
local function check_key(value, name, problems)
  if value == false then return false end
  return check_keys(value, name, problems)
end

local function check_body(value, name, problems)
  if type(value) ~= "string" then
    checks.wrong(problems, name, "must be the raw body, a string, not a " .. type(value))
  end
  return value
end

local function any(value) return value end

local NEW = {
  key = { check = check_key, required = true,
    why = "key must be given: the event.notification.signature.key of the instance, or false to go without" },
  on_use = { check = checks.callable },
}
local READ = {
  body = { check = check_body, required = true, why = "body must be given: the raw bytes of the request's body" },
  signature = { check = any },
}

-- Refusing

local MESSAGES = {
  missing = "the notification has no Elements-Webhook-Signature",
  malformed = "the Elements-Webhook-Signature is not sha256= and an HMAC in base64",
  mismatch = "the notification was not signed with this key, or was changed on its way",
  replayed = "the notification has been read before",
  store = "whether the notification has been read is not known: on_use ",
}

local function fail(kind, message, fields)
  fields = fields or {}
  fields.message, fields.retryable = "read: " .. message, fields.reason == "store"
  return nil, errors.new(kind, fields)
end

local function refuse(reason, more)
  return fail("signature", MESSAGES[reason] .. (more or ""), { reason = reason })
end

-- The signature

-- Whether one of the keys made it. Each is tried, so that the time does not tell which.
local function is_signed(settings, body, signature)
  local found, known = false, true
  for _, key in ipairs(settings.key) do
    local mac = core.hmac_sha256(key, body)
    known = known and mac ~= nil
    if mac and core.equal(SCHEME .. core.base64(mac), signature) then found = true end
  end
  return found, known
end

-- True, or nil and the error.
local function judge(settings, body, signature)
  if not settings.key then return true end
  if signature == nil or signature == "" then return refuse "missing" end
  if type(signature) ~= "string" or #signature ~= SIGNATURE_BYTES or not signature:find(SIGNATURE) then
    return refuse "malformed"
  end
  local found, known = is_signed(settings, body, signature)
  if found then return true end
  if not known then return fail("signature", "libcrypto does not do HMAC-SHA256", { reason = "mismatch" }) end
  return refuse "mismatch"
end

-- The two forms of a payload

local function is_id(value)
  return value == nil or type(value) == "number" or type(value) == "string"
end

local empty_list = getmetatable(core.array {}) -- what an empty list of JSON has, and an empty object has not

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or getmetatable(value) == empty_list)
end

local function is_list_of_objects(value)
  if not is_list(value) then return false end
  for _, entry in ipairs(value) do
    if type(entry) ~= "table" or is_list(entry) then return false end
  end
  return true
end

local function member(value, name)
  if type(value) == "table" then return value[name] end
end

local function first_of(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if value ~= nil then return value end
  end
end

-- What the body says, by either form's names; or nil and what is wrong with it.
local function bring_together(raw)
  if type(raw) ~= "table" then return nil, "is not a JSON object" end
  local message, response = raw.message, raw.response
  local events = first_of(member(message, "events"), member(response, "events"))
  if not is_list_of_objects(events) then return nil, "holds no list of events" end
  local notification = {
    event_id = first_of(member(message, "eventId"), raw.eventId),
    instance_id = first_of(
      member(member(message, "raw"), "instance_id"), member(message, "instanceId"), raw.instanceId),
    events = events, raw = raw,
  }
  if not is_id(notification.event_id) then return nil, "holds an eventId that is neither a number nor a string" end
  if not is_id(notification.instance_id) then
    return nil, "holds an id of the instance that is neither a number nor a string"
  end
  return notification
end

-- The id by which a notification is noted. One change may come in several notifications with one event id, so a
-- digest of the body is part of it.
local function name_of(event_id, body)
  local digest = core.hmac_sha256(DIGEST_LABEL, body)
  if not digest then return nil end
  local text = type(event_id) == "number" and ("%.0f"):format(event_id) or event_id
  if type(text) ~= "string" or #text > LONGEST_SHOWN_ID or not text:find("^[%w_.-]+$") then
    return core.hex(digest)
  end
  return text .. "-" .. core.hex(digest)
end

-- True, or nil and the error.
local function use(settings, event_id, body)
  if not settings.on_use then return true end
  local id = name_of(event_id, body)
  if not id then return refuse("store", "cannot be asked: libcrypto does not do HMAC-SHA256") end
  local used, more = told.use_once(settings.on_use, id, NOTED_SECONDS, settings.key or {})
  if used == true then return true end
  return refuse(used, more)
end

-- The reader

local Reader = { __name = "sapanywhere.webhook" }
Reader.__index = Reader

function Reader.__tostring()
  return "sapanywhere.webhook"
end

local function check_call(self, given)
  local settings = hidden.known(self, Reader)
  if not settings then error("read: call it as a method, reader:read(…)", 3) end
  if type(given) == "table" then return settings end
  error("read: a table of options is expected, not a " .. type(given), 3)
end

--- Reads a notification.
--
-- In this order: its size, the signature, JSON, its form, and last `on_use`; so nothing is noted of what is refused.
-- @function reader:read
-- @tparam table given
-- @tparam string given.body the raw bytes of the request's body, at most 8,000,000
-- @tparam[opt] string given.signature the value of the header `Elements-Webhook-Signature`, nil where there is none
-- @treturn[1] notification `event_id` and `instance_id` (a number or a string, or nil where the notification has none);
--   `events`, a list of tables as the server sends them (`objectType`, `objectId`, `eventType`, and more; unknown
--   types of events among them); `raw`, the whole body, decoded
-- @return[2] nil
-- @treturn[2] error kind "signature", and `reason` is "missing", "malformed", "mismatch"; "replayed"
--   (answer 2xx, for the platform sends it again otherwise); "store" (`on_use` failed, so nobody knows: answer 5xx).
--   Besides "too_large", "json", "protocol" (JSON of another form) and "usage".
-- @raise when `given` is not a table
function Reader:read(given)
  local settings = check_call(self, given)
  local values, err = options.read("read", READ, given)
  if not values then return nil, err end
  local body = values.body
  if #body > MOST_BYTES then return fail("too_large", ("the body has more than %d bytes"):format(MOST_BYTES)) end
  local ok
  ok, err = judge(settings, body, values.signature)
  if not ok then return nil, err end
  local raw, fault = core.decode(body)
  if fault == "out of memory" then return fail("cancelled", "there was not enough memory to read the body") end
  if raw == nil then return fail("json", "the body is not exactly JSON (" .. tostring(fault) .. ")") end
  local notification, what = bring_together(raw)
  if not notification then return fail("protocol", "the body " .. what) end
  ok, err = use(settings, notification.event_id, body)
  if not ok then return nil, err end
  return notification
end

--- Makes a reader of notifications.
--
-- `on_use(id, seconds)` makes each good for one reading. It notes the id (up to 129 letters, digits, `_`, `.`
-- and `-`) for that long, 7 days, and returns true when it was not noted before: in one step, so that no other worker
-- can come between. Nothing but `true` accepts; `nil` or `false` with an error, or an error raised, means that it could
-- not tell. The id is made of the notification's `eventId`, where it has one, and of a digest of the body.
-- @function webhook
-- @tparam table given
-- @tparam string|{string,...}|false given.key the instance's `event.notification.signature.key`, at least 1 byte; any
--   of a list is accepted, for changes of keys; false to go without signatures, on purpose
-- @tparam[opt] fun(id:string,seconds:number):boolean?,any given.on_use see above
-- @treturn[1] reader the reader
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem
local function new(given)
  if type(given) ~= "table" then error("webhook: a table of options is expected, not a " .. type(given), 2) end
  local values, err = options.read("webhook", NEW, given)
  if not values then return nil, err end
  return hidden.object(Reader, { key = values.key, on_use = values.on_use })
end

return { new = new, options = { webhook = NEW, read = READ } }
