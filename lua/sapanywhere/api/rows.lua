--- The endpoints as data: one row a call, read by options, plan, answer and retry.
--
-- A row says: `method` and `path` below the base URL; `carrier`, where the fields travel ("query" or "body");
-- `fields`, in the documented order, each an option and its place (`at`, a path of names) on the wire, with
-- `or_at` where the server takes another place too;
-- `authorized`, whether the Authorization header is sent; `repeatable`, whether a second try can do no harm;
-- `merges`, options whose own entries join the fields, at the top or `under` a name; `also`, options that the
-- call takes though nothing of them is sent this way; `answer`, what a good answer must hold; `makes`, what
-- may exist where nobody knows how the call ended.

local oauth_url = {
  name = "oauth_url",
  method = "GET",
  path = "/elements/{element}/oauth/url",
  carrier = "query",
  repeatable = true,
  fields = {
    { option = "api_key", at = { "apiKey" }, required = true },
    { option = "api_secret", at = { "apiSecret" }, required = true },
    { option = "callback_url", at = { "callbackUrl" }, required = true },
    { option = "state", at = { "state" } },
    { option = "scope", at = { "scope" } },
    { option = "site_address", at = { "siteAddress" } },
  },
  merges = { { option = "extra" } },
  flat = true, -- what is merged holds no tables: a query has no place for them
  also = { "element", "secrets_in", "user_secret", "organization_secret" },
  answer = { { name = "oauthUrl", is = "url" } },
}

local create_instance = {
  name = "create_instance",
  method = "POST",
  path = "/instances",
  path_by_id = "/elements/{element}/instances", -- where the element is a numeric id instead of a key
  carrier = "body",
  authorized = true,
  fields = {
    { option = "element", at = { "element", "key" }, or_at = { "element", "id" }, required = true },
    { option = "code", at = { "providerData", "code" }, required = true },
    { option = "callback_url", at = { "configuration", "oauth.callback.url" }, required = true },
    { option = "api_key", at = { "configuration", "oauth.api.key" }, required = true },
    { option = "api_secret", at = { "configuration", "oauth.api.secret" }, required = true },
    { option = "tags", at = { "tags" } },
    { option = "name", at = { "name" }, required = true },
  },
  merges = { { option = "configuration", under = "configuration" }, { option = "extra" } },
  also = { "body", "recover", "user_secret", "organization_secret" },
  answer = { { name = "id", is = "id" }, { name = "token", is = "text" } },
  makes = "an instance",
}

-- Not a public call: it looks for an instance by its tag. Its values do not pass through options.
local list_instances = {
  name = "list_instances",
  method = "GET",
  path = "/instances",
  carrier = "query",
  authorized = true,
  repeatable = true,
  fields = {
    { option = "tag", at = { "tags[]" } },
    { option = "page_size", at = { "pageSize" } },
    { option = "next_page", at = { "nextPage" } },
  },
  merges = {},
  also = { "user_secret", "organization_secret" },
  empty_status = 404, -- the platform's way to say that a list has no rows
  answer = { list = true },
}

return { oauth_url = oauth_url, create_instance = create_instance, list_instances = list_instances }
