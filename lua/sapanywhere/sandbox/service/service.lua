--- The service as a function: a request and what is known go in, an answer comes out.
-- It knows nothing of nginx and does no I/O of its own, so that specs hold it against the documents as
-- values.
--
-- A request is `{ method, path, query, headers, body, origin }`: the path raw, without its query;
-- header names in lower case, a header that came more than once as a list; `origin` is where the
-- service stands. Perhaps there are `time` (in seconds), `told` (what misbehaviour is asked for) and, in place of a
-- large body, `body_source`, see `sapanywhere.sandbox.service.multipart`.
-- @module sapanywhere.sandbox.service

local answers = require "sapanywhere.sandbox.service.answers"
local authorization = require "sapanywhere.sandbox.service.authorization"
local consent = require "sapanywhere.sandbox.service.consent"
local documented = require "sapanywhere.sandbox.service.documented"
local hub = require "sapanywhere.sandbox.service.hub"
local instances = require "sapanywhere.sandbox.service.instances"
local notifications = require "sapanywhere.sandbox.service.notifications"
local oauth_url = require "sapanywhere.sandbox.service.oauth_url"
local routes = require "sapanywhere.sandbox.service.routes"
local rows = require "sapanywhere.sandbox.service.rows"

local service = {}

--- What stands before every path of the API.
service.base_path = "/elements/api-v2"

local max_body = 8 * 1024 * 1024

-- Each row: method, path below the base path, whose secrets are asked for, and what answers.
local account_routes = routes.prepare {
  { "GET", "/elements/{element}/oauth/url", nil, oauth_url },
  { "POST", "/elements/{element}/oauth/url", nil, oauth_url },

  { "POST", "/instances", "account", instances.create },
  { "POST", "/instances/", "account", instances.create },
  { "GET", "/instances", "account", instances.list },

  -- The instance of the Element token
  { "PATCH", "/instances", "account", instances.update },
  { "PUT", "/instances", "account", instances.replace },
  { "DELETE", "/instances", "account", instances.delete },
  { "DELETE", "/instances/", "account", instances.delete },
  { "PUT", "/instances/enabled", "account", instances.enable },
  { "DELETE", "/instances/enabled", "account", instances.disable },

  { "GET", "/instances/{id}", "account", instances.read },
  { "PATCH", "/instances/{id}", "account", instances.update },
  { "PUT", "/instances/{id}", "account", instances.replace },
  { "DELETE", "/instances/{id}", "account", instances.delete },
  { "PUT", "/instances/{id}/enabled", "account", instances.enable },
  { "DELETE", "/instances/{id}/enabled", "account", instances.disable },

  { "POST", "/elements/{element}/instances", "account", instances.create },
  { "GET", "/elements/{element}/instances", "account", instances.list },
  { "GET", "/elements/{element}/instances/{id}", "account", instances.read },
  { "PUT", "/elements/{element}/instances/{id}", "account", instances.replace },
  { "DELETE", "/elements/{element}/instances/{id}", "account", instances.delete },

  { "GET", "/notifications/subscriptions", "account", notifications.subscriptions },
  { "GET", "/notifications/subscriptions/deliveries", "account", notifications.list },
  { "PUT", "/notifications/subscriptions/deliveries", "account", notifications.redeliver },
}

local hub_routes = routes.prepare(hub.routes)

local function accepts_json(accept)
  if type(accept) == "table" then accept = table.concat(accept, ",") end
  return not accept or accept:find("*/*", 1, true) or accept:find("application/*", 1, true)
    or accept:lower():find("application/json", 1, true)
end

local function is_json(content_type)
  if type(content_type) ~= "string" then return false end
  return (content_type .. ";"):lower():find("^application/json%s*;") ~= nil
end

-- The body has not been read, so the connection cannot be used any longer.
local function refuse_expectation()
  local answer = answers.failure(417)
  answer.close = true
  return answer
end

local function refuse_size(whose)
  if whose == "instance" then return answers.gateway(413, "Request size limit exceeded") end
  return answers.failure(429, "The request is larger than 8 MB.")
end

local function wants_json(request, route)
  if route.is_file then return false end
  return request.body ~= "" or request.method == "POST" and not route.bodiless
end

local function refuse_form(request, route)
  if request.headers.expect then return refuse_expectation() end
  if not route.any_type and not accepts_json(request.headers.accept) then return answers.failure(406) end
  local size = request.body_source and request.body_source.size or #request.body
  if not route.is_file and size > max_body then return refuse_size(route[3]) end
  if wants_json(request, route) and not is_json(request.headers["content-type"]) then return answers.failure(415) end
end

local function is_element(value) return value == documented.key or value == tostring(documented.id) end

local function any() return true end

local function is_known(name, value) return name ~= "object" or rows.objects[value] ~= nil end

-- The account's addresses come first; what is the hub's may do without its prefix.
local function find_route(method, path)
  local route, found = routes.find(account_routes, method, path, any)
  if route or found then return route, found end
  return routes.find(hub_routes, method, path:match("^/hubs/[^/]+(/.*)$") or path, is_known)
end

local function authorize(settings, store, request, whose)
  if not whose then return {} end
  local allowed, problem = authorization.check(request.headers.authorization, settings, store, whose)
  if allowed then return allowed end
  return nil, answers.noted(answers.failure(401, documented.unauthorized), problem)
end

local function answer_api(settings, store, request, path)
  local route, segments = find_route(request.method, path)
  if not route then return answers.failure(segments and 405 or 404) end
  local refusal = refuse_form(request, route)
  if refusal then return refusal end
  local allowed
  allowed, refusal = authorize(settings, store, request, route[3])
  if not allowed then return refusal end
  if segments.element and not is_element(segments.element) then
    return answers.failure(404, "No element is known by this key or id.")
  end
  segments.instance = allowed.instance
  local answer = route[4](settings, store, request, segments)
  if answer.change then answer.deliveries = notifications.of_change(store, answer.change, request.time or os.time()) end
  if allowed.instance and route[3] == "instance" then
    table.insert(answer.headers, { "Elements-Element-Instance-Id", ("%d"):format(allowed.instance.id) })
  end
  return answer
end

local pages = {
  ["GET " .. consent.path] = consent.show,
  ["POST " .. consent.path] = consent.submit,
  ["GET /callback"] = function(_, _, request) return consent.callback(request) end,
}

--- Answers a request.
-- @tparam table settings the accepted `api_key`, `api_secret`, `user_secret`, `organization_secret`;
-- `tags_as` (`"absent"`, `"strings"` or `"objects"`), `mask` (secrets come back as asterisks),
-- `client_id_as` (`"key"`, or `"url"` for the documented sample's way)
-- @tparam table store from `sapanywhere.sandbox.service.store`
-- @tparam table request
-- @treturn table an answer, see `sapanywhere.sandbox.service.answers`
function service.answer(settings, store, request)
  store:sync()
  local page = pages[request.method .. " " .. request.path]
  if page then return page(settings, store, request) end
  local base, path = request.path:sub(1, #service.base_path), request.path:sub(#service.base_path + 1)
  if base ~= service.base_path then return answers.failure(404) end
  return answer_api(settings, store, request, path)
end

return service
