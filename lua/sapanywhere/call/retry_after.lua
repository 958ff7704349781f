--- Reads Retry-After: a number of seconds, or a date in one of the three forms that HTTP knows.

local core = require "sapanywhere.core"

local read_date = core.read_date
local clock = os and os.time

local LONGEST = 64       -- bytes; a longer one is none
local MOST = 2 ^ 31 -- seconds

-- A date begins with the name of its day; libcurl would read much else as one.
local function to_time(text)
  return text and #text <= LONGEST and text:find "^[A-Z][a-z]" and read_date(text) or nil
end

--- Reads a Retry-After header.
-- @tparam string value
-- @tparam[opt] string date the Date header of the same answer: the server's clock may be wrong, and is wrong in both
-- @treturn[1] number seconds to wait, never below 0
-- @return[2] nil it says nothing that can be read
local function read(value, date)
  if #value > LONGEST then return nil end
  if value:find "^[0-9]+$" then return math.min(tonumber(value), MOST) end
  local at = to_time(value)
  local now = to_time(date) or clock and clock()
  return at and now and math.min(math.max(at - now, 0), MOST)
end

return { read = read }
