--- An instance in its documented shape.
-- @module sapanywhere.sandbox.instance

local documented = require "sapanywhere.sandbox.service.documented"
local json = require "sapanywhere.sandbox.service.json"

local instance = {}

local secret_settings = { ["oauth.api.key"] = true, ["oauth.api.secret"] = true }

--- What stands in place of a secret that is not shown.
instance.mask = "********"

local function render_setting(settings, row, name, default)
  local value = row.configuration[name]
  if value == nil then value = default end
  if settings.mask and secret_settings[name] then value = instance.mask end
  return { name, value }
end

local function render_configuration(settings, row)
  local members, known, further = {}, {}, {}
  for _, entry in ipairs(documented.configuration) do
    known[entry[1]] = true
    table.insert(members, render_setting(settings, row, entry[1], entry[2] or ""))
  end
  for name in pairs(row.configuration) do
    if not known[name] then table.insert(further, name) end
  end
  table.sort(further)
  for _, name in ipairs(further) do table.insert(members, render_setting(settings, row, name)) end
  return json.object(members)
end

local function render_tags(tags, shape)
  if shape == "absent" then return nil end
  local list = {}
  for index, tag in ipairs(tags) do
    list[index] = shape == "objects" and json.object { { "id", index }, { "name", tag } } or tag
  end
  return json.list(list)
end

--- The shape that tags have in every answer but that of a creation.
-- @tparam table settings with `tags_as`
-- @treturn string
function instance.shared_shape(settings)
  return settings.tags_as == "objects" and "objects" or "strings"
end

--- Gives an instance its documented shape.
-- @tparam table settings with `mask`
-- @tparam table row
-- @tparam string tags_as `"absent"`, `"strings"` or `"objects"`
-- @tparam[opt] table more `brief` leaves the configuration out, `objects` are those of the element
-- @treturn table for `json.encode`
function instance.render(settings, row, tags_as, more)
  more = more or {}
  return json.object {
    { "id", row.id },
    { "name", row.name },
    { "token", row.token },
    { "element", documented.element },
    { "tags", render_tags(row.tags, tags_as) },
    { "provisionInteractions", json.list {} },
    { "valid", true },
    { "disabled", row.disabled == true },
    { "maxCacheSize", 0 },
    { "cacheTimeToLive", 0 },
    { "configuration", not more.brief and render_configuration(settings, row) or nil },
    { "eventsEnabled", row.configuration["event.notification.enabled"] == "true" },
    { "eventsNotificationCallbackUrl", row.configuration["event.notification.callback.url"] or "false" },
    { "traceLoggingEnabled", false },
    { "cachingEnabled", false },
    { "externalAuthentication", row.external and "initial" or "none" },
    { "user", json.object { { "id", 123 } } },
    { "objects", more.objects },
  }
end

return instance
