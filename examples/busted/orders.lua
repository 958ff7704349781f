-- An application's module: what the open orders of a shop are worth.

local M = {}

--- Adds up the totals of all open orders.
-- @treturn[1] table currency → sum
-- @return[2] nil
-- @treturn[2] table the error; what was added up by then is worth nothing
function M.open_totals(shop)
  local sums = {}
  local next_order = shop.orders:each { where = { "status = ?", "OPEN" } }
  while true do
    local order, err = next_order()
    if err then return nil, err end
    if not order then return sums end
    local currency = order.currency.code
    sums[currency] = (sums[currency] or 0) + order.total
  end
end

return M
