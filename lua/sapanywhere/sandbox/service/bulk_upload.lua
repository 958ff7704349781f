--- A file that is uploaded: its rows are added to the object, and what cannot be read is counted.
-- Of a file above 8 MB the lines are counted and nothing is kept.
-- @module sapanywhere.sandbox.bulk_upload

local answers = require "sapanywhere.sandbox.service.answers"
local collection = require "sapanywhere.sandbox.service.collection"
local csv = require "sapanywhere.sandbox.service.csv"
local document = require "sapanywhere.sandbox.service.document"
local json = require "sapanywhere.sandbox.service.json"
local multipart = require "sapanywhere.sandbox.service.multipart"

local bulk_upload = {}

local max_kept = 8 * 1024 * 1024
local block = 1024 * 1024

local function count_lines(source, part)
  local lines, last = 0, "\n"
  for offset = 0, part.size - 1, block do
    local text = source.read(part.offset + offset, math.min(block, part.size - offset))
    lines, last = lines + select(2, text:gsub("\n", "")), text:sub(-1)
  end
  return last == "\n" and lines or lines + 1
end

local function read_lines(text)
  local objects = {}
  for line in text:gmatch("[^\r\n]+") do
    local value = document.read(line)
    objects[#objects + 1] = json.is_written_object(value) and value or false
  end
  return objects
end

-- Gives a list of objects, with `false` for what is not one.
local function read_rows(text)
  local start = text:match("^%s*(.)")
  if start == "{" then return read_lines(text) end
  if start ~= "[" then return csv.read(text) end
  local list = document.read(text)
  for index, value in ipairs(list or {}) do
    if not json.is_written_object(value) then list[index] = false end
  end
  return list
end

local function add_rows(store, object, list)
  local rows, failed = collection.open(store, object), {}
  for number, row in ipairs(list) do
    if row then rows:add(row) else failed[#failed + 1] = number end
  end
  return { object = object, uploaded = true, count = #list - #failed, errors = #failed, failed = failed }
end

local function read_parts(request, source)
  local content_type = request.headers["content-type"]
  if type(content_type) ~= "string" or not content_type:lower():find("^multipart/form%-data%s*;") then
    return nil, answers.failure(415)
  end
  local parts = multipart.read(source, content_type)
  if not parts then return nil, answers.failure(400, "The body is not well-formed multipart/form-data.") end
  if not parts.file then return nil, answers.failure(400, "Missing required parts: file") end
  local meta_data = parts.metaData
  if meta_data and not json.is_object(json.decode(source.read(meta_data.offset, meta_data.size))) then
    return nil, answers.failure(400, "The part metaData is not a JSON object.")
  end
  return parts
end

--- Takes the file of a request in.
-- @tparam table store
-- @tparam table request perhaps with `body_source`, see `sapanywhere.sandbox.service.multipart`
-- @tparam string object
-- @treturn[1] table what the job is about, for `jobs.start`
-- @return[2] nil
-- @treturn[2] table an answer
function bulk_upload.take(store, request, object)
  local source = request.body_source or multipart.source(request.body)
  local parts, refusal = read_parts(request, source)
  if not parts then return nil, refusal end
  local file = parts.file
  if file.size > max_kept then
    return { object = object, uploaded = true, count = count_lines(source, file), file_bytes = file.size }
  end
  local list = read_rows(source.read(file.offset, file.size))
  if not list then return nil, answers.failure(400, "The file is neither JSON, JSON lines nor CSV.") end
  local row = add_rows(store, object, list)
  row.file_bytes = file.size
  return row
end

return bulk_upload
