--- What every store does, wherever its entries are: the calls' arguments, their errors, and the tokens.
--
-- Where the entries are is a table of four functions; each gets the settings first, and says `nil, reason, words` of a
-- failure, `reason` being one of `MESSAGES`:
--   `put(settings, name, text)` → true
--   `get(settings, name)` → the text, or nil alone where there is none
--   `names(settings)` → a list, in any order
--   `remove(settings, name)` → true
-- @classmod sapanywhere.store.methods

local checks = require "sapanywhere.call.checks"
local entry = require "sapanywhere.store.entry"
local errors = require "sapanywhere.errors"
local hidden = require "sapanywhere.base.hidden"

local LONGEST_NAME = 1024

local MESSAGES = {
  key = "the entry was sealed with another key, or without one",
  damaged = "what is stored is not what was put there",
  open_to_others = "the file is not this user's alone: others may read or replace it",
  locked = "another process is changing the store",
  io = "the store cannot be used",
  missing = "the store has no entry of that name",
}

local function fail(call, reason, words)
  local message = ("%s: %s"):format(call, MESSAGES[reason])
  return nil, errors.new("store", {
    message = words and ("%s (%s)"):format(message, words) or message, reason = reason, retryable = reason == "locked",
  })
end

local function usage(call, option, what)
  local problems = {}
  checks.wrong(problems, option, what)
  return nil, errors.usage(call, problems)
end

local Store = { __name = "sapanywhere.store" }
Store.__index = Store

function Store.__tostring()
  return "sapanywhere.store"
end

local function check_call(call, self)
  local own = hidden.known(self, Store)
  if not own then error(call .. ": call it as a method, store:" .. call .. "(…)", 3) end
  return own.place, own.settings
end

local function check_name(call, name)
  if type(name) == "string" and #name >= 1 and #name <= LONGEST_NAME then return true end
  return usage(call, "name", ("must be a string of 1 to %d bytes"):format(LONGEST_NAME))
end

--- Puts an entry under a name, in the place of what was there.
-- @function store:put
-- @tparam string name of 1 to 1024 bytes, whichever
-- @tparam table instance such as `create_instance` returns; whatever JSON can say
-- @treturn[1] boolean true, when it is safe
-- @return[2] nil
-- @treturn[2] error kind "usage"; or "store", and `reason` is "key" (what is there was sealed with another
--   key), "damaged", "open_to_others", "locked" or "io". The store is then as it was.
-- @raise when `instance` is not a table
function Store:put(name, instance)
  local place, settings = check_call("put", self)
  if type(instance) ~= "table" then error("put: a table is expected, not a " .. type(instance), 2) end
  local ok, err = check_name("put", name)
  if not ok then return nil, err end
  local text, what = entry.write(instance)
  if not text then return usage("put", "instance", "cannot be written: " .. what) end
  local done, reason, words = place.put(settings, name, text)
  if done then return true end
  return fail("put", reason, words)
end

--- Gets an entry.
-- @function store:get
-- @tparam string name
-- @treturn[1] table the entry, as it was put
-- @return[2] nil
-- @return[2] nil where there is none
-- @return[3] nil
-- @treturn[3] error as of `put`
function Store:get(name)
  local place, settings = check_call("get", self)
  local ok, err = check_name("get", name)
  if not ok then return nil, err end
  local text, reason, words = place.get(settings, name)
  if reason then return fail("get", reason, words) end
  if not text then return nil, nil end
  local value = entry.read(text)
  if value then return value end
  return fail("get", "damaged")
end

--- A function that gets the token of an entry: for the option `token`. It is asked when a call needs the token, so it
-- gives the one that is in the store then.
-- @function store:token
-- @tparam string name
-- @treturn fun():string?,error? it returns the token; or nil and an error, as of `get`, or of kind "store" with the
--   reason
--   "missing" where there is no such entry
function Store:token(name)
  check_call("token", self)
  return function()
    local found, err = self:get(name)
    if err then return nil, err end
    if not found then return fail("token", "missing") end
    if type(found.token) == "string" then return found.token end
    return fail("token", "missing", "the entry has no token")
  end
end

--- The names of all entries.
-- @function store:names
-- @treturn[1] {string,...} sorted
-- @return[2] nil
-- @treturn[2] error as of `get`
function Store:names()
  local place, settings = check_call("names", self)
  local list, reason, words = place.names(settings)
  if not list then return fail("names", reason, words) end
  table.sort(list)
  return list
end

--- Removes an entry. One that is damaged can be removed, too, if it was sealed with one of the store's keys.
-- @function store:remove
-- @tparam string name
-- @treturn[1] boolean true, also where there was none
-- @return[2] nil
-- @treturn[2] error as of `put`
function Store:remove(name)
  local place, settings = check_call("remove", self)
  local ok, err = check_name("remove", name)
  if not ok then return nil, err end
  local done, reason, words = place.remove(settings, name)
  if done then return true end
  return fail("remove", reason, words)
end

--- Makes a store.
-- @tparam string call the function that was called
-- @tparam table place see above
-- @tparam table settings what its functions get; `keys` is added, for `store.entry`
-- @tparam[opt] {string,...} keys the caller's
-- @treturn[1] store the store
-- @return[2] nil
-- @treturn[2] error kind "store": libcrypto fails
local function new(call, place, settings, keys)
  settings.keys = keys and entry.derive(keys)
  if keys and not settings.keys then return fail(call, "io", "libcrypto does not do HMAC-SHA256") end
  return hidden.object(Store, { place = place, settings = settings })
end

return { new = new, SHORTEST_KEY = 32 }
