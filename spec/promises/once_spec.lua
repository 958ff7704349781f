-- A creation is executed at most once for one call, whatever happens to the connection; and a caller that has
-- no token is told honestly whether there may be an instance. A read is repeated as retry.lua says.

local cjson = require "cjson"
local core = require "sapanywhere.core"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

local QUICK = { max = 2, base = 0.01, cap = 0.02 }

local function port_of(url)
  return url:match("^%a+://[^/:]+:(%d+)")
end

local function at_port(url, port)
  return (url:gsub("^(%a+://[^/:]+:)%d+", "%1" .. port))
end

describe("a creation", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  before_each(function() service:clear_log() end)

  -- Runs one creation for each name; base_url(name) is where. Gives a map from name to { result, err }.
  local function create_all(names, base_url, more)
    local outcomes = {}
    local client = service:client { retry = QUICK, timeout = 20 }
    sapanywhere.all {
      items = names, concurrency = 50,
      worker = function(name)
        local options = service:creating { name = name, base_url = base_url(name) }
        for key, value in pairs(more or {}) do options[key] = value end
        local result, err = client:create_instance(options)
        outcomes[name] = { result = result, err = err }
      end,
    }
    client:close()
    return outcomes
  end

  local function instances_by_name()
    local map = {}
    for _, instance in ipairs(service:instances()) do
      map[instance.name] = map[instance.name] or {}
      table.insert(map[instance.name], instance)
    end
    return map
  end

  -- How many creations of each name arrived.
  local function posts_by_name()
    local count = {}
    for _, request in ipairs(service:take_log()) do
      local name = request.method == "POST" and request.status ~= 400 and cjson.decode(request.body).name
      if name then count[name] = (count[name] or 0) + 1 end
    end
    return count
  end

  -- What must be true whatever happened.
  local function check_honest(name, outcome, found)
    found = found or {}
    assert.truthy(#found <= 1, name .. ": " .. #found .. " instances")
    if outcome.result then
      assert.equal(1, #found, name)
      assert.equal(found[1].token, outcome.result.token, name)
    elseif outcome.err.outcome == "not_sent" then
      assert.equal(0, #found, name .. " was sent: " .. tostring(outcome.err))
    else
      assert.equal("unknown", outcome.err.outcome, name)
      assert.equal(false, outcome.err.retryable, name)
      assert.equal(1, outcome.err.attempts, name)
    end
  end

  local function check_all(outcomes)
    local found, sums = instances_by_name(), { success = 0, not_sent = 0, unknown = 0, created = 0 }
    for name, outcome in pairs(outcomes) do
      check_honest(name, outcome, found[name])
      local word = outcome.result and "success" or outcome.err.outcome
      sums[word] = sums[word] + 1
      sums.created = sums.created + (found[name] and 1 or 0)
    end
    return sums
  end

  local function names_of(prefix, first, last, step)
    local names = {}
    for number = first, last, step or 1 do names[#names + 1] = prefix .. " " .. number end
    return names
  end

  local function number_in(name)
    return tonumber(name:match("%d+$"))
  end

  -- Its length depends on the name's only, which is told by its number of digits.
  local function answer_length(name)
    local outcomes = create_all({ name }, function() return service:url { cut = 1000000 } end)
    assert(outcomes[name].result, tostring(outcomes[name].err))
    for _, request in ipairs(service:take_log()) do
      if request.answer_bytes then return request.answer_bytes end
    end
  end

  it("happens once wherever its answer is cut: in the status line, the headers or the body", function()
    local length = answer_length("cut at 0000")
    assert.truthy(length > 2000 and length < 9999)
    local names = {}
    for cut = 0, length do names[#names + 1] = ("cut at %04d"):format(cut) end
    table.remove(names, 1) -- it was there already
    local outcomes = create_all(names, function(name) return service:url { cut = number_in(name) } end)
    local found = instances_by_name()
    for _, name in ipairs(names) do
      assert.equal(1, #(found[name] or {}), name)
      check_honest(name, outcomes[name], found[name])
      assert.equal(number_in(name) >= length, outcomes[name].result ~= nil, name)
      if not outcomes[name].result then assert.equal("connect", outcomes[name].err.kind, name) end
    end
    for name, count in pairs(posts_by_name()) do assert.equal(1, count, name) end
  end)

  it("is found again, and not made again, where its answer is cut and recover is asked for", function()
    local names = names_of("recovered", 1, 1600, 97)
    local outcomes = create_all(names, function(name)
      return service:url { cut = number_in(name), fail = 1 }
    end, { recover = true })
    local found = instances_by_name()
    for _, name in ipairs(names) do
      assert.truthy(outcomes[name].result, tostring(outcomes[name].err))
      check_honest(name, outcomes[name], found[name])
    end
  end)

  local dying = {
    { "before the service acts", { die = true }, 0 },
    { "after it acted", { act_then_die = true }, 1 },
    { "while it answers", { delay_body = 5 }, 1 },
    { "while it thinks", { delay = 5 }, 1 },
    { "behind a gateway that gives up", { status = 502, act = true }, 1 },
    { "behind a gateway that gave up", { status = 503 }, 0 },
  }
  for _, origin in ipairs { "base_url", "tls_base_url" } do
    for _, case in ipairs(dying) do
      it(("that dies %s is not repeated (%s)"):format(case[1], origin), function()
        local name = ("%s %s"):format(case[1], origin)
        case[2].tls, case[2].run = origin == "tls_base_url", nil
        local url = service:url(case[2])
        local outcomes = create_all({ name }, function() return url end, { timeout = 1 })
        assert.is_nil(outcomes[name].result)
        assert.equal("unknown", outcomes[name].err.outcome)
        local found = instances_by_name()[name] or {}
        check_honest(name, outcomes[name], found)
        assert.equal(case[3], #found)
        assert.equal(1, posts_by_name()[name])
      end)
    end

    it("on a kept connection that dies is not sent again: " .. origin, function()
      local client = service:client { retry = QUICK, timeout = 10 }
      local url = service:url { die_reused = true, tls = origin == "tls_base_url" }
      local first = assert(client:create_instance(service:creating { name = "kept", base_url = url }))
      local name = "reused " .. origin
      local result, err = client:create_instance(service:creating { name = name, base_url = url })
      local log = service:log()
      assert.truthy(first.token)
      if log[1].connection == log[#log].connection then
        assert.is_nil(result)
        assert.equal("connect", err.kind)
      else
        assert.truthy(result, tostring(err)) -- with a libcurl before 7.80 it is not kept
      end
      check_honest(name, { result = result, err = err }, instances_by_name()[name])
      assert.equal(1, service:count_names()[name])
      assert.equal(1, posts_by_name()[name])
      client:close()
    end)
  end

  -- Both ends of a real connection with TLS are cut, in the handshake as well as later.
  -- With a newer OpenSSL both sides agree on keys by ML-KEM, and the server's is 1,100 bytes longer.
  it("happens at most once wherever a TLS connection is cut on its way back", function()
    local relay = peers.start("cut_down", port_of(service.tls_base_url), 79, 10)
    local url = at_port(service.tls_base_url, relay.port)
    local outcomes = {}
    for number = 1, 80 do
      local name = "down " .. number
      local client = service:client { base_url = url, timeout = 10 }
      local result, err = client:create_instance(service:creating { name = name })
      outcomes[name] = { result = result, err = err }
      client:close()
    end
    relay:stop()
    local sums = check_all(outcomes)
    assert.truthy(sums.not_sent > 5 and sums.unknown > 5 and sums.success > 5, cjson.encode(sums))
    assert.truthy(sums.created >= sums.success)
  end)

  it("happens at most once wherever a kept TLS connection is cut", function()
    local relay = peers.start("cut_down", port_of(service.tls_base_url), 79, 1500)
    local url = at_port(service.tls_base_url, relay.port)
    local outcomes = {}
    for number = 1, 60 do
      local client = service:client { base_url = url, timeout = 10 }
      for turn = 1, 2 do
        local name = ("kept %d, call %d"):format(number, turn)
        local result, err = client:create_instance(service:creating { name = name })
        outcomes[name] = { result = result, err = err }
      end
      client:close()
    end
    relay:stop()
    local sums = check_all(outcomes)
    assert.truthy(sums.unknown > 5 and sums.success > 5, cjson.encode(sums))
    for name, count in pairs(posts_by_name()) do assert.equal(1, count, name) end
  end)

  it("happens at most once wherever it is cut on its way there", function()
    local relay = peers.start("cut_up", port_of(service.base_url), 11)
    local url = at_port(service.base_url, relay.port)
    local outcomes = {}
    for number = 1, 80 do
      local name = "up " .. number
      local client = service:client { base_url = url, timeout = 10, retry = QUICK }
      local result, err = client:create_instance(service:creating { name = name })
      outcomes[name] = { result = result, err = err }
      client:close()
    end
    relay:stop()
    local sums = check_all(outcomes)
    assert.truthy(sums.unknown > 5, cjson.encode(sums))
    assert.truthy(sums.success > 0, cjson.encode(sums))
  end)

  it("is repeated where the server cannot have seen it", function()
    local client = service:client { base_url = service.refused_url, retry = QUICK }
    local result, err, meta = client:create_instance(service:creating { name = "refused" })
    assert.is_nil(result)
    assert.equal("not_sent", err.outcome)
    assert.equal(3, err.attempts)
    assert.equal(3, meta.attempts)
  end)

  it("waits for a service that comes back, and happens once", function()
    local options = service:creating { name = "comes back" }
    local client = service:client { retry = { max = 10, base = 0.2, cap = 0.4 } }
    service:kill()
    repeat -- its last moments: a connection may still be taken, and reset
      local _, last = client:oauth_url(service:asking { retry = false })
    until last.outcome == "not_sent"
    local result, err, meta
    sapanywhere.all {
      function() result, err, meta = client:create_instance(options) end,
      function() assert(service:restart()) end,
    }
    assert.truthy(result, tostring(err))
    assert.truthy(meta.attempts > 1)
    assert.equal(1, service:count_names()["comes back"])
  end)
end)

describe("a server that closes its connections after a few requests", function()
  local service

  setup(function()
    service = services.start { nginx = { server = "keepalive_requests 3; lingering_close always;" } }
  end)
  teardown(function() service:stop() end)

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    for _, at_a_time in ipairs { 1, 20 } do
      it(("loses nothing: %s, %d at a time"):format(origin, at_a_time), function()
        local client = service:client { base_url = service[origin], max_connections = 5 }
        local names = {}
        for number = 1, 60 do names[number] = ("%s %d %d"):format(origin, at_a_time, number) end
        local _, errors = sapanywhere.all {
          items = names, concurrency = at_a_time,
          worker = function(name) return client:create_instance(service:creating { name = name }) end,
        }
        client:close()
        local count = service:count_names()
        for number, name in ipairs(names) do
          assert.is_nil(errors[number], tostring(errors[number]))
          assert.equal(1, count[name], name)
        end
      end)
    end
  end
end)

describe("a read", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)
  before_each(function() service:clear_log() end)

  local function ask(wishes, more)
    local options = service:asking { base_url = service:url(wishes), retry = QUICK }
    for name, value in pairs(more or {}) do options[name] = value end
    return service:client {}:oauth_url(options)
  end

  local passing = {
    { "a server that dies", { die = true } },
    { "an answer that is cut in its status line", { cut = 5 } },
    { "an answer that is cut in its headers", { cut = 60 } },
    { "an answer that is cut in its body", { cut = 300 } },
    { "502", { status = 502 } },
    { "503", { status = 503 } },
    { "504", { status = 504 } },
    { "429 with Retry-After", { status = 429, header = { ["Retry-After"] = "0" } } },
  }
  for _, case in ipairs(passing) do
    it("is repeated after " .. case[1], function()
      case[2].fail = 1
      local result, err, meta = ask(case[2])
      assert.truthy(result, tostring(err))
      assert.equal(2, meta.attempts)
      assert.equal(2, #service:log())
    end)
  end

  it("is repeated as often as is allowed, and no more", function()
    local result, err, meta = ask({ status = 503, fail = 3 }, { retry = { max = 3, base = 0.01 } })
    assert.truthy(result, tostring(err))
    assert.equal(4, meta.attempts)
    result, err = ask { status = 503, fail = 3 }
    assert.is_nil(result)
    assert.equal(3, err.attempts)
  end)

  for _, case in ipairs {
    { "500", { status = 500 } }, { "401", { status = 401 } }, { "garbage", { body = "garbage" } },
    { "429 without Retry-After", { status = 429 } }, { "a redirect", { redirect = "http://127.0.0.1/" } },
  } do
    it("is not repeated after " .. case[1], function()
      local result, err = ask(case[2])
      assert.is_nil(result)
      assert.equal(1, err.attempts)
      assert.equal(1, #service:log())
    end)
  end

  it("is not repeated where retry is false", function()
    local _, err = ask({ status = 503 }, { retry = false })
    assert.equal(1, err.attempts)
  end)

  it("waits as long as Retry-After says, in seconds or until a date", function()
    local started = core.now()
    assert(ask { status = 503, fail = 1, header = { ["Retry-After"] = "1" } })
    local elapsed = core.now() - started
    assert.truthy(elapsed >= 0.99 and elapsed < 10, elapsed)
    started = core.now()
    assert(ask {
      status = 503, fail = 1,
      header = { ["Retry-After"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 2) },
    })
    elapsed = core.now() - started
    assert.truthy(elapsed >= 0.9 and elapsed < 10, elapsed)
  end)

  it("is not repeated where the deadline would pass", function()
    local started = core.now()
    local _, err = ask({ status = 503, header = { ["Retry-After"] = "60" } }, { timeout = 30 })
    assert.equal("server", err.kind)
    assert.equal(60, err.retry_after)
    assert.equal(1, err.attempts)
    assert.truthy(core.now() - started < 20)
  end)

  it("on a kept connection that dies comes through", function()
    local client = service:client { retry = QUICK, base_url = service:url { die_reused = true } }
    for _ = 1, 4 do assert(client:oauth_url(service:asking())) end
  end)
end)
