--- Instances: created, listed, read and deleted.
-- @module sapanywhere.sandbox.instances

local answers = require "sapanywhere.sandbox.service.answers"
local documented = require "sapanywhere.sandbox.service.documented"
local json = require "sapanywhere.sandbox.service.json"
local random = require "sapanywhere.sandbox.service.random"
local url = require "sapanywhere.sandbox.service.url"

local instances = {}

local required_settings = { "oauth.callback.url", "oauth.api.key", "oauth.api.secret" }
local secret_settings = { ["oauth.api.key"] = true, ["oauth.api.secret"] = true }
local max_page = 200

local function is_text(value) return type(value) == "string" and value ~= "" end

local function names_element(value)
  return value == documented.key or value == documented.id or value == tostring(documented.id)
end

-- Rendering

local function render_setting(settings, row, name, default)
  local value = row.configuration[name]
  if value == nil then value = default end
  if settings.mask and secret_settings[name] then value = "********" end
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

--- Gives an instance its documented shape.
-- @tparam table settings with `mask`
-- @tparam table row
-- @tparam string tags_as `"absent"`, `"strings"` or `"objects"`
-- @tparam[opt] boolean brief leave the configuration out
-- @treturn table for `json.encode`
function instances.render(settings, row, tags_as, brief)
  return json.object {
    { "id", row.id },
    { "name", row.name },
    { "token", row.token },
    { "element", documented.element },
    { "tags", render_tags(row.tags, tags_as) },
    { "provisionInteractions", json.list {} },
    { "valid", true },
    { "disabled", false },
    { "maxCacheSize", 0 },
    { "cacheTimeToLive", 0 },
    { "configuration", not brief and render_configuration(settings, row) or nil },
    { "eventsEnabled", row.configuration["event.notification.enabled"] == "true" },
    { "eventsNotificationCallbackUrl", row.configuration["event.notification.callback.url"] or "false" },
    { "traceLoggingEnabled", false },
    { "cachingEnabled", false },
    { "externalAuthentication", "none" },
    { "user", json.object { { "id", 123 } } },
  }
end

-- Creating

local function part(body, name)
  local value = body[name]
  if value == nil then value = {} end
  return value
end

local function list_missing(body, element)
  local missing = {}
  local function want(name, value)
    if value == nil or value == "" or value == json.null then missing[#missing + 1] = name end
  end
  if not element then want("element.key", part(body, "element").key or part(body, "element").id) end
  want("providerData.code", part(body, "providerData").code)
  for _, name in ipairs(required_settings) do
    want("configuration." .. name, part(body, "configuration")[name])
  end
  want("name", body.name)
  return missing
end

local function list_of_text(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, item in pairs(value) do
    if not is_text(item) then return false end
    count = count + 1
  end
  return count == #value
end

local function map_of_plain(value)
  if not json.is_object(value) then return false end
  for _, item in pairs(value) do
    if type(item) == "table" then return false end
  end
  return true
end

local function text_or_nothing(value) return value == nil or value == json.null or type(value) == "string" end

local function list_invalid(body)
  local invalid = {}
  for _, name in ipairs { "element", "providerData" } do
    if not json.is_object(part(body, name)) then invalid[#invalid + 1] = name end
  end
  if not map_of_plain(part(body, "configuration")) then invalid[#invalid + 1] = "configuration" end
  if not list_of_text(part(body, "tags")) then invalid[#invalid + 1] = "tags" end
  if not text_or_nothing(body.name) then invalid[#invalid + 1] = "name" end
  if #invalid == 0 and not text_or_nothing(part(body, "providerData").code) then
    invalid[#invalid + 1] = "providerData.code"
  end
  return invalid
end

local function refuse_missing(missing)
  if #missing == 0 then return nil end
  if #missing == 1 and missing[1] == "providerData.code" then
    return answers.failure(400, documented.missing_code)
  end
  local message = "Missing required entries: " .. table.concat(missing, ", ")
  if table.concat(missing, " "):find("providerData.code", 1, true) then
    message = message .. ". " .. documented.missing_code
  end
  return answers.failure(400, message)
end

local function refuse_body(body, element)
  if not json.is_object(body) then return answers.failure(400, "The body is not a JSON object.") end
  local invalid = list_invalid(body)
  if #invalid > 0 then
    return answers.failure(400, "Entries of the wrong type: " .. table.concat(invalid, ", "))
  end
  local refusal = refuse_missing(list_missing(body, element))
  if refusal then return refusal end
  local named = part(body, "element").key or part(body, "element").id or element
  if not names_element(named) then return answers.failure(404, "No element is known by this key or id.") end
end

local function refuse_grant(settings, store, body)
  local configuration, code = body.configuration, store:get("codes", body.providerData.code)
  local function provider(message)
    return answers.failure(400, "The provider refused the OAuth code exchange.", message)
  end
  if configuration["oauth.api.key"] ~= settings.api_key
    or configuration["oauth.api.secret"] ~= settings.api_secret then
    return provider("invalid_client: the API key or the API secret is wrong")
  end
  if not code then return provider("invalid_grant: the code is unknown") end
  if code.claimed_by then return provider("invalid_grant: the code has been used already") end
  if code.callback_url ~= configuration["oauth.callback.url"] then
    return provider("invalid_grant: the callback URL is not the one that the code was issued for")
  end
end

local function strip_html(text) return (text:gsub("<[^<>]*>", "")) end

local function make_row(body, scope)
  local row = {
    name = strip_html(body.name), token = random.secret(), tags = {}, code = body.providerData.code,
    configuration = { ["oauth.scope"] = scope },
  }
  for _, tag in ipairs(part(body, "tags")) do table.insert(row.tags, strip_html(tag)) end
  for name, value in pairs(body.configuration) do
    if value ~= json.null then
      row.configuration[name] = type(value) == "string" and value or json.encode(value)
    end
  end
  row.configuration["oauth.user.token"] = random.hex(20)
  row.configuration["oauth.user.refresh_token"] = random.hex(8) .. "-" .. random.hex(12)
  return row
end

--- Answers `POST /instances` and `POST /elements/{keyOrId}/instances`.
-- @tparam table settings
-- @tparam table store
-- @tparam table request
-- @tparam[opt] string element the key or id of the address
-- @treturn table an answer
function instances.create(settings, store, request, element)
  local body = json.decode(request.body)
  local refusal = refuse_body(body, element) or refuse_grant(settings, store, body)
  if refusal then return refusal end
  local code = body.providerData.code
  if not store:claim("codes", code, random.hex(32)) then return refuse_grant(settings, store, body) end
  local row = store:number("instances", make_row(body, store:get("codes", code).scope), "token")
  return answers.ok(instances.render(settings, row, settings.tags_as))
end

-- Reading and deleting

local function find(store, id)
  return id:find("^%d+$") and store:get("instances", tonumber(id)) or nil
end

local function shared_shape(settings)
  return settings.tags_as == "objects" and "objects" or "strings"
end

--- Answers `GET /instances/{id}`.
function instances.read(settings, store, _, id)
  local row = find(store, id)
  if not row then return answers.failure(404, "No instance is known by this id.") end
  return answers.ok(instances.render(settings, row, shared_shape(settings)))
end

--- Answers `DELETE /instances/{id}`.
function instances.delete(_, store, _, id)
  local row = find(store, id)
  if not row then return answers.failure(404, "No instance is known by this id.") end
  store:remove("instances", row.id)
  return answers.done()
end

--- Answers `DELETE /instances`, which this service refuses whatever Element token comes with it.
function instances.delete_none()
  return answers.failure(400, "The id of the instance to delete is missing.")
end

local function has_tag(row, wanted)
  for _, tag in ipairs(row.tags) do
    for _, want in ipairs(wanted) do
      if tag == want then return true end
    end
  end
  return false
end

local function has_text(row, text)
  return row.name:lower():find(text:lower(), 1, true) or documented.key:find(text:lower(), 1, true)
end

local function read_filters(query)
  local values = url.parse_query(query)
  if not values then return nil, "The query string is malformed." end
  local filters = {
    tags = values["tags[]"],
    text = values.searchText and values.searchText[1],
    brief = values.hydrate ~= nil and values.hydrate[1] == "false",
    after = 0,
    size = max_page,
  }
  if values.pageSize then
    local size = values.pageSize[1]:match("^%d+$") and tonumber(values.pageSize[1]) or 0
    if size < 1 then return nil, "The parameter pageSize must be a positive number." end
    filters.size = math.min(size, max_page)
  end
  if values.nextPage then
    filters.after = tonumber((values.nextPage[1]:match("^after%+(%d+)/=$")))
    if not filters.after then return nil, "The parameter nextPage holds no token of this service." end
  end
  return filters
end

local function select_rows(store, filters)
  local rows = {}
  for _, row in ipairs(store:list("instances")) do
    if row.id > filters.after and #rows < filters.size
      and (not filters.tags or has_tag(row, filters.tags))
      and (not filters.text or has_text(row, filters.text)) then
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- Answers `GET /instances` and `GET /elements/{keyOrId}/instances`.
-- Several `tags[]` find what has any of them. A full page comes with the token of the next, even where
-- that turns out to be empty; an empty list is a 404, as in the real service.
function instances.list(settings, store, request)
  local filters, problem = read_filters(request.query)
  if not filters then return answers.failure(400, problem) end
  local rows, rendered, headers = select_rows(store, filters), {}, {}
  if #rows == 0 then return answers.failure(404, "No instances found") end
  for index, row in ipairs(rows) do
    rendered[index] = instances.render(settings, row, shared_shape(settings), filters.brief)
  end
  table.insert(headers, { "elements-returned-count", tostring(#rows) })
  if #rows == filters.size then
    table.insert(headers, { "elements-next-page-token", ("after+%d/="):format(rows[#rows].id) })
  end
  return answers.ok(json.list(rendered), headers)
end

return instances
