--- An instance, used by its token: made by `client:instance`, or `sapanywhere.instance`.
--
-- `shop.customers`, `shop.orders` and `shop.products` are resources; `shop:resource { … }` gives any other.
-- @classmod sapanywhere.instance

local core = require "sapanywhere.core"
local derive = require "sapanywhere.call.derive"
local errors = require "sapanywhere.errors"
local hidden = require "sapanywhere.base.hidden"
local lazy = require "sapanywhere.base.lazy"
local methods = require "sapanywhere.call.methods"
local options = require "sapanywhere.api.options"
local rows = require "sapanywhere.api.rows"

local compound = lazy "sapanywhere.call.compound"

local Instance, Resource = {}, {}
Instance.__index = Instance
Resource.__index = Resource

for _, call in ipairs(rows.calls) do
  if call.of == "instance" then methods.add(Instance, call, rows, options, "shop") end
  if call.of == "resource" then methods.add(Resource, call, rows, options, "shop.customers") end
end

-- A resource's values are the instance's, and its path.
local function new_resource(owner, path)
  local values = derive.object(setmetatable({ resource = path }, owner.values.inherit))
  return hidden.object(Resource, { connections = owner.connections, values = values })
end

--- A resource below the hub, by the segments of its path: each is percent-encoded once.
-- @function instance:resource
-- @tparam {string|number,...} segments such as `{ "customers", 7, "notes" }`
-- @treturn[1] resource an object with `list`, `each`, `get`, `create`, `update`, `delete` and `count`
-- @return[2] nil
-- @treturn[2] error kind "usage"
-- @raise when called without a colon, or when `segments` is not a table
function Instance:resource(segments)
  local owner = methods.owner(self, Instance, "resource", "shop")
  methods.check_table("resource", segments)
  local problems = {}
  local path = compound.segments(segments, "resource", problems)
  if problems[1] then return nil, errors.usage("resource", problems) end
  return new_resource(owner, path)
end

--- Makes the object of an instance.
-- @tparam table owner `{ connections, values }` of the client
-- @tparam table given the options
-- @treturn[1] sapanywhere.instance
-- @return[2] nil
-- @treturn[2] error kind "usage"
local function new(owner, given)
  local values, err = derive.made_with(options.INSTANCE, given, owner.values, options)
  if not values then return nil, err end
  if values.user_secret == nil then
    return nil, errors.usage("instance", { { option = "user_secret", kind = "missing" } })
  end
  local mine = { connections = owner.connections, values = values }
  local self = hidden.object(Instance, mine)
  for _, name in ipairs { "customers", "orders", "products" } do
    self[name] = new_resource(mine, core.percent_encode(name))
  end
  return self
end

return { new = new }
