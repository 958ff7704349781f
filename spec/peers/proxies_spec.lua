-- Squid and Tinyproxy between the client and the service: what each must leave true.

local fronts = require "peers.support.fronts"
local peers = require "support.peers"
local ports = require "sapanywhere.sandbox.carrier.ports"
local promises = require "peers.support.promises"
local services = require "support.service"
local squid = require "peers.support.squid"
local tinyproxy = require "peers.support.tinyproxy"

-- Each: its name, how it is started, the statuses with which it may say that it cannot connect.
local PROXIES = {
  { "Squid", squid.start, { [502] = true, [503] = true } },
  { "Tinyproxy", tinyproxy.start, { [500] = true, [502] = true, [503] = true } },
}

local ORIGINS = { "base_url", "tls_base_url" }

local function port_of(url)
  return url:match(":(%d+)/")
end

for _, proxy in ipairs(PROXIES) do
  local start = proxy[2]

  describe(proxy[1], function()
    local service, peer

    setup(function() service = services.start {} end)
    teardown(function() service:stop() end)
    after_each(function()
      if peer then peer:stop() end
      peer = nil
    end)

    local function client(origin, more, user)
      local options = {
        base_url = service[origin], timeout = 20,
        proxy = ("http://%s127.0.0.1:%d"):format(user and user .. "@" or "", peer.ports.proxy),
      }
      for name, value in pairs(more or {}) do options[name] = value end
      return options
    end

    local function not_sent(options, kind, status)
      local err = fronts.fails(service, options, { kind = kind, outcome = "not_sent", made = 0 })
      if status then assert.truthy(status[err.status], tostring(err.status) .. " " .. tostring(err)) end
      return err
    end

    for _, origin in ipairs(ORIGINS) do
      it("is passed by the journey: " .. origin, function()
        peer = start {}
        promises.walk_journey(service, client(origin))
      end)

      it("passes 300 creations on: " .. origin, function()
        peer = start {}
        fronts.all_succeed(service, { client = client(origin), count = 300 })
      end)

      it("gets Basic credentials, and passes 50 creations on for them: " .. origin, function()
        peer = start { user = "me", password = "pa.ss" }
        fronts.all_succeed(service, { client = client(origin, nil, "me:pa%2Ess"), count = 50, concurrency = 10 })
      end)

      for _, user in ipairs { "me:wrong", "you:pa%2Ess", false } do
        it(("refuses %s: %s"):format(user or "who has no credentials", origin), function()
          peer = start { user = "me", password = "pa.ss" }
          local err = not_sent(client(origin, nil, user), "connect", { [407] = true, [401] = true, [403] = true })
          assert.equal(1, err.attempts)
          assert.equal(false, err.retryable)
          assert.falsy(tostring(err):find("wrong", 1, true))
        end)
      end

      it("refuses a port by its rules: " .. origin, function()
        peer = start { forbidden = port_of(service[origin]), allowed = 1 }
        local err = not_sent(client(origin), "connect", { [403] = true })
        assert.equal(1, err.attempts)
        assert.equal(false, err.retryable)
      end)

      it("that hangs when it is asked costs connect_timeout: " .. origin, function()
        peer = start {}
        peer:signal_all "STOP"
        not_sent(client(origin, { connect_timeout = 0.5, retry = false }), "timeout")
        local sums = promises.create_all(service, {
          client = client(origin, { connect_timeout = 0.5, timeout = 2 }), count = 20,
        })
        assert.equal(20, sums.not_sent, promises.told(sums))
        peer:signal_all "CONT"
      end)

      it("that is killed in the middle of 300 creations leaves honest outcomes: " .. origin, function()
        peer = start {}
        local sums = fronts.most_succeed(service, {
          client = client(origin, { retry = false }), count = 300,
          at = { [100] = function() peer:signal_all "KILL" end },
          url = function() return service:url { delay = 0.02, tls = origin == "tls_base_url" } end,
        }, 100)
        assert.truthy(sums.not_sent > 0, promises.told(sums))
      end)

      it("that hangs in the middle of 60 creations leaves honest outcomes: " .. origin, function()
        peer = start {}
        local sums = fronts.most_succeed(service, {
          client = client(origin, { retry = false, timeout = 2 }), count = 60, concurrency = 20,
          at = { [20] = function() peer:signal_all "STOP" end },
          url = function() return service:url { delay = 0.02, tls = origin == "tls_base_url" } end,
        }, 20)
        assert.truthy(sums.success < 60, promises.told(sums))
        peer:signal_all "CONT"
      end)
    end

    it("says that it cannot connect, and is asked again", function()
      peer = start {}
      local err = not_sent(client("base_url", {
        base_url = service.refused_url, retry = { max = 2, base = 0.01, cap = 0.02 },
      }), "connect", proxy[3])
      assert.equal(3, err.attempts)
    end)

    it("connects to a server that never speaks: the handshake costs connect_timeout", function()
      peer = start {}
      local mute = peers.start "silent"
      not_sent(client("tls_base_url", {
        base_url = "https://localhost:" .. mute.port .. "/elements/api-v2", connect_timeout = 0.5, retry = false,
      }), "timeout")
      mute:stop()
    end)

    it("that is not there any more is no connection", function()
      peer = start {}
      local options = client("base_url", { retry = false })
      peer:stop()
      not_sent(options, "connect")
    end)

    it("asked where nobody listens is no connection", function()
      peer = start {}
      local nobody = ports.pick { "nobody" }.nobody
      not_sent(client("base_url", { proxy = "http://127.0.0.1:" .. nobody, retry = false }), "connect")
    end)
  end)
end
