--- A local service that plays Cloud Elements and the consent page of SAP Anywhere, for specs and demos.
-- A real server: TLS, HTTP/2, keep-alive and compression (answers are gzipped for who accepts that) are
-- nginx's. It is strict, it can be told to misbehave, and it is gone when the program that started it is.
--
--     local sandbox = assert(require "sapanywhere.sandbox".start {})
--     local client = sapanywhere.new { base_url = sandbox.base_url, … }
--     sandbox:stop()
--
-- A sandbox has these fields:
--
-- * `base_url`, `tls_base_url`: where the API is, plain and with TLS (signed by the CA in `ca_file`)
-- * `api_key`, `api_secret`, `user_secret`, `organization_secret`: what it accepts
-- * `callback_url`: a page that plays the application's callback; any other callback URL will do as well
-- * `tls_faults`: base URLs with something wrong: `wrong_name`, `expired`, `self_signed`, `tls11` (knows
--   nothing newer), `client_certificate` (wants `client_cert_file` and `client_key_file`)
-- * `refused_url`: a base URL at which nobody listens
--
-- Asked as a proxy to `CONNECT`, the plain address refuses: with 400, and with 405 from nginx 1.29.3 on.
-- Requests of web pages of other sites are refused, and so are foreign host names.
-- @module sapanywhere.sandbox

require "sapanywhere.base.open"

local config = require "sapanywhere.sandbox.carrier.config"
local consent = require "sapanywhere.sandbox.service.consent"
local inside = require "sapanywhere.sandbox.carrier.inside"
local misbehave = require "sapanywhere.sandbox.faults.misbehave"
local notifications = require "sapanywhere.sandbox.service.notifications"
local options_of = require "sapanywhere.sandbox.carrier.options"
local random = require "sapanywhere.sandbox.service.random"
local records = require "sapanywhere.sandbox.service.records"
local starting = require "sapanywhere.sandbox.carrier.starting"
local store = require "sapanywhere.sandbox.service.store"
local system = require "sapanywhere.sandbox.carrier.system"
local url = require "sapanywhere.sandbox.service.url"

local base_path = "/elements/api-v2"

local sandbox = {}
local Sandbox = {}
Sandbox.__index = Sandbox

local function default(value, otherwise)
  if value == nil then return otherwise end
  return value
end

local function make_settings(options)
  return {
    api_key = options.api_key or "key-" .. random.hex(16),
    api_secret = options.api_secret or random.hex(32),
    user_secret = options.user_secret or random.secret(),
    organization_secret = options.organization_secret or random.hex(32),
    control = random.hex(32),
    tags_as = options.tags_as or "absent",
    client_id_as = options.client_id_as or "key",
    mask = default(options.mask, false),
    log = default(options.log, true),
    host_names = table.concat(options.host_names or {}, " "):lower(),
  }
end

-- Starting

local function set_addresses(self, picked)
  local settings = self.settings
  settings.origin = ("http://127.0.0.1:%d"):format(picked.plain)
  settings.tls_origin = ("https://localhost:%d"):format(picked.tls)
  self.base_url = settings.origin .. base_path
  self.tls_base_url = settings.tls_origin .. base_path
  self.callback_url = settings.origin .. "/callback"
  self.refused_url = ("http://127.0.0.1:%d%s"):format(picked.refused, base_path)
  self.tls_faults = {}
  for _, listener in ipairs(config.tls_listeners) do
    if listener.name ~= "tls" then
      self.tls_faults[listener.name] = ("https://localhost:%d%s"):format(picked[listener.name], base_path)
    end
  end
end

local function make_sandbox(options)
  local settings = make_settings(options)
  return setmetatable({
    settings = settings, requests = {}, read_bytes = 0, runs = 0,
    api_key = settings.api_key, api_secret = settings.api_secret, user_secret = settings.user_secret,
    organization_secret = settings.organization_secret,
  }, Sandbox)
end

local function set_places(self, carried)
  self.carried, self.dir, self.supervisor = carried, carried.dir, carried.supervisor
  self.ca_file = self.dir .. "/ca.pem"
  self.client_cert_file, self.client_key_file = self.dir .. "/client.pem", self.dir .. "/leaf.key"
end

--- Starts a sandbox.
-- It takes at most ten seconds, and leaves nothing behind where it fails. Of the environment only `TMPDIR`
-- (where its directory is made) and `PATH` (where nginx and openssl are looked for) are heeded.
-- @tparam[opt] table options
-- @tparam[opt] string options.api_key accepted, random where left out; likewise the next three
-- @tparam[opt] string options.api_secret
-- @tparam[opt] string options.user_secret
-- @tparam[opt] string options.organization_secret
-- @tparam[opt="absent"] "absent"|"strings"|"objects" options.tags_as how tags come back: `"absent"` (not from a
--   creation, as
-- strings otherwise), `"strings"` or `"objects"`
-- @tparam[opt=false] boolean options.mask key and secret come back as asterisks
-- @tparam[opt="key"] "key"|"url" options.client_id_as what the OAuth URL says as `client_id`: the `"key"`, or, as
-- in the documented sample, the `"url"` of the request with its secret
-- @tparam[opt=true] boolean options.log whether requests are logged
-- @tparam[opt=1] number options.workers nginx workers; they share all but the count that `fail` keeps
-- @tparam[opt] number options.port where the plain address is; any free one where left out
-- @tparam[opt=true] boolean options.http2 whether it speaks HTTP/2 over TLS; HTTP/1.1 alone otherwise
-- @tparam[opt] table options.host_names a list of names, without ports, under which it answers besides
-- `localhost` and `127.0.0.1`
-- @tparam[opt] table options.nginx the `path` of nginx, text for the `main`, `http` and `server` levels of its
-- configuration, what to add to `lua_package_path` and `lua_package_cpath`, the `environment` that it gets (a map; else
-- it has only `PATH`), and the `user` its workers run as where the program is root: `nobody` where left out and where
-- what was added can be read by that, else `root`
-- @treturn[1] sandbox the sandbox
-- @return[2] nil
-- @treturn[2] string what went wrong, or what is missing
function sandbox.start(options)
  if options == nil then options = {} end
  local problem = options_of.check("the options", options, options_of.start)
  if problem then return nil, problem end
  local self = make_sandbox(options)
  local carried
  carried, problem = starting.start(options, function(picked)
    set_addresses(self, picked)
    return self.settings
  end)
  if not carried then return nil, problem end
  set_places(self, carried)
  return self
end

-- Using

local function open_store(self)
  self.store = self.store or store.new(store.open_file(self.dir .. "/journal"))
  self.store:sync()
  return self.store
end

local function join_headers(list)
  local map = {}
  for _, header in ipairs(list) do
    local name = header[1]:lower()
    map[name] = map[name] and map[name] .. ", " .. header[2] or header[2]
  end
  return map
end

local function take_record(self, record)
  local known = self.requests[record.mark]
  if known then
    for name, value in pairs(record) do known[name] = value end
  elseif record.headers then -- else it arrived before the log was cleared
    record.header = join_headers(record.headers)
    self.requests[record.mark] = record
    table.insert(self.requests, record)
  end
end

--- The requests as they arrived, in order.
-- Each has `method`, `uri` (raw, with its query), `version` (`"1.1"` or `"2.0"`), `headers` (a list of
-- `{ name, value }` as received; sorted under HTTP/2), `header` (a map by lower-case name), `body`,
-- `connection` (its serial number), `connection_requests`, `tls`, `time`. Once it was answered, it has the
-- `status`, too; where it was refused perhaps a `note` saying why; where `flaky` struck, the `fault`; and
-- where the answer was written past nginx its length, `answer_bytes`.
-- @treturn table
function Sandbox:log()
  local text = system.read_file(self.dir .. "/requests", self.read_bytes)
  local new, taken = records.read_all(text)
  self.read_bytes = self.read_bytes + taken
  for _, record in ipairs(new) do take_record(self, record) end
  local list = {}
  for index, record in ipairs(self.requests) do list[index] = record end
  return list
end

--- Forgets the requests so far.
function Sandbox:clear_log()
  system.write_file(self.dir .. "/requests", "")
  self.requests, self.read_bytes = {}, 0
end

--- The instances that exist now.
-- @treturn table a list of `{ id, name, token, tags, configuration, code, disabled, revoked, external }`, the last
-- three where it is so
function Sandbox:instances()
  return open_store(self):list("instances")
end

--- What nginx has written to its error log.
-- @treturn string
function Sandbox:error_log()
  return system.read_file(self.dir .. "/error.log")
end

--- A base URL under which every request misbehaves.
-- Raises an error for a wish that the service does not know.
-- @tparam table wishes see `sapanywhere.sandbox.faults.misbehave`; `tls = true` chooses the TLS address, and each
-- URL with `fail` counts for itself
-- @treturn string
function Sandbox:url(wishes)
  local told = {}
  for name, value in pairs(wishes) do told[name] = value end
  told.tls = nil
  if told.fail and not told.run then
    self.runs = self.runs + 1
    told.run = ("%d"):format(self.runs)
  end
  local text = misbehave.write(told)
  local ok, problem = misbehave.parse(text)
  if not ok then error(problem, 2) end
  local origin = wishes.tls and self.settings.tls_origin or self.settings.origin
  return origin .. (text ~= "" and "/~" .. text or "") .. base_path
end

local function read_wanted(self, wanted)
  if type(wanted) ~= "string" then
    local problem = options_of.check("what to authorize", wanted, options_of.authorize)
    if problem then return nil, (problem:gsub("must be a table", "must be the oauthUrl or a table")) end
  end
  local known = open_store(self)
  if type(wanted) == "string" then
    local query = wanted:match("^%a+://[^/?]*" .. consent.path .. "%?(.*)$")
    if not query then return nil, "not the address of the consent page" end
    return consent.read(self.settings, known, query)
  end
  local callback_url = wanted.callback_url or self.callback_url
  if not url.is_callback(callback_url) then return nil, "the callback URL is not an absolute http(s) URL" end
  return { callback_url = callback_url, state = wanted.state, scope = wanted.scope or "BusinessData_RW" }
end

--- Presses Allow or Deny, without a browser and without a request.
-- @tparam string|table wanted the `oauthUrl`, or `callback_url` (the sandbox's own where left out),
-- `state` and `scope`
-- @tparam[opt="allow"] "allow"|"deny" decision `"allow"` or `"deny"`
-- @treturn[1] string the callback URL with `code` and `state`, or `error` and `state`
-- @return[2] nil
-- @treturn[2] string why the consent page would refuse
function Sandbox:authorize(wanted, decision)
  local problem = options_of.check_choice("the decision", decision or "allow", { "allow", "deny" })
  if problem then return nil, problem end
  local asked
  asked, problem = read_wanted(self, wanted)
  if not asked then return nil, problem end
  return consent.decide(open_store(self), asked, decision ~= "deny")
end

--- Fills the hub with plausible rows, in place of all that is there; their ids count from 1.
-- The same seed gives the same rows. They are made when they are asked for, so a million costs nothing here.
-- Raises an error for an option that it does not understand.
-- @tparam table options
-- @tparam[opt=0] number options.customers how many; likewise the next two
-- @tparam[opt=0] number options.orders
-- @tparam[opt=0] number options.products
-- @tparam[opt=1] number options.seed
function Sandbox:seed(options)
  local problem = options_of.check("the options", options, options_of.seed)
  if problem then error(problem, 2) end
  local ground = { seed = 1, customers = 0, orders = 0, products = 0 }
  for name, value in pairs(options) do ground[name] = value end
  open_store(self):lay_ground(ground)
end

local function find_instance(known, wanted)
  for _, row in ipairs(known:list("instances")) do
    if row.token == wanted or row.id == tonumber(wanted) then return row end
  end
end

--- Has the provider take its tokens back, as a user does who withdraws consent: the hub answers 401 to the
-- instance until it is authenticated again.
-- @tparam number|string instance its id, or its token
-- @treturn boolean whether there is such an instance
function Sandbox:revoke(instance)
  local known = open_store(self)
  local row = find_instance(known, instance)
  if row then known:set("instances", row.id, { revoked = true }) end
  return row ~= nil
end

local function read_event(given, number)
  local problem = options_of.check(("event %d"):format(number), given, options_of.event)
  if problem then error(problem, 4) end
  return {
    objectType = given.objectType or "customers", objectId = given.objectId or 1,
    eventType = given.eventType or "UPDATED", date = given.date or notifications.date(os.time()),
  }
end

-- Gives the store, the instance's row, and what is to be told of it.
local function read_notice(self, options)
  local problem = options_of.check("the options", options, options_of.notification)
  local known = open_store(self)
  local row = not problem and find_instance(known, options.instance)
  if not row then error(problem or "option instance must be the id or the token of an instance", 3) end
  local events = {}
  for number, given in ipairs(options.events or { {} }) do events[number] = read_event(given, number) end
  if #events > notifications.max_events then error("a notification has 20 events at most", 3) end
  return known, row, { events = events, legacy = options.legacy }
end

--- Makes a notification as the instance would get it, and sends it nowhere.
-- Raises an error for an option that it does not understand.
-- @tparam table options
-- @tparam number|string options.instance its id, or its token
-- @tparam[opt] table options.events a list of 20 at most, each with `objectType` (`"customers"` where left out),
-- `objectId` (1), `eventType` (`"UPDATED"`, or `"CREATED"`, `"DELETED"`, `"UNKNOWN"`) and `date` (now)
-- @tparam[opt=false] boolean options.legacy the older form
-- @treturn string the body
-- @treturn string|nil the header `Elements-Webhook-Signature`, where the instance's configuration has an
-- `event.notification.signature.key`
function Sandbox:notification(options)
  local known, row, notice = read_notice(self, options)
  local delivery = notifications.keep(known, row, notice)
  known:remove("deliveries", delivery.id)
  return delivery.body, delivery.signature
end

--- Sends a notification to the instance's `event.notification.callback.url`, which has to be http on this machine,
-- and waits for the answer. A receiver that the calling thread itself has to serve cannot answer meanwhile.
-- Raises an error for an option that it does not understand.
-- @tparam table options as for `notification`
-- @treturn[1] number the receiver's status
-- @return[2] nil
-- @treturn[2] string why there is none
function Sandbox:notify(options)
  local known, row, notice = read_notice(self, options)
  local delivery = notifications.keep(known, row, notice)
  local said, problem = inside.ask(self.settings, ("/sandbox/deliver?id=%d"):format(delivery.id))
  if not said then return nil, problem end
  if tonumber(said) then return tonumber(said) end
  return nil, said
end

--- What became of the notifications so far, by `notify` and by changes of the hub's.
-- @treturn table a list of `{ id, instance_id, url, body, signature, webhook_id, date, status, answer, problem }`:
-- `status` is `"created"`, `"delivered"`, `"queued"` (the receiver did not take it) or `"retry"`, `answer` the
-- receiver's status, `problem` why there was none
function Sandbox:deliveries()
  local list = {}
  for _, row in pairs(open_store(self):kind("deliveries")) do list[#list + 1] = row end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

--- Kills nginx at once, as `kill -9` does; what it knew stays in its journal.
function Sandbox:kill()
  self.supervisor:kill_nginx()
end

--- Starts nginx again on the same addresses, after `kill` or while it runs.
-- It knows the instances and codes it knew before, unless it is to start empty.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.empty forgets instances, codes and requests
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string what went wrong
function Sandbox:restart(options)
  local problem = options and options_of.check("the options", options, options_of.restart)
  if problem then return nil, problem end
  self:kill()
  if options and options.empty then
    if self.store then self.store:close() end
    self.store = nil
    system.write_file(self.dir .. "/journal", "")
    self:clear_log()
  end
  local ok
  ok, problem = starting.start_nginx(self.carried)
  if ok then return true end
  return nil, "nginx does not start again: " .. problem
end

--- Stops the sandbox and removes all it has written. Silent when that has been done already.
-- Left undone, it happens when the sandbox is collected or the program ends, however it ends.
function Sandbox:stop()
  if self.store then self.store:close() end
  self.store = nil
  starting.stop(self.carried)
end

Sandbox.__close = Sandbox.stop

-- There is no __gc of our own: collecting the keeper stops it, and does not do so in a forked copy of the
-- program.

return sandbox
