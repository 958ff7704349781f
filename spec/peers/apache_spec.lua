-- Apache between the client and the service: its pages, its times, its restarts.

local apache = require "peers.support.apache"
local fronts = require "peers.support.fronts"
local promises = require "peers.support.promises"
local services = require "support.service"

local PORTS = { "plain", "tls_http1", "tls12", "tls13" }

describe("Apache", function()
  local service, peer

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  after_each(function()
    if peer then peer:stop() end
    peer = nil
  end)

  local function start(options)
    peer = apache.start(service, options)
    return peer
  end

  for _, port in ipairs(PORTS) do
    it("is passed by the journey: " .. port, function()
      start()
      promises.walk_journey(service, fronts.client(peer, port))
    end)

    it("passes 300 creations on: " .. port, function()
      start()
      fronts.all_succeed(service, { client = fronts.client(peer, port), count = 300 })
    end)

    it("that closes idle connections after a second loses nothing: " .. port, function()
      start { idle = 1 }
      fronts.outlive_idle_connections(service, fronts.client(peer, port), 1)
    end)

    it("that ends a connection after seven requests loses nothing: " .. port, function()
      start { requests = 7 }
      fronts.all_succeed(service, { client = fronts.client(peer, port), count = 300, concurrency = 20 })
    end)

    it("may restart gracefully thrice in the middle of 500 creations: " .. port, function()
      start()
      local function restart() peer:signal "USR1" end
      fronts.most_succeed(service, {
        client = fronts.client(peer, port), count = 500, at = { [100] = restart, [250] = restart, [400] = restart },
      }, 450)
    end)

    it("may stop gracefully in the middle of 500 creations: " .. port, function()
      start()
      local sums = fronts.most_succeed(service, {
        client = fronts.client(peer, port, { retry = false }), count = 500,
        at = { [100] = function() peer:signal "WINCH" end },
        url = function() return fronts.misbehaving(service, peer, port, { delay = 0.02 }) end,
      }, 100)
      assert.truthy(sums.not_sent > 0, promises.told(sums))
      assert.truthy(peer:await_end())
    end)

    it("that is killed in the middle of 300 creations leaves honest outcomes: " .. port, function()
      start()
      local sums = fronts.most_succeed(service, {
        client = fronts.client(peer, port, { retry = false }), count = 300,
        at = { [100] = function() peer:signal_all "KILL" end },
        url = function() return fronts.misbehaving(service, peer, port, { delay = 0.02 }) end,
      }, 100)
      assert.truthy(sums.not_sent > 0, promises.told(sums))
    end)

    it("that hangs costs no more than the timeout: " .. port, function()
      start()
      peer:signal_all "STOP"
      local sums = promises.create_all(service, {
        client = fronts.client(peer, port, { timeout = 1 }), count = 20,
      })
      assert.equal(0, sums.success)
      assert.equal("timeout", sums.first.kind)
      peer:signal_all "CONT"
    end)

    it("answers with pages of its own, which are told as they are: " .. port, function()
      start()
      fronts.denials(service, peer, port, apache.denials)
    end)

    it("says 503 where no server can be reached: " .. port, function()
      start()
      fronts.fails(service, fronts.client(peer, port, { base_url = fronts.url(peer, port, "/nobody") }),
        { outcome = "unknown", status = 503, made = 0 })
    end)

    it("says 502 where the server hangs up, before it acts or after: " .. port, function()
      start()
      for made, wishes in pairs { [0] = { die = true }, { act_then_die = true } } do
        fronts.fails(service,
          fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, wishes) }),
          { kind = "server", outcome = "unknown", status = 502, made = made })
      end
    end)

    it("fails where the server is slow, and it may have acted: " .. port, function()
      start()
      local url = fronts.misbehaving(service, peer, port, { delay = 3 }, "/impatient")
      local result, err, made = promises.create(service, fronts.client(peer, port, { base_url = url }))
      assert.is_nil(result)
      assert.same({ "server", "unknown", 1 }, { err.kind, err.outcome, made }, tostring(err))
      assert.truthy(err.status == 502 or err.status == 504, tostring(err))
    end)

    it("does not make an answer whole that the server has cut: " .. port, function()
      start()
      fronts.fails(service,
        fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, { cut = 700 }) }),
        { kind = "connect", outcome = "unknown", made = 1 })
    end)

    it("refuses a header that is too large for it: " .. port, function()
      start()
      local result, err, made = promises.create(service, fronts.client(peer, port, {
        user_agent = ("x"):rep(20000), retry = false,
      }))
      assert.is_nil(result)
      assert.equal(0, made)
      assert.same({ "rejected", true }, { err.outcome, err.status == 400 or err.status == 431 }, tostring(err))
    end)
  end

  it("passes creations on over HTTP/2 to the server", function()
    start()
    for _, port in ipairs(PORTS) do
      fronts.all_succeed(service, {
        client = fronts.client(peer, port, { base_url = fronts.url(peer, port, "/over_http2") }), count = 100,
      })
    end
  end)

  it("that allows two streams at a time gets no more", function()
    start { streams = 2 }
    fronts.all_succeed(service, { client = fronts.client(peer, "tls13"), count = 200, concurrency = 100 })
  end)
end)
