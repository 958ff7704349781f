-- An answer whose first header is folded: there is nothing that it could be folded onto, least of all a header of the
-- answer before, whose memory is gone.

local child = require "support.child"
local services = require "support.service"

-- Every second answer has a folded line first; the one before has headers whose memory is free by then.
local RAW = [[
location ^~ /folded/ {
  content_by_lua_block {
    local body = '{"oauthUrl":"https://a.example/","id":7,"token":"a-token-of-an-instance"}'
    local socket = assert(ngx.req.socket(true))
    local folded = false
    repeat
      local status = ngx.var.uri:match("^/folded/(%d+)") or "200"
      local head = folded and "HTTP/1.1 200 OK\r\n b:" .. ("b"):rep(300) .. "\r\n"
        or ("HTTP/1.1 %s Some\r\nX-A: %s\r\n"):format(status, ("a"):rep(40))
      socket:send(head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body)
      folded = not folded
      local line
      repeat
        line = socket:receive()
        if not line then return end
      until line == ""
    until false
  }
}
]]

describe("an answer whose first header is folded", function()
  local service

  setup(function() service = services.start { nginx = { server = RAW } } end)
  teardown(function() service:stop() end)

  local function run(code, status)
    local result = child.run(code, {
      options = service:asking {
        base_url = service.base_url:match("^%a+://[^/]+") .. "/folded/" .. status, timeout = 10,
      },
    }, { seconds = 60 })
    return result
  end

  it("is read or refused, and the program goes on", function()
    local seen = run([[
      local sapanywhere = require "sapanywhere"
      local client, seen = assert(sapanywhere.new {}), {}
      given.options.retry = false
      for _ = 1, 100 do
        local result, err = client:oauth_url(given.options)
        local word = result and "answered" or err.kind
        seen[word] = (seen[word] or 0) + 1
      end
      return seen
    ]], 200)
    assert.truthy(seen.answered >= 50, seen.answered)
    for word in pairs(seen) do assert.truthy(word == "answered" or word == "protocol", word) end
  end)

  it("may be that to a call that is repeated", function()
    local lived = run([[
      local sapanywhere = require "sapanywhere"
      given.options.retry = { max = 3, base = 0.001 }
      for _ = 1, 20 do sapanywhere.oauth_url(given.options) end
      return true
    ]], 503)
    assert.is_true(lived)
  end)
end)
