-- Whatever arrives at the callback URL, the answer is a grant or an error of a known kind, fit to show, and the same
-- for a string as for its parameters in a table.

local callback = require "sapanywhere.callback"
local core = require "sapanywhere.core"
local redact = require "sapanywhere.redact"

local KINDS = { denied = true, state = true, callback = true }

local function check(input, options)
  local grant, err = callback.parse(input, options)
  if grant then
    assert(type(grant.code) == "string" and grant.code ~= "", "a grant without a code")
    return grant
  end
  assert(KINDS[err.kind], tostring(err.kind))
  assert(not tostring(err):find("[%c]"), "a control character in a message")
  assert(redact.visible(tostring(err)) == tostring(err), "something acts unseen in a message")
  if err.state_missing then
    assert(options.state and not err.error_description, "told of a callback without a state")
  end
  return nil, err
end

-- The parameters as a decoder gives them; nothing where one of them is not well encoded.
local function decoded(query)
  local map = {}
  for _, pair in ipairs(core.parse_query(query, true)) do
    if not pair[2] then return nil end
    map[pair[1]] = map[pair[1]] or {}
    table.insert(map[pair[1]], pair[2])
  end
  return map
end

return function(input)
  local free = check(input, { state = false })
  local bound = check(input, { state = "xyzzy" })
  assert(not bound or free and free.code == bound.code, "the state makes another grant")
  check("/auth?" .. input, { state = false })
  check("https://www.mycoolapp.com/auth?state=xyzzy&" .. input, { state = "xyzzy" })
  local query = input:gsub("[#\"'`<>%s]", "")
  local map = decoded(query)
  if not map then return end
  for _, state in ipairs { "xyzzy", false } do
    local from_text, text_err = check("/auth?" .. query, { state = state })
    local from_map, map_err = check(map, { state = state })
    assert((from_text or {}).code == (from_map or {}).code, "a table is judged otherwise")
    assert(tostring(text_err) == tostring(map_err), "a table is refused otherwise")
  end
end
