--- `sapanywhere connect`: from the settings to a shop that is connected.

local journey = require "sapanywhere.cli.base.journey"
local say = require "sapanywhere.cli.base.say"
local secrets = require "sapanywhere.cli.base.secrets"
local settings = require "sapanywhere.cli.base.settings"
local shops = require "sapanywhere.cli.base.shops"
local stop = require "sapanywhere.cli.base.stop"

local function check_name(name)
  for _, known in ipairs(shops.names()) do
    if known == name then
      stop.with(("a shop named %q is connected already"):format(name), 4,
        "choose another --name, or renew its consent: sapanywhere instances reauthenticate")
    end
  end
end

-- Whether the account's secrets are right is better known before the user is asked.
local function check_account(client)
  local found, err = client:list_instances { page_size = 1 }
  if not found and (err.kind == "auth" or err.kind == "forbidden") then error(err, 0) end
end

-- As one word of a shell command.
local function quote(text)
  if text:find("^[%w_.-]+$") then return text end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function create(client, args, went)
  return stop.change(("the instance %q may have been created, and may not"):format(args.name),
    "look for it: sapanywhere instances list --search " .. quote(args.name), client.create_instance, client, {
      code = went.grant.code, callback_url = went.callback_url, name = args.name, tags = args.tag, recover = true,
    })
end

-- An instance that is there and whose token could not be kept is not lost.
local function keep(name, instance)
  local ok, problem = pcall(shops.put, name, instance)
  if ok then return end
  local _, message = stop.read(problem)
  stop.with(("the instance %s was created, but its token could not be kept: %s"):format(instance.id, message), 1,
    ("sapanywhere instances show %s --token shows it once more"):format(instance.id))
end

local function tell(name, instance)
  say.note(("✓ connected: %s, instance %s"):format(name, instance.id), "good")
  say.note("  look into it: sapanywhere customers list")
  if not say.is_for_people() then
    say.json { id = instance.id, name = instance.name, shop = name, tags = instance.tags }
  end
end

local function run(args)
  check_name(args.name)
  local was_asked = settings.need { "api_key", "api_secret", "user_secret", "organization_secret" }
  local client = settings.client(args)
  check_account(client)
  if was_asked then settings.offer_to_keep() end
  local went = journey.go(client, args)
  say.live "creating the instance"
  local ok, instance = pcall(create, client, args, went)
  if ok then
    secrets.add(instance.token)
    ok, instance = pcall(function()
      keep(args.name, instance)
      return instance
    end)
  end
  went.finish(ok and "connected" or "failed")
  if not ok then error(instance, 0) end
  client:close()
  tell(args.name, instance)
end

return function(parser, runs)
  local command = parser:command("connect", "Connect a shop: the user allows it in the browser, and its token is kept.")
  command:option("--name", "The shop's name, here and at Cloud Elements.", "my shop"):argname "NAME"
  command:option("--tag", "A tag of the instance; may be given several times."):argname("TAG"):count "*"
  journey.options(command)
  command:epilog "Examples:\n  sapanywhere connect --name \"my shop\" --tag eu\n  sapanywhere connect --no-browser"
  runs.connect = run
end
