--- Files that may not be there.

local M = {}

--- All of a file.
-- @tparam string path
-- @treturn string|nil nil where there is none
function M.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

return M
