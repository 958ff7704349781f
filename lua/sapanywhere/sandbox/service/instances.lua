--- Instances: created, listed, read, changed, disabled and deleted.
-- Where an address has no id, the instance is that of the Element token.
-- @module sapanywhere.sandbox.instances

local answers = require "sapanywhere.sandbox.service.answers"
local creation = require "sapanywhere.sandbox.service.creation"
local documented = require "sapanywhere.sandbox.service.documented"
local instance = require "sapanywhere.sandbox.service.instance"
local json = require "sapanywhere.sandbox.service.json"
local pages = require "sapanywhere.sandbox.service.pages"
local url = require "sapanywhere.sandbox.service.url"

local instances = {}

local max_page = 200

--- Answers `POST /instances` and `POST /elements/{keyOrId}/instances`.
-- @tparam table settings
-- @tparam table store
-- @tparam table request
-- @tparam table segments of the address: perhaps `element`
-- @treturn table an answer
function instances.create(settings, store, request, segments)
  local body = json.decode(request.body)
  local refusal = creation.refuse(body, segments.element)
  if refusal then return refusal end
  local code
  refusal, code = creation.exchange(settings, store, body.configuration, creation.code(body))
  if refusal then return refusal end
  local row = store:number("instances", creation.make(body, code), "token")
  local objects = body.retrieveObjectsAfterInstantiation == true and documented.objects or nil
  return answers.ok(instance.render(settings, row, settings.tags_as, { objects = objects }))
end

-- One instance

local function find(store, segments)
  local id = segments.id
  if id then return id:find("^%d+$") and store:get("instances", tonumber(id)) or nil end
  return segments.instance
end

-- Hands a function the instance that the address names, or refuses.
local function on_one(answer)
  return function(settings, store, request, segments)
    local row = find(store, segments)
    if row then return answer(settings, store, request, row) end
    if segments.id then return answers.failure(404, "No instance is known by this id.") end
    return answers.failure(400, "The id of the instance is missing, and there is no Element token.")
  end
end

--- Answers `GET /instances/{id}`.
instances.read = on_one(function(settings, _, _, row)
  return answers.ok(instance.render(settings, row, instance.shared_shape(settings)))
end)

--- Answers `DELETE /instances/{id}`, and `DELETE /instances` with an Element token, which deletes as well.
instances.delete = on_one(function(_, store, _, row)
  store:remove("instances", row.id)
  return answers.done()
end)

--- Answers `PUT /instances/{id}/enabled`.
instances.enable = on_one(function(_, store, _, row)
  store:set("instances", row.id, { disabled = false })
  return answers.done()
end)

--- Answers `DELETE /instances/{id}/enabled`.
instances.disable = on_one(function(_, store, _, row)
  store:set("instances", row.id, { disabled = true })
  return answers.done()
end)

local function merged(base, ...)
  local all = {}
  for _, map in ipairs { base, ... } do
    for name, value in pairs(map) do all[name] = value end
  end
  return all
end

local function change(settings, store, row, body)
  local read, code = creation.read(body), creation.code(body)
  if read.name == "" then return answers.failure(400, "Entries of the wrong type: name") end
  read.configuration = merged(row.configuration, read.configuration)
  if code then
    local refusal = creation.exchange(settings, store, read.configuration, code)
    if refusal then return refusal end
    read.configuration = merged(read.configuration, creation.fresh_tokens())
    read.revoked = false
  end
  store:set("instances", row.id, read)
  return answers.ok(instance.render(settings, store:get("instances", row.id), instance.shared_shape(settings)))
end

--- Answers `PATCH /instances/{id}`: what is left out stays; tags are replaced as a whole; a code renews the
-- provider's tokens; a masked secret changes nothing.
instances.update = on_one(function(settings, store, request, row)
  local body = json.decode(request.body)
  return creation.refuse_types(body) or change(settings, store, row, body)
end)

--- Answers `PUT /instances/{id}`: as a PATCH, except that `reAuthenticate=true` wants the whole body of a
-- creation.
instances.replace = on_one(function(settings, store, request, row)
  local body, values = json.decode(request.body), url.parse_query(request.query) or {}
  local again = values.reAuthenticate and values.reAuthenticate[1] == "true"
  local refusal = again and creation.refuse(body) or creation.refuse_types(body)
  return refusal or change(settings, store, row, body)
end)

-- Listing

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

local function select_rows(store, values, page)
  local rows, tags, text = {}, values["tags[]"], values.searchText and values.searchText[1]
  for _, row in ipairs(store:list("instances")) do
    if row.id > (page.from or 0) and #rows < page.size
      and (not tags or has_tag(row, tags)) and (not text or has_text(row, text)) then
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function name_list(values)
  return "instances " .. table.concat(values["tags[]"] or {}, "\n") .. "\n" .. (values.searchText or { "" })[1]
end

--- Answers `GET /instances` and `GET /elements/{keyOrId}/instances`.
-- Several `tags[]` find what has any of them. A full page comes with the token of the next, even where
-- that turns out to be empty; an empty list is a 404, as in the real service.
function instances.list(settings, store, request)
  local values = url.parse_query(request.query)
  if not values then return answers.failure(400, "The query string is malformed.") end
  local list = name_list(values)
  local page, problem = pages.read(values, list, max_page)
  if not page then return answers.failure(400, problem) end
  local rows, rendered = select_rows(store, values, page), {}
  if #rows == 0 then return answers.failure(404, "No instances found") end
  local brief = values.hydrate ~= nil and values.hydrate[1] == "false"
  for index, row in ipairs(rows) do
    rendered[index] = instance.render(settings, row, instance.shared_shape(settings), { brief = brief })
  end
  local token = #rows == page.size and pages.token(rows[#rows].id, list) or nil
  return answers.ok(json.list(rendered), pages.headers(page, #rows, token))
end

return instances
