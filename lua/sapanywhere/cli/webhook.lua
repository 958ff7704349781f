--- `sapanywhere webhook verify`: whether a notification is what it says.

local data = require "sapanywhere.cli.base.data"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local stop = require "sapanywhere.cli.base.stop"

local COLUMNS = { "objectType", "objectId", "eventType", "date" }

local function read_key(path)
  local file = io.open(path, "rb")
  local key = file and file:read(64 * 1024)
  if file then file:close() end
  if not key then stop.with("--key-file: the file cannot be read", 2) end
  key = key:gsub("\r?\n$", "")
  secrets.add(key)
  return key
end

local function run(args)
  local reader = stop.unless(sapanywhere.webhook { key = read_key(args.key_file) })
  local notice = stop.unless(reader:read { body = data.read_all "-", signature = args.signature })
  say.note("✓ signed with this key", "good")
  local rows = say.rows(COLUMNS)
  for _, event in ipairs(notice.events) do rows.add(event) end
  rows.done()
end

return function(parser, runs)
  local command = parser:command("webhook", "Notifications of the platform.")
  command:require_command(true):command_target "action"
  local verify = command:command("verify",
    "Check the signature of a notification, whose raw body is on standard input.")
  verify:option("--signature", "The header Elements-Webhook-Signature."):argname("S"):count(1)
  verify:option("--key-file", "The file with the key: the instance's event.notification.signature.key.")
    :argname("FILE"):count(1)
  verify:epilog "Example:\n  sapanywhere webhook verify --signature \"$SIGNATURE\" --key-file key <body"
  runs.webhook = run
end
