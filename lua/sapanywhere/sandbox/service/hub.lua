--- The hub: customers, orders and products, and what is below each of them.
-- The prefix `/hubs/ecommerce` may be left out, and the word after `/hubs/` is not looked at. Attachments and
-- images are files, which this service does not play.
-- @module sapanywhere.sandbox.hub

local answers = require "sapanywhere.sandbox.service.answers"
local bulk = require "sapanywhere.sandbox.service.bulk"
local collection = require "sapanywhere.sandbox.service.collection"
local document = require "sapanywhere.sandbox.service.document"
local documented = require "sapanywhere.sandbox.service.documented"
local json = require "sapanywhere.sandbox.service.json"
local listing = require "sapanywhere.sandbox.service.listing"
local objects = require "sapanywhere.sandbox.service.rows".objects

local hub = {}

local files = { attachments = true, images = true }

local function no_row(name, id)
  return answers.failure(404, nil, ("%s %s does not exist"):format(name, id))
end

-- The resource that an address names: its rows and, where there is one, the id of the row that is meant.
local function open(store, segments)
  local name, id = segments.object, segments.id
  if not segments.child then return collection.open(store, name), id end
  local parent = tonumber(id:match("^%d+$"))
  if not parent or not collection.open(store, name):get(parent) then return nil, no_row(name, id) end
  if files[segments.child] then return nil, answers.failure(404, "The sandbox does not play files.") end
  return collection.open(store, ("%s/%d/%s"):format(name, parent, segments.child)), segments.childId
end

-- Hands a function the rows that the address names, or refuses.
local function on_rows(answer)
  return function(_, store, request, segments)
    local rows, refusal = open(store, segments)
    if not rows then return refusal end
    return answer(rows, request, segments.instance)
  end
end

-- The same for one row, with its id and text.
local function on_row(answer)
  return function(_, store, request, segments)
    local rows, id = open(store, segments)
    if not rows then return id end
    local number = tonumber(id:match("^%d+$"))
    local text = number and rows:get(number)
    if not text then return no_row(rows.name, id) end
    return answer(rows, request, segments.instance, number, text)
  end
end

local function read_body(request)
  local body = document.read(request.body)
  if not json.is_written_object(body) then return nil, answers.failure(400, "The body is not a JSON object.") end
  return body
end

-- An order of somebody who does not exist is what a provider refuses.
local function refuse_reference(rows, body)
  local customer = rows.name == "orders" and document.get(body, "customer")
  if not json.is_written_object(customer) then return nil end
  local id = document.get(customer, "id")
  local number = id ~= nil and tonumber((json.encode(id):match('^"?(%d+)"?$')))
  if id == nil or number and collection.open(rows.store, "customers"):get(number) then return nil end
  return answers.failure(400, "The provider refused the request.", "customer: no such customer")
end

local function stamp(request)
  return os.date("!%Y-%m-%dT%H:%M:%S.000Z", request.time and math.floor(request.time) or nil)
end

-- What is below a row has no events.
local function changed(answer, rows, id, event)
  if objects[rows.name] then answer.change = { object = rows.name, id = id, event = event } end
  return answer
end

--- Answers `POST /{object}`.
hub.create = on_rows(function(rows, request, instance)
  local body, refusal = read_body(request)
  refusal = refusal or refuse_reference(rows, body)
  if refusal then return refusal end
  document.set(body, "creationTime", stamp(request))
  local id = rows:add(body)
  return changed(answers.text(listing.show(instance, rows:get(id))), rows, id, "CREATED")
end)

--- Answers `GET /{object}`.
hub.list = on_rows(listing.list)

--- Answers `GET /{object}/count`.
hub.count = on_rows(listing.count)

--- Answers `GET /{object}/{id}`.
hub.read = on_row(function(_, _, instance, _, text)
  return answers.text(listing.show(instance, text))
end)

--- Answers `PATCH /{object}/{id}`: members that are given take the place of those that were there.
hub.update = on_row(function(rows, request, instance, id, text)
  local body, refusal = read_body(request)
  refusal = refusal or refuse_reference(rows, body)
  if refusal then return refusal end
  local row = document.read(text)
  for _, member in ipairs(body) do document.set(row, member[1], member[2]) end
  document.set(row, "updateTime", stamp(request))
  rows:replace(id, row)
  return changed(answers.text(listing.show(instance, rows:get(id))), rows, id, "UPDATED")
end)

--- Answers `DELETE /{object}/{id}`.
hub.delete = on_row(function(rows, _, _, id)
  rows:remove(id)
  return changed(answers.done(), rows, id, "DELETED")
end)

--- Answers `GET /ping`.
function hub.ping(_, _, request)
  return answers.ok(json.object {
    { "dateTime", stamp(request) }, { "endpoint", documented.key }, { "valid", true },
  })
end

--- Answers `GET /objects`: names, or more of each where `Elements-Version` is `Helium`.
function hub.objects(_, _, request)
  if request.headers["elements-version"] == "Helium" then return answers.ok(documented.objects) end
  return answers.ok(json.list { "customers", "orders", "products" })
end

-- What an instance must be to be of use.
local function refuse_instance(instance)
  if instance.disabled then return answers.failure(403, "The element instance is disabled.") end
  if instance.revoked then
    return answers.failure(401, "The provider refused the request.", "invalid_grant: the tokens have been revoked")
  end
end

local function working(answer)
  return function(settings, store, request, segments)
    return refuse_instance(segments.instance) or answer(settings, store, request, segments)
  end
end

--- The rows of these addresses, for `routes.prepare`; all are an instance's. `bodiless`: a POST without a body is
-- in order; `any_type`: it judges the Accept header; `is_file`: it judges the body, which has any size.
hub.routes = {
  { "GET", "/ping", "instance", working(hub.ping) },
  { "GET", "/objects", "instance", hub.objects },
  { "POST", "/bulk/query", "instance", working(bulk.query), bodiless = true },
  { "GET", "/bulk/{job}/status", "instance", working(bulk.status) },
  { "GET", "/bulk/{job}/errors", "instance", working(bulk.errors) },
  { "PUT", "/bulk/{job}/cancel", "instance", working(bulk.cancel) },
  { "GET", "/bulk/{job}/{object}", "instance", working(bulk.download), any_type = true },
  { "POST", "/bulk/{object}", "instance", working(bulk.upload), is_file = true },
  { "GET", "/{object}/count", "instance", working(hub.count) },
  { "POST", "/{object}", "instance", working(hub.create) },
  { "GET", "/{object}", "instance", working(hub.list) },
  { "GET", "/{object}/{id}", "instance", working(hub.read) },
  { "PATCH", "/{object}/{id}", "instance", working(hub.update) },
  { "DELETE", "/{object}/{id}", "instance", working(hub.delete) },
  { "POST", "/{object}/{id}/{child}", "instance", working(hub.create) },
  { "GET", "/{object}/{id}/{child}", "instance", working(hub.list) },
  { "GET", "/{object}/{id}/{child}/{childId}", "instance", working(hub.read) },
  { "PATCH", "/{object}/{id}/{child}/{childId}", "instance", working(hub.update) },
  { "DELETE", "/{object}/{id}/{child}/{childId}", "instance", working(hub.delete) },
}

return hub
