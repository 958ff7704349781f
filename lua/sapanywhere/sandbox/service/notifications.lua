--- Notifications of what has changed: what is in them, how they are signed, and what became of each.
-- An instance gets them where its configuration asks: `event.notification.enabled` is `true` and
-- `event.notification.callback.url` an address. As the account's failure policy may be `queue`, one that is not
-- taken is queued at once, and sent again when that is asked for.
-- @module sapanywhere.sandbox.notifications

local answers = require "sapanywhere.sandbox.service.answers"
local base64 = require "sapanywhere.sandbox.service.base64"
local ceql = require "sapanywhere.sandbox.service.ceql"
local document = require "sapanywhere.sandbox.service.document"
local documented = require "sapanywhere.sandbox.service.documented"
local json = require "sapanywhere.sandbox.service.json"
local random = require "sapanywhere.sandbox.service.random"
local sha256 = require "sapanywhere.sandbox.service.sha256"
local url = require "sapanywhere.sandbox.service.url"

local notifications = {}

--- How many events a notification has at most.
notifications.max_events = 20

--- Writes a time as it stands in a notification.
-- @tparam number seconds
-- @treturn string
function notifications.date(seconds) return os.date("!%Y-%m-%dT%H:%M:%S.000Z", math.floor(seconds)) end

-- What the provider says of an event.
local function render_raw(event, instance_id)
  return json.object {
    { "id", event.objectId }, { "event", event.eventType:lower() }, { "objectType", event.objectType },
    { "instance_id", instance_id },
  }
end

local function write_current(notice)
  local events = {}
  for index, event in ipairs(notice.events) do
    events[index] = json.object {
      { "objectType", event.objectType }, { "objectId", event.objectId }, { "eventType", event.eventType },
      { "date", event.date }, { "elementKey", documented.key }, { "hubKey", "ecommerce" },
    }
  end
  return json.object { { "message", json.object {
    { "eventId", notice.id }, { "events", json.list(events) },
    { "raw", notice.events[1] and render_raw(notice.events[1], notice.instance_id)
      or json.object { { "instance_id", notice.instance_id } } },
  } } }
end

local function write_legacy(notice)
  local events = {}
  for index, event in ipairs(notice.events) do
    events[index] = json.object {
      { "objectType", event.objectType }, { "objectId", event.objectId }, { "eventType", event.eventType },
      { "date", event.date },
    }
  end
  return json.object {
    { "eventId", notice.id }, { "instanceId", notice.instance_id },
    { "response", json.object { { "events", json.list(events) } } }, { "notificationId", notice.id },
  }
end

--- Writes a notification.
-- @tparam table notice `id`, `instance_id`, `events` (each `objectType`, `objectId`, `eventType`, `date`), and
-- perhaps `legacy`
-- @treturn string its body
function notifications.write(notice)
  return json.encode((notice.legacy and write_legacy or write_current)(notice))
end

--- Signs a body, where the instance has a key.
-- @tparam table instance a row
-- @tparam string body
-- @treturn string|nil the value of the header `Elements-Webhook-Signature`
function notifications.sign(instance, body)
  local key = instance.configuration["event.notification.signature.key"]
  if key and key ~= "" then return "sha256=" .. base64.encode(sha256.hmac(key, body)) end
end

local function address_of(instance)
  local target = instance.configuration["event.notification.callback.url"]
  return target and target:find("^https?://") and target or nil
end

--- Keeps a notification that is to be sent.
-- @tparam table store
-- @tparam table instance a row
-- @tparam table notice as for `write`, without its `id` and `instance_id`
-- @treturn table a delivery: `id`, `instance_id`, `url`, `body`, `signature`, `webhook_id`, `status`, `date`
function notifications.keep(store, instance, notice)
  local delivery = {
    instance_id = instance.id, url = address_of(instance), status = "created", webhook_id = random.hex(24),
    date = notice.events[1] and notice.events[1].date or notifications.date(os.time()),
  }
  delivery.id = store:add("deliveries", delivery, delivery.webhook_id, 500000)
  notice.id, notice.instance_id = delivery.id, instance.id
  delivery.body = notifications.write(notice)
  delivery.signature = notifications.sign(instance, delivery.body)
  store:set("deliveries", delivery.id, { id = delivery.id, body = delivery.body, signature = delivery.signature })
  return delivery
end

local function asks_for_events(instance)
  return instance.configuration["event.notification.enabled"] == "true" and address_of(instance)
    and not instance.disabled
end

--- Keeps a notification of a change for each instance that asks for it: all are connected to one account.
-- @tparam table store
-- @tparam table change `object`, `id`, `event`
-- @tparam number time
-- @treturn table a list of deliveries
function notifications.of_change(store, change, time)
  local deliveries = {}
  for _, instance in ipairs(store:list("instances")) do
    if asks_for_events(instance) then
      table.insert(deliveries, notifications.keep(store, instance, { events = { {
        objectType = change.object, objectId = change.id, eventType = change.event, date = notifications.date(time),
      } } }))
    end
  end
  return deliveries
end

-- What the platform tells of deliveries

local function plain(row)
  return { id = row.id, channel = "webhook", status = row.status, instanceId = row.instance_id, date = row.date }
end

local function render(row)
  return json.object {
    { "id", row.id }, { "channel", "webhook" }, { "status", row.status }, { "instanceId", row.instance_id },
    { "date", row.date }, { "payload", document.read(row.body) },
  }
end

local function select_rows(store, query)
  local values = url.parse_query(query)
  if not values then return nil, "The query string is malformed." end
  local test, problem = ceql.compile(values.where and values.where[1] or "id > 0")
  if not test then return nil, problem end
  local rows, kept = {}, store:kind("deliveries")
  for id in pairs(kept) do
    if kept[id].body and test(plain(kept[id])) then rows[#rows + 1] = kept[id] end
  end
  table.sort(rows, function(a, b) return a.id < b.id end)
  return rows
end

local function answer_rows(rows)
  local list = {}
  for index, row in ipairs(rows) do list[index] = render(row) end
  return answers.ok(json.list(list))
end

--- Answers `GET /notifications/subscriptions/deliveries?where=…`; none is a 404, as in every list of the
-- platform's.
function notifications.list(_, store, request)
  local rows, problem = select_rows(store, request.query)
  if not rows then return answers.failure(400, problem) end
  if #rows == 0 then return answers.failure(404, "No deliveries found") end
  return answer_rows(rows)
end

--- Answers `PUT /notifications/subscriptions/deliveries?where=…`: sends again what it names.
function notifications.redeliver(_, store, request)
  local rows, problem = select_rows(store, request.query)
  if not rows then return answers.failure(400, problem) end
  if #rows == 0 then return answers.failure(404, "No deliveries found") end
  for _, row in ipairs(rows) do store:set("deliveries", row.id, { status = "retry" }) end
  local answer = answer_rows(rows)
  answer.deliveries = rows
  return answer
end

--- Answers `GET /notifications/subscriptions`.
function notifications.subscriptions(_, store)
  local list = {}
  for _, instance in ipairs(store:list("instances")) do
    if asks_for_events(instance) then
      table.insert(list, json.object {
        { "id", instance.id }, { "channel", "webhook" },
        { "topics", json.list { ("instance-%d-%s-events"):format(instance.id, documented.key) } },
        { "config", json.object { { "url", address_of(instance) } } }, { "active", true },
      })
    end
  end
  if #list == 0 then return answers.failure(404, "No subscriptions found") end
  return answers.ok(json.list(list))
end

return notifications
