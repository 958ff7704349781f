---@meta sapanywhere.sandbox
-- Made by `make types` from the comments in lua/; a change here is lost.

---@class sapanywhere.options.sandbox.start
---@field api_key? string accepted, random where left out; likewise the next three
---@field api_secret? string
---@field user_secret? string
---@field organization_secret? string
---@field tags_as? "absent"|"strings"|"objects" how tags come back: `"absent"` (not from a creation, as strings otherwise), `"strings"` or `"objects"`; default `"absent"`
---@field mask? boolean key and secret come back as asterisks; default `false`
---@field client_id_as? "key"|"url" what the OAuth URL says as `client_id`: the `"key"`, or, as in the documented sample, the `"url"` of the request with its secret; default `"key"`
---@field log? boolean whether requests are logged; default `true`
---@field workers? number nginx workers; they share all but the count that `fail` keeps; default `1`
---@field port? number where the plain address is; any free one where left out
---@field http2? boolean whether it speaks HTTP/2 over TLS; HTTP/1.1 alone otherwise; default `true`
---@field host_names? table a list of names, without ports, under which it answers besides `localhost` and `127.0.0.1`
---@field nginx? table the `path` of nginx, text for the `main`, `http` and `server` levels of its configuration, what to add to `lua_package_path` and `lua_package_cpath`, the `environment` that it gets (a map; else it has only `PATH`), and the `user` its workers run as where the program is root: `nobody` where left out and where what was added can be read by that, else `root`

---@class sapanywhere.options.sandbox.seed
---@field customers? number how many; likewise the next two; default `0`
---@field orders? number default `0`
---@field products? number default `0`
---@field seed? number default `1`

---@class sapanywhere.options.sandbox.notification
---@field instance number|string its id, or its token
---@field events? table a list of 20 at most, each with `objectType` (`"customers"` where left out), `objectId` (1), `eventType` (`"UPDATED"`, or `"CREATED"`, `"DELETED"`, `"UNKNOWN"`) and `date` (now)
---@field legacy? boolean the older form; default `false`

---@class sapanywhere.options.sandbox.restart
---@field empty? boolean forgets instances, codes and requests; default `false`

--- A local service that plays Cloud Elements and the consent page of SAP Anywhere, for specs and demos.
--- A real server: TLS, HTTP/2, keep-alive and compression (answers are gzipped for who accepts that) are
--- nginx's. It is strict, it can be told to misbehave, and it is gone when the program that started it is.
---
---     local sandbox = assert(require "sapanywhere.sandbox".start {})
---     local client = sapanywhere.new { base_url = sandbox.base_url, … }
---     sandbox:stop()
---
--- A sandbox has these fields:
---
--- * `base_url`, `tls_base_url`: where the API is, plain and with TLS (signed by the CA in `ca_file`)
--- * `api_key`, `api_secret`, `user_secret`, `organization_secret`: what it accepts
--- * `callback_url`: a page that plays the application's callback; any other callback URL will do as well
--- * `tls_faults`: base URLs with something wrong: `wrong_name`, `expired`, `self_signed`, `tls11` (knows
---   nothing newer), `client_certificate` (wants `client_cert_file` and `client_key_file`)
--- * `refused_url`: a base URL at which nobody listens
---
--- Asked as a proxy to `CONNECT`, the plain address refuses: with 400, and with 405 from nginx 1.29.3 on.
--- Requests of web pages of other sites are refused, and so are foreign host names.
---@class sapanywhere.Sandbox
---@field base_url string where the API is, plain and with TLS (signed by the CA in `ca_file`)
---@field tls_base_url string where the API is, plain and with TLS (signed by the CA in `ca_file`)
---@field api_key string what it accepts
---@field api_secret string what it accepts
---@field user_secret string what it accepts
---@field organization_secret string what it accepts
---@field callback_url string a page that plays the application's callback; any other callback URL will do as well
---@field tls_faults table<string, string> base URLs with something wrong: `wrong_name`, `expired`, `self_signed`, `tls11` (knows nothing newer), `client_certificate` (wants `client_cert_file` and `client_key_file`)
---@field refused_url string a base URL at which nobody listens
local Sandbox = {}

--- The requests as they arrived, in order.
--- Each has `method`, `uri` (raw, with its query), `version` (`"1.1"` or `"2.0"`), `headers` (a list of
--- `{ name, value }` as received; sorted under HTTP/2), `header` (a map by lower-case name), `body`,
--- `connection` (its serial number), `connection_requests`, `tls`, `time`. Once it was answered, it has the
--- `status`, too; where it was refused perhaps a `note` saying why; where `flaky` struck, the `fault`; and
--- where the answer was written past nginx its length, `answer_bytes`.
---@return table
function Sandbox:log() end

--- Forgets the requests so far.
function Sandbox:clear_log() end

--- The instances that exist now.
---@return table result a list of `{ id, name, token, tags, configuration, code, disabled, revoked, external }`, the last three where it is so
function Sandbox:instances() end

--- What nginx has written to its error log.
---@return string
function Sandbox:error_log() end

--- A base URL under which every request misbehaves.
--- Raises an error for a wish that the service does not know.
---@param wishes table see `sapanywhere.sandbox.faults.misbehave`; `tls = true` chooses the TLS address, and each URL with `fail` counts for itself
---@return string
function Sandbox:url(wishes) end

--- Presses Allow or Deny, without a browser and without a request.
---@param wanted string|table the `oauthUrl`, or `callback_url` (the sandbox's own where left out), `state` and `scope`
---@param decision? "allow"|"deny" `"allow"` or `"deny"`
---@return string? result the callback URL with `code` and `state`, or `error` and `state`
---@return string err why the consent page would refuse
function Sandbox:authorize(wanted, decision) end

--- Fills the hub with plausible rows, in place of all that is there; their ids count from 1.
--- The same seed gives the same rows. They are made when they are asked for, so a million costs nothing here.
--- Raises an error for an option that it does not understand.
---@param options sapanywhere.options.sandbox.seed
function Sandbox:seed(options) end

--- Has the provider take its tokens back, as a user does who withdraws consent: the hub answers 401 to the
--- instance until it is authenticated again.
---@param instance number|string its id, or its token
---@return boolean result whether there is such an instance
function Sandbox:revoke(instance) end

--- Makes a notification as the instance would get it, and sends it nowhere.
--- Raises an error for an option that it does not understand.
---@param options sapanywhere.options.sandbox.notification
---@return string result the body
---@return string|nil err the header `Elements-Webhook-Signature`, where the instance's configuration has an `event.notification.signature.key`
function Sandbox:notification(options) end

--- Sends a notification to the instance's `event.notification.callback.url`, which has to be http on this machine,
--- and waits for the answer. A receiver that the calling thread itself has to serve cannot answer meanwhile.
--- Raises an error for an option that it does not understand.
---@param options table as for `notification`
---@return number? result the receiver's status
---@return string err why there is none
function Sandbox:notify(options) end

--- What became of the notifications so far, by `notify` and by changes of the hub's.
---@return table result a list of `{ id, instance_id, url, body, signature, webhook_id, date, status, answer, problem }`: `status` is `"created"`, `"delivered"`, `"queued"` (the receiver did not take it) or `"retry"`, `answer` the receiver's status, `problem` why there was none
function Sandbox:deliveries() end

--- Kills nginx at once, as `kill -9` does; what it knew stays in its journal.
function Sandbox:kill() end

--- Starts nginx again on the same addresses, after `kill` or while it runs.
--- It knows the instances and codes it knew before, unless it is to start empty.
---@param options? sapanywhere.options.sandbox.restart
---@return boolean? result true
---@return string err what went wrong
function Sandbox:restart(options) end

--- Stops the sandbox and removes all it has written. Silent when that has been done already.
--- Left undone, it happens when the sandbox is collected or the program ends, however it ends.
function Sandbox:stop() end

local sandbox = {}

--- Starts a sandbox.
--- It takes at most ten seconds, and leaves nothing behind where it fails. Of the environment only `TMPDIR`
--- (where its directory is made) and `PATH` (where nginx and openssl are looked for) are heeded.
---@param options? sapanywhere.options.sandbox.start
---@return sapanywhere.Sandbox? result the sandbox
---@return string err what went wrong, or what is missing
function sandbox.start(options) end

return sandbox
