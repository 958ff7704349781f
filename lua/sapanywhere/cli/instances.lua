--- `sapanywhere instances`: the instances of the account, from their list to their end.

local journey = require "sapanywhere.cli.base.journey"
local prompt = require "sapanywhere.cli.base.prompt"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local settings = require "sapanywhere.cli.base.settings"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"

local COLUMNS = { "id", "name", "valid", "disabled", "tags" }

local ACTIONS = {}

-- Makes a call that changes an instance.
local function change(client, call, options, done)
  return stop.change(("instance %s may have been %s, and may not"):format(options.id, done),
    ("sapanywhere instances show %s shows what became of it"):format(options.id), client[call], client, options)
end

function ACTIONS.list(client, args)
  local rows = say.rows(COLUMNS, secrets.redact)
  for instance, err in client:each_instance { tags = args.tag[1] and args.tag, search_text = args.search,
    limit = args.limit } do
    if not instance then error(err, 0) end
    rows.add(instance)
  end
  rows.done()
end

-- The only place where a token is printed.
local function show_token(instance)
  if type(instance.token) ~= "string" then stop.with("the platform does not tell the token of this instance", 4) end
  if say.is_for_people() then
    say.note("whoever has this token and your user secret can read and change the shop", "warn")
    return say.text(instance.token)
  end
  say.json { id = instance.id, token = instance.token }
end

function ACTIONS.show(client, args)
  local instance = stop.unless(client:get_instance { id = args.id })
  if args.token then return show_token(instance) end
  say.object(instance, secrets.redact)
end

local function read_configuration(list)
  local configuration
  for _, text in ipairs(list) do
    local name, value = text:match("^([^=]+)=(.*)$")
    if not name then stop.with("--set takes name=value", 2) end
    configuration = configuration or {}
    configuration[name] = value
  end
  return configuration
end

function ACTIONS.update(client, args)
  local instance = change(client, "update_instance", {
    id = args.id, name = args.name, tags = args.tag[1] and args.tag, configuration = read_configuration(args.set),
  }, "changed")
  say.object(instance, secrets.redact)
end

local function tell(args, what)
  if not say.is_for_people() then return say.json { id = args.id, done = what } end
  say.text(("instance %s: %s"):format(args.id:gsub("%c", "?"), what))
end

function ACTIONS.enable(client, args)
  change(client, "enable_instance", { id = args.id }, "enabled")
  tell(args, "enabled")
end

function ACTIONS.disable(client, args)
  change(client, "disable_instance", { id = args.id }, "disabled")
  tell(args, "disabled")
end

function ACTIONS.delete(client, args)
  prompt.require_yes(args, ("Delete instance %s for good?"):format(args.id))
  change(client, "delete_instance", { id = args.id }, "deleted")
  for _, name in ipairs(shops.names_of(args.id)) do shops.remove(name) end
  tell(args, "deleted")
end

local function keep_token(id, token)
  if type(token) ~= "string" then return end
  secrets.add(token)
  for _, name in ipairs(shops.names_of(id)) do
    local entry = shops.get(name)
    entry.token = token
    shops.put(name, entry)
  end
end

function ACTIONS.reauthenticate(client, args)
  settings.need { "api_key", "api_secret" }
  local before = stop.unless(client:get_instance { id = args.id })
  local went = journey.go(client, args)
  local ok, instance = pcall(function()
    local now = change(client, "reauthenticate_instance", {
      id = args.id, code = went.grant.code, callback_url = went.callback_url, name = before.name,
    }, "authenticated again")
    keep_token(args.id, now.token)
    return now
  end)
  went.finish(ok and "connected" or "failed")
  if not ok then error(instance, 0) end
  tell(args, "authenticated again")
end

local function run(args)
  local client = settings.client(args, settings.ACCOUNT)
  ACTIONS[args.action or "list"](client, args)
  client:close()
end

return function(parser, runs)
  local command = parser:command("instances", "The instances of your account.")
  command:require_command(false):command_target "action"
  local function add(name, what)
    local action = command:command(name, what)
    if name ~= "list" then action:argument("id", "The instance's id."):argname "ID" end
    return action
  end
  local function add_tags(action, what) action:option("--tag", what):argname("TAG"):count "*" end

  local list = add("list", "List them; also what instances alone does.")
  add_tags(list, "Only those with this tag; may be given several times.")
  list:option("--search", "Only those whose name or key holds this."):argname "TEXT"
  list:option("--limit", "At most so many."):argname("N"):convert(journey.whole(1, 2 ^ 31))
  add("show", "Show one."):flag("--token", "Show its token, and nothing else: the only way to see one.")
  local update = add("update", "Change its name, tags or configuration.")
  update:option("--name", "The new name."):argname "NAME"
  add_tags(update, "A tag, in place of those it has; may be given several times.")
  update:option("--set", "An entry of its configuration; may be given several times."):argname("NAME=VALUE"):count "*"
  add("enable", "Let it work again.")
  add("disable", "Let it rest: calls by its token are refused.")
  add("delete", "Delete it for good."):flag("--yes", "Do not ask.")
  journey.options(add("reauthenticate", "Renew the user's consent, in the browser as connect does."))
  runs.instances = function(args)
    args.tag = args.tag or {}
    run(args)
  end
end
