--- Rows by the file, for what is too much for pages: jobs that the platform runs.
-- @submodule sapanywhere.instance

local checks = require "sapanywhere.call.checks"

local M = {}

local HUB = { option = "hub", place = "path", encoded = true, quiet = true }
local ID = { option = "id", place = "path", required = true }

--- Begins a job that collects rows. `POST {hub}/bulk/query`
-- @function instance:bulk_query
-- @tparam table given `query` is required: a string such as "select * from orders"; besides `from` and `to`, times as
--   ISO 8601, and the options of a client
-- @treturn[1] table the job: `id` (number or string), `status`
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[1] = {
  name = "bulk_query", of = "instance",
  method = "POST", path = "{hub}/bulk/query", auth = "instance",
  fields = {
    HUB,
    { option = "query", place = "query", at = { "q" }, required = true, check = checks.text,
      told = { type = "string", text = "what to collect, such as `select * from orders`" } },
    { option = "from", place = "query", at = { "from" } },
    { option = "to", place = "query", at = { "to" } },
  },
  makes = "a job",
  answer = { is = "object", has = { { name = "id", is = "id" } } },
}

--- Asks how a job is getting on. `GET {hub}/bulk/{id}/status`
-- @function instance:bulk_status
-- @tparam table given `id` is required; besides the options of a client
-- @treturn[1] table the answer: `status`, and how many records where the platform tells
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[2] = {
  name = "bulk_status", of = "instance",
  method = "GET", path = "{hub}/bulk/{id}/status", auth = "instance", repeatable = true,
  fields = { HUB, ID },
  answer = { is = "object", has = { { name = "status", is = "text" } } },
}

--- Waits for the end of a job, asking for its status: after `interval` seconds, then after twice as long each time, 30
-- at most. The statuses COMPLETED and COMPLETE are a good end; ABORTED, ERROR and CANCELLED a bad one; any other word
-- means that it goes on.
-- @function instance:bulk_wait
-- @tparam table given `id` is required; besides `interval` (seconds, default 1), `timeout` (seconds for the whole wait,
--   default 3600), `on_progress(job)` and the options of a client
-- @treturn[1] table the job's last status
-- @return[1] nil
-- @treturn[1] meta about the last exchange
-- @return[2] nil
-- @treturn[2] error kind "job" after a bad end, "timeout" where it goes on; `job` is the last status
-- @treturn[2] meta about the last exchange
M[3] = {
  name = "bulk_wait", of = "instance",
  method = "GET", path = "{hub}/bulk/{id}/status", auth = "instance", repeatable = true, way = "job",
  fields = { HUB, ID },
  also = { "interval", "on_progress" },
  answer = { is = "object", has = { { name = "status", is = "text" } } },
}

--- Lists what went wrong in a job. `GET {hub}/bulk/{id}/errors`
-- @function instance:bulk_errors
-- @tparam table given `id` is required; besides `page_size`, `next_page` and the options of a client
-- @treturn[1] {table,...} the errors
-- @return[1] nil
-- @treturn[1] meta with `next_page` where there is more
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[4] = {
  name = "bulk_errors", of = "instance",
  method = "GET", path = "{hub}/bulk/{id}/errors", auth = "instance", repeatable = true,
  fields = {
    HUB, ID,
    { option = "page_size", place = "query", at = { "pageSize" } },
    { option = "next_page", place = "query", at = { "nextPage" } },
  },
  answer = { is = "list" },
}

--- Ends a job early. `PUT {hub}/bulk/{id}/cancel`
-- @function instance:bulk_cancel
-- @tparam table given `id` is required; besides the options of a client
-- @treturn[1] boolean true
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error
-- @treturn[2] meta about the exchange
M[5] = {
  name = "bulk_cancel", of = "instance",
  method = "PUT", path = "{hub}/bulk/{id}/cancel", auth = "instance",
  fields = { HUB, ID },
  answer = { is = "nothing" },
}

--- Downloads what a job has collected into a file: memory does not grow with it, and its name appears only when it is
-- whole; a file of that name is replaced then. Until that, and where a process is killed meanwhile, there is a file
-- beside it whose name begins with a dot and ends in `.part`; the next download to the same path removes what is left
-- of dead ones. Only this user can read the file. The client's `timeout` and `max_response_bytes` do not apply; 60
-- seconds without a byte end the call. `GET {hub}/bulk/{id}/{object}`
-- @function instance:bulk_download
-- @tparam table given `id`, `object` (such as "orders") and `to` (the file's path, in a directory that exists) are
--   required; besides `format` ("json", "jsonl" or "csv", default "json"), `timeout` (seconds for the whole, default
--   3600), `max_bytes` (default 6 GiB), `on_progress(bytes, total)` (ten times a second at most; total is nil where
--   the server does not tell it; it must not wait) and the options of a client
-- @treturn[1] table `path`, as it was given, and `bytes`
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error kind "file" where the file cannot be written: its `reason` is "full", "missing" (a directory),
--   "denied" or "io"
-- @treturn[2] meta about the exchange
M[6] = {
  name = "bulk_download", of = "instance",
  method = "GET", path = "{hub}/bulk/{id}/{object}", auth = "instance", repeatable = true, way = "download",
  fields = { HUB, ID, { option = "object", place = "path", required = true } },
  needs = { "to" }, also = { "format", "max_bytes", "on_progress" },
  answer = { is = "file" },
}

--- Uploads a file of rows and begins a job that reads it: it is sent as it is read, so memory does not grow with it,
-- and at most once. The client's `timeout` does not apply. `POST {hub}/bulk/{object}`
-- @function instance:bulk_upload
-- @tparam table given `object` (such as "orders") and `file` (a path) are required; besides `meta_data` (a table, sent
--   as JSON), `timeout` (seconds for the whole, default 3600) and the options of a client
-- @treturn[1] table the job: `id` (number or string), `status`
-- @return[1] nil
-- @treturn[1] meta about the exchange
-- @return[2] nil
-- @treturn[2] error kind "file" where the file cannot be read: its `reason` is "missing", "denied" or "io"
-- @treturn[2] meta about the exchange
M[7] = {
  name = "bulk_upload", of = "instance",
  method = "POST", path = "{hub}/bulk/{object}", auth = "instance", way = "upload",
  fields = { HUB, { option = "object", place = "path", required = true } },
  needs = { "file" }, also = { "meta_data" },
  makes = "a job",
  answer = { is = "object", has = { { name = "id", is = "id" } } },
}

return M
