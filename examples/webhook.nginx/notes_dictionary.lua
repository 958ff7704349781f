-- Notes what was read in a dictionary that the workers of this nginx share.

local M = {}

-- When there is no room, safe_add refuses a new id, where add would forget an old one.
function M.add(id, seconds)
  return ngx.shared.notifications:safe_add(id, true, seconds)
end

function M.forget(id)
  ngx.shared.notifications:delete(id)
end

return M
