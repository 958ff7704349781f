-- Notifications of an instance: how they are switched on, and how those are fetched that the platform gave up.
--
--   local notifications = require "notifications"
--   assert(notifications.switch_on(client, { id = instance.id, url = "https://…/notifications", key = signature_key }))
--   local count = assert(notifications.fetch_missed(client))

local M = {}

--- Has the platform post what happens to a URL of yours, signed with a key of yours.
function M.switch_on(client, given)
  return client:update_instance {
    id = given.id,
    configuration = {
      ["event.notification.enabled"] = "true",
      ["event.vendor.type"] = "webhook",
      ["event.notification.callback.url"] = given.url,
      ["event.notification.signature.key"] = given.key,
    },
  }
end

local DELIVERIES = "/notifications/subscriptions/deliveries"
local MISSED = { where = "channel='webhook' and status='queued'" }

--- Has the platform post again what no attempt of its own could deliver: how many notifications that is. It also
-- switches on what the platform has switched off after its last attempt.
function M.fetch_missed(client)
  local list, err = client:request { method = "GET", path = DELIVERIES, query = MISSED }
  if err and err.kind == "not_found" then return 0 end -- there are none
  if not list then return nil, err end
  local sent
  sent, err = client:request { method = "PUT", path = DELIVERIES, query = MISSED }
  if not sent then return nil, err end
  return #list
end

return M
