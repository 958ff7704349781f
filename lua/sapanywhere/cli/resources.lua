--- `sapanywhere customers`, `orders` and `products`: the rows of a shop.

local data = require "sapanywhere.cli.base.data"
local journey = require "sapanywhere.cli.base.journey"
local prompt = require "sapanywhere.cli.base.prompt"
local say = require "sapanywhere.cli.base.say"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"

local FEW = 25

local ACTIONS = {}

local function split(text)
  local list = {}
  for name in (text or ""):gmatch("[^,%s]+") do list[#list + 1] = name end
  return list[1] and list or nil
end

-- One row more than wanted tells whether there is more.
function ACTIONS.list(resource, args)
  local chosen = split(args.fields)
  local limit = not args.all and (args.limit or FEW) or nil
  local rows, count, has_more = say.rows(chosen), 0, false
  for row, err in resource:each {
    where = args.where, fields = chosen, order_by = args.order_by, limit = limit and limit + 1,
    page_size = limit and limit < 100 and limit + 1 or nil,
  } do
    if not row then
      rows.done()
      error(err, 0)
    end
    count = count + 1
    has_more = limit ~= nil and count > limit
    if not has_more then rows.add(row) end
  end
  rows.done()
  if has_more and not args.limit then
    say.note(("the first %d; more with --limit N, or --all"):format(limit), "faint")
  end
  if count == 0 and say.is_for_people() then say.note("none") end
end

-- The platform may send all of them, whatever it is asked for.
local function pick(row, names)
  if not names or type(row) ~= "table" then return row end
  local picked = {}
  for _, name in ipairs(names) do
    local first = name:match "^[^.]+"
    picked[first] = row[first]
  end
  return picked
end

function ACTIONS.get(resource, args)
  local names = split(args.fields)
  say.object(pick(stop.unless(resource:get { id = args.id, fields = names }), names))
end

-- Makes a call that changes a row of the shop.
local function change(resource, args, call, options)
  return stop.change(("it may have been %sd, and may not"):format(args.action),
    ("sapanywhere %s %s shows what became of it"):format(args.command, args.id and "get " .. args.id or "list"),
    resource[call], resource, options)
end

local function tell(result, args, what)
  if type(result) == "table" then return say.object(result) end
  if say.is_for_people() then return say.text(what) end
  say.json { id = args.id, done = what }
end

function ACTIONS.create(resource, args)
  tell(change(resource, args, "create", { body = data.json(args.data) }), args, "created")
end

function ACTIONS.update(resource, args)
  tell(change(resource, args, "update", { id = args.id, body = data.json(args.data) }), args, "updated")
end

function ACTIONS.delete(resource, args)
  prompt.require_yes(args, ("Delete %s %s of the shop for good?"):format(args.command, args.id))
  tell(change(resource, args, "delete", { id = args.id }), args, "deleted")
end

function ACTIONS.count(resource, args)
  local count = stop.unless(resource:count { where = args.where })
  if say.is_for_people() then return say.object(count) end
  say.json { count = count }
end

local function run(args)
  args.shop = args.shop or args.shop_before
  local shop, client = shops.open(args)
  ACTIONS[args.action](shop[args.command], args)
  client:close()
end

local function add_where(action)
  action:option("--where", "Only those for which this CEQL holds, such as \"total > 100\"."):argname "CEQL"
end

local function add_fields(action)
  action:option("--fields", "Only these fields, in this order."):argname "A,B"
end

local EXAMPLES = {
  customers = { "total > 100", "id,total", "firstName" },
  orders = { "status = 'OPEN'", "id,total", "orderType" },
  products = { "price < 10", "id,price", "name" },
}

local function define(parser, name)
  local command = parser:command(name, ("The %s of a shop."):format(name))
  command:require_command(true):command_target "action"
  command:option("--shop"):target("shop_before"):hidden(true) -- it may also stand before the action
  local function add(action, what, has_id)
    local made = command:command(action, what)
    made:option("--shop", "The shop's name; not needed where there is one."):argname "NAME"
    if has_id then made:argument("id", "Its id."):argname "ID" end
    return made
  end
  local list = add("list", "List them.")
  add_where(list)
  add_fields(list)
  list:option("--order-by", "A field, and asc or desc."):argname "FIELD"
  list:option("--limit", ("At most so many (%d)."):format(FEW)):argname("N"):convert(journey.whole(1, 2 ^ 31))
  list:flag("--all", "All of them.")
  local where, fields, field = (table.unpack or unpack)(EXAMPLES[name])
  list:epilog(("Example:\n  sapanywhere %s list --where \"%s\" --fields %s --limit 5"):format(name, where, fields))
  add_fields(add("get", "Show one.", true))
  local DATA = "JSON, or @ and the name of a file that holds it (@- is standard input)."
  local create = add("create", "Create one.")
  create:option("--data", DATA):argname("JSON"):count(1)
  create:epilog(("Example:\n  sapanywhere %s create --data '{\"%s\": \"…\"}'"):format(name, field))
  add("update", "Change one: what is named in the data.", true):option("--data", DATA):argname("JSON"):count(1)
  add("delete", "Delete one for good.", true):flag("--yes", "Do not ask.")
  add_where(add("count", "Count them."))
end

return function(parser, runs)
  for _, name in ipairs { "customers", "orders", "products" } do
    define(parser, name)
    runs[name] = run
  end
end
