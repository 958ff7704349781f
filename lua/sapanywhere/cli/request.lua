--- `sapanywhere request`: the way out, for what has no name here.

local data = require "sapanywhere.cli.base.data"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local settings = require "sapanywhere.cli.base.settings"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"

local function read_pairs(list, sign, option)
  local map
  for _, text in ipairs(list) do
    local name, value = text:match("^([^" .. sign .. "]+)" .. sign .. "%s*(.*)$")
    if not name then stop.with(("%s takes NAME%sVALUE"):format(option, sign), 2) end
    map = map or {}
    map[name] = value
  end
  return map
end

local function print_answer(answer, hide)
  if answer == true then return end
  if type(answer) == "string" then return say.text((hide(answer))) end
  if type(answer) ~= "table" or answer[1] == nil then return say.object(answer, hide) end
  local rows = say.rows(nil, hide)
  for _, row in ipairs(answer) do rows.add(row) end
  rows.done()
end

local function run(args)
  local target, client
  if args.account then
    client = settings.client(args, settings.ACCOUNT)
    target = client
  else
    target, client = shops.open(args)
  end
  local method = args.method:upper()
  local options = {
    method = method, path = args.path, query = read_pairs(args.query, "=", "--query"),
    headers = read_pairs(args.header, ":", "--header"), body = args.data and data.text(args.data),
  }
  local answer
  if method == "GET" then
    answer = stop.unless(target:request(options))
  else
    answer = stop.change("the request may have been carried out, and may not", "look before you send it again",
      target.request, target, options)
  end
  print_answer(answer, args.account and secrets.redact or secrets.hide)
  client:close()
end

return function(parser, runs)
  local command = parser:command("request", "Send any request, as a shop or with --account as the account.")
  command:argument("method", "GET, POST, PUT, PATCH or DELETE."):argname "METHOD"
  command:argument("path", "Below the base URL, such as /hubs/ecommerce/customers."):argname "PATH"
  command:option("--query", "A parameter of the query; may be given several times."):argname("NAME=VALUE"):count "*"
  command:option("--header", "A header; may be given several times."):argname("NAME:VALUE"):count "*"
  command:option("--data", "The body, or @ and the name of a file that holds it (@- is standard input)."):argname "DATA"
  command:option("--shop", "The shop's name; not needed where there is one."):argname "NAME"
  command:flag("--account", "By the account's secrets, not by a shop's token.")
  command:epilog "Example:\n  sapanywhere request GET /hubs/ecommerce/customers --query pageSize=5"
  runs.request = run
end
