-- Whatever arrives at the callback URL, the answer is a grant or an error of a known kind, fit to show.

local callback = require "sapanywhere.callback"

local KINDS = { denied = true, state = true, callback = true }

local function check(input, options)
  local grant, err = callback.parse(input, options)
  if grant then
    assert(type(grant.code) == "string" and grant.code ~= "", "a grant without a code")
    return grant
  end
  assert(KINDS[err.kind], tostring(err.kind))
  assert(not tostring(err):find("[%c]"), "a control character in a message")
end

return function(input)
  local free = check(input, { state = false })
  local bound = check(input, { state = "xyzzy" })
  assert(not bound or free and free.code == bound.code, "the state makes another grant")
  check("/auth?" .. input, { state = false })
  check("https://www.mycoolapp.com/auth?state=xyzzy&" .. input, { state = "xyzzy" })
end
