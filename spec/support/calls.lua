--- An example of each call, so that a promise of all calls is shown for each: the hosts' contract, the errors, the
-- secrets. A row without an example here is an error that says so.

local rows = require "sapanywhere.api.rows"

local M = {}

local TOKENS = { ["oauth.user.token"] = "t", ["oauth.user.refresh_token"] = "r" }

local function own_tokens(more)
  local given = { external_authentication = "initial", configuration = TOKENS }
  for name, value in pairs(more) do given[name] = value end
  return given
end

-- Title of a row → the options of a call that succeeds. `known` has `instance` (the id of one that may be deleted in
-- the end), `row` (of an order, likewise), `job` (one that has ended), `running` (one that may be cancelled), `file` (a
-- file that is there) and `to` (one that may be written).
local EXAMPLES = {
  oauth_url = function() return {} end,
  create_instance = function() return own_tokens { name = "an example" } end,
  list_instances = function() return { page_size = 5 } end,
  each_instance = function() return { limit = 1 } end,
  get_instance = function(known) return { id = known.instance } end,
  update_instance = function(known) return { id = known.instance, name = "changed" } end,
  reauthenticate_instance = function(known) return own_tokens { id = known.instance, name = "anew" } end,
  enable_instance = function(known) return { id = known.instance } end,
  disable_instance = function(known) return { id = known.instance } end,
  delete_instance = function(known) return { id = known.instance } end,
  request = function() return { method = "GET", path = "/instances" } end,
  ["resource:list"] = function() return { page_size = 5 } end,
  ["resource:each"] = function() return { limit = 2, page_size = 1 } end,
  ["resource:get"] = function(known) return { id = known.row } end,
  ["resource:create"] = function() return { body = { orderType = "SELL_ORDER" } } end,
  ["resource:update"] = function(known) return { id = known.row, body = { note = "changed" } } end,
  ["resource:delete"] = function(known) return { id = known.row } end,
  ["resource:count"] = function() return {} end,
  ["instance:ping"] = function() return {} end,
  ["instance:request"] = function() return { method = "POST", path = "/hubs/ecommerce/orders", body = {} } end,
  ["instance:bulk_query"] = function() return { query = "select * from orders" } end,
  ["instance:bulk_status"] = function(known) return { id = known.job } end,
  ["instance:bulk_wait"] = function(known) return { id = known.job, interval = 0.05 } end,
  ["instance:bulk_errors"] = function(known) return { id = known.job } end,
  ["instance:bulk_cancel"] = function(known) return { id = known.running } end,
  ["instance:bulk_download"] = function(known) return { id = known.job, object = "orders", to = known.to } end,
  ["instance:bulk_upload"] = function(known) return { object = "orders", file = known.file } end,
}

local function enter(list, row)
  if not EXAMPLES[row.title] then
    error("there is no example of the call " .. row.title .. ": add one to spec/support/calls.lua", 0)
  end
  list[#list + 1] = row
end

--- The rows of all calls in their order, iterators among them: each is followed by what may only come after it.
-- @treturn {table,...}
function M.rows()
  local list = {}
  for _, row in ipairs(rows.list) do
    enter(list, row)
    if row.each then enter(list, row.each) end
  end
  return list
end

-- What an iterator gives to its end, as a call would: the rows and the last one's meta, or nil and the error.
local function walk(next_row)
  local list, last = {}, nil
  while true do
    local row, err, meta = next_row()
    if row == nil then return list, nil, last end
    if row == false then return nil, err, meta end
    list[#list + 1], last = row, meta
  end
end

--- Makes the call of a row.
-- @tparam table row
-- @tparam table known what the example needs
-- @tparam table objects `client`, which has the account's secrets and the app's, and the instance's `shop`
-- @tparam[opt] table more options
-- @tparam[opt] table instead of the example's options
-- @return result, err, meta; the rows of an iterator as a list
function M.make(row, known, objects, more, instead)
  local given = instead or EXAMPLES[row.title](known)
  for name, value in pairs(more or {}) do given[name] = value end
  local object = objects.client
  if row.of then object = row.of == "instance" and objects.shop or objects.shop.orders end
  if row.list then return walk(object[row.name](object, given)) end
  return object[row.name](object, given)
end

return M
