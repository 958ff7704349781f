--- The journey to an instance begins here: where to send the user.
-- @submodule sapanywhere

local M = {}

--- Asks where to send the user (API page, Step 1: `GET /elements/{keyOrId}/oauth/url`).
--
-- It may be repeated without harm, and is, as `retry` allows.
-- @function oauth_url
-- @tparam table given `api_key`, `api_secret` and `callback_url` are required; besides `state`, `scope`,
--   `site_address`, `element`, `secrets_in`, `extra` and the options of a client
-- @treturn[1] table `oauthUrl` (to redirect to as it is), `element` and whatever else the server says; and
--   `state`, the one that was sent: keep it for `parse_callback`. None was sent where `state = false`.
-- @return[1] nil
-- @treturn[1] meta about the exchange; a warning where `oauthUrl` holds the API secret
-- @return[2] nil
-- @treturn[2] error of any kind but "denied", "state", "callback"
-- @treturn[2] meta about the exchange
-- @raise when `given` is not a table
M[1] = {
  name = "oauth_url",
  method = "GET",
  path = "/elements/{element}/oauth/url",
  auth = "none",
  repeatable = true,
  movable = true, -- with secrets_in = "body" the query travels in the body of a POST
  fields = {
    { option = "element", place = "path" },
    { option = "api_key", place = "query", at = { "apiKey" }, required = true },
    { option = "api_secret", place = "query", at = { "apiSecret" }, required = true },
    { option = "callback_url", place = "query", at = { "callbackUrl" }, required = true },
    { option = "state", place = "query", at = { "state" } },
    { option = "scope", place = "query", at = { "scope" } },
    { option = "site_address", place = "query", at = { "siteAddress" } },
  },
  merges = { { option = "extra", place = "query" } },
  also = { "secrets_in", "user_secret", "organization_secret" },
  answer = { is = "object", has = { { name = "oauthUrl", is = "url" } } },
}

return M
