--- Reads `multipart/form-data`, whose parts may be larger than memory.
-- What is read is a source: `{ size, read = function(offset, count) … end }`, offsets counting from 0.
-- @module sapanywhere.sandbox.multipart

local multipart = {}

local block = 1024 * 1024
local max_head = 16 * 1024
local max_parts = 20 -- each is looked for in blocks of its own

--- A source that is a text.
-- @tparam string text
-- @treturn table
function multipart.source(text)
  return { size = #text, read = function(offset, count) return text:sub(offset + 1, offset + count) end }
end

-- Blocks overlap by the length of what is looked for.
local function find(source, wanted, offset)
  while offset < source.size do
    local at = source.read(offset, block + #wanted - 1):find(wanted, 1, true)
    if at then return offset + at - 1 end
    offset = offset + block
  end
end

local function read_part(source, offset, border)
  local head, length = source.read(offset, max_head):match("^(.-\r\n)\r\n()")
  if not head then return nil end
  local from = offset + length - 1
  local stop = find(source, "\r\n" .. border, from)
  if not stop then return nil end
  local name = ("\r\n" .. head):match('\r\n[Cc]ontent%-[Dd]isposition:[^\r]-[; ]name="([^"\r]*)"')
  return { name = name, offset = from, size = stop - from }, stop + 2 + #border
end

--- Finds the parts.
-- @tparam table source
-- @tparam string content_type with its boundary
-- @treturn[1] table a map from a part's name to its `offset` and `size`
-- @return[2] nil where it is not well-formed, or has more than 20 parts
function multipart.read(source, content_type)
  local boundary = content_type:match('boundary="([^"]+)"') or content_type:match("boundary=([^;%s]+)")
  local border = boundary and "--" .. boundary
  if not border or source.read(0, #border) ~= border then return nil end
  local parts, offset, count = {}, #border, 0
  while source.read(offset, 2) == "\r\n" do
    local part
    part, offset = read_part(source, offset + 2, border)
    count = count + 1
    if not part or not part.name or count > max_parts then return nil end
    parts[part.name] = part
  end
  return source.read(offset, 2) == "--" and parts or nil
end

return multipart
