--- Where tokens are kept: the instances that were made, each under a name of yours.
--
-- A store has the methods `put`, `get`, `token`, `names` and `remove`, wherever it keeps its entries. With a key they
-- are sealed with AES-256-GCM, each for its name: whoever reads the file or the Redis sees the names only, and whoever
-- changes an entry, or gives it to another name, is noticed. That an older entry was put back, or one taken away, is
-- not.
-- @module sapanywhere.store

local lazy = require "sapanywhere.base.lazy"

local file = lazy "sapanywhere.store.file"
local redis = lazy "sapanywhere.store.redis"

local M = {}

--- Opens a store that is a file.
--
-- The file is for its owner only (0600), and so are the directories that are made for it (0700); one that others may
-- read, or replace, is refused. A change writes another file and puts it in the place of the old one, so that readers,
-- and whoever comes after a crash, find the old entries or the new ones. Changes of several processes wait for each
-- other, for 10 seconds at most. Beside the file is one for that, with `.lock` behind the name.
--
-- The disk is waited for in the way of files: it blocks. In an nginx that changes entries all the time, use Redis.
-- @tparam table given
-- @tparam string given.path the file; missing directories are made with the first entry
-- @tparam[opt] string|{string,...} given.key 32 random bytes or more; of a list, for changes of keys, the first seals
--   and all open. Without a key the entries are text that its owner can read.
-- @treturn[1] store the store
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem
-- @raise when `given` is not a table
function M.file(given)
  if type(given) ~= "table" then error("store.file: a table of options is expected, not a " .. type(given), 2) end
  return file.new(given)
end

--- Opens a store that is a hash in Redis.
-- @tparam table given
-- @tparam fun(name:string,...:string):any given.command runs a command of Redis, `command(name, …)`, and returns the
--   reply, nil for none; or
--   nil and an error. An error that it raises counts as one. It may wait as its host does.
-- @tparam string given.prefix the hash's name in Redis
-- @tparam string|{string,...} given.key as for a file; it must be given
-- @treturn[1] store the store
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem
-- @raise when `given` is not a table
function M.redis(given)
  if type(given) ~= "table" then error("store.redis: a table of options is expected, not a " .. type(given), 2) end
  return redis.new(given)
end

return M
