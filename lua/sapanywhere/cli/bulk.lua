--- `sapanywhere bulk export`: all rows of a kind, into a file.

local progress = require "sapanywhere.cli.base.progress"
local say = require "sapanywhere.cli.base.say"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"

-- The job begins, and what becomes of it is told where a signal ends the command.
local function begin(shop, args)
  local job = stop.change("a job may have been begun, and may not", "begin again: a job changes no row",
    shop.bulk_query, shop, {
      query = args.query or "select * from " .. args.object, from = args.from, to = args.till,
    })
  local id = type(job.id) == "number" and ("%.0f"):format(job.id) or job.id
  stop.under_way = {
    what = ("job %s goes on at the platform; it changes no row"):format(id),
    advice = id:find("^[%w_-]+$") and ("to end it: sapanywhere request PUT /hubs/ecommerce/bulk/%s/cancel"):format(id)
      or "nothing: it ends by itself",
  }
  return job
end

local function wait(shop, job)
  local status = stop.unless(shop:bulk_wait {
    id = job.id, on_progress = function(now) say.live(("the platform collects the rows: %s"):format(now.status)) end,
  })
  say.clear_live()
  return status
end

local function run(args)
  local shop, client = shops.open(args)
  local job = begin(shop, args)
  say.live(("job %s is under way"):format(job.id))
  wait(shop, job)
  stop.under_way = nil
  local bar = progress.new()
  local result = stop.unless(shop:bulk_download {
    id = job.id, object = args.object, format = args.format, to = args.to, on_progress = bar,
  })
  say.clear_live()
  client:close()
  if not say.is_for_people() then return say.json { job = job.id, path = result.path, bytes = result.bytes } end
  say.text(("%s: %s"):format(result.path:gsub("%c", "?"), progress.size(result.bytes)))
end

return function(parser, runs)
  local command = parser:command("bulk", "Many rows at once, by jobs of the platform.")
  command:require_command(true):command_target "action"
  local export = command:command("export", "Write all rows of an object into a file.")
  export:argument("object", "Such as customers, orders or products."):argname "OBJECT"
  export:option("--to", "The file; it is there only when it is whole."):argname("FILE"):count(1)
  export:option("--format", "json or csv.", "json"):choices { "json", "csv" }
  export:option("--query", "Another query than select * from OBJECT."):argname "CEQL"
  export:option("--from", "Only rows since this time, as ISO 8601."):argname "TIME"
  export:option("--till", "Only rows until this time, as ISO 8601."):argname "TIME"
  export:option("--shop", "The shop's name; not needed where there is one."):argname "NAME"
  export:epilog "Example:\n  sapanywhere bulk export orders --format csv --to orders.csv"
  runs.bulk = run
end
