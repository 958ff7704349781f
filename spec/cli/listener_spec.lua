-- The listener of `sapanywhere connect`: nobody can hold it up, and only a person's browser is answered.

local listener = require "sapanywhere.cli.base.listener"
local page = require "sapanywhere.cli.base.page"
local socket = require "socket"

describe("the listener", function()
  local heard, sockets

  before_each(function()
    heard = listener.start("127.0.0.1", 0, "/callback")
    heard:lead_to "http://provider.example/consent?secret=1"
    sockets = {}
  end)
  after_each(function()
    for _, one in ipairs(sockets) do one:close() end
    heard:close()
  end)

  local function connect()
    local one = assert(socket.connect("127.0.0.1", heard.port))
    one:settimeout(0)
    sockets[#sockets + 1] = one
    return one
  end

  -- Steps until the connection has its answer; gives that, and the callbacks that came.
  local function answer_to(one, seconds)
    local text, callbacks, due = "", {}, socket.gettime() + (seconds or 5)
    repeat
      local _, asked = heard:step(0.02)
      for _, request in ipairs(asked) do
        callbacks[#callbacks + 1] = request.target
        heard:answer(request, "connected")
      end
      local bytes, problem, part = one:receive(65536)
      text = text .. (bytes or part)
    until problem == "closed" or socket.gettime() > due
    return text, callbacks
  end

  local function ask(text)
    local one = connect()
    one:send(text)
    return answer_to(one)
  end

  local function request(target, more)
    return ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n"):format(target, heard.port, more or "")
  end

  local function status_of(answer) return tonumber(answer:match("^HTTP/1.1 (%d+)")) end

  it("gives the callback, as it came", function()
    local answer, callbacks = ask(request "/callback?code=1&state=%20")
    assert.equal(200, status_of(answer))
    assert.same({ "/callback?code=1&state=%20" }, callbacks)
  end)

  it("says of every page that it is not to be kept, and not to be told of", function()
    for _, name in ipairs { "connected", "denied", "failed", "stray", "unknown", "used", "method", "large" } do
      local answer = page.answer(name)
      assert.matches("\r\nCache-Control: no-store\r\n", answer, 1, true)
      assert.matches("\r\nReferrer-Policy: no-referrer\r\n", answer, 1, true)
      assert.matches("\r\nContent-Security-Policy: default-src 'none'", answer, 1, true)
      assert.is_nil(answer:find("<script", 1, true))
      assert.equal(tonumber(answer:match("Content%-Length: (%d+)")), #answer:match("\r\n\r\n(.*)$"))
    end
    assert.matches("\r\nReferrer-Policy: no-referrer\r\n", page.redirect "http://a/", 1, true)
  end)

  for what, text in pairs {
    ["another path"] = { "/callback/x", "", 404 }, ["another site's picture"] =
      { "/callback?error=access_denied", "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n", 400 },
    ["another site's script"] = { "/callback?error=access_denied", "Sec-Fetch-Mode: cors\r\n", 400 },
    ["a frame"] = { "/callback?code=1", "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 400 },
  } do
    it("refuses " .. what, function()
      local answer, callbacks = ask(request(text[1], text[2]))
      assert.equal(text[3], status_of(answer))
      assert.same({}, callbacks)
    end)
  end

  it("refuses what is addressed to another host, another method, and what is no request", function()
    for text, status in pairs {
      ["GET /callback?code=1 HTTP/1.1\r\nHost: evil.example\r\n\r\n"] = 400,
      ["GET /callback?code=1 HTTP/1.1\r\n\r\n"] = 400,
      ["POST /callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"] = 405, ["hello\r\n\r\n"] = 404, ["\r\n\r\n"] = 404,
      ["GET http://127.0.0.1/callback HTTP/1.1\r\n\r\n"] = 404, ["\22\3\1\2\0\1\r\n\r\n"] = 404,
    } do
      local answer, callbacks = ask(text)
      assert.equal(status, status_of(answer), text)
      assert.same({}, callbacks)
    end
  end)

  it("takes a browser that says what it wants", function()
    local _, callbacks = ask(request("/callback?code=1", "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"))
    assert.equal(1, #callbacks)
  end)

  it("takes 16 KiB and no more", function()
    local answer, callbacks = ask(request("/callback?code=" .. ("x"):rep(15000)))
    assert.same({ 200, 1 }, { status_of(answer), #callbacks })
    answer, callbacks = ask(request("/callback?code=" .. ("x"):rep(17000)))
    assert.same({ 431, 0 }, { status_of(answer), #callbacks })
    answer = ask(("x"):rep(40000))
    assert.equal(431, status_of(answer))
  end)

  it("is not held up by who says nothing, little, or goes away", function()
    for _ = 1, 20 do connect() end
    connect():send "GET /callback?code"
    local gone = connect()
    gone:send(request "/callback?code=2")
    gone:close()
    local began = socket.gettime()
    local answer = ask(request "/callback?code=1")
    assert.equal(200, status_of(answer))
    assert(socket.gettime() - began < 5)
  end)

  it("is not held up by hundreds", function()
    for _ = 1, 300 do
      connect()
      heard:step(0)
    end
    local answer, callbacks = ask(request "/callback?code=1")
    assert.equal(200, status_of(answer))
    assert.equal(1, #callbacks)
    assert(#heard.connections <= 64)
  end)

  it("takes a request byte by byte", function()
    local one, text = connect(), request "/callback?code=1"
    for place = 1, #text do
      one:send(text:sub(place, place))
      if place < #text then heard:step(0) end
    end
    assert.equal(200, status_of((answer_to(one))))
  end)

  it("leads to the address by two paths that nobody can guess, by one of them once", function()
    local once, again = heard.once:match("^http://127%.0%.0%.1:%d+(/.*)$"), heard.again:match("^http://[^/]+(/.*)$")
    assert.matches("^/" .. ("%x"):rep(32) .. "$", once)
    assert.matches("^/" .. ("%x"):rep(32) .. "$", again)
    local answer = ask(request(once))
    assert.equal(302, status_of(answer))
    assert.matches("\r\nLocation: http://provider.example/consent?secret=1\r\n", answer, 1, true)
    assert.equal(410, status_of((ask(request(once)))))
    assert.equal(302, status_of((ask(request(again)))))
    assert.equal(302, status_of((ask(request(again)))))
  end)

  it("answers in the end all who asked for the callback, and is gone", function()
    local first, second = connect(), connect()
    first:send(request "/callback?code=1")
    second:send(request "/callback?code=1")
    for _ = 1, 5 do heard:step(0.02) end
    heard:finish "denied"
    for _, one in ipairs { first, second } do
      one:settimeout(5)
      assert.matches("<h1>Access denied</h1>", one:receive("*a"), 1, true)
    end
    assert.is_nil((socket.connect("127.0.0.1", heard.port)))
  end)

  it("listens on this machine only", function()
    local address = heard.servers[1]:getsockname()
    assert.equal("127.0.0.1", address)
    for host, is_local in pairs { ["127.0.0.1"] = true, localhost = true, ["[::1]"] = true, ["0.0.0.0"] = false,
      ["example.com"] = false } do
      assert.equal(is_local, listener.is_local(host), host)
    end
  end)
end)
