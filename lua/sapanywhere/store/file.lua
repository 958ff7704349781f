--- A store that is one file: a JSON document, replaced whole.
--
--     { "version": 1, "entries": { "my%20shop": { "sealed": "…" }, … } }
--
-- Names are percent-encoded, so that they may hold any byte. An entry is `sealed`, or `plain`: then it is JSON itself,
-- as a text. Those that a call does not touch are copied as they stand.

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"
local entry = require "sapanywhere.store.entry"
local find = require "sapanywhere.wait.find"
local keys = require "sapanywhere.call.keys"
local methods = require "sapanywhere.store.methods"
local options = require "sapanywhere.call.options"

local VERSION = 1
local MOST_BYTES = 32 * 1024 * 1024
local LONGEST_WAIT, PAUSE = 10, 0.002 -- seconds for which a change waits for the lock, and between two looks

-- The path, which may hold any byte but NUL.
local function check_path(value, name, problems)
  if type(value) ~= "string" or value == "" or value:find("\0", 1, true) or value:sub(-1) == "/" then
    checks.wrong(problems, name, "must be the path of a file, a string without NUL")
  end
  return value
end

local NEW = {
  path = { check = check_path, required = true, why = "path must be given: where the file is, or is to be" },
  key = { check = keys.check(methods.SHORTEST_KEY) },
}

-- The document

local function decode_name(encoded)
  local name = encoded:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  return core.percent_encode(name) == encoded and name or nil
end

-- Whether an entry of the document is one: text under one of the two names.
local function is_record(record)
  if type(record) ~= "table" then return false end
  local name, text = next(record)
  return (name == "sealed" or name == "plain") and type(text) == "string" and next(record, name) == nil
end

local function check_entries(entries)
  if type(entries) ~= "table" then return false end
  for encoded, record in pairs(entries) do
    if type(encoded) ~= "string" or not decode_name(encoded) or not is_record(record) then return false end
  end
  return true
end

-- The entries of the document, by encoded name; or nil, a reason and words.
local function read_document(text)
  local document, fault = core.decode(text)
  if type(document) ~= "table" then
    if fault == "out of memory" then return nil, "io", fault end
    return nil, "damaged", "it is not JSON"
  end
  if document.version ~= VERSION then return nil, "damaged", "it is of another version, or no store" end
  if not check_entries(document.entries) then return nil, "damaged", "an entry is none" end
  return document.entries
end

local function load_entries(settings)
  local text, fault, words = core.read_private(settings.path, MOST_BYTES)
  if text then return read_document(text) end
  if fault == "missing" then return {} end
  return nil, fault, fault == "io" and words or nil
end

-- An entry's text; or nil and a reason.
local function open_record(settings, name, record)
  if (record.sealed ~= nil) ~= (settings.keys ~= nil) then return nil, "key" end
  if not settings.keys then return record.plain end
  return entry.open(settings.keys, name, record.sealed)
end

-- Whether all can be opened: with a wrong key, or beside a damaged entry, nothing is changed. A damaged one may be
-- removed.
local function check_all(settings, entries, removed)
  for encoded, record in pairs(entries) do
    local name = decode_name(encoded)
    local text, reason = open_record(settings, name, record)
    local is_sound = text and entry.read(text)
    if not is_sound and not (name == removed and reason ~= "key") then return nil, reason or "damaged" end
  end
  return true
end

-- Changing

-- The lock; or nil, a reason and words. Waits for another process as this host waits.
local function take_lock(settings)
  local path, host, due = settings.path .. ".lock", find.find "auto", core.now() + LONGEST_WAIT
  local lock, fault, words = core.lock_file(path)
  while fault == "locked" and host and core.now() < due do
    host.sleep(PAUSE)
    lock, fault, words = core.lock_file(path)
  end
  if lock then return lock end
  if fault == "missing" then fault = "io" end
  return nil, fault, fault == "io" and words or nil
end

local function split(path)
  local directory, name = path:match("^(.*/)([^/]*)$")
  return directory or "", name or path
end

-- Temporary files are made under the lock only: those that are there now were left by a writer that died.
local function clear_temporary(settings)
  local directory, name = split(settings.path)
  for _, found in ipairs(core.list_directory(directory == "" and "." or directory) or {}) do
    local is_ours = found:sub(1, #name + 1) == name .. "." and found:sub(#name + 2):find("^%x+%.new$")
    if is_ours then core.remove_file(directory .. found) end
  end
end

local function write_entries(settings, entries)
  local text = core.encode { version = VERSION, entries = entries }
  if not text or #text > MOST_BYTES then return nil, "io", ("it would have more than %d bytes"):format(MOST_BYTES) end
  local random = core.random_hex(16)
  if not random then return nil, "io", "the system gives no random bytes" end
  clear_temporary(settings)
  local done, fault, words = core.replace_file(settings.path, settings.path .. "." .. random .. ".new", text)
  if done then return true end
  return nil, fault == "missing" and "io" or fault, words
end

-- Reads, changes and writes the entries, under the lock. `change` is given the entries.
local function change_entries(settings, change, removed)
  local entries, reason, words = load_entries(settings)
  if not entries then return nil, reason, words end
  local ok
  ok, reason = check_all(settings, entries, removed)
  if not ok then return nil, reason end
  ok, reason, words = change(entries)
  if not ok then return nil, reason, words end
  return write_entries(settings, entries)
end

local function change_locked(settings, change, removed)
  local made, fault, said = core.make_directories(settings.path)
  if not made then return nil, fault == "open_to_others" and fault or "io", said end
  local lock, why, more = take_lock(settings)
  if not lock then return nil, why, more end
  local ok, done, reason, words = pcall(change_entries, settings, change, removed)
  lock:release()
  if not ok then error(done, 0) end
  return done, reason, words
end

-- The place, see methods.lua

local place = {}

function place.put(settings, name, text)
  return change_locked(settings, function(entries)
    local sealed = settings.keys and entry.seal(settings.keys, name, text)
    if settings.keys and not sealed then return nil, "io", "no random bytes, or no AES-256-GCM in libcrypto" end
    entries[core.percent_encode(name)] = sealed and { sealed = sealed } or { plain = text }
    return true
  end)
end

function place.get(settings, name)
  local entries, reason, words = load_entries(settings)
  if not entries then return nil, reason, words end
  local record = entries[core.percent_encode(name)]
  if not record then return nil end
  return open_record(settings, name, record)
end

function place.names(settings)
  local entries, reason, words = load_entries(settings)
  if not entries then return nil, reason, words end
  local list = {}
  for encoded in pairs(entries) do list[#list + 1] = decode_name(encoded) end
  return list
end

function place.remove(settings, name)
  local entries, reason, words = load_entries(settings)
  if not entries then return nil, reason, words end
  if not entries[core.percent_encode(name)] then return true end
  return change_locked(settings, function(now)
    now[core.percent_encode(name)] = nil
    return true
  end, name)
end

local function new(given)
  local values, err = options.read("store.file", NEW, given)
  if not values then return nil, err end
  return methods.new("store.file", place, { path = values.path }, values.key)
end

return { new = new, options = NEW }
