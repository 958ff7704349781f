--- Writes what stands around a file in `multipart/form-data` (RFC 7578). Pure: the file itself is none of its business.

local core = require "sapanywhere.core"

local TYPES = { json = "application/json", jsonl = "application/jsonl", csv = "text/csv" }

-- As browsers write what a quoted name cannot hold; a backslash means something else to every server.
local ESCAPES = { ['"'] = "%22", ["\\"] = "%5C", ["\r"] = "%0D", ["\n"] = "%0A" }

local function quote(name)
  return '"' .. name:gsub('["\\\r\n]', ESCAPES) .. '"'
end

local function head_of(border, disposition, content_type)
  return ("--%s\r\nContent-Disposition: form-data; %s\r\nContent-Type: %s\r\n\r\n"):format(border, disposition,
    content_type)
end

local function type_of(file_name)
  local ending = file_name:match("%.(%w+)$")
  return ending and TYPES[core.lower(ending)] or "application/octet-stream"
end

local M = {}

--- A border that nothing holds: 128 random bits.
-- @treturn string|nil nil where this system has no random bytes
function M.border()
  local random = core.random_hex(16)
  return random and "sapanywhere-" .. random
end

--- Writes the parts `metaData` and `file`.
-- @tparam string border
-- @tparam string path of the file; its last segment is the name that is sent
-- @tparam[opt] string meta_data JSON; no part where it is not given
-- @treturn string what stands before the file
-- @treturn string what stands behind it
-- @treturn string the content type of the whole
function M.around(border, path, meta_data)
  local name = path:match("[^/]*$")
  local before = head_of(border, 'name="file"; filename=' .. quote(name), type_of(name))
  if meta_data then
    before = head_of(border, 'name="metaData"', "application/json") .. meta_data .. "\r\n" .. before
  end
  return before, "\r\n--" .. border .. "--\r\n", "multipart/form-data; boundary=" .. border
end

return M
