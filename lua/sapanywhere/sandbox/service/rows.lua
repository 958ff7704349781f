--- Plausible customers, orders and products, made from a seed when they are asked for: the same ones for the
-- same seed, on every Lua, and as many as one likes.
-- @module sapanywhere.sandbox.rows

local rows = {}

-- The largest prime below 2^26, so that the square of a remainder is exact in a double.
local prime = 67108859

-- Numbers that look random and follow from the seed, the object and the row: a square and a step at a time.
local function begin(seed, object, id)
  local state = (seed * 7919 + object * 104729) % prime
  state = (state * state + id) % prime
  local step = 0
  local function draw(count)
    step = step + 1
    state = (state * state + step) % prime
    return math.floor(state / 7) % count
  end
  draw(1)
  return draw
end

local first_names = {
  "Ada", "Bruno", "Chloé", "D'Arcy", "Emil", "Fatima", "Grace", "Hiroshi", "Ines", "Jan", "Kaya", "Liam", "Mei",
  "Noor", "O'Hara", "Zoë",
}
local last_names = {
  "Andersson", "Brown", "Costa", "Dubois", "Evans", "Fischer", "García", "Hansen", "Ito", "Kowalski", "Lopez",
  "Müller", "Novák", "O'Hara", "Smith", "王",
}
local things = { "Shirt", "Lamp", "Chair", "Bottle", "Notebook", "Backpack", "Kettle", "Clock" }
local categories = {
  "Clothing", "Lighting", "Furniture", "Kitchen", "Stationery", "Travel", "Kitchen", "Home",
}
local adjectives = { "Blue", "Green", "Small", "Large", "Classic", "Light", "Sturdy", "Folding" }
local stages = { "CUSTOMER", "CUSTOMER", "CUSTOMER", "LEAD" }
local marketing = { "SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED" }
local activity = { "ACTIVE", "ACTIVE", "ACTIVE", "INACTIVE" }
local order_states = { "OPEN", "DELIVERED", "CLOSED", "CANCELLED" }
local currencies = { "EUR", "USD", "GBP" }

local function pick(draw, list) return list[draw(#list) + 1] end

local function draw_time(draw)
  return ("2016-%02d-%02dT%02d:%02d:%02d.000Z"):format(draw(12) + 1, draw(28) + 1, draw(24), draw(60), draw(60))
end

local function name_customer(draw) return pick(draw, first_names), pick(draw, last_names) end

local customer = '{"id":%d,"customerCode":"C%07d","customerType":"INDIVIDUAL_CUSTOMER","customerName":"%s %s",'
  .. '"firstName":"%s","lastName":"%s","email":"c%d@example.com","mobile":"+1555%07d","stage":"%s",'
  .. '"marketingStatus":"%s","status":"%s","total":%d.%02d,"creationTime":"%s"}'

local makers = {}

function makers.customers(ground, id)
  local draw = begin(ground.seed, 1, id)
  local first, last = name_customer(draw)
  return customer:format(id, id, first, last, first, last, id, draw(10000000), pick(draw, stages),
    pick(draw, marketing), pick(draw, activity), draw(5000), draw(100), draw_time(draw))
end

local product = '{"id":%d,"code":"P%07d","name":"%s %s %d","status":"%s","category":{"name":"%s"},"price":%d.%02d,'
  .. '"creationTime":"%s"}'

local function price_product(draw) return draw(200) + 1, draw(100) end

function makers.products(ground, id)
  local draw = begin(ground.seed, 3, id)
  local whole, cents = price_product(draw)
  local thing = draw(#things) + 1
  return product:format(id, id, pick(draw, adjectives), things[thing], id, draw(5) > 0 and "Active" or "Inactive",
    categories[thing], whole, cents, draw_time(draw))
end

local function refer_to_customer(draw, ground)
  if ground.customers == 0 then return "" end
  local id = draw(ground.customers) + 1
  local first, last = name_customer(begin(ground.seed, 1, id))
  return ('"customer":{"id":%d,"code":"C%07d","name":"%s %s"},'):format(id, id, first, last)
end

local line = '{"lineNumber":%d,"product":{"id":%d,"code":"P%07d"},"quantity":%d,"unitPrice":%d.%02d}'

-- Gives the lines of an order, and its total in cents.
local function list_lines(draw, ground)
  local lines, total = {}, 0
  for number = 1, ground.products > 0 and draw(3) + 1 or 0 do
    local id, quantity = draw(ground.products) + 1, draw(5) + 1
    local whole, cents = price_product(begin(ground.seed, 3, id))
    lines[number] = line:format(number, id, id, quantity, whole, cents)
    total = total + quantity * (whole * 100 + cents)
  end
  return table.concat(lines, ","), total
end

local order = '{"id":%d,"orderNumber":"SO%07d","orderType":"SELL_ORDER","status":"%s",%s"currency":{"code":"%s"},'
  .. '"channel":{"id":%d},"productLines":[%s],"total":%d.%02d,"creationTime":"%s"}'

function makers.orders(ground, id)
  local draw = begin(ground.seed, 2, id)
  local status, buyer = pick(draw, order_states), refer_to_customer(draw, ground)
  local lines, total = list_lines(draw, ground)
  return order:format(id, id, status, buyer, pick(draw, currencies), draw(4) + 1, lines,
    math.floor(total / 100), total % 100, draw_time(draw))
end

--- The objects there are.
rows.objects = { customers = true, orders = true, products = true }

--- Makes a row.
-- @tparam table ground `seed`, a whole number, and how many `customers`, `orders` and `products` there are
-- @tparam string object one of `objects`
-- @tparam number id from 1 on
-- @treturn string JSON
function rows.make(ground, object, id)
  return makers[object](ground, id)
end

return rows
