-- HAProxy between the client and the service: its pages, its times, its reloads.

local fronts = require "peers.support.fronts"
local haproxy = require "peers.support.haproxy"
local promises = require "peers.support.promises"
local services = require "support.service"

local PORTS = { "plain", "tls_http1", "tls12", "tls13" }

-- What HAProxy sees of a read and of a creation, which never shares a connection with others.
local VERSIONS = {
  plain = { GET = "HTTP/1.1", POST = "HTTP/1.1" },
  tls_http1 = { GET = "HTTP/1.1 TLSv1.3", POST = "HTTP/1.1 TLSv1.3" },
  tls12 = { GET = "HTTP/2.0 TLSv1.2", POST = "HTTP/1.1 TLSv1.2" },
  tls13 = { GET = "HTTP/2.0 TLSv1.3", POST = "HTTP/1.1 TLSv1.3" },
}

describe("HAProxy", function()
  local service, peer

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  after_each(function()
    if peer then peer:stop() end
    peer = nil
  end)

  local function start(options)
    peer = haproxy.start(service, options)
    return peer
  end

  for _, port in ipairs(PORTS) do
    it("is passed by the journey: " .. port, function()
      start()
      promises.walk_journey(service, fronts.client(peer, port))
    end)

    it("is met in the versions that are meant: " .. port, function()
      start()
      service:clear_log()
      promises.walk_journey(service, fronts.client(peer, port))
      local met = {}
      for _, request in ipairs(service:take_log()) do met[request.method] = request.header["x-met"] end
      assert.same(VERSIONS[port], met)
    end)

    it("passes 300 creations on: " .. port, function()
      start()
      fronts.all_succeed(service, { client = fronts.client(peer, port), count = 300 })
    end)

    it("that closes idle connections after a second loses nothing: " .. port, function()
      start { idle = "1s", client_timeout = "1s" }
      fronts.outlive_idle_connections(service, fronts.client(peer, port), 1)
    end)

    it("may reload thrice in the middle of 500 creations: " .. port, function()
      start()
      local function reload() peer:signal "USR2" end
      fronts.most_succeed(service, {
        client = fronts.client(peer, port), count = 500, at = { [100] = reload, [250] = reload, [400] = reload },
      }, 450)
    end)

    it("may have a server drained in the middle of 500 creations: " .. port, function()
      start()
      local function set(server, state)
        return function() haproxy.control(peer, ("set server sandbox/%s state %s"):format(server, state)) end
      end
      fronts.all_succeed(service, {
        client = fronts.client(peer, port), count = 500,
        at = { [100] = set("one", "drain"), [200] = set("one", "ready"), [300] = set("two", "maint") },
      })
    end)

    it("may cut every session of a server in the middle of 500 creations: " .. port, function()
      start()
      local function cut()
        haproxy.control(peer, "shutdown sessions server sandbox/one")
        haproxy.control(peer, "shutdown sessions server sandbox/two")
      end
      fronts.most_succeed(service, {
        client = fronts.client(peer, port), count = 500, at = { [100] = cut, [250] = cut, [400] = cut },
        url = function() return fronts.misbehaving(service, peer, port, { delay = 0.02 }) end,
      }, 300)
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
      promises.create_all(service, { client = fronts.client(peer, port), count = 4 })
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
      fronts.denials(service, peer, port, haproxy.denials)
    end)

    it("says 503 at once where no server can be reached: " .. port, function()
      start()
      for _, path in ipairs { "/nobody", "/maintenance", "/early" } do
        fronts.fails(service, fronts.client(peer, port, { base_url = fronts.url(peer, port, path) }),
          { outcome = "unknown", status = 503, made = 0 })
      end
    end)

    -- To a stream of HTTP/2 it would say REFUSED_STREAM, which in RFC 9113 means that nothing was processed.
    it("says 502 where the server hangs up, before it acts or after: " .. port, function()
      start()
      for made, wishes in pairs { [0] = { die = true }, { act_then_die = true } } do
        fronts.fails(service,
          fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, wishes) }),
          { kind = "server", outcome = "unknown", status = 502, made = made })
      end
    end)

    it("that loses a server which acted has nothing made twice on a kept connection: " .. port, function()
      start()
      local sums = promises.create_all(service, {
        client = fronts.client(peer, port), count = 40, concurrency = 4, creations_only = true,
        url = function(number)
          return number % 4 == 0 and fronts.misbehaving(service, peer, port, { act_then_die = true }) or nil
        end,
      })
      assert.same({ 30, 10, 40 }, { sums.success, sums.unknown, sums.created }, promises.told(sums))
    end)

    it("says 504 where the server is slow, and it may have acted: " .. port, function()
      start { server_timeout = "1s" }
      fronts.fails(service,
        fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, { delay = 3 }) }),
        { kind = "server", outcome = "unknown", status = 504, made = 1 })
    end)

    it("does not make an answer whole that the server has cut: " .. port, function()
      start()
      local err = fronts.fails(service,
        fronts.client(peer, port, { base_url = fronts.misbehaving(service, peer, port, { cut = 700 }) }),
        { kind = "connect", outcome = "unknown", status = 200, made = 1 })
      assert.falsy(err.retryable)
    end)

    it("refuses a head that is too large for it: " .. port, function()
      start()
      local result, err, made = promises.create(service, fronts.client(peer, port, {
        user_agent = ("x"):rep(20000), retry = false,
      }))
      assert.is_nil(result)
      assert.equal(0, made)
      assert.truthy(err.outcome == "rejected" or err.outcome == "unknown", tostring(err))
    end)

    it("passes reads on again after 503, until the timeout: " .. port, function()
      start()
      local client = service:client(fronts.client(peer, port, {
        base_url = fronts.url(peer, port, "/maintenance"), retry = { max = 2, base = 0.01, cap = 0.02 },
      }))
      local result, err = client:oauth_url(service:asking {})
      assert.is_nil(result)
      assert.equal("server", err.kind)
      assert.equal("rejected", err.outcome)
      assert.equal(3, err.attempts)
      client:close()
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
