-- Proxies are asked by option only, see nothing that is not theirs, and when they fail nothing was sent.

local child = require "support.child"
local core = require "sapanywhere.core"
local peers = require "support.peers"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local QUICK = { max = 2, base = 0.01, cap = 0.02 }

describe("a proxy", function()
  local service, peer

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  after_each(function()
    if peer then peer:stop() end
    peer = nil
  end)

  local function start(...)
    peer = peers.start(...)
    return peer
  end

  local function url(scheme, user)
    return ("%s://%s127.0.0.1:%d"):format(scheme or "http", user and user .. "@" or "", peer.port)
  end

  local function create(base_url, proxy, more)
    local options = service:creating { base_url = base_url, proxy = proxy, retry = QUICK, timeout = 15 }
    for name, value in pairs(more or {}) do options[name] = value end
    local client = service:client {}
    local result, err = client:create_instance(options)
    client:close()
    return result, err
  end

  local WRONG = { "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" }

  local function environment(more)
    local variables = more or {}
    for _, name in ipairs(more and {} or WRONG) do variables[name] = url() end
    return variables
  end

  local ask_in_child = [[
    local result, err = require("sapanywhere").oauth_url {
      base_url = given.base_url, api_key = given.api_key, api_secret = given.api_secret,
      callback_url = given.callback_url, tls = { ca_file = given.ca_file }, proxy = given.proxy,
      retry = false,
    }
    return { ok = result ~= nil, err = tostring(err) }
  ]]

  local function ask(base_url, variables, proxy)
    return child.run(ask_in_child, {
      base_url = base_url, ca_file = service.ca_file, proxy = proxy, api_key = service.api_key,
      api_secret = service.api_secret, callback_url = service.callback_url,
    }, { environment = variables })
  end

  it("in the environment is not asked", function()
    start("proxy")
    for _, base_url in ipairs { service.base_url, service.tls_base_url } do
      local said = ask(base_url, environment())
      assert.truthy(said.ok, said.err)
    end
    assert.equal(0, peer:count("connection"))
    -- curl does ask it, so the variables were good.
    system.output(("LD_PRELOAD= http_proxy=%s curl -s -m 5 -o /dev/null %s"):format(url(), service.base_url))
    assert.equal(1, peer:count("connection"))
  end)

  it("is asked although the environment says to ask none", function()
    start("proxy")
    local said = ask(service.base_url, environment { no_proxy = "*", NO_PROXY = "*" }, url())
    assert.truthy(said.ok, said.err)
    assert.equal(1, peer:count("connection"))
  end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("passes a call on, and gets to see the host alone: " .. origin, function()
      start("proxy")
      local result, err = create(service[origin], url())
      assert.truthy(result, tostring(err))
      local host = service[origin]:match("^%a+://([^/]+)")
      assert.equal(("CONNECT %s HTTP/1.1|Host: %s|Proxy-Connection: Keep-Alive||"):format(host, host),
        peer:report():match("asked ([^\n]*)"))
    end)
  end

  it("gets its credentials, and the server does not", function()
    start("proxy", "Basic " .. core.base64("me:pass word"))
    service:clear_log()
    local result, err = create(service.base_url, url("http", "me:pass%20word"))
    assert.truthy(result, tostring(err))
    for _, header in ipairs(service:take_log()[1].headers) do
      assert.falsy(header[1]:lower():find("proxy", 1, true))
    end
    result, err = create(service.base_url, url("http", "me:wrong"))
    assert.is_nil(result)
    assert.equal("not_sent", err.outcome)
    assert.falsy(tostring(err):find("wrong", 1, true))
  end)

  local failures = {
    { "refuses with 502", { "refuse", "502" }, 502 },
    { "refuses with 503", { "refuse", "503" }, 503 },
    { "hangs up when it is asked", { "hang_up" } },
    { "hangs up at once", { "slam" } },
    { "answers with garbage", { "says", "\\r\\n\\r\\n\1\2garbage" } },
    { "answers with another protocol", { "says", "SSH-2.0-OpenSSH\\r\\n" } },
  }
  for _, failure in ipairs(failures) do
    for _, origin in ipairs { "base_url", "tls_base_url" } do
      it(("that %s is as good as no connection: %s"):format(failure[1], origin), function()
        start((unpack or table.unpack)(failure[2]))
        local before = #service:instances()
        local result, err = create(service[origin], url())
        assert.is_nil(result)
        assert.equal("connect", err.kind, tostring(err))
        assert.equal("not_sent", err.outcome, tostring(err))
        assert.equal(failure[3], err.status)
        assert.equal(3, err.attempts)
        assert.equal(3, peer:count("connection"))
        assert.equal(before, #service:instances())
      end)
    end
  end

  for _, status in ipairs { 400, 403, 407, 429 } do
    it(("that refuses with %d is asked once, and told as the proxy"):format(status), function()
      start("refuse", tostring(status))
      local result, err = create(service.tls_base_url, url())
      assert.is_nil(result)
      assert.same({ "connect", "not_sent", status, 1, false },
        { err.kind, err.outcome, err.status, err.attempts, err.retryable })
      assert.truthy(err.message:find("the proxy refused", 1, true), err.message)
      assert.equal(1, peer:count("connection"))
    end)
  end

  it("given as a function is asked for each call, and a call goes through the one that it names", function()
    local first, second, asked = peers.start("proxy"), peers.start("proxy"), 0
    local client = service:client { base_url = service.tls_base_url, proxy = function()
      asked = asked + 1
      return "http://127.0.0.1:" .. (asked == 2 and second or first).port
    end }
    for _ = 1, 3 do assert(client:oauth_url(service:asking {})) end
    local counts = { asked, first:count("connection"), second:count("connection") }
    client:close()
    first:stop()
    second:stop()
    assert.same({ 3, 1, 1 }, counts)
  end)

  it("that does not answer costs connect_timeout", function()
    start("silent")
    local started = core.now()
    local result, err = create(service.base_url, url(), { connect_timeout = 0.3, retry = false })
    assert.is_nil(result)
    assert.equal("timeout", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.truthy(core.now() - started < 9)
  end)

  it("that is not there is no connection", function()
    local result, err = create(service.base_url, service.refused_url:match("^%a+://[^/]+"))
    assert.is_nil(result)
    assert.equal("connect", err.kind)
    assert.equal("not_sent", err.outcome)
  end)

  it("that is a web server refuses, plain and with TLS", function()
    for _, origin in ipairs { "base_url", "tls_base_url" } do
      local result, err = create(service.base_url, service[origin]:match("^%a+://[^/]+"))
      assert.is_nil(result)
      assert.equal("connect", err.kind, tostring(err))
      assert.equal("not_sent", err.outcome)
    end
  end)

  it("is verified where it is asked over TLS", function()
    local result, err = create(service.base_url, service.tls_base_url:match("^%a+://[^/]+"), { tls = {} })
    assert.is_nil(result)
    assert.equal("tls", err.kind, tostring(err))
    assert.equal("not_sent", err.outcome)
  end)

  -- The tunnel stands, and breaks while the request goes through, or the answer.
  for _, cut in ipairs { { 1, nil }, { 200, nil }, { nil, 1 }, { nil, 300 } } do
    local place = cut[1] and cut[1] .. " bytes up" or cut[2] .. " bytes down"
    it("that breaks in the middle leaves it unknown: " .. place,
      function()
        start("proxy", "", cut[1] or "", cut[2] or "")
        local before = #service:instances()
        local result, err = create(service.base_url, url())
        assert.is_nil(result)
        assert.equal("unknown", err.outcome, tostring(err))
        assert.equal(1, err.attempts)
        assert.equal(before + (cut[2] and 1 or 0), #service:instances())
      end)
  end

  it("by SOCKS passes a call on, name and all", function()
    start("socks")
    local result, err = create(service.tls_base_url, url("socks5h"))
    assert.truthy(result, tostring(err))
    assert.truthy(peer:report():find("asked name localhost:", 1, true), peer:report())
  end)

  for _, role in ipairs { "refuse", "unreachable" } do
    it("by SOCKS that says it must not or cannot: " .. role, function()
      start("socks", role)
      local result, err = create(service.base_url, url("socks5h"))
      assert.is_nil(result)
      assert.equal("connect", err.kind, tostring(err))
      assert.equal("not_sent", err.outcome)
    end)
  end

  it("by another SOCKS is a mistake, for it would ask for names outside of the proxy", function()
    for _, scheme in ipairs { "socks", "socks4", "socks4a", "socks5", "ftp" } do
      local result, err = create(service.base_url, scheme .. "://127.0.0.1:1")
      assert.is_nil(result)
      assert.equal("usage", err.kind)
    end
  end)
end)
