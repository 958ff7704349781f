--- Bulk: rows by the file, through jobs.
-- Callbacks at the end of a job are not played.
-- @module sapanywhere.sandbox.bulk

local answers = require "sapanywhere.sandbox.service.answers"
local bulk_files = require "sapanywhere.sandbox.service.bulk_files"
local bulk_upload = require "sapanywhere.sandbox.service.bulk_upload"
local ceql = require "sapanywhere.sandbox.service.ceql"
local collection = require "sapanywhere.sandbox.service.collection"
local jobs = require "sapanywhere.sandbox.service.jobs"
local json = require "sapanywhere.sandbox.service.json"
local listing = require "sapanywhere.sandbox.service.listing"
local pages = require "sapanywhere.sandbox.service.pages"
local rows = require "sapanywhere.sandbox.service.rows"
local url = require "sapanywhere.sandbox.service.url"

local bulk = {}

local max_page = 100

-- The query: `select FIELDS from OBJECT [where …]`

local function read_word(text, at) return text:match("^%s*(%S+)()", at) end

local function read_select(text)
  local word, at = read_word(text, 1)
  if not word or word:lower() ~= "select" then return nil, "select is expected" end
  local fields = {}
  repeat
    word, at = read_word(text, at)
    if not word then return nil, "from is expected" end
    fields[#fields + 1] = word
  until word:lower() == "from"
  fields[#fields] = nil
  if #fields == 0 then return nil, "fields are expected, or *" end
  fields = table.concat(fields)
  return { fields = fields ~= "*" and fields or nil }, at
end

local function read_query(text)
  local job, at = read_select(text)
  if not job then return nil, "Error parsing query: " .. at end
  local object
  object, at = read_word(text, at)
  if not object or not rows.objects[object] then return nil, "Error parsing query: no such object" end
  job.object = object
  local word, after = read_word(text, at)
  if not word then return job end
  if word:lower() ~= "where" then return nil, "Error parsing query: where is expected" end
  job.where = text:sub(after)
  local test, problem = ceql.compile(job.where)
  if not test then return nil, problem end
  return job
end

local function read_dates(values, job)
  job.from = (values.from or values.lastRunDate or {})[1]
  job.to = (values.to or {})[1]
  for _, date in ipairs { job.from or "2000-01-01", job.to or "2000-01-01" } do
    if not date:find("^%d%d%d%d%-%d%d%-%d%d") then return "A date is not written as in 2016-11-30." end
  end
end

local function count_rows(store, job)
  local test = listing.compile(job.where)
  if not job.where and not job.from and not job.to then return collection.open(store, job.object):count() end
  local number = 0
  listing.each(collection.open(store, job.object), 0, test, function(text)
    if bulk_files.is_between(text, job) then number = number + 1 end
  end)
  return number
end

--- Answers `POST /bulk/query`.
function bulk.query(_, store, request, segments)
  local values = url.parse_query(request.query) or {}
  local job, problem = read_query((values.q or { "" })[1])
  problem = problem or read_dates(values, job)
  if problem then return answers.failure(400, problem) end
  job.count = count_rows(store, job)
  job = jobs.start(store, request, segments.instance, job)
  return answers.ok(json.object { { "id", job.id }, { "status", "CREATED" }, { "instance_id", job.instance_id } })
end

-- Hands a function the job that the address names, or refuses.
local function on_job(answer)
  return function(settings, store, request, segments)
    local job = jobs.find(store, segments.job, segments.instance)
    if not job then return answers.failure(404, "No job is known by this id.") end
    return answer(settings, store, request, segments, job)
  end
end

--- Answers `GET /bulk/{id}/status`.
bulk.status = on_job(function(_, _, request, _, job)
  local status, share = jobs.progress(job, jobs.now(request))
  return answers.ok(json.object {
    { "status", status },
    { "recordsCount", math.floor(job.count * share) },
    { "recordsFailedCount", math.floor(job.errors * share) },
  })
end)

--- Answers `PUT /bulk/{id}/cancel`.
bulk.cancel = on_job(function(_, store, request, _, job)
  local now = jobs.now(request)
  local status, share = jobs.progress(job, now)
  if jobs.is_end(status) then return answers.failure(400, "The job has ended already.") end
  store:set("jobs", job.id, { cancelled = now, share = share })
  return answers.ok(json.object { { "id", job.id }, { "status", "CANCELLATION_PENDING" } })
end)

local function read_accept(accept)
  local kind = type(accept) == "string" and accept:match("^[^;,%s]*"):lower() or "*/*"
  if kind == "*/*" or kind == "application/*" or kind == "" then kind = "application/json" end
  return kind, bulk_files.formats[kind]
end

local format_names = { JSON = { "application/json", "application/jsonl" }, JSONL = { "application/jsonl" },
  CSV = { "text/csv" } }

-- An instance whose configuration names a format has its jobs in that one; else the client chooses.
local function has_format(instance, kind)
  local named = format_names[instance.configuration["bulk.query.download_format"]]
  if not named then return true end
  for _, name in ipairs(named) do
    if name == kind then return true end
  end
  return false
end

--- Answers `GET /bulk/{id}/{object}`.
bulk.download = on_job(function(_, store, request, segments, job)
  local kind, format = read_accept(request.headers.accept)
  if not format or not has_format(segments.instance, kind) then
    return answers.failure(400, "The Accept header does not match the format of the job.")
  end
  if job.object ~= segments.object then return answers.failure(404, "The job is about another object.") end
  local status = jobs.progress(job, jobs.now(request))
  if status ~= "COMPLETED" and status ~= "COMPLETE" or job.uploaded then
    return answers.failure(400, "The job has no file: its status is " .. status .. ".")
  end
  if job.bytes then
    local next_piece, size = bulk_files.made_up(store, job, format)
    return answers.stream(kind, next_piece, size)
  end
  local body, next_piece = bulk_files.real(store, segments.instance, job, format)
  return next_piece and answers.stream(kind, next_piece) or answers.content(kind, body)
end)

local function describe_error(job, number)
  return json.object {
    { "id", number }, { "recordNumber", (job.failed or {})[number] or number },
    { "message", "The record could not be read." },
  }
end

--- Answers `GET /bulk/{id}/errors`; the last page has no token.
bulk.errors = on_job(function(_, _, request, _, job)
  local list = ("errors %d"):format(job.id)
  local page, problem = pages.read(url.parse_query(request.query) or {}, list, max_page)
  if not page then return answers.failure(400, problem) end
  local from, found = page.from or 0, {}
  for number = from + 1, math.min(from + page.size, job.errors) do found[#found + 1] = describe_error(job, number) end
  local position = from + #found
  local token = position < job.errors and pages.token(position, list) or nil
  return answers.ok(json.list(found), pages.headers(page, #found, token))
end)

--- Answers `POST /bulk/{object}`.
function bulk.upload(_, store, request, segments)
  local row, refusal = bulk_upload.take(store, request, segments.object)
  if not row then return refusal end
  local job = jobs.start(store, request, segments.instance, row)
  return answers.ok(json.object { { "id", job.id }, { "instanceId", job.instance_id }, { "status", "CREATED" } })
end

return bulk
