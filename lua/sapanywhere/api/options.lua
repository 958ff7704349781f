--- The options of all calls: one row each.
--
-- A comment above a row gives its type and, after a dash, what it means; the reference and the editor's types are made
-- from it. The type `secret` is a string, or a function that returns it; `retry` and `tls` are tables. A row has
-- `name`; `check`, which takes (value, name, problems) and returns the value to keep; and, where it
-- is so: `default`; `client`, any call takes it, whatever its own row says; `once`, it belongs to one call and not to a
-- client; `client_check`, in place of `check` in a client; `secret`, it may be given as a function, and is never shown;
-- `of`, the object that is made with it.

local checks = require "sapanywhere.call.checks"
local lazy = require "sapanywhere.base.lazy"
local options = require "sapanywhere.call.options"
local version = require "sapanywhere.version"

local ceql = lazy "sapanywhere.call.ceql"
local compound = lazy "sapanywhere.call.compound"

local seconds, integer, word, wrong = checks.seconds, checks.integer, checks.word, checks.wrong

-- A check of a module that few calls need.
local function later(module, name)
  return function(value, option, problems) return module[name](value, option, problems) end
end

local DEFAULT_RETRY = { max = 2, base = 0.5, cap = 8 }

local check_retry = options.record {
  max = { check = integer(0, 10) }, base = { check = seconds }, cap = { check = seconds },
}

local function retry(value, name, problems)
  if value == false then return false end
  if type(value) == "number" then
    return wrong(problems, name, "must be a table such as { max = 3 }, or false")
  end
  local copy = check_retry(value, name, problems) or {}
  for key, default in pairs(DEFAULT_RETRY) do
    if copy[key] == nil then copy[key] = default end
  end
  return copy
end

local check_tls = options.record {
  ca_file = { check = checks.text }, ca_path = { check = checks.text }, cert_file = { check = checks.text },
  key_file = { check = checks.text }, min_version = { check = word { "1.2", "1.3" } },
  verify = {
    refused = "tls.verify: verification cannot be turned off; to trust a certificate of your own give ca_file",
  },
}

local function tls(value, name, problems)
  local copy = check_tls(value, name, problems)
  if copy and copy.key_file and not copy.cert_file then
    problems[#problems + 1] =
      { option = name, kind = "wrong", message = name .. ".key_file needs the cert_file that it belongs to" }
  end
  return copy
end

-- The state in a client.
local function no_state(value, name, problems)
  if value ~= false then
    wrong(problems, name, "belongs to each call: one for all users protects none of them (a client takes only false)")
  end
  return value
end

local LIST = {
  --- string - where the API is: an https URL, or an http one at a loopback address
  { name = "base_url", check = checks.base_url, client = true,
    default = "https://api.cloud-elements.com/elements/api-v2" },
  --- number - seconds for the whole call, with its repetitions; above 0, at most 86400
  { name = "timeout", check = seconds, client = true, default = 70 },
  --- number - seconds for one connection to be made; above 0, at most 86400
  { name = "connect_timeout", check = seconds, client = true, default = 10 },
  --- retry|false - how often a failed call is made again: `max` (0 to 10), and the pause between, `base` and `cap`
  -- seconds; false for never
  { name = "retry", check = retry, client = true, default = DEFAULT_RETRY },
  --- tls - `ca_file`, `ca_path`, `cert_file`, `key_file` (paths), `min_version` ("1.2" or "1.3")
  { name = "tls", check = tls, client = true },
  --- secret - an http, https or socks5h URL, with credentials where the proxy wants them
  { name = "proxy", check = checks.proxy, client = true, secret = true },
  --- number - bytes that an answer may have, decompressed; where it is not given, 8 MiB for lists and 1 MiB else
  { name = "max_response_bytes", check = integer(1024, 2 ^ 31), client = true },
  --- number - connections to one host; 256 where it is not given
  { name = "max_connections", check = integer(1, 10000), client = true },
  --- string - what the User-Agent header says
  { name = "user_agent", check = checks.user_agent, client = true, default = "sapanywhere-lua/" .. version },
  --- "omit"|"keep" - "omit" leaves JSON's nulls out of answers, "keep" puts `sapanywhere.null` there
  { name = "null", check = word { "omit", "keep" }, client = true, default = "omit" },
  --- string|fun(fd:number,seconds:number) - how to wait: "auto", the name of a host, or a function `wait(fd, seconds)`
  { name = "wait", check = checks.wait, client = true, default = "auto" },
  --- fun(event:event) - is told what the call does, see the table `event`
  { name = "on_event", check = checks.callable, client = true },
  --- string - the W3C trace context of what makes the call: sent as the header `traceparent`, and told in the events
  { name = "traceparent", check = later(compound, "traceparent"), client = true, once = true },

  --- secret - the user's secret of the account
  { name = "user_secret", check = checks.header_secret, secret = true },
  --- secret - the organization's secret of the account
  { name = "organization_secret", check = checks.header_secret, secret = true },
  --- secret - the token of an instance, as its creation returned it
  { name = "token", check = checks.header_secret, secret = true, of = "instance" },
  --- string|number - the element's key, or its numeric id
  { name = "element", check = checks.element, default = "sapanywhere" },
  --- secret - the key of the app that is registered at SAP Anywhere
  { name = "api_key", check = checks.secret, secret = true },
  --- secret - the secret of that app
  { name = "api_secret", check = checks.secret, secret = true },
  --- string - the URL that is registered for that app
  { name = "callback_url", check = checks.text },
  --- string|false - comes back with the callback; a fresh one where it is not given, none where it is false
  { name = "state", check = checks.state, client_check = no_state },
  --- string - the provider's scope
  { name = "scope", check = checks.text },
  --- string - for elements that ask for the address of a site
  { name = "site_address", check = checks.text },
  --- "query"|"body" - "query", or "body" to keep the app's secret out of URLs: then the call is a POST
  { name = "secrets_in", check = word { "query", "body" }, default = "query" },
  --- secret - the code of the callback, as `parse_callback` returns it
  { name = "code", check = checks.secret, secret = true, once = true },
  --- string - the instance's name
  { name = "name", check = checks.text },
  --- {string,...} - the instance's tags
  { name = "tags", check = later(compound, "tags") },
  --- table - more entries of the instance's configuration: strings, numbers or booleans by name
  { name = "configuration", check = later(compound, "map") },
  --- "initial" - "initial" where the configuration brings the provider's tokens, in place of a code
  { name = "external_authentication", check = word { "initial" }, once = true },
  --- boolean - whether to look, after an unknown outcome, for what the call may have done
  { name = "recover", check = checks.boolean, default = false },
  --- table - more entries of the request, as they are
  { name = "extra", check = later(compound, "tree"), flat_check = later(compound, "map"), once = true },
  --- table|string - the whole body, or its JSON
  { name = "body", check = later(compound, "document"), once = true },
  --- number|string - the id, as an answer has it
  { name = "id", check = checks.id, once = true },

  --- string - the part of every path before the resource
  { name = "hub", check = later(compound, "path"), default = "/hubs/ecommerce", of = "instance" },
  --- {string|number,...} - the segments of a path
  { name = "resource", check = later(compound, "segments"), once = true },
  --- string|table - which rows: CEQL, or a list of CEQL with question marks and a value for each
  { name = "where", check = later(ceql, "check"), once = true },
  --- string|{string,...} - the fields of the rows, others are left out
  { name = "fields", check = later(compound, "names"), once = true },
  --- string - a field, and "asc" or "desc"
  { name = "order_by", check = checks.text, once = true },
  --- number - rows of one page
  { name = "page_size", check = integer(1, 1000000), once = true },
  --- string - the token of the page, from `meta.next_page`
  { name = "next_page", check = checks.text, once = true },
  --- boolean - whether the server shall count all rows, for `meta.total_count`
  { name = "total_count", check = checks.boolean, once = true },
  --- number - rows at which to stop
  { name = "limit", check = integer(1, 2 ^ 53), once = true },
  --- string - words that the instance's name or key holds
  { name = "search_text", check = checks.text, once = true },
  --- table - more parameters of the query: strings, numbers or booleans by name, or lists of them
  { name = "query", check = later(compound, "query"), once = true },
  --- string - the beginning of a span of time, as ISO 8601
  { name = "from", check = checks.text, once = true },
  --- string - its end; the path of the file that is written
  { name = "to", check = checks.text, once = true },
  --- string - the kind of rows: "customers", "orders" and so on
  { name = "object", check = checks.id, once = true },
  --- string - "json", "jsonl" (an object on each line) or "csv"
  { name = "format", check = word { "json", "jsonl", "csv" }, once = true },
  --- number - bytes that the file may have
  { name = "max_bytes", check = integer(1, 2 ^ 53), once = true },
  --- string - the path of the file that is sent
  { name = "file", check = checks.text, once = true },
  --- table - what the platform shall know of the file
  { name = "meta_data", check = later(compound, "tree"), once = true },
  --- number - seconds between two looks, at first
  { name = "interval", check = seconds, once = true },
  --- fun(state:any) - is told how far the call is
  { name = "on_progress", check = checks.callable, once = true },
  --- "GET"|"POST"|"PUT"|"PATCH"|"DELETE" - the method of the request
  { name = "method", check = word { "GET", "POST", "PUT", "PATCH", "DELETE" }, once = true },
  --- string - a path below the base URL; it begins with a slash
  { name = "path", check = later(compound, "path"), once = true },
  --- table - more headers: strings by name
  { name = "headers", check = later(compound, "headers"), once = true },
}

local by_name, secrets, defaults = {}, {}, {}
for _, option in ipairs(LIST) do
  by_name[option.name] = option
  if option.secret then secrets[#secrets + 1] = option.name end
  defaults[option.name] = option.default
end

-- What an object is made with: the options of a call that do not belong to one call.
local function made_with(name, required)
  local known = {}
  for _, option in ipairs(LIST) do
    if not option.once and (not option.of or option.of == name) then
      known[option.name] = { check = option.client_check or option.check }
    end
  end
  return { name = name, known = known, required = required }
end

local M = { LIST = LIST, by_name = by_name, SECRETS = secrets, defaults = defaults, RETRY_DEFAULT = DEFAULT_RETRY }

--- What `sapanywhere.new` takes.
M.NEW = made_with("new")

--- What `client:instance` takes.
M.INSTANCE = made_with("instance", { "token" })

return M
