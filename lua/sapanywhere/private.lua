--- Small files that are one user's alone: settings, addresses, keys. The command keeps its own this way.
--
-- They are 0600, replaced whole, in directories that nobody else may write into; one that others may read is refused.
-- @module sapanywhere.private

local core = require "sapanywhere.core"

local MOST_BYTES = 1024 * 1024

local MESSAGES = {
  missing = "there is no such file",
  open_to_others = "others may read or replace the file: make it yours alone (chmod 600), and its directory",
  locked = "another process has the file",
}

local M = {}

local function check_path(name, path)
  if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
    error(name .. ": a path is expected", 3)
  end
end

local function fail(reason, words)
  return nil, MESSAGES[reason] or words, reason
end

--- Reads a file.
-- @tparam string path
-- @treturn[1] string its bytes, 1 MiB at most
-- @return[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string "missing", "open_to_others" or "io"
-- @raise when `path` is not a string, or empty
function M.read(path)
  check_path("private.read", path)
  local text, reason, words = core.read_private(path, MOST_BYTES)
  if text then return text end
  return fail(reason, words)
end

--- Writes a file, in place of what was there; directories that are missing are made, 0700.
-- @tparam string path
-- @tparam string text
-- @treturn[1] boolean true, when it is on the disk
-- @return[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string "open_to_others" or "io"
-- @raise when `path` is not a string, or empty
function M.write(path, text)
  check_path("private.write", path)
  local made, reason, words = core.make_directories(path)
  if not made then return fail(reason, words) end
  local random = core.random_hex(16)
  if not random then return fail("io", "the system gives no random bytes") end
  made, reason, words = core.replace_file(path, path .. "." .. random .. ".new", text)
  if made then return true end
  return fail(reason ~= "missing" and reason or "io", words)
end

--- Removes a file.
-- @tparam string path
-- @treturn[1] boolean true, also where there was none
-- @return[2] nil
-- @treturn[2] string what is wrong
-- @raise when `path` is not a string, or empty
function M.remove(path)
  check_path("private.remove", path)
  local done, reason, words = core.remove_file(path)
  if done then return true end
  return fail(reason, words)
end

return M
