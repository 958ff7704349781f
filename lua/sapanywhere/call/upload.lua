--- Uploads a file as `multipart/form-data`: it is read while it is sent, so memory does not grow with it.

local core = require "sapanywhere.core"
local derive = require "sapanywhere.call.derive"
local errors = require "sapanywhere.errors"
local file_error = require "sapanywhere.call.file_error"
local multipart = require "sapanywhere.call.multipart"

local now = core.now

local TIMEOUT = 3600 -- seconds

local function usage(row, option, message)
  return errors.usage(row.title, { { option = option, kind = "wrong", message = message } })
end

-- The part that says what the file is; or nil and an error.
local function write_meta_data(row, values)
  if values.meta_data == nil then return nil end
  local text, where, what = core.encode(values.meta_data)
  if text then return text end
  return nil, usage(row, "meta_data", ("meta_data: %s %s"):format(where ~= "" and where or "the whole", what))
end

-- Opens the file; or nil and an error.
local function open(row, values)
  local border = multipart.border()
  if not border then return nil, file_error(row, "file", "io", "this system has no random bytes") end
  local meta_data, problem = write_meta_data(row, values)
  if problem then return nil, problem end
  local before, behind, content_type = multipart.around(border, values.file, meta_data)
  local source, reason, message = core.source(values.file, before, behind)
  if not source then return nil, file_error(row, "file", reason, message) end
  return source, content_type
end

local M = {}

--- Performs the call.
-- @tparam table owner see perform.lua
-- @tparam table row
-- @tparam table given the caller's table
-- @tparam table registry the options
-- @tparam table perform `run(owner, row, values, started)` and `fail(err)`
-- @return what the call returns
function M.call(owner, row, given, registry, perform)
  local started = now()
  local values, problem = derive.call(row, given, owner.values, registry)
  if not values then return perform.fail(problem) end
  local source, content_type = open(row, values)
  if not source then return perform.fail(content_type) end
  values.timeout = rawget(values, "timeout") or TIMEOUT
  values.source = source
  values.headers_of_all = {
    "Accept: application/json", "User-Agent: " .. values.user_agent, "Content-Type: " .. content_type,
  }
  local result, err, meta = perform.run(owner, row, values, started)
  source:close()
  return result, err, meta
end

return M
