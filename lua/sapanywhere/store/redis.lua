--- A store that is a hash in Redis: the fields are the names, and each value is a sealed entry.

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"
local entry = require "sapanywhere.store.entry"
local keys = require "sapanywhere.call.keys"
local methods = require "sapanywhere.store.methods"
local options = require "sapanywhere.call.options"
local told = require "sapanywhere.call.told"

local function check_prefix(value, name, problems)
  if type(value) ~= "string" or value == "" then checks.wrong(problems, name, "must be a string that is not empty") end
  return value
end

local NEW = {
  command = { check = checks.callable, required = true,
    why = "command must be given: a function that runs a command of Redis" },
  prefix = { check = check_prefix, required = true, why = "prefix must be given: the hash's name in Redis" },
  key = { check = keys.check(methods.SHORTEST_KEY), required = true,
    why = "key must be given: whoever reads the Redis would have the tokens otherwise" },
}

-- The reply, nil for none; or nil, "io" and words. Some clients raise their errors, some return false with them, and
-- some give a null of C for none.
local function ask(settings, name, ...)
  local ok, reply, err = pcall(settings.command, name, settings.prefix, ...)
  if not ok then return nil, "io", "command raised an error: " .. told.shown(reply, settings.secrets) end
  if not reply and err ~= nil then return nil, "io", "command failed: " .. told.shown(err, settings.secrets) end
  if reply == core.null then return nil end
  return reply
end

-- A command that changes something has a reply, whichever.
local function tell(settings, name, ...)
  local reply, reason, words = ask(settings, name, ...)
  if reason then return nil, reason, words end
  if reply == nil then return nil, "io", "command returned nothing" end
  return true
end

local place = {}

function place.get(settings, name)
  local sealed, reason, words = ask(settings, "HGET", name)
  if reason then return nil, reason, words end
  if not sealed then return nil end
  if type(sealed) ~= "string" then return nil, "damaged" end
  return entry.open(settings.keys, name, sealed)
end

function place.put(settings, name, text)
  local _, reason, words = place.get(settings, name)
  if reason then return nil, reason, words end
  local sealed = entry.seal(settings.keys, name, text)
  if not sealed then return nil, "io", "no random bytes, or no AES-256-GCM in libcrypto" end
  return tell(settings, "HSET", name, sealed)
end

function place.names(settings)
  local reply, reason, words = ask(settings, "HKEYS")
  if reason then return nil, reason, words end
  local list = {}
  for i, name in ipairs(type(reply) == "table" and reply or {}) do list[i] = tostring(name) end
  return list
end

function place.remove(settings, name)
  local _, reason, words = place.get(settings, name)
  if reason and reason ~= "damaged" then return nil, reason, words end
  return tell(settings, "HDEL", name)
end

local function new(given)
  local values, err = options.read("store.redis", NEW, given)
  if not values then return nil, err end
  local settings = { command = values.command, prefix = values.prefix, secrets = values.key }
  return methods.new("store.redis", place, settings, values.key)
end

return { new = new, options = NEW }
