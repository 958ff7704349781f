--- The shops that are connected: their tokens, in a store that is a file.

local paths = require "sapanywhere.cli.base.paths"
local sapanywhere = require "sapanywhere"
local secrets = require "sapanywhere.cli.base.secrets"
local settings = require "sapanywhere.cli.base.settings"
local stop = require "sapanywhere.cli.base.stop"

local M = {}

local function open()
  return stop.unless(sapanywhere.store.file { path = paths.shops(), key = settings.get "store_key" })
end

--- The names of all.
function M.names()
  return stop.unless(open():names())
end

--- An entry, or nil.
function M.get(name)
  local entry, err = open():get(name)
  if err then error(err, 0) end
  if entry then secrets.add(entry.token) end
  return entry
end

--- Keeps an instance; ends the command where that fails.
function M.put(name, instance)
  stop.unless(open():put(name, instance))
end

--- Each name whose instance has this id.
function M.names_of(id)
  local found = {}
  for _, name in ipairs(M.names()) do
    local entry = M.get(name)
    if entry and entry.id ~= nil and tostring(entry.id) == tostring(id) then found[#found + 1] = name end
  end
  return found
end

--- Forgets a shop.
function M.remove(name)
  stop.unless(open():remove(name))
end

local function quoted(names)
  local list = {}
  for place, name in ipairs(names) do list[place] = '"' .. name .. '"' end
  return table.concat(list, ", ")
end

-- The name of the one that is meant.
local function choose(wanted)
  local names = M.names()
  if #names == 0 then stop.with("no shop is connected", 4, "connect one: sapanywhere connect") end
  if not wanted and #names == 1 then return names[1] end
  if not wanted then
    stop.with(("there are %d shops"):format(#names), 2, "choose one with --shop: " .. quoted(names))
  end
  for _, name in ipairs(names) do
    if name == wanted then return name end
  end
  stop.with("no shop of that name is connected", 4, "choose one of these: " .. quoted(names))
end

--- The shop that is meant, as an object of the library.
-- @tparam table args with `shop`, its name, unless there is only one
-- @treturn table
-- @treturn table the client, to be closed
function M.open(args)
  local entry = M.get(choose(args.shop))
  local client = settings.client(args, { "user_secret" })
  local shop = stop.unless(client:instance { token = entry.token, hub = settings.get "hub" })
  return shop, client
end

return M
