--- The SAP Anywhere element of the Cloud Elements API: from the user's consent to a live connection.
--
-- Calls return `result, err, meta`: an answer, or nil and an `error`; and what is known of the exchange,
-- `meta`. Only a mistake in the calling code raises: an argument of the wrong type, a missing colon. Every option is
-- described in README.md, in one table.
-- "API page" is the vendor's page "Create Instance" of SAP Anywhere, whose steps the calls follow.
-- @module sapanywhere

local core = require "sapanywhere.base.open"
local client = require "sapanywhere.client"
local lazy = require "sapanywhere.base.lazy"
local rows = require "sapanywhere.api.rows"
local version = require "sapanywhere.version"

local all = lazy "sapanywhere.all"
local callback = lazy "sapanywhere.callback"
local redact = lazy "sapanywhere.redact"
local state = lazy "sapanywhere.state"
local webhook = lazy "sapanywhere.webhook"

local M = {}

--- The version, such as "1.0.0".
M._VERSION = version

local shared -- the client behind the functions of the module, made when it is first needed

local function shared_client()
  if not shared then shared = client.new {} end
  return shared
end

local function check_table(name, given)
  if type(given) ~= "table" then error(name .. ": a table of options is expected, not a " .. type(given), 3) end
end

--- Makes a client: options given once, connections kept between its calls.
-- @tparam table given the options of a client, and any of a call but those that belong to one call, such as `code`.
--   `timeout` and
--   `connect_timeout` are seconds, `max_response_bytes` bytes; a secret may be a function that returns it.
-- @treturn[1] sapanywhere.client the client
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem at once
-- @raise when `given` is not a table
function M.new(given)
  check_table("new", given)
  return client.new(given)
end

-- The calls of a client, through one client behind them all.
for _, call in ipairs(rows.calls) do
  if not call.of then
    for _, name in ipairs { call.name, call.each } do
      M[name] = function(given)
        check_table(name, given)
        local result, err, meta = shared_client()[name](shared, given)
        return result, err, meta
      end
    end
  end
end

--- Makes an object for one instance, whose calls carry its token; with a client of its own.
-- @tparam table given `token` and `user_secret` are required; besides `hub` and the options of a client. For
--   several instances make a client, and take `client:instance`: they share its connections then.
-- @treturn[1] sapanywhere.instance the instance
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem at once
-- @raise when `given` is not a table
function M.instance(given)
  check_table("instance", given)
  return shared_client():instance(given)
end

--- Reads what came back to the callback URL (API page, Step 1, "Handle Callback from the Endpoint"). No I/O.
--
-- In this order: its size (16 KiB at most), the state (compared in constant time), an error, the code.
-- @tparam string|table input a URL, a path with a query, a query, or the parameters already decoded, as
--   `ngx.req.get_uri_args` gives them
-- @tparam table opts
-- @tparam string|sealer|false opts.state the string that `oauth_url` returned; a sealer made by `state`; or false to go
--   without on purpose
-- @tparam[opt] string|false opts.bind with a sealer: the same as when the state was issued
-- @treturn[1] grant the parameters, decoded once: `code`, `state` and whatever else came
-- @return[2] nil
-- @treturn[2] error kind "denied" (with `error`, `error_description`, `error_uri` as the provider says them),
--   "state" (a sealer gives the `reason`), "callback", "too_large" or "usage"
function M.parse_callback(input, opts)
  return callback.parse(input, opts)
end

--- Runs functions at the same time on one thread: while a call of one waits, the others go on. One failure
-- does not spoil the others.
-- @tparam table tasks a list of functions; or `items` with `worker`
-- @tparam[opt] table tasks.items a list
-- @tparam[opt] fun(item:any,index:number):any,any tasks.worker is called with each item and its index
-- @tparam[opt=256] number tasks.concurrency how many run at the same time
-- @tparam[opt] fun(done:number,total:number) tasks.on_progress is called after each
-- @treturn table what each returned first, at its place; `n` is their number
-- @treturn table what each returned second, or raised, at its place; `n` as well
-- @raise when `tasks` is of neither form
function M.all(tasks)
  local results, errors = all.run(tasks)
  return results, errors
end

-- A mistake here must not go unseen: everything would be shown.
local function check_secrets(secrets)
  if type(secrets) == "string" then return { secrets } end
  local count = type(secrets) == "table" and #secrets or 0
  for key, secret in pairs(type(secrets) == "table" and secrets or { false }) do
    if type(key) ~= "number" or key < 1 or key > count or type(secret) ~= "string" then
      error("redact: secrets must be a string or a list of strings", 3)
    end
  end
  return secrets
end

--- A deep copy that is safe to print: secrets, tokens and codes are replaced by "[hidden]", by the names they
-- stand under (`token`, `code`, `oauth.api.secret`, `apiSecret=` in a URL, …) and, where given, by value.
-- @param value anything; tables lose their metatables, except errors
-- @tparam[opt] string|{string,...} secrets values to hide wherever they stand: raw, percent-encoded up to three
--   times, in base64, or with the escapes of JSON or HTML
-- @return the copy
-- @raise when `secrets` is anything else
function M.redact(value, secrets)
  return redact.copy(value, secrets ~= nil and check_secrets(secrets) or nil)
end

--- Makes a sealer of states, which are verified with a key alone: no session store, any worker, any machine.
-- @tparam table given `key` (32 bytes or more; or a list, of which the first signs), `ttl` (seconds, default
--   600), `on_use`, `element`, `callback_url`, `clock`: see @{sapanywhere.state}
-- @treturn[1] sealer the sealer, with the methods `issue` and `verify`
-- @return[2] nil
-- @treturn[2] error kind "usage"
-- @raise when `given` is not a table
function M.state(given)
  check_table("state", given)
  return state.new(given)
end

--- Makes a reader of notifications: what the platform posts to the `event.notification.callback.url` of an instance.
-- @tparam table given `key` (the instance's `event.notification.signature.key`; a list, where it is being changed;
--   false for notifications without signatures) and `on_use`: see @{sapanywhere.webhook}
-- @treturn[1] reader the reader, with the method `read`
-- @return[2] nil
-- @treturn[2] error kind "usage"
-- @raise when `given` is not a table
function M.webhook(given)
  check_table("webhook", given)
  return webhook.new(given)
end

--- Where tokens are kept: `store.file { path = …, key = … }` and `store.redis { command = …, prefix = …, key = … }`,
-- see @{sapanywhere.store}.
M.store = lazy "sapanywhere.store"

--- Small files that are this user's alone, see @{sapanywhere.private}.
M.private = lazy "sapanywhere.private"

--- What a program for people at a terminal needs, see @{sapanywhere.terminal}.
M.terminal = lazy "sapanywhere.terminal"

--- What the library stands on, as it runs here.
-- @treturn table texts by name: `sapanywhere`, `Lua`, `lua-cjson`, `libcurl`, `libcurl's TLS`, `libcrypto`, `zlib`
function M.versions()
  local known = core.versions()
  known.sapanywhere = version
  known.Lua = (rawget(_G, "jit") or {}).version or _VERSION
  known["lua-cjson"] = tostring(require("cjson")._VERSION)
  return known
end

--- What stands for JSON's null with the option `null = "keep"`; the same value as `cjson.null`.
M.null = core.null

--- Marks a table as a list: in `extra` and `body` it is sent as one even when it is empty. Empty lists in answers are
-- marked already, so that what was read can be sent back.
-- @function array
-- @tparam table list
-- @treturn table the same table
-- @raise when `list` is not a table
M.array = core.array

--- The one shape of a failure: what every function returns second. It reads well: `tostring(err)` is one
-- line, and it can be joined to strings.
-- @table error
-- @field kind kind: what went wrong, one of those in README.md
-- @field message string: one that may be shown; no secret, token or code is in it
-- @field outcome "not_sent"|"rejected"|"unknown": "not_sent" (the server cannot have acted), "rejected" (it refused)
--   or "unknown" (it
--   may have acted); not there after `parse_callback`, nor from readers of notifications and stores
-- @field retryable boolean: whether the same call may be made again as it is
-- @field attempts number: how often the request was sent; 0 where it was not
-- @field status number: the HTTP status, where there was an answer
-- @field request_id string: the platform's own id of the request, for its support
-- @field provider_message string: what SAP Anywhere said, where the platform passes it on
-- @field retry_after number: seconds, from Retry-After
-- @field missing {string,...}: the names of what is missing; with kind "usage"
-- @field problems {table,...}: each `{ option, kind, message }`, kind being "missing", "unknown" or "wrong"; with kind
--   "usage"
-- @field recovery table: what `recover = true` looked for (`tag`, `request`, `looks`) and found (`found`,
--   `id`, `failure`)
-- @field reason string: why a sealer refused a state, a reader a notification, or a store an entry
-- @field error string: the provider's own word; with kind "denied" or "callback", like the next two
-- @field error_description string: the provider's own
-- @field error_uri string: the provider's own
-- @field state_missing boolean: true where a state was expected and the provider's error came without one: anybody may
--   have sent it, and of the provider's words only `error` is told

--- What is known of an exchange: what calls return third.
-- @table meta
-- @field status number: the HTTP status, where there was an answer
-- @field headers table: those of the answer; any case of a name will do, secrets are hidden
-- @field request_id string: the platform's own id of the request
-- @field attempts number: how often the request was sent
-- @field elapsed number: seconds, all in all
-- @field warnings {string,...}: what is not wrong but should be known
-- @field recovered boolean: true where the instance was found; status, headers and request id are then those of the
--   answer that showed it

--- What `on_event` is told; nothing in it is secret.
-- @table event
-- @field event "request"|"response"|"retry"|"warning": what happened
-- @field call string: the function, such as "oauth_url"; "list_instances" for the search of a recovery
-- @field attempt number: from 1
-- @field traceparent string: the caller's own, where the option was given
-- @field method string: with "request" and "response", like the next two
-- @field url string: redacted
-- @field bytes_sent number: of the request's body
-- @field status number: the HTTP status; with "response", like all up to `http_version`
-- @field request_id string: the platform's own id of the request
-- @field bytes_received number: of the answer's body, decompressed
-- @field timings table: seconds from the start of the attempt: `dns`, `connect`, `tls`, `first_byte`, `total`
-- @field reused boolean: whether a kept connection served
-- @field http_version string: "1.0", "1.1" or "2"
-- @field kind string: of the failure; with "retry", and with "response" after one
-- @field outcome string: of the failure
-- @field message string: of the failure, or the warning
-- @field delay number: seconds until the next attempt; with "retry"

return M
