--- Instances, managed with the account's secrets.
-- @submodule sapanywhere

local M = {}

local AN_INSTANCE = { is = "object", has = { { name = "id", is = "id" } } }

local function wrong(problems, option, message)
  problems[#problems + 1] = { option = option, kind = "wrong", message = message }
end

local OWN_TOKENS = { "oauth.user.token", "oauth.user.refresh_token" }

-- Who brings the provider's tokens has no code.
local function check_own_tokens(values, problems)
  if not values.external_authentication then return end
  if values.code ~= nil then
    wrong(problems, "code", "code is not taken with external_authentication: the configuration brings the tokens")
  end
  local configuration = type(values.configuration) == "table" and values.configuration or {}
  for _, name in ipairs(OWN_TOKENS) do
    if configuration[name] == nil then
      problems[#problems + 1] = { option = "configuration." .. name, kind = "missing" }
    end
  end
end

-- A change replaces all tags, so a tag of the call's own needs the others beside it.
local function check_tags(values, problems)
  if values.recover and values.tags == nil then
    wrong(problems, "tags", "tags must be given with recover: the call adds one of its own, and the server replaces "
      .. "all tags at once (give the instance's tags, or {})")
  end
end

local function check_change(values, problems)
  for _, name in ipairs { "name", "tags", "configuration", "extra" } do
    if values[name] ~= nil then return end
  end
  problems[#problems + 1] = { option = "name", kind = "missing",
    message = "nothing to change: give name, tags, configuration or extra" }
end

-- The body of a creation.
local CREATION = {
  { option = "element", place = "body", at = { "element", "key" }, or_at = { "element", "id" }, required = true },
  { option = "code", place = "body", at = { "providerData", "code" }, required = true,
    unless = "external_authentication" },
  { option = "callback_url", place = "body", at = { "configuration", "oauth.callback.url" }, required = true },
  { option = "api_key", place = "body", at = { "configuration", "oauth.api.key" }, required = true },
  { option = "api_secret", place = "body", at = { "configuration", "oauth.api.secret" }, required = true },
  { option = "tags", place = "body", at = { "tags" } },
  { option = "name", place = "body", at = { "name" }, required = true },
  { option = "external_authentication", place = "body", at = { "externalAuthentication" } },
}

local CREATION_MERGES = {
  { option = "configuration", place = "body", under = "configuration" }, { option = "extra", place = "body" },
}

--- Creates an instance of the element (API page, Step 2: `POST /instances`).
--
-- Sent at most once; again only where nothing of the first attempt can have reached the server. With
-- `recover = true` an instance whose creation ended with outcome "unknown" is looked for by a tag of the
-- call's own.
-- @function create_instance
-- @tparam table given `user_secret`, `organization_secret`, `code`, `api_key`, `api_secret`, `callback_url`
--   and `name` are required; besides `tags`, `element`, `configuration`, `extra`, `recover`, the options of a
--   client, and `body` in place of those that make up the request's body. With
--   `external_authentication = "initial"` the configuration's `oauth.user.token` and `oauth.user.refresh_token`
--   stand in place of the code.
-- @treturn[1] table the instance under the server's own names; `id` (number or string) and `token` (string,
--   to be kept: later calls need it) are always there. JSON nulls are left out, see the option `null`.
-- @return[1] nil
-- @treturn[1] meta about the exchange; `recovered` where the instance was looked for and found
-- @return[2] nil
-- @treturn[2] error of any kind but "denied", "state", "callback"; `outcome` tells whether there may be an
--   instance
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[1] = {
  name = "create_instance",
  method = "POST",
  path = "/instances",
  path_by_id = "/elements/{element}/instances", -- where the element is a numeric id instead of a key
  auth = "account",
  fields = CREATION,
  merges = CREATION_MERGES,
  also = { "body", "recover" },
  rules = { check_own_tokens },
  recovery = "list_instances",
  makes = "an instance",
  answer = { is = "object", has = { { name = "id", is = "id" }, { name = "token", is = "token" } } },
}

--- Lists instances (`GET /instances`). The platform answers an empty list with 404: that is an empty list here, too.
-- @function list_instances
-- @tparam table given `user_secret` and `organization_secret` are required; besides `tags` (all of them must be there),
--   `search_text`, `page_size`, `next_page` and the options of a client
-- @treturn[1] {table,...} instances
-- @return[1] nil
-- @treturn[1] meta with `next_page` where there is more
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table

--- Goes through all instances, page by page; a page is asked for when it is needed.
-- @function each_instance
-- @tparam table given as for `list_instances`; besides `limit`. `page_size` is 100 where it is not given.
-- @treturn function an iterator: an instance, nil and the page's meta; after a failure once false and the error
-- @raise when `given` is not a table
-- @usage
-- for instance, err in client:each_instance {} do
--   assert(instance, err)
--   print(instance.id, instance.name)
-- end
M[2] = {
  name = "list_instances",
  method = "GET",
  path = "/instances",
  auth = "account",
  repeatable = true,
  each = "each_instance",
  fields = {
    { option = "tags", place = "query", at = { "tags[]" } },
    { option = "search_text", place = "query", at = { "searchText" } },
    { option = "page_size", place = "query", at = { "pageSize" } },
    { option = "next_page", place = "query", at = { "nextPage" } },
  },
  empty_status = 404,
  answer = { is = "list" },
}

--- Reads one instance (`GET /instances/{id}`).
-- @function get_instance
-- @tparam table given `id`, `user_secret` and `organization_secret` are required; besides the options of a client
-- @treturn[1] table the instance
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error kind "not_found" where there is none with this id
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[3] = {
  name = "get_instance",
  method = "GET",
  path = "/instances/{id}",
  auth = "account",
  repeatable = true,
  fields = { { option = "id", place = "path", required = true } },
  answer = AN_INSTANCE,
}

--- Changes an instance (`PATCH /instances/{id}`). Tags are replaced as a whole.
-- @function update_instance
-- @tparam table given `id`, `user_secret`, `organization_secret` and one of `name`, `tags`, `configuration` and `extra`
--   are required; besides the options of a client
-- @treturn[1] table the instance
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[4] = {
  name = "update_instance",
  method = "PATCH",
  path = "/instances/{id}",
  auth = "account",
  fields = {
    { option = "id", place = "path", required = true },
    { option = "name", place = "body", at = { "name" } },
    { option = "tags", place = "body", at = { "tags" } },
  },
  merges = CREATION_MERGES,
  rules = { check_change },
  answer = { is = "object or nothing" },
}

--- Gives an instance new tokens of the provider, from a new code (`PUT /instances/{id}?reAuthenticate=true`). It stays
-- the same instance.
-- @function reauthenticate_instance
-- @tparam table given `id`, and what `create_instance` takes. With `recover = true` the instance is asked for after an
--   outcome "unknown", and `tags` must be given.
-- @treturn[1] table the instance; where it has a `token`, keep that one, and the old one otherwise
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[5] = {
  name = "reauthenticate_instance",
  method = "PUT",
  path = "/instances/{id}?reAuthenticate=true",
  auth = "account",
  fields = { { option = "id", place = "path", required = true } },
  merges = CREATION_MERGES,
  also = { "body", "recover" },
  rules = { check_own_tokens, check_tags },
  recovery = "get_instance",
  answer = { is = "object", has = AN_INSTANCE.has, may_have = { { name = "token", is = "token" } } },
}
for _, field in ipairs(CREATION) do table.insert(M[5].fields, field) end

--- Lets a disabled instance be used again (`PUT /instances/{id}/enabled`).
-- @function enable_instance
-- @tparam table given `id`, `user_secret` and `organization_secret` are required; besides the options of a client
-- @treturn[1] boolean true
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[6] = {
  name = "enable_instance",
  method = "PUT",
  path = "/instances/{id}/enabled",
  auth = "account",
  fields = { { option = "id", place = "path", required = true } },
  answer = { is = "nothing" },
}

--- Lets an instance rest (`DELETE /instances/{id}/enabled`): its calls end with kind "forbidden" until it is enabled.
-- @function disable_instance
-- @tparam table given as for `enable_instance`
-- @treturn[1] boolean true
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[7] = {
  name = "disable_instance",
  method = "DELETE",
  path = "/instances/{id}/enabled",
  auth = "account",
  fields = { { option = "id", place = "path", required = true } },
  answer = { is = "nothing" },
}

--- Deletes an instance for good (`DELETE /instances/{id}`). Its token is of no use afterwards.
-- @function delete_instance
-- @tparam table given as for `enable_instance`
-- @treturn[1] boolean true
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error kind "not_found" where there is none with this id
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[8] = {
  name = "delete_instance",
  method = "DELETE",
  path = "/instances/{id}",
  auth = "account",
  fields = { { option = "id", place = "path", required = true } },
  answer = { is = "nothing" },
}

--- The way out: any request with the account's secrets, for what has no name here.
-- @function request
-- @tparam table given `method`, `path` (below the base URL, it begins with a slash), `user_secret` and
--   `organization_secret` are required; besides `query`, `headers`, `body` (a table is sent as JSON, a string as it is)
--   and the options of a client
-- @return[1] the answer: decoded JSON, the text of anything else, true where there is no body
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[9] = {
  name = "request",
  method = "{method}",
  path = "{path}",
  auth = "account",
  fields = {
    { option = "method", place = "method", required = true },
    { option = "path", place = "path", required = true, encoded = true },
  },
  merges = { { option = "query", place = "query" } },
  also = { "headers" },
  content = "payload",
  answer = { is = "anything" },
}

return M
