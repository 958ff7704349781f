---@meta sapanywhere
-- Made by `make types` from the comments in lua/; a change here is lost.

--- What went wrong.
---@alias sapanywhere.Kind
---| "usage"
---| "denied"
---| "state"
---| "callback"
---| "dns"
---| "connect"
---| "tls"
---| "timeout"
---| "cancelled"
---| "protocol"
---| "too_large"
---| "json"
---| "auth"
---| "forbidden"
---| "not_found"
---| "conflict"
---| "rate_limited"
---| "rejected"
---| "server"
---| "wrong_phase"
---| "closed"
---| "job"
---| "file"
---| "signature"
---| "store"

--- A string, or a function that returns it when a call needs it; or nil and an error.
---@alias sapanywhere.Secret string|(fun(): string?, any)

---@class sapanywhere.Retry
---@field max? number how many times more, 0 to 10; default `2`
---@field base? number seconds of the first pause, at most; default `0.5`
---@field cap? number seconds that a pause grows to; default `8`

---@class sapanywhere.Tls
---@field ca_file? string path of the certificates that are trusted
---@field ca_path? string directory of such
---@field cert_file? string path of the client's own certificate
---@field key_file? string path of its key, not encrypted
---@field min_version? "1.2"|"1.3"

---@class sapanywhere.Grant
---@field code string
---@field state? string
---@field [string] any

---@class sapanywhere.Notification
---@field event_id? string|number
---@field instance_id? string|number
---@field events table[] as the server sends them: `objectType`, `objectId`, `eventType`, and more
---@field raw table the whole body, decoded

--- The one shape of a failure: what every function returns second. It reads well: `tostring(err)` is one
--- line, and it can be joined to strings.
---@class sapanywhere.Error
---@field kind sapanywhere.Kind what went wrong, one of those in README.md
---@field message string one that may be shown; no secret, token or code is in it
---@field outcome? "not_sent"|"rejected"|"unknown" "not_sent" (the server cannot have acted), "rejected" (it refused) or "unknown" (it may have acted); not there after `parse_callback`, nor from readers of notifications and stores
---@field retryable? boolean whether the same call may be made again as it is
---@field attempts? number how often the request was sent; 0 where it was not
---@field status? number the HTTP status, where there was an answer
---@field request_id? string the platform's own id of the request, for its support
---@field provider_message? string what SAP Anywhere said, where the platform passes it on
---@field retry_after? number seconds, from Retry-After
---@field missing? string[] the names of what is missing; with kind "usage"
---@field problems? table[] each `{ option, kind, message }`, kind being "missing", "unknown" or "wrong"; with kind "usage"
---@field recovery? table what `recover = true` looked for (`tag`, `request`, `looks`) and found (`found`, `id`, `failure`)
---@field reason? string why a sealer refused a state, a reader a notification, or a store an entry
---@field error? string the provider's own word; with kind "denied" or "callback", like the next two
---@field error_description? string the provider's own
---@field error_uri? string the provider's own
---@field state_missing? boolean true where a state was expected and the provider's error came without one: anybody may have sent it, and of the provider's words only `error` is told

--- What is known of an exchange: what calls return third.
---@class sapanywhere.Meta
---@field status? number the HTTP status, where there was an answer
---@field headers? table those of the answer; any case of a name will do, secrets are hidden
---@field request_id? string the platform's own id of the request
---@field attempts? number how often the request was sent
---@field elapsed? number seconds, all in all
---@field warnings? string[] what is not wrong but should be known
---@field recovered? boolean true where the instance was found; status, headers and request id are then those of the answer that showed it

--- What `on_event` is told; nothing in it is secret.
---@class sapanywhere.Event
---@field event "request"|"response"|"retry"|"warning" what happened
---@field call? string the function, such as "oauth_url"; "list_instances" for the search of a recovery
---@field attempt? number from 1
---@field traceparent? string the caller's own, where the option was given
---@field method? string with "request" and "response", like the next two
---@field url? string redacted
---@field bytes_sent? number of the request's body
---@field status? number the HTTP status; with "response", like all up to `http_version`
---@field request_id? string the platform's own id of the request
---@field bytes_received? number of the answer's body, decompressed
---@field timings? table seconds from the start of the attempt: `dns`, `connect`, `tls`, `first_byte`, `total`
---@field reused? boolean whether a kept connection served
---@field http_version? string "1.0", "1.1" or "2"
---@field kind? string of the failure; with "retry", and with "response" after one
---@field outcome? string of the failure
---@field message? string of the failure, or the warning
---@field delay? number seconds until the next attempt; with "retry"

--- What any call takes.
---@class sapanywhere.options.client
---@field base_url? string where the API is: an https URL, or an http one at a loopback address; default `"https://api.cloud-elements.com/elements/api-v2"`
---@field timeout? number seconds for the whole call, with its repetitions; above 0, at most 86400; default `70`
---@field connect_timeout? number seconds for one connection to be made; above 0, at most 86400; default `10`
---@field retry? sapanywhere.Retry|false how often a failed call is made again: `max` (0 to 10), and the pause between, `base` and `cap` seconds; false for never; default `{ base = 0.5, cap = 8, max = 2 }`
---@field tls? sapanywhere.Tls `ca_file`, `ca_path`, `cert_file`, `key_file` (paths), `min_version` ("1.2" or "1.3")
---@field proxy? sapanywhere.Secret an http, https or socks5h URL, with credentials where the proxy wants them
---@field max_response_bytes? number bytes that an answer may have, decompressed; where it is not given, 8 MiB for lists and 1 MiB else
---@field max_connections? number connections to one host; 256 where it is not given
---@field user_agent? string what the User-Agent header says; default `"sapanywhere-lua/1.0.0"`
---@field null? "omit"|"keep" "omit" leaves JSON's nulls out of answers, "keep" puts `sapanywhere.null` there; default `"omit"`
---@field wait? string|fun(fd: number, seconds: number) how to wait: "auto", the name of a host, or a function `wait(fd, seconds)`; default `"auto"`
---@field on_event? fun(event: sapanywhere.Event) is told what the call does, see the table `event`
---@field traceparent? string the W3C trace context of what makes the call: sent as the header `traceparent`, and told in the events

---@class sapanywhere.options.new: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field organization_secret? sapanywhere.Secret the organization's secret of the account
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere
---@field api_secret? sapanywhere.Secret the secret of that app
---@field callback_url? string the URL that is registered for that app
---@field state? string|false comes back with the callback; a fresh one where it is not given, none where it is false
---@field scope? string the provider's scope
---@field site_address? string for elements that ask for the address of a site
---@field secrets_in? "query"|"body" "query", or "body" to keep the app's secret out of URLs: then the call is a POST; default `"query"`
---@field name? string the instance's name
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field recover? boolean whether to look, after an unknown outcome, for what the call may have done; default `false`

---@class sapanywhere.options.instance: sapanywhere.options.client
---@field token sapanywhere.Secret the token of an instance, as its creation returned it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field organization_secret? sapanywhere.Secret the organization's secret of the account
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere
---@field api_secret? sapanywhere.Secret the secret of that app
---@field callback_url? string the URL that is registered for that app
---@field state? string|false comes back with the callback; a fresh one where it is not given, none where it is false
---@field scope? string the provider's scope
---@field site_address? string for elements that ask for the address of a site
---@field secrets_in? "query"|"body" "query", or "body" to keep the app's secret out of URLs: then the call is a POST; default `"query"`
---@field name? string the instance's name
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field recover? boolean whether to look, after an unknown outcome, for what the call may have done; default `false`
---@field hub? string the part of every path before the resource; default `"/hubs/ecommerce"`

---@class sapanywhere.options.parse_callback
---@field state string|sapanywhere.Sealer|false the string that `oauth_url` returned; a sealer made by `state`; or false to go without on purpose
---@field bind? string|false with a sealer: the same as when the state was issued

---@class sapanywhere.options.all
---@field items? table a list
---@field worker? fun(item: any, index: number): any, any is called with each item and its index
---@field concurrency? number how many run at the same time; default `256`
---@field on_progress? fun(done: number, total: number) is called after each

---@class sapanywhere.options.state
---@field key string|string[] at least 32 random bytes; of a list, for rotation, the first signs and all verify
---@field ttl? number seconds from issue to expiry, 1 to 86400; default `600`
---@field element? string|number sealed in; default `"sapanywhere"`
---@field callback_url? string sealed in
---@field on_use? fun(nonce: string, seconds: number): boolean?, any see above
---@field clock? fun(): number seconds since 1970, for specs; default `os.time`

---@class sapanywhere.options.webhook
---@field key string|string[]|false the instance's `event.notification.signature.key`, at least 1 byte; any of a list is accepted, for changes of keys; false to go without signatures, on purpose
---@field on_use? fun(id: string, seconds: number): boolean?, any see above

---@class sapanywhere.options.oauth_url: sapanywhere.options.client
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere; required, here or where the client is made
---@field api_secret? sapanywhere.Secret the secret of that app; required, here or where the client is made
---@field callback_url? string the URL that is registered for that app; required, here or where the client is made
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field organization_secret? sapanywhere.Secret the organization's secret of the account
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field state? string|false comes back with the callback; a fresh one where it is not given, none where it is false
---@field scope? string the provider's scope
---@field site_address? string for elements that ask for the address of a site
---@field secrets_in? "query"|"body" "query", or "body" to keep the app's secret out of URLs: then the call is a POST; default `"query"`
---@field extra? table more entries of the request, as they are

---@class sapanywhere.answers.oauth_url
---@field oauthUrl string
---@field state? string the one that was sent
---@field [string] any

---@class sapanywhere.options.create_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere; required, here or where the client is made
---@field api_secret? sapanywhere.Secret the secret of that app; required, here or where the client is made
---@field callback_url? string the URL that is registered for that app; required, here or where the client is made
---@field name? string the instance's name; required, here or where the client is made
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field code? sapanywhere.Secret the code of the callback, as `parse_callback` returns it; required without `external_authentication`
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field external_authentication? "initial" "initial" where the configuration brings the provider's tokens, in place of a code
---@field recover? boolean whether to look, after an unknown outcome, for what the call may have done; default `false`
---@field extra? table more entries of the request, as they are
---@field body? table|string the whole body, or its JSON

---@class sapanywhere.answers.create_instance
---@field id string|number
---@field token string
---@field [string] any

---@class sapanywhere.options.list_instances: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field tags? string[] the instance's tags
---@field page_size? number rows of one page
---@field next_page? string the token of the page, from `meta.next_page`
---@field search_text? string words that the instance's name or key holds

---@class sapanywhere.options.each_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field tags? string[] the instance's tags
---@field page_size? number rows of one page
---@field next_page? string the token of the page, from `meta.next_page`
---@field limit? number rows at which to stop
---@field search_text? string words that the instance's name or key holds

---@class sapanywhere.options.get_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field id number|string the id, as an answer has it

---@class sapanywhere.answers.get_instance
---@field id string|number
---@field [string] any

---@class sapanywhere.options.update_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field id number|string the id, as an answer has it
---@field name? string the instance's name
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field extra? table more entries of the request, as they are

---@class sapanywhere.options.reauthenticate_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere; required, here or where the client is made
---@field api_secret? sapanywhere.Secret the secret of that app; required, here or where the client is made
---@field callback_url? string the URL that is registered for that app; required, here or where the client is made
---@field name? string the instance's name; required, here or where the client is made
---@field id number|string the id, as an answer has it
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field code? sapanywhere.Secret the code of the callback, as `parse_callback` returns it; required without `external_authentication`
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field external_authentication? "initial" "initial" where the configuration brings the provider's tokens, in place of a code
---@field recover? boolean whether to look, after an unknown outcome, for what the call may have done; default `false`
---@field extra? table more entries of the request, as they are
---@field body? table|string the whole body, or its JSON

---@class sapanywhere.answers.reauthenticate_instance
---@field id string|number
---@field [string] any

---@class sapanywhere.options.enable_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field id number|string the id, as an answer has it

---@class sapanywhere.options.disable_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field id number|string the id, as an answer has it

---@class sapanywhere.options.delete_instance: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field id number|string the id, as an answer has it

---@class sapanywhere.options.request: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account; required, here or where the client is made
---@field organization_secret? sapanywhere.Secret the organization's secret of the account; required, here or where the client is made
---@field method "GET"|"POST"|"PUT"|"PATCH"|"DELETE" the method of the request
---@field path string a path below the base URL; it begins with a slash
---@field body? table|string the whole body, or its JSON
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them
---@field headers? table more headers: strings by name

---@class sapanywhere.options.instance: sapanywhere.options.client
---@field token sapanywhere.Secret the token of an instance, as its creation returned it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field organization_secret? sapanywhere.Secret the organization's secret of the account
---@field element? string|number the element's key, or its numeric id; default `"sapanywhere"`
---@field api_key? sapanywhere.Secret the key of the app that is registered at SAP Anywhere
---@field api_secret? sapanywhere.Secret the secret of that app
---@field callback_url? string the URL that is registered for that app
---@field state? string|false comes back with the callback; a fresh one where it is not given, none where it is false
---@field scope? string the provider's scope
---@field site_address? string for elements that ask for the address of a site
---@field secrets_in? "query"|"body" "query", or "body" to keep the app's secret out of URLs: then the call is a POST; default `"query"`
---@field name? string the instance's name
---@field tags? string[] the instance's tags
---@field configuration? table more entries of the instance's configuration: strings, numbers or booleans by name
---@field recover? boolean whether to look, after an unknown outcome, for what the call may have done; default `false`
---@field hub? string the part of every path before the resource; default `"/hubs/ecommerce"`

---@class sapanywhere.options.instance.ping: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it

---@class sapanywhere.options.instance.request: sapanywhere.options.client
---@field method "GET"|"POST"|"PUT"|"PATCH"|"DELETE" the method of the request
---@field path string a path below the base URL; it begins with a slash
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field body? table|string the whole body, or its JSON
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them
---@field headers? table more headers: strings by name

---@class sapanywhere.options.instance.bulk_query: sapanywhere.options.client
---@field query string what to collect, such as `select * from orders`
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field from? string the beginning of a span of time, as ISO 8601
---@field to? string its end; the path of the file that is written

---@class sapanywhere.answers.bulk_query
---@field id string|number
---@field [string] any

---@class sapanywhere.options.instance.bulk_status: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it

---@class sapanywhere.answers.bulk_status
---@field status string
---@field [string] any

---@class sapanywhere.options.instance.bulk_wait: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field interval? number seconds between two looks, at first
---@field on_progress? fun(state: any) is told how far the call is

---@class sapanywhere.answers.bulk_wait
---@field status string
---@field [string] any

---@class sapanywhere.options.instance.bulk_errors: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field page_size? number rows of one page
---@field next_page? string the token of the page, from `meta.next_page`

---@class sapanywhere.options.instance.bulk_cancel: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it

---@class sapanywhere.options.instance.bulk_download: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field to string its end; the path of the file that is written
---@field object string the kind of rows: "customers", "orders" and so on
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field format? string "json", "jsonl" (an object on each line) or "csv"
---@field max_bytes? number bytes that the file may have
---@field on_progress? fun(state: any) is told how far the call is

---@class sapanywhere.options.instance.bulk_upload: sapanywhere.options.client
---@field object string the kind of rows: "customers", "orders" and so on
---@field file string the path of the file that is sent
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field meta_data? table what the platform shall know of the file

---@class sapanywhere.answers.bulk_upload
---@field id string|number
---@field [string] any

---@class sapanywhere.options.resource.list: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field where? string|table which rows: CEQL, or a list of CEQL with question marks and a value for each
---@field fields? string|string[] the fields of the rows, others are left out
---@field order_by? string a field, and "asc" or "desc"
---@field page_size? number rows of one page
---@field next_page? string the token of the page, from `meta.next_page`
---@field total_count? boolean whether the server shall count all rows, for `meta.total_count`
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.each: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field where? string|table which rows: CEQL, or a list of CEQL with question marks and a value for each
---@field fields? string|string[] the fields of the rows, others are left out
---@field order_by? string a field, and "asc" or "desc"
---@field page_size? number rows of one page
---@field next_page? string the token of the page, from `meta.next_page`
---@field total_count? boolean whether the server shall count all rows, for `meta.total_count`
---@field limit? number rows at which to stop
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.get: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field fields? string|string[] the fields of the rows, others are left out
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.create: sapanywhere.options.client
---@field body table|string the whole body, or its JSON
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.update: sapanywhere.options.client
---@field body table|string the whole body, or its JSON
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.delete: sapanywhere.options.client
---@field id number|string the id, as an answer has it
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.resource.count: sapanywhere.options.client
---@field user_secret? sapanywhere.Secret the user's secret of the account
---@field token? sapanywhere.Secret the token of an instance, as its creation returned it
---@field where? string|table which rows: CEQL, or a list of CEQL with question marks and a value for each
---@field query? table more parameters of the query: strings, numbers or booleans by name, or lists of them

---@class sapanywhere.options.state.issue
---@field bind string|false what only the same browser can present again, such as the id of its session (a string of any bytes, not empty); or false to go without on purpose

---@class sapanywhere.options.state.verify
---@field bind string|false the same as when it was issued

---@class sapanywhere.options.webhook.read
---@field body string the raw bytes of the request's body, at most 8,000,000
---@field signature? string the value of the header `Elements-Webhook-Signature`, nil where there is none

---@class sapanywhere.options.store.file
---@field path string the file; missing directories are made with the first entry
---@field key? string|string[] 32 random bytes or more; of a list, for changes of keys, the first seals and all open. Without a key the entries are text that its owner can read.

---@class sapanywhere.options.store.redis
---@field command fun(name: string, ...: string): any runs a command of Redis, `command(name, …)`, and returns the reply, nil for none; or nil and an error. An error that it raises counts as one. It may wait as its host does.
---@field prefix string the hash's name in Redis
---@field key string|string[] as for a file; it must be given

--- A client, made by `sapanywhere.new`: options given once, and connections kept between its calls.
---
--- Its methods are the calls of the module `sapanywhere` that take the account's secrets, under the same names and with
--- the same options: `client:oauth_url { … }`, `client:create_instance { … }`, `client:list_instances { … }`, … What is
--- not given with a call is taken from the client.
---@class sapanywhere.Client
local Client = {}

--- Asks where to send the user (API page, Step 1: `GET /elements/{keyOrId}/oauth/url`).
---
--- It may be repeated without harm, and is, as `retry` allows.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.oauth_url `api_key`, `api_secret` and `callback_url` are required; besides `state`, `scope`, `site_address`, `element`, `secrets_in`, `extra` and the options of a client
---@return sapanywhere.answers.oauth_url? result `oauthUrl` (to redirect to as it is), `element` and whatever else the server says; and `state`, the one that was sent: keep it for `parse_callback`. None was sent where `state = false`.
---@return sapanywhere.Error? err of any kind but "denied", "state", "callback"
---@return sapanywhere.Meta meta about the exchange; a warning where `oauthUrl` holds the API secret
function Client:oauth_url(given) end

--- Creates an instance of the element (API page, Step 2: `POST /instances`).
---
--- Sent at most once; again only where nothing of the first attempt can have reached the server. With
--- `recover = true` an instance whose creation ended with outcome "unknown" is looked for by a tag of the
--- call's own.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.create_instance `user_secret`, `organization_secret`, `code`, `api_key`, `api_secret`, `callback_url` and `name` are required; besides `tags`, `element`, `configuration`, `extra`, `recover`, the options of a client, and `body` in place of those that make up the request's body. With `external_authentication = "initial"` the configuration's `oauth.user.token` and `oauth.user.refresh_token` stand in place of the code.
---@return sapanywhere.answers.create_instance? result the instance under the server's own names; `id` (number or string) and `token` (string, to be kept: later calls need it) are always there. JSON nulls are left out, see the option `null`.
---@return sapanywhere.Error? err of any kind but "denied", "state", "callback"; `outcome` tells whether there may be an instance
---@return sapanywhere.Meta meta about the exchange; `recovered` where the instance was looked for and found
function Client:create_instance(given) end

--- Lists instances (`GET /instances`). The platform answers an empty list with 404: that is an empty list here, too.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.list_instances `user_secret` and `organization_secret` are required; besides `tags` (all of them must be there), `search_text`, `page_size`, `next_page` and the options of a client
---@return table[]? result instances
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta with `next_page` where there is more
function Client:list_instances(given) end

--- Goes through all instances, page by page; a page is asked for when it is needed.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.each_instance as for `list_instances`; besides `limit`. `page_size` is 100 where it is not given.
---@return fun(): table|false|nil, sapanywhere.Error?, sapanywhere.Meta? result an iterator: an instance, nil and the page's meta; after a failure once false and the error
function Client:each_instance(given) end

--- Reads one instance (`GET /instances/{id}`).
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.get_instance `id`, `user_secret` and `organization_secret` are required; besides the options of a client
---@return sapanywhere.answers.get_instance? result the instance
---@return sapanywhere.Error? err kind "not_found" where there is none with this id
---@return sapanywhere.Meta meta about the exchange
function Client:get_instance(given) end

--- Changes an instance (`PATCH /instances/{id}`). Tags are replaced as a whole.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.update_instance `id`, `user_secret`, `organization_secret` and one of `name`, `tags`, `configuration` and `extra` are required; besides the options of a client
---@return table? result the instance
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Client:update_instance(given) end

--- Gives an instance new tokens of the provider, from a new code (`PUT /instances/{id}?reAuthenticate=true`). It stays
--- the same instance.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.reauthenticate_instance `id`, and what `create_instance` takes. With `recover = true` the instance is asked for after an outcome "unknown", and `tags` must be given.
---@return sapanywhere.answers.reauthenticate_instance? result the instance; where it has a `token`, keep that one, and the old one otherwise
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Client:reauthenticate_instance(given) end

--- Lets a disabled instance be used again (`PUT /instances/{id}/enabled`).
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.enable_instance `id`, `user_secret` and `organization_secret` are required; besides the options of a client
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Client:enable_instance(given) end

--- Lets an instance rest (`DELETE /instances/{id}/enabled`): its calls end with kind "forbidden" until it is enabled.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.disable_instance as for `enable_instance`
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Client:disable_instance(given) end

--- Deletes an instance for good (`DELETE /instances/{id}`). Its token is of no use afterwards.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.delete_instance as for `enable_instance`
---@return boolean? result true
---@return sapanywhere.Error? err kind "not_found" where there is none with this id
---@return sapanywhere.Meta meta about the exchange
function Client:delete_instance(given) end

--- The way out: any request with the account's secrets, for what has no name here.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.request `method`, `path` (below the base URL, it begins with a slash), `user_secret` and `organization_secret` are required; besides `query`, `headers`, `body` (a table is sent as JSON, a string as it is) and the options of a client
---@return any? result the answer: decoded JSON, the text of anything else, true where there is no body
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Client:request(given) end

--- Makes an object for one instance, whose calls carry its token. It shares the client's connections and options.
---
--- Raises when called without a colon, or when `given` is not a table.
---@param given sapanywhere.options.instance `token` is required, and `user_secret` where the client has none; besides `hub` and the options of a client
---@return sapanywhere.Instance? result the instance
---@return sapanywhere.Error err kind "usage", with every problem at once
function Client:instance(given) end

--- Ends the client's calls in flight, which return kind "closed", and closes its connections. A second time
--- does nothing. Left undone, it happens when the client is collected, or at the end of its scope as a
--- `<close>` variable.
---
--- Raises when called without a colon.
function Client:close() end

--- An instance, used by its token: made by `client:instance`, or `sapanywhere.instance`.
---
--- `shop.customers`, `shop.orders` and `shop.products` are resources; `shop:resource { … }` gives any other.
---@class sapanywhere.Instance
---@field customers sapanywhere.Resource
---@field orders sapanywhere.Resource
---@field products sapanywhere.Resource
local Instance = {}

--- A resource below the hub, by the segments of its path: each is percent-encoded once.
---
--- Raises when called without a colon, or when `segments` is not a table.
---@param segments (string|number)[] such as `{ "customers", 7, "notes" }`
---@return sapanywhere.Resource? result an object with `list`, `each`, `get`, `create`, `update`, `delete` and `count`
---@return sapanywhere.Error err kind "usage"
function Instance:resource(segments) end

--- Asks whether the instance answers. `GET /ping`; not every element supports it.
---@param given sapanywhere.options.instance.ping the options of a client
---@return table? result `dateTime`, `endpoint`
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Instance:ping(given) end

--- The way out: any request with the instance's token, for what has no name here.
---@param given sapanywhere.options.instance.request `method` and `path` (below the base URL, it begins with a slash) are required; besides `query`, `headers`, `body` (a table is sent as JSON, a string as it is) and the options of a client
---@return any? result the answer: decoded JSON, the text of anything else, true where there is no body
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Instance:request(given) end

--- Begins a job that collects rows. `POST {hub}/bulk/query`
---@param given sapanywhere.options.instance.bulk_query `query` is required: a string such as "select * from orders"; besides `from` and `to`, times as ISO 8601, and the options of a client
---@return sapanywhere.answers.bulk_query? result the job: `id` (number or string), `status`
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Instance:bulk_query(given) end

--- Asks how a job is getting on. `GET {hub}/bulk/{id}/status`
---@param given sapanywhere.options.instance.bulk_status `id` is required; besides the options of a client
---@return sapanywhere.answers.bulk_status? result the answer: `status`, and how many records where the platform tells
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Instance:bulk_status(given) end

--- Waits for the end of a job, asking for its status: after `interval` seconds, then after twice as long each time, 30
--- at most. The statuses COMPLETED and COMPLETE are a good end; ABORTED, ERROR and CANCELLED a bad one; any other word
--- means that it goes on.
---@param given sapanywhere.options.instance.bulk_wait `id` is required; besides `interval` (seconds, default 1), `timeout` (seconds for the whole wait, default 3600), `on_progress(job)` and the options of a client
---@return sapanywhere.answers.bulk_wait? result the job's last status
---@return sapanywhere.Error? err kind "job" after a bad end, "timeout" where it goes on; `job` is the last status
---@return sapanywhere.Meta meta about the last exchange
function Instance:bulk_wait(given) end

--- Lists what went wrong in a job. `GET {hub}/bulk/{id}/errors`
---@param given sapanywhere.options.instance.bulk_errors `id` is required; besides `page_size`, `next_page` and the options of a client
---@return table[]? result the errors
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta with `next_page` where there is more
function Instance:bulk_errors(given) end

--- Ends a job early. `PUT {hub}/bulk/{id}/cancel`
---@param given sapanywhere.options.instance.bulk_cancel `id` is required; besides the options of a client
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Instance:bulk_cancel(given) end

--- Downloads what a job has collected into a file: memory does not grow with it, and its name appears only when it is
--- whole; a file of that name is replaced then. Until that, and where a process is killed meanwhile, there is a file
--- beside it whose name begins with a dot and ends in `.part`; the next download to the same path removes what is left
--- of dead ones. Only this user can read the file. The client's `timeout` and `max_response_bytes` do not apply; 60
--- seconds without a byte end the call. `GET {hub}/bulk/{id}/{object}`
---@param given sapanywhere.options.instance.bulk_download `id`, `object` (such as "orders") and `to` (the file's path, in a directory that exists) are required; besides `format` ("json", "jsonl" or "csv", default "json"), `timeout` (seconds for the whole, default 3600), `max_bytes` (default 6 GiB), `on_progress(bytes, total)` (ten times a second at most; total is nil where the server does not tell it; it must not wait) and the options of a client
---@return table? result `path`, as it was given, and `bytes`
---@return sapanywhere.Error? err kind "file" where the file cannot be written: its `reason` is "full", "missing" (a directory), "denied" or "io"
---@return sapanywhere.Meta meta about the exchange
function Instance:bulk_download(given) end

--- Uploads a file of rows and begins a job that reads it: it is sent as it is read, so memory does not grow with it,
--- and at most once. The client's `timeout` does not apply. `POST {hub}/bulk/{object}`
---@param given sapanywhere.options.instance.bulk_upload `object` (such as "orders") and `file` (a path) are required; besides `meta_data` (a table, sent as JSON), `timeout` (seconds for the whole, default 3600) and the options of a client
---@return sapanywhere.answers.bulk_upload? result the job: `id` (number or string), `status`
---@return sapanywhere.Error? err kind "file" where the file cannot be read: its `reason` is "missing", "denied" or "io"
---@return sapanywhere.Meta meta about the exchange
function Instance:bulk_upload(given) end

--- Rows of one kind, below the hub: `shop.customers`, `shop.orders`, `shop.products`, or what `shop:resource` gives.
---@class sapanywhere.Resource
local Resource = {}

--- Lists rows of a resource. `GET {hub}/{resource}`
---@param given sapanywhere.options.resource.list `where`, `fields`, `order_by`, `page_size`, `next_page`, `total_count`, `query` (more parameters) and the options of a client
---@return table[]? result the rows, as the server gives them
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta with `next_page`, `total_count` and `returned_count` where the server tells them
function Resource:list(given) end

--- Goes through all rows, page by page. A page is asked for when it is needed, never earlier, and one page is in memory
--- at a time. PUC Lua 5.1 cannot yield from the iterator of a `for`: inside `all`, or an event loop, call it by hand
--- there.
---@param given sapanywhere.options.resource.each as for `list`; besides `limit`, the number of rows at which to stop. `page_size` is 100 where it is not given.
---@return fun(): table|false|nil, sapanywhere.Error?, sapanywhere.Meta? result an iterator: a row, nil and the page's meta; after a failure once false and the error
function Resource:each(given) end

--- Reads one row. `GET {hub}/{resource}/{id}`
---@param given sapanywhere.options.resource.get `id` is required; besides `fields`, `query` and the options of a client
---@return any? result the row
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Resource:get(given) end

--- Creates a row. `POST {hub}/{resource}`
---@param given sapanywhere.options.resource.create `body` (a table, or its JSON) is required; besides `query` and the options of a client
---@return any? result what the server answers, or true where it answers without a body
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Resource:create(given) end

--- Changes a row. `PATCH {hub}/{resource}/{id}`
---@param given sapanywhere.options.resource.update `id` and `body` (a table, or its JSON) are required; besides `query` and the options of a client
---@return any? result what the server answers, or true where it answers without a body
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Resource:update(given) end

--- Deletes a row. `DELETE {hub}/{resource}/{id}`
---@param given sapanywhere.options.resource.delete `id` is required; besides `query` and the options of a client
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Resource:delete(given) end

--- Counts rows. `GET {hub}/{resource}/count`
---@param given sapanywhere.options.resource.count `where`, `query` and the options of a client
---@return number? result how many
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function Resource:count(given) end

--- Sealed states: what `oauth_url` sends and the callback brings back, verified with a key alone.
---
--- No session is looked up, so any worker on any machine that has the key can verify what another has issued.
---
--- A value is 66 bytes in base64url, 88 characters: version (1 byte), time of issue (5), nonce (16), seal (12)
--- and MAC (32). Nothing is accepted without its MAC, the HMAC-SHA256 of version, time, nonce, element,
--- callback URL and bind; the seal, 12 bytes of the HMAC of the same without the bind, only sorts refusals:
--- where it is right and the MAC is not, the value was made with this key, for another session. Each tag has a
--- label of its own in front, and each field its length, so that neither can be taken for the other.
---@class sapanywhere.Sealer
local Sealer = {}

--- Issues a state, for the option `state` of `oauth_url`.
---@param given sapanywhere.options.state.issue
---@return string? result 88 characters that are safe in a URL
---@return sapanywhere.Error err kind "usage"; or "state" with the `reason` "clock" or "crypto"
function Sealer:issue(given) end

--- Verifies a state. `parse_callback(url, { state = sealer, bind = … })` does so on its way.
---
--- `on_use` is asked last, when all else holds; so a value is used up by a callback in which the user said no,
--- too, and never by one that is refused here.
---@param value string what came back
---@param given sapanywhere.options.state.verify
---@return boolean? result true
---@return sapanywhere.Error err kind "usage"; or "state", and `reason` is "malformed"; "forged" (also: made with another key, for another element or callback URL); "early" (from a machine whose clock is more than 60 seconds ahead); "expired"; "another_session"; "replayed"; "store" (`on_use` failed, so nobody knows); "clock" or "crypto"
function Sealer:verify(value, given) end

--- Notifications: what the platform posts to a URL of yours, judged by its signature and brought into one form.
---
--- The signature is the HMAC-SHA256 of the raw body, and of nothing else: no time, no address. So a notification that
--- somebody saw can be sent again; `on_use` takes each once. No I/O but what `on_use` does.
---@class sapanywhere.Reader
local Reader = {}

--- Reads a notification.
---
--- In this order: its size, the signature, JSON, its form, and last `on_use`; so nothing is noted of what is refused.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.webhook.read
---@return sapanywhere.Notification? result `event_id` and `instance_id` (a number or a string, or nil where the notification has none); `events`, a list of tables as the server sends them (`objectType`, `objectId`, `eventType`, and more; unknown types of events among them); `raw`, the whole body, decoded
---@return sapanywhere.Error err kind "signature", and `reason` is "missing", "malformed", "mismatch"; "replayed" (answer 2xx, for the platform sends it again otherwise); "store" (`on_use` failed, so nobody knows: answer 5xx). Besides "too_large", "json", "protocol" (JSON of another form) and "usage".
function Reader:read(given) end

--- Where tokens are kept: the instances that were made, each under a name of yours.
---
--- A store has the methods `put`, `get`, `token`, `names` and `remove`, wherever it keeps its entries. With a key they
--- are sealed with AES-256-GCM, each for its name: whoever reads the file or the Redis sees the names only, and whoever
--- changes an entry, or gives it to another name, is noticed. That an older entry was put back, or one taken away, is
--- not.
---@class sapanywhere.Store
local Store = {}

--- Puts an entry under a name, in the place of what was there.
---
--- Raises when `instance` is not a table.
---@param name string of 1 to 1024 bytes, whichever
---@param instance table such as `create_instance` returns; whatever JSON can say
---@return boolean? result true, when it is safe
---@return sapanywhere.Error err kind "usage"; or "store", and `reason` is "key" (what is there was sealed with another key), "damaged", "open_to_others", "locked" or "io". The store is then as it was.
function Store:put(name, instance) end

--- Gets an entry.
---@param name string
---@return table? result the entry, as it was put
---@return sapanywhere.Error? err as of `put`
function Store:get(name) end

--- A function that gets the token of an entry: for the option `token`. It is asked when a call needs the token, so it
--- gives the one that is in the store then.
---@param name string
---@return fun(): string?, sapanywhere.Error? result it returns the token; or nil and an error, as of `get`, or of kind "store" with the reason "missing" where there is no such entry
function Store:token(name) end

--- The names of all entries.
---@return string[]? result sorted
---@return sapanywhere.Error err as of `get`
function Store:names() end

--- Removes an entry. One that is damaged can be removed, too, if it was sealed with one of the store's keys.
---@param name string
---@return boolean? result true, also where there was none
---@return sapanywhere.Error err as of `put`
function Store:remove(name) end

--- The SAP Anywhere element of the Cloud Elements API: from the user's consent to a live connection.
---
--- Calls return `result, err, meta`: an answer, or nil and an `error`; and what is known of the exchange,
--- `meta`. Only a mistake in the calling code raises: an argument of the wrong type, a missing colon. Every option is
--- described in README.md, in one table.
--- "API page" is the vendor's page "Create Instance" of SAP Anywhere, whose steps the calls follow.
---@class sapanywhere
local sapanywhere = {}

--- The version, such as "1.0.0".
sapanywhere._VERSION = ""

--- What stands for JSON's null with the option `null = "keep"`; the same value as `cjson.null`.
sapanywhere.null = {}

--- Makes a client: options given once, connections kept between its calls.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.new the options of a client, and any of a call but those that belong to one call, such as `code`. `timeout` and `connect_timeout` are seconds, `max_response_bytes` bytes; a secret may be a function that returns it.
---@return sapanywhere.Client? result the client
---@return sapanywhere.Error err kind "usage", with every problem at once
function sapanywhere.new(given) end

--- Makes an object for one instance, whose calls carry its token; with a client of its own.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.instance `token` and `user_secret` are required; besides `hub` and the options of a client. For several instances make a client, and take `client:instance`: they share its connections then.
---@return sapanywhere.Instance? result the instance
---@return sapanywhere.Error err kind "usage", with every problem at once
function sapanywhere.instance(given) end

--- Reads what came back to the callback URL (API page, Step 1, "Handle Callback from the Endpoint"). No I/O.
---
--- In this order: its size (16 KiB at most), the state (compared in constant time), an error, the code.
---@param input string|table a URL, a path with a query, a query, or the parameters already decoded, as `ngx.req.get_uri_args` gives them
---@param opts sapanywhere.options.parse_callback
---@return sapanywhere.Grant? result the parameters, decoded once: `code`, `state` and whatever else came
---@return sapanywhere.Error err kind "denied" (with `error`, `error_description`, `error_uri` as the provider says them), "state" (a sealer gives the `reason`), "callback", "too_large" or "usage"
function sapanywhere.parse_callback(input, opts) end

--- Runs functions at the same time on one thread: while a call of one waits, the others go on. One failure
--- does not spoil the others.
---
--- Raises when `tasks` is of neither form.
---@param tasks sapanywhere.options.all a list of functions; or `items` with `worker`
---@return table result what each returned first, at its place; `n` is their number
---@return table err what each returned second, or raised, at its place; `n` as well
function sapanywhere.all(tasks) end

--- A deep copy that is safe to print: secrets, tokens and codes are replaced by "[hidden]", by the names they
--- stand under (`token`, `code`, `oauth.api.secret`, `apiSecret=` in a URL, …) and, where given, by value.
---
--- Raises when `secrets` is anything else.
---@param value any anything; tables lose their metatables, except errors
---@param secrets? string|string[] values to hide wherever they stand: raw, percent-encoded up to three times, in base64, or with the escapes of JSON or HTML
---@return any result the copy
function sapanywhere.redact(value, secrets) end

--- Makes a sealer. Workers and machines that verify each other's states have the same options.
---
--- `on_use(nonce, seconds)` makes each state good for one use. It notes the nonce (32 hexadecimal digits) for
--- that long (the rest of its life, and the 60 seconds by which clocks may differ), and returns true when it
--- was not noted before: in one step, so that no other worker can come between. Nothing but `true` accepts;
--- `nil` or `false` with an error, or an error raised, means that it could not tell. It may wait as its host
--- does, but not yield on plain Lua 5.1.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.state `key` (32 bytes or more; or a list, of which the first signs), `ttl` (seconds, default 600), `on_use`, `element`, `callback_url`, `clock`: see `sapanywhere.state`
---@return sapanywhere.Sealer? result the sealer, with the methods `issue` and `verify`
---@return sapanywhere.Error err kind "usage"
function sapanywhere.state(given) end

--- Makes a reader of notifications.
---
--- `on_use(id, seconds)` makes each good for one reading. It notes the id (up to 129 letters, digits, `_`, `.`
--- and `-`) for that long, 7 days, and returns true when it was not noted before: in one step, so that no other worker
--- can come between. Nothing but `true` accepts; `nil` or `false` with an error, or an error raised, means that it could
--- not tell. The id is made of the notification's `eventId`, where it has one, and of a digest of the body.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.webhook `key` (the instance's `event.notification.signature.key`; a list, where it is being changed; false for notifications without signatures) and `on_use`: see `sapanywhere.webhook`
---@return sapanywhere.Reader? result the reader, with the method `read`
---@return sapanywhere.Error err kind "usage"
function sapanywhere.webhook(given) end

--- What the library stands on, as it runs here.
---@return table result texts by name: `sapanywhere`, `Lua`, `lua-cjson`, `libcurl`, `libcurl's TLS`, `libcrypto`, `zlib`
function sapanywhere.versions() end

--- Marks a table as a list: in `extra` and `body` it is sent as one even when it is empty. Empty lists in answers are
--- marked already, so that what was read can be sent back.
---
--- Raises when `list` is not a table.
---@param list table
---@return table result the same table
function sapanywhere.array(list) end

--- Asks where to send the user (API page, Step 1: `GET /elements/{keyOrId}/oauth/url`).
---
--- It may be repeated without harm, and is, as `retry` allows.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.oauth_url `api_key`, `api_secret` and `callback_url` are required; besides `state`, `scope`, `site_address`, `element`, `secrets_in`, `extra` and the options of a client
---@return sapanywhere.answers.oauth_url? result `oauthUrl` (to redirect to as it is), `element` and whatever else the server says; and `state`, the one that was sent: keep it for `parse_callback`. None was sent where `state = false`.
---@return sapanywhere.Error? err of any kind but "denied", "state", "callback"
---@return sapanywhere.Meta meta about the exchange; a warning where `oauthUrl` holds the API secret
function sapanywhere.oauth_url(given) end

--- Creates an instance of the element (API page, Step 2: `POST /instances`).
---
--- Sent at most once; again only where nothing of the first attempt can have reached the server. With
--- `recover = true` an instance whose creation ended with outcome "unknown" is looked for by a tag of the
--- call's own.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.create_instance `user_secret`, `organization_secret`, `code`, `api_key`, `api_secret`, `callback_url` and `name` are required; besides `tags`, `element`, `configuration`, `extra`, `recover`, the options of a client, and `body` in place of those that make up the request's body. With `external_authentication = "initial"` the configuration's `oauth.user.token` and `oauth.user.refresh_token` stand in place of the code.
---@return sapanywhere.answers.create_instance? result the instance under the server's own names; `id` (number or string) and `token` (string, to be kept: later calls need it) are always there. JSON nulls are left out, see the option `null`.
---@return sapanywhere.Error? err of any kind but "denied", "state", "callback"; `outcome` tells whether there may be an instance
---@return sapanywhere.Meta meta about the exchange; `recovered` where the instance was looked for and found
function sapanywhere.create_instance(given) end

--- Lists instances (`GET /instances`). The platform answers an empty list with 404: that is an empty list here, too.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.list_instances `user_secret` and `organization_secret` are required; besides `tags` (all of them must be there), `search_text`, `page_size`, `next_page` and the options of a client
---@return table[]? result instances
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta with `next_page` where there is more
function sapanywhere.list_instances(given) end

--- Goes through all instances, page by page; a page is asked for when it is needed.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.each_instance as for `list_instances`; besides `limit`. `page_size` is 100 where it is not given.
---@return fun(): table|false|nil, sapanywhere.Error?, sapanywhere.Meta? result an iterator: an instance, nil and the page's meta; after a failure once false and the error
function sapanywhere.each_instance(given) end

--- Reads one instance (`GET /instances/{id}`).
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.get_instance `id`, `user_secret` and `organization_secret` are required; besides the options of a client
---@return sapanywhere.answers.get_instance? result the instance
---@return sapanywhere.Error? err kind "not_found" where there is none with this id
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.get_instance(given) end

--- Changes an instance (`PATCH /instances/{id}`). Tags are replaced as a whole.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.update_instance `id`, `user_secret`, `organization_secret` and one of `name`, `tags`, `configuration` and `extra` are required; besides the options of a client
---@return table? result the instance
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.update_instance(given) end

--- Gives an instance new tokens of the provider, from a new code (`PUT /instances/{id}?reAuthenticate=true`). It stays
--- the same instance.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.reauthenticate_instance `id`, and what `create_instance` takes. With `recover = true` the instance is asked for after an outcome "unknown", and `tags` must be given.
---@return sapanywhere.answers.reauthenticate_instance? result the instance; where it has a `token`, keep that one, and the old one otherwise
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.reauthenticate_instance(given) end

--- Lets a disabled instance be used again (`PUT /instances/{id}/enabled`).
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.enable_instance `id`, `user_secret` and `organization_secret` are required; besides the options of a client
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.enable_instance(given) end

--- Lets an instance rest (`DELETE /instances/{id}/enabled`): its calls end with kind "forbidden" until it is enabled.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.disable_instance as for `enable_instance`
---@return boolean? result true
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.disable_instance(given) end

--- Deletes an instance for good (`DELETE /instances/{id}`). Its token is of no use afterwards.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.delete_instance as for `enable_instance`
---@return boolean? result true
---@return sapanywhere.Error? err kind "not_found" where there is none with this id
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.delete_instance(given) end

--- The way out: any request with the account's secrets, for what has no name here.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.request `method`, `path` (below the base URL, it begins with a slash), `user_secret` and `organization_secret` are required; besides `query`, `headers`, `body` (a table is sent as JSON, a string as it is) and the options of a client
---@return any? result the answer: decoded JSON, the text of anything else, true where there is no body
---@return sapanywhere.Error?
---@return sapanywhere.Meta meta about the exchange
function sapanywhere.request(given) end

--- Where tokens are kept: the instances that were made, each under a name of yours.
---
--- A store has the methods `put`, `get`, `token`, `names` and `remove`, wherever it keeps its entries. With a key they
--- are sealed with AES-256-GCM, each for its name: whoever reads the file or the Redis sees the names only, and whoever
--- changes an entry, or gives it to another name, is noticed. That an older entry was put back, or one taken away, is
--- not.
---@class sapanywhere.store
sapanywhere.store = {}

--- Opens a store that is a file.
---
--- The file is for its owner only (0600), and so are the directories that are made for it (0700); one that others may
--- read, or replace, is refused. A change writes another file and puts it in the place of the old one, so that readers,
--- and whoever comes after a crash, find the old entries or the new ones. Changes of several processes wait for each
--- other, for 10 seconds at most. Beside the file is one for that, with `.lock` behind the name.
---
--- The disk is waited for in the way of files: it blocks. In an nginx that changes entries all the time, use Redis.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.store.file
---@return sapanywhere.Store? result the store
---@return sapanywhere.Error err kind "usage", with every problem
function sapanywhere.store.file(given) end

--- Opens a store that is a hash in Redis.
---
--- Raises when `given` is not a table.
---@param given sapanywhere.options.store.redis
---@return sapanywhere.Store? result the store
---@return sapanywhere.Error err kind "usage", with every problem
function sapanywhere.store.redis(given) end

--- Small files that are one user's alone: settings, addresses, keys. The command keeps its own this way.
---
--- They are 0600, replaced whole, in directories that nobody else may write into; one that others may read is refused.
---@class sapanywhere.private
sapanywhere.private = {}

--- Reads a file.
---
--- Raises when `path` is not a string, or empty.
---@param path string
---@return string? result its bytes, 1 MiB at most
---@return string err what is wrong
---@return string meta "missing", "open_to_others" or "io"
function sapanywhere.private.read(path) end

--- Writes a file, in place of what was there; directories that are missing are made, 0700.
---
--- Raises when `path` is not a string, or empty.
---@param path string
---@param text string
---@return boolean? result true, when it is on the disk
---@return string err what is wrong
---@return string meta "open_to_others" or "io"
function sapanywhere.private.write(path, text) end

--- Removes a file.
---
--- Raises when `path` is not a string, or empty.
---@param path string
---@return boolean? result true, also where there was none
---@return string err what is wrong
function sapanywhere.private.remove(path) end

--- What a program for people at a terminal needs and Lua lacks: Ctrl-C as something to look at, the width of the
--- terminal, typing that is not shown. The command is made with it; the library itself never calls it.
---
--- Lua's own interpreter makes an error of Ctrl-C, raised wherever the program happens to be: inside a `pcall` it is
--- swallowed, in code that LuaJIT has compiled it comes late, and while `os.execute` waits the signal is lost. A program
--- that notes signals looks at them where it can end well:
---
---     terminal.note_signals()
---     while not terminal.signal() do
---       terminal.wait(0, 0.2)
---       …
---     end
---@class sapanywhere.terminal
sapanywhere.terminal = {}

--- From now on SIGINT (Ctrl-C), SIGTERM and SIGHUP end nothing: they are noted, and `signal` tells of them. A second
--- one ends the program at once. This is the whole process's; nothing in the library does it.
function sapanywhere.terminal.note_signals() end

--- The signal that has been noted.
---@return string? result "INT", "TERM" or "HUP"
---@return number err its number; a shell's exit code is 128 more
function sapanywhere.terminal.signal() end

--- Waits until a descriptor can be read. A signal ends the wait early; one that comes just before it does not, so wait
--- for 0.2 seconds at a time.
---@param fd number such as 0, standard input
---@param seconds number at most
---@return boolean result whether it can be read
function sapanywhere.terminal.wait(fd, seconds) end

--- Reads what has arrived; blocks where nothing has.
---@param fd number
---@param most number bytes, of which 4096 come at a time
---@return string? result bytes, empty at the end of the input
---@return string err why
function sapanywhere.terminal.read(fd, most) end

--- Whether a descriptor is a terminal.
---@param fd number such as 1, standard output
---@return boolean
function sapanywhere.terminal.is_terminal(fd) end

--- Whether this process may read from a terminal: it runs in front there, not in the background.
---@param fd number
---@return boolean
function sapanywhere.terminal.is_in_front(fd) end

--- How wide a terminal is.
---@param fd number
---@return number|nil result columns; nil where the descriptor is no terminal, or does not say
function sapanywhere.terminal.width(fd) end

--- Shows no more what is typed at a terminal, until `show_typing`, or a second signal.
---@param fd number
---@return boolean result whether it is hidden now
function sapanywhere.terminal.hide_typing(fd) end

--- Shows again what is typed, where it was hidden.
function sapanywhere.terminal.show_typing() end

--- Ends the process at once: what it has printed and nobody has read yet is not waited for.
---@param code number the exit code
function sapanywhere.terminal.leave(code) end

return sapanywhere
