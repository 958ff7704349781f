-- What was kept from the last call: a connection on which something has arrived, or that was half closed, while nobody
-- asked for anything is not used again; and a connection that the server has closed costs no call.

local core = require "sapanywhere.core"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

-- Answers each request on a connection with a token that names its code, and then says what nobody asked for. The last
-- part of the path says which way, and whether more comes at once or later.
local RAW = [[
location ^~ /raw/ {
  content_by_lua_block {
    local cjson = require "cjson"

    local function answer(name, chunked)
      local body = cjson.encode { id = 7, token = "token of " .. name, oauthUrl = "https://a.example/" .. name }
      if chunked then
        return ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"):format(#body, body)
      end
      return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
    end

    local REFUSAL = "HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\n<html>408</html>"

    local ways = {
      again = function(send, wait, good, name) send(good) wait() send(answer(name)) end,
      at_once = function(send, _, good, name) send(good .. answer(name)) end,
      within = function(send, _, good, name)
        send(good:sub(1, -10))
        ngx.sleep(0.02)
        send(good:sub(-9) .. answer(name))
      end,
      chunked = function(send, _, _, name) send(answer(name, true) .. answer("nobody")) end,
      byte = function(send, wait, good) send(good) wait() send("H") end,
      refusal = function(send, wait, good) send(good) wait() send(REFUSAL) return true end,
      closing = function(send, wait, good) send(good) wait() return true end,
    }

    ngx.req.read_body()
    local body, args = ngx.req.get_body_data(), ngx.req.get_uri_args()
    local way = ways[ngx.var.uri:match("^/raw/([%w_]+)")]
    local socket = assert(ngx.req.socket(true))
    local function send(text) assert(socket:send(text)) end
    local function wait() ngx.sleep(0.05) end
    local name = body and cjson.decode(body).providerData.code or args.state
    repeat
      local ended = way(send, wait, answer(name), name)
      package.loaded.said_by_now = (package.loaded.said_by_now or 0) + 1
      if ended then return end
      local line, length = nil, 0
      repeat
        line = socket:receive()
        if not line then return end
        length = tonumber(line:lower():match("^content%-length: (%d+)")) or length
        name = line:match("[?&]state=([%w%-]+)") or name
      until line == ""
      body = length > 0 and socket:receive(length)
      name = body and cjson.decode(body).providerData.code or name
    until false
  }
}

# How often all was said that there was to say; what ended with it has been closed when this is answered.
location = /said { content_by_lua_block { ngx.print(package.loaded.said_by_now or 0) } }
]]

describe("a kept connection", function()
  local service

  setup(function() service = services.start { nginx = { server = RAW } } end)
  teardown(function() service:stop() end)

  local function origin_of(name)
    return service[name]:match("^%a+://[^/]+")
  end

  local calls = {
    create_instance = function(client, name)
      local instance, err = client:create_instance(service:creating { code = name })
      return instance and instance.token, err
    end,
    oauth_url = function(client, name)
      local auth, err = client:oauth_url(service:asking { state = name })
      return auth and auth.oauthUrl, err
    end,
  }

  local wanted = { create_instance = "token of %s", oauth_url = "https://a.example/%s" }

  local function said_by_now()
    return tonumber(system.output("curl -s -m 20 " .. origin_of("base_url") .. "/said"))
  end

  local function wait_for_more(before)
    local ends = core.now() + 30
    while said_by_now() == before do
      assert(core.now() < ends, "the server does not go on")
      core.poll(-1, 0.02)
    end
  end

  local function call_in_turn(call, url, is_later)
    local client = service:client { base_url = url, retry = false, timeout = 10 }
    for number = 1, 3 do
      local name, before = "user-" .. number, is_later and said_by_now()
      local got, err = calls[call](client, name)
      assert(got, tostring(err))
      assert.equal(wanted[call]:format(name), got)
      if is_later then wait_for_more(before) end
    end
    client:close()
  end

  -- Each way, and whether the next call comes later, when all of it is there.
  local ways = {
    { "again", true }, { "at_once", false }, { "at_once", true }, { "within", false }, { "within", true },
    { "chunked", false }, { "byte", true }, { "refusal", true }, { "closing", true },
  }
  for _, case in ipairs(ways) do
    local way, is_later = case[1], case[2]
    local title = ("%s, %s"):format(way, is_later and "later" or "at once")
    for _, call in ipairs { "create_instance", "oauth_url" } do
      it(("gives no answer that nobody asked for to the next call: %s, %s"):format(title, call), function()
        call_in_turn(call, origin_of("base_url") .. "/raw/" .. way, is_later)
      end)
    end

    it("gives none with TLS either: " .. title, function()
      call_in_turn("create_instance", origin_of("tls_base_url") .. "/raw/" .. way, is_later)
    end)
  end

  -- The reactor may step in between, and see what has arrived before the next call does.
  it("ends when something arrives while other calls go on", function()
    local client = service:client { timeout = 10, retry = false }
    local url = origin_of("base_url") .. "/raw/again"
    sapanywhere.all {
      function()
        assert(client:oauth_url(service:asking { base_url = service:url { delay = 0.4 } }))
      end,
      function()
        local got = assert(client:oauth_url(service:asking { state = "first", base_url = url }))
        assert.equal("https://a.example/first", got.oauthUrl)
        assert(client:oauth_url(service:asking { base_url = service:url { delay = 0.2 } }))
        got = assert(client:oauth_url(service:asking { state = "second", base_url = url }))
        assert.equal("https://a.example/second", got.oauthUrl)
      end,
    }
    client:close()
  end)
end)

describe("connections that their server closed", function()
  local service

  setup(function() service = services.start { nginx = { server = "keepalive_timeout 300ms;" } } end)
  teardown(function() service:stop() end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("cost no creation, after a burst of twenty: " .. origin, function()
      local client = service:client { base_url = service[origin], retry = false, timeout = 10 }
      for round = 1, 2 do
        local tasks = {}
        for number = 1, 20 do
          tasks[number] = function()
            local name = ("%s %d %d"):format(origin, round, number)
            local _, err, meta = client:create_instance(service:creating { name = name })
            assert(not err, tostring(err))
            return meta.attempts
          end
        end
        local attempts, errors = sapanywhere.all(tasks)
        assert.same({ n = 20 }, errors)
        for number = 1, 20 do assert.equal(1, attempts[number]) end
        core.poll(-1, 0.8)
      end
      client:close()
      local count = service:count_names()
      for round = 1, 2 do
        for number = 1, 20 do assert.equal(1, count[("%s %d %d"):format(origin, round, number)]) end
      end
    end)
  end
end)

-- libcurl counts in a handle the connections that died under its requests, and never forgets.
describe("a call over a connection that dies", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  it("is tried again as often as the first time, however many died before", function()
    local client = service:client { base_url = service:url { die_reused = true }, retry = false, timeout = 10 }
    for _ = 1, 20 do
      local auth, err = client:oauth_url(service:asking())
      assert(auth, tostring(err))
    end
    client:close()
  end)
end)
