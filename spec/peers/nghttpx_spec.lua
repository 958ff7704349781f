-- nghttpx between the client and the service: HTTP/2 to HTTP/1.1 and back, GOAWAY, limits of streams.

local fronts = require "peers.support.fronts"
local nghttpx = require "peers.support.nghttpx"
local promises = require "peers.support.promises"
local services = require "support.service"

local WAYS = {
  { "HTTP/1.1 to HTTP/1.1", "plain", {} },
  { "HTTP/1.1 to HTTP/2", "plain", { http2 = true } },
  { "HTTP/2, TLS 1.2, to HTTP/1.1", "tls", { tls_version = "TLSv1.2" } },
  { "HTTP/2, TLS 1.3, to HTTP/1.1", "tls", {} },
  { "HTTP/2 to HTTP/2", "tls", { http2 = true } },
}

describe("nghttpx", function()
  local service, peer

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  after_each(function()
    if peer then peer:stop() end
    peer = nil
  end)

  for _, way in ipairs(WAYS) do
    local title, port = way[1], way[2]

    local function start(more)
      local options = {}
      for name, value in pairs(way[3]) do options[name] = value end
      for name, value in pairs(more or {}) do options[name] = value end
      peer = nghttpx.start(service, options)
    end

    it("is passed by the journey: " .. title, function()
      start()
      promises.walk_journey(service, fronts.client(peer, port))
    end)

    it("is met in the versions that are meant: " .. title, function()
      start()
      service:clear_log()
      promises.walk_journey(service, fronts.client(peer, port))
      for _, request in ipairs(service:take_log()) do
        local is_shared = port == "tls" and request.method == "GET"
        assert.equal(is_shared and "2 nghttpx" or "1.1 nghttpx", request.header.via)
        assert.equal(way[3].http2 and "2.0" or "1.1", request.version)
      end
    end)

    it("passes 300 creations on: " .. title, function()
      start()
      fronts.all_succeed(service, { client = fronts.client(peer, port), count = 300 })
    end)

    it("that closes idle connections after a second loses nothing: " .. title, function()
      start { idle = "1s" }
      fronts.outlive_idle_connections(service, fronts.client(peer, port), 1)
    end)

    it("that ends a connection after ten requests loses nothing: " .. title, function()
      start { more = "frontend-max-requests=10" }
      fronts.most_succeed(service, { client = fronts.client(peer, port), count = 300, concurrency = 10 }, 250)
    end)

    it("may reload thrice in the middle of 500 creations: " .. title, function()
      start()
      local function reload() peer:signal "HUP" end
      fronts.most_succeed(service, {
        client = fronts.client(peer, port), count = 500, at = { [100] = reload, [250] = reload, [400] = reload },
      }, 450)
    end)

    it("may say that it goes in the middle of 500 creations: " .. title, function()
      start()
      local sums = fronts.most_succeed(service, {
        client = fronts.client(peer, port, { retry = false }), count = 500,
        at = { [100] = function() peer:signal "QUIT" end },
        url = function() return fronts.misbehaving(service, peer, port, { delay = 0.02 }) end,
      }, 100)
      assert.truthy(sums.not_sent > 0, promises.told(sums))
    end)

    it("that is killed in the middle of 300 creations leaves honest outcomes: " .. title, function()
      start()
      local sums = fronts.most_succeed(service, {
        client = fronts.client(peer, port, { retry = false }), count = 300,
        at = { [100] = function() peer:signal_all "KILL" end },
        url = function() return fronts.misbehaving(service, peer, port, { delay = 0.02 }) end,
      }, 100)
      assert.truthy(sums.not_sent > 0, promises.told(sums))
    end)

    it("that hangs costs no more than the timeout: " .. title, function()
      start()
      peer:signal_all "STOP"
      local sums = promises.create_all(service, {
        client = fronts.client(peer, port, { timeout = 1 }), count = 20,
      })
      assert.equal(0, sums.success)
      assert.equal("timeout", sums.first.kind)
      peer:signal_all "CONT"
    end)

    it("says 503 where no server can be reached: " .. title, function()
      start()
      local result, err, made = promises.create(service, fronts.client(peer, port, {
        base_url = fronts.url(peer, port, "/nobody"),
      }))
      assert.is_nil(result)
      assert.same({ "server", "unknown", 0 }, { err.kind, err.outcome, made }, tostring(err))
      assert.truthy(err.status == 502 or err.status == 503, tostring(err))
    end)

    -- Where the server resets a stream it resets the client's, or hangs up.
    it("says so where the server hangs up, before it acts or after: " .. title, function()
      start()
      for made, wishes in pairs { [0] = { die = true }, { act_then_die = true } } do
        fronts.fails(service,
          fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, wishes) }),
          { outcome = "unknown", status = not way[3].http2 and 502 or nil, made = made })
      end
    end)

    it("says so where the server is slow, and it may have acted: " .. title, function()
      start { server_timeout = "1s" }
      fronts.fails(service,
        fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, { delay = 3 }) }),
        { outcome = "unknown", status = not way[3].http2 and 504 or nil, made = 1 })
    end)

    it("does not make an answer whole that the server has cut: " .. title, function()
      start()
      fronts.fails(service,
        fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, { cut = 700 }) }),
        { kind = "connect", outcome = "unknown", made = 1 })
    end)

    it("says 431 to a head that is too large for it: " .. title, function()
      start { more = "request-header-field-buffer=8192" }
      fronts.fails(service, fronts.client(peer, port, { user_agent = ("x"):rep(12000), retry = false }),
        { outcome = "rejected", status = 431, made = 0 })
    end)
  end

  it("that allows two streams at a time gets no more", function()
    peer = nghttpx.start(service, { streams = 2 })
    fronts.all_succeed(service, { client = fronts.client(peer, "tls"), count = 200, concurrency = 100 })
  end)
end)
