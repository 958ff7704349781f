--- The error of a file that cannot be used, before anything was sent.

local errors = require "sapanywhere.errors"

--- Makes the error.
-- @tparam table row the call's row
-- @tparam string option which names the file
-- @tparam string reason "full", "missing", "denied" or "io"
-- @tparam string message the system's
-- @treturn table the error
return function(row, option, reason, message)
  return errors.new("file", {
    message = ("%s: %s: the file cannot be used (%s)"):format(row.title, option, message), reason = reason,
    outcome = "not_sent", retryable = false,
  })
end
