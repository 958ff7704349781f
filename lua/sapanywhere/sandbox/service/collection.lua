--- The rows of a resource: what the seed makes of them, and what has been changed since.
-- A resource is `customers`, or below a row `customers/7/notes`. A row is text, JSON; what was added or changed
-- is kept without its id, which stands first when it is read.
-- @module sapanywhere.sandbox.collection

local document = require "sapanywhere.sandbox.service.document"
local json = require "sapanywhere.sandbox.service.json"
local random = require "sapanywhere.sandbox.service.random"
local rows = require "sapanywhere.sandbox.service.rows"

local collection = {}
local Collection = {}
Collection.__index = Collection

--- Opens a resource.
-- @tparam table store
-- @tparam string name
-- @treturn table
function collection.open(store, name)
  local kind = "hub/" .. name
  local ground = store.ground
  return setmetatable({
    store = store, name = name, kind = kind, kept = store:kind(kind), ground = ground,
    seeded = ground and rows.objects[name] and ground[name] or 0,
  }, Collection)
end

--- The highest id that there was so far.
-- @treturn number
function Collection:last() return self.seeded + (self.store.counts[self.kind] or 0) end

--- Gives a row.
-- @tparam number id
-- @treturn string|nil JSON
function Collection:get(id)
  local kept = self.kept[id]
  if kept then
    if kept.gone then return nil end
    return ('{"id":%d%s%s'):format(id, kept.text == "{}" and "" or ",", kept.text:sub(2))
  end
  if id >= 1 and id <= self.seeded then return rows.make(self.ground, self.name, id) end
end

--- Tells how many rows there are.
-- @treturn number
function Collection:count()
  local count = self.seeded
  for id, kept in pairs(self.kept) do
    if kept.gone then count = count - 1 elseif id > self.seeded then count = count + 1 end
  end
  return count
end

local function without_id(object) return json.encode(document.without(object, "id")) end

--- Adds a row.
-- @tparam table object from `document.read`; an id in it is not used
-- @treturn number the row's id
function Collection:add(object)
  return self.store:add(self.kind, { text = without_id(object) }, random.hex(32), self.seeded)
end

--- Puts a row in the place of one.
-- @tparam number id
-- @tparam table object from `document.read`
function Collection:replace(id, object)
  self.store:put(self.kind, id, { text = without_id(object) })
end

--- Removes a row.
-- @tparam number id
function Collection:remove(id)
  if id > self.seeded then return self.store:remove(self.kind, id) end
  self.store:put(self.kind, id, { gone = true })
end

return collection
