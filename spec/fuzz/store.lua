-- Whatever is stored, a store gives entries, or an error of kind "store"; and what it does not understand it keeps.

local core = require "sapanywhere.core"
local entry = require "sapanywhere.store.entry"
local store = require "sapanywhere.store"

local KEY = ("k"):rep(32)
local REASONS = { key = true, damaged = true }

-- The disk.
local file
core.make_directories = function() return true end
core.lock_file = function() return { release = function() end } end
core.list_directory = function() return {} end
core.read_private = function() return file end
core.replace_file = function(_, _, text)
  file = text
  return true
end

local stores = {
  plain = assert(store.file { path = "x" }), sealed = assert(store.file { path = "x", key = KEY }),
  redis = assert(store.redis { prefix = "x", key = KEY, command = function() return file end }),
}
local keys = entry.derive { KEY }

local function check(result, err)
  assert(not err or err.kind == "store" and REASONS[err.reason], tostring(err))
  assert(not tostring(err):find("%c"), "a message that is not fit to show")
  return result
end

-- Entries of a document that was accepted stay what they are when another is put.
local function check_document(kind, input)
  local one = stores[kind]
  file = input
  local names = check(one:names())
  if not names then
    assert(not check(one:put("new", { id = 1 })) and file == input, "an unknown file was changed")
    return
  end
  local before = {}
  for _, name in ipairs(names) do before[name] = check(one:get(name)) end
  if not check(one:put("new name", { id = 1 })) then
    assert(file == input, "a refused put changed the file")
    return
  end
  assert(one:get("new name").id == 1)
  for name, value in pairs(before) do
    assert(name == "new name" or core.encode(one:get(name)) == core.encode(value), "another entry has changed")
  end
end

-- The input is a whole file; the value of a hash; a sealed entry; and the name and text of one.
return function(input)
  check_document("plain", input)
  check_document("sealed", input)
  file = input
  assert(not check(stores.redis:get("x")), "an entry that nobody has sealed")
  assert(not entry.open(keys, "x", input), "an entry that nobody has sealed")
  assert(not entry.open(keys, "x", core.base64url("\1" .. keys[1].mark .. input)), "an entry that nobody has sealed")

  local name, text = input:sub(1, math.floor(#input / 2)), input:sub(math.floor(#input / 2) + 1)
  local sealed = assert(entry.seal(keys, name, text))
  assert(entry.open(keys, name, sealed) == text, "another text")
  assert(not entry.open(keys, name .. "x", sealed), "opened for another name")
  if name ~= "" and #name <= 1024 then
    file = nil
    core.read_private = function()
      if file then return file end
      return nil, "missing"
    end
    assert(stores.sealed:put(name, { text = core.base64(text) }))
    assert(stores.sealed:names()[1] == name and stores.sealed:get(name).text == core.base64(text))
  end
end
