--- What an instance is for: the calls with its token.
-- @submodule sapanywhere.instance

local M = {}

local RESOURCE = "{hub}/{resource}"

local function with_resource(...)
  return {
    { option = "hub", place = "path", encoded = true, quiet = true },
    { option = "resource", place = "path", required = true, encoded = true, quiet = true }, ...
  }
end

local ID = { option = "id", place = "path", required = true }

--- Lists rows of a resource. `GET {hub}/{resource}`
-- @function resource:list
-- @tparam table given `where`, `fields`, `order_by`, `page_size`, `next_page`, `total_count`, `query` (more parameters)
--   and the options of a client
-- @treturn[1] {table,...} the rows, as the server gives them
-- @return[1] nil
-- @treturn[1] meta with `next_page`, `total_count` and `returned_count` where the server tells them
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange

--- Goes through all rows, page by page. A page is asked for when it is needed, never earlier, and one page is in memory
-- at a time. PUC Lua 5.1 cannot yield from the iterator of a `for`: inside `all`, or an event loop, call it by hand
-- there.
-- @function resource:each
-- @tparam table given as for `list`; besides `limit`, the number of rows at which to stop. `page_size` is 100 where it
--   is not given.
-- @treturn function an iterator: a row, nil and the page's meta; after a failure once false and the error
M[1] = {
  name = "list", of = "resource",
  method = "GET", path = RESOURCE, auth = "instance", repeatable = true, each = "each",
  fields = with_resource(
    { option = "where", place = "query", at = { "where" } },
    { option = "fields", place = "query", at = { "fields" } },
    { option = "order_by", place = "query", at = { "orderBy" } },
    { option = "page_size", place = "query", at = { "pageSize" } },
    { option = "next_page", place = "query", at = { "nextPage" } },
    { option = "total_count", place = "query", at = { "returnTotalCount" } }),
  merges = { { option = "query", place = "query" } },
  answer = { is = "list" },
}

--- Reads one row. `GET {hub}/{resource}/{id}`
-- @function resource:get
-- @tparam table given `id` is required; besides `fields`, `query` and the options of a client
-- @return[1] the row
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[2] = {
  name = "get", of = "resource",
  method = "GET", path = RESOURCE .. "/{id}", auth = "instance", repeatable = true,
  fields = with_resource(ID, { option = "fields", place = "query", at = { "fields" } }),
  merges = { { option = "query", place = "query" } },
  answer = { is = "value" },
}

--- Creates a row. `POST {hub}/{resource}`
-- @function resource:create
-- @tparam table given `body` (a table, or its JSON) is required; besides `query` and the options of a client
-- @return[1] what the server answers, or true where it answers without a body
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[3] = {
  name = "create", of = "resource",
  method = "POST", path = RESOURCE, auth = "instance",
  fields = with_resource(),
  merges = { { option = "query", place = "query" } },
  content = "row",
  answer = { is = "value or nothing" },
}

--- Changes a row. `PATCH {hub}/{resource}/{id}`
-- @function resource:update
-- @tparam table given `id` and `body` (a table, or its JSON) are required; besides `query` and the options of a client
-- @return[1] what the server answers, or true where it answers without a body
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[4] = {
  name = "update", of = "resource",
  method = "PATCH", path = RESOURCE .. "/{id}", auth = "instance",
  fields = with_resource(ID),
  merges = { { option = "query", place = "query" } },
  content = "row",
  answer = { is = "value or nothing" },
}

--- Deletes a row. `DELETE {hub}/{resource}/{id}`
-- @function resource:delete
-- @tparam table given `id` is required; besides `query` and the options of a client
-- @treturn[1] boolean true
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[5] = {
  name = "delete", of = "resource",
  method = "DELETE", path = RESOURCE .. "/{id}", auth = "instance",
  fields = with_resource(ID),
  merges = { { option = "query", place = "query" } },
  answer = { is = "nothing" },
}

--- Counts rows. `GET {hub}/{resource}/count`
-- @function resource:count
-- @tparam table given `where`, `query` and the options of a client
-- @treturn[1] number how many
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[6] = {
  name = "count", of = "resource",
  method = "GET", path = RESOURCE .. "/count", auth = "instance", repeatable = true,
  fields = with_resource({ option = "where", place = "query", at = { "where" } }),
  merges = { { option = "query", place = "query" } },
  answer = { is = "count" },
}

--- Asks whether the instance answers. `GET /ping`; not every element supports it.
-- @function instance:ping
-- @tparam table given the options of a client
-- @treturn[1] table `dateTime`, `endpoint`
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[7] = {
  name = "ping", of = "instance",
  method = "GET", path = "/ping", auth = "instance", repeatable = true,
  fields = {},
  answer = { is = "object" },
}

--- The way out: any request with the instance's token, for what has no name here.
-- @function instance:request
-- @tparam table given `method` and `path` (below the base URL, it begins with a slash) are required; besides `query`,
--   `headers`, `body` (a table is sent as JSON, a string as it is) and the options of a client
-- @return[1] the answer: decoded JSON, the text of anything else, true where there is no body
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[8] = {
  name = "request", of = "instance",
  method = "{method}", path = "{path}", auth = "instance",
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
