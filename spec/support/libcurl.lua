--- What the libcurl that runs cannot do, for specs that need it: they are pending there.

local M = {}

--- Tells whether it is older than a version.
-- @tparam number major
-- @tparam number minor
-- @treturn boolean
function M.is_before(major, minor)
  local here_major, here_minor = require "sapanywhere".versions().libcurl:match("^(%d+)%.(%d+)")
  return tonumber(here_major) * 1000 + tonumber(here_minor) < major * 1000 + minor
end

--- Why connections with HTTP/1 are not kept here; nil where they are. Before 7.80 libcurl asks nobody before it sends.
-- @treturn ?string
function M.why_none_is_kept()
  return M.is_before(7, 80) and "connections with HTTP/1 are not kept before libcurl 7.80" or nil
end

return M
