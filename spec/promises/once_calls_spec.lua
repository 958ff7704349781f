-- Each call that changes something is executed at most once, whatever happens to its connection: rows, instances that
-- are authorized anew, jobs, and requests of the caller's own. The caller is told honestly what may have happened.

local cjson = require "cjson"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

local QUICK = { max = 2, base = 0.01, cap = 0.02 }
local ALL = 1000000 -- bytes: more than any answer here has

local function member(name)
  return function(request) return cjson.decode(request.body)[name] end
end

-- Each call: its name, its method, `ask(env, mark, number, options)`, what reads its mark from a request, and the rows
-- that have to be there. Only one request may have a mark.
local CALLS = {
  { "the creation of a row", "POST", function(env, mark, _, options)
    options.body = { note = mark }
    return env.shop.orders:create(options)
  end, member "note" },
  { "the change of a row", "PATCH", function(env, mark, number, options)
    options.id, options.body = number + 1, { note = mark }
    return env.shop.orders:update(options)
  end, member "note", { orders = 9999 } },
  { "the deletion of a row", "DELETE", function(env, mark, number, options)
    options.id, options.query = number + 1, { mark = mark }
    return env.shop.customers:delete(options)
  end, function(request) return (request.uri:match("mark=(.*)$"):gsub("%%20", " ")) end, { customers = 9999 } },
  { "an authorization anew", "PUT", function(env, mark, _, options)
    options.id, options.code, options.name = env.instance.id, env.service:code(), mark
    return env.client:reauthenticate_instance(options)
  end, member "name" },
  { "the beginning of a job", "POST", function(env, mark, _, options)
    options.query = "select * from orders where note = '" .. mark .. "'"
    return env.shop:bulk_query(options)
  end, function(request) return (request.uri:match("%%27(.*)%%27"):gsub("%%20", " ")) end },
  { "any request that is no GET", "POST", function(env, mark, _, options)
    options.method, options.path, options.body = "POST", "/hubs/ecommerce/orders", '{"note":"' .. mark .. '"}'
    return env.shop:request(options)
  end, member "note" },
}

for _, call in ipairs(CALLS) do
  local title, method, ask, mark_of, rows = call[1], call[2], call[3], call[4], call[5]

  describe(title, function()
    local service, env

    setup(function()
      service = services.start {}
      local client = service:client {
        user_secret = service.user_secret, organization_secret = service.organization_secret,
        api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
        retry = QUICK, timeout = 20,
      }
      local instance = assert(client:create_instance { code = service:code(), name = "once" })
      service:seed(rows or {})
      env = { service = service, client = client, instance = instance,
        shop = assert(client:instance { token = instance.token }) }
    end)
    teardown(function()
      env.client:close()
      service:stop()
    end)
    before_each(function() service:clear_log() end)

    -- Makes one call for each number; url(number) is where. Gives the outcomes by mark.
    local function ask_all(numbers, url, more)
      local outcomes = {}
      local _, errors = sapanywhere.all {
        items = numbers, concurrency = 50,
        worker = function(number)
          local mark, options = ("mark %05d"):format(number), {}
          for key, value in pairs(more or {}) do options[key] = value end
          options.base_url = url(number)
          local result, err = ask(env, mark, number, options)
          outcomes[mark] = { result = result, err = err, number = number }
        end,
      }
      for i = 1, errors.n do assert.is_nil(errors[i], tostring(errors[i])) end
      return outcomes
    end

    -- How many requests of each mark arrived, and whether one came over a kept connection.
    local function requests_by_mark()
      local arrived, has_reused = {}, false
      for _, request in ipairs(service:take_log()) do
        local mark = request.method == method and request.status ~= 400 and mark_of(request)
        if mark then arrived[mark] = (arrived[mark] or 0) + 1 end
        has_reused = has_reused or request.connection_requests > 1
      end
      return arrived, has_reused
    end

    -- What must be true whatever happened. Gives whether a kept connection was used.
    local function check_honest(outcomes)
      local arrived, has_reused = requests_by_mark()
      for mark, outcome in pairs(outcomes) do
        local times = arrived[mark] or 0
        assert.truthy(times <= 1, mark .. " was sent " .. times .. " times")
        if outcome.result then
          assert.equal(1, times, mark)
        elseif outcome.err.outcome == "not_sent" then
          assert.equal(0, times, mark .. " was sent: " .. tostring(outcome.err))
        else
          assert.equal("unknown", outcome.err.outcome, tostring(outcome.err))
          assert.equal(false, outcome.err.retryable)
          assert.equal(1, outcome.err.attempts)
        end
      end
      return has_reused
    end

    local function answer_length()
      local outcomes = ask_all({ 0 }, function() return service:url { cut = ALL } end)
      assert(outcomes["mark 00000"].result, tostring(outcomes["mark 00000"].err))
      for _, request in ipairs(service:take_log()) do
        if request.answer_bytes then return request.answer_bytes end
      end
    end

    it("happens once wherever its answer is cut", function()
      local length, numbers = answer_length(), {}
      for number = 1, length + 8 do numbers[number] = number end
      local outcomes = ask_all(numbers, function(number) return service:url { cut = number - 1 } end)
      for mark, outcome in pairs(outcomes) do
        local cut = outcome.number - 1
        if cut < length - 8 then -- numbers in the answers have more and less digits
          assert.is_nil(outcome.result, mark)
          assert.equal("connect", outcome.err.kind, mark)
        end
      end
      check_honest(outcomes)
    end)

    for number, case in ipairs {
      { "before the service acts", { die = true } }, { "after it acted", { act_then_die = true } },
      { "in the middle of its answer", { cut = 100 } }, { "while it thinks", { delay = 5 } },
      { "behind a gateway that gives up", { status = 502, act = true } },
      { "behind a gateway that gave up", { status = 503 } },
      { "and is told to come back", { status = 503, header = { ["Retry-After"] = "0" } } },
    } do
      for _, is_tls in ipairs { false, true } do
        it(("that dies %s is not repeated%s"):format(case[1], is_tls and " (TLS)" or ""), function()
          case[2].tls, case[2].run = is_tls, nil
          local outcomes = ask_all({ 9000 + number }, function() return service:url(case[2]) end, { timeout = 1 })
          local _, outcome = next(outcomes)
          assert.is_nil(outcome.result)
          assert.equal("unknown", outcome.err.outcome)
          check_honest(outcomes)
        end)
      end
    end

    it("on a kept connection that dies is not sent again", function()
      local url = service:url { die_reused = true }
      local outcomes, died = {}, 0
      for number = 9101, 9104 do
        for mark, outcome in pairs(ask_all({ number }, function() return url end)) do
          outcomes[mark] = outcome
          if outcome.err then
            assert.equal("connect", outcome.err.kind, tostring(outcome.err))
            died = died + 1
          end
        end
      end
      local has_reused = check_honest(outcomes)
      assert.truthy(died >= 1 or not has_reused, "no kept connection died")
    end)

    it("happens at most once wherever it is cut on its way there", function()
      local relay = peers.start("cut_up", service.base_url:match("^%a+://[^/:]+:(%d+)"), 13)
      local url = service.base_url:gsub("^(%a+://[^/:]+:)%d+", "%1" .. relay.port)
      local outcomes = {}
      for number = 9201, 9260 do -- each by a connection of its own
        local client = service:client {
          user_secret = service.user_secret, organization_secret = service.organization_secret,
          api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
          timeout = 10, retry = QUICK,
        }
        local kept = env
        env = { service = service, client = client, instance = kept.instance,
          shop = assert(client:instance { token = kept.instance.token }) }
        for mark, outcome in pairs(ask_all({ number }, function() return url end)) do outcomes[mark] = outcome end
        env = kept
        client:close()
      end
      relay:stop()
      local sums = { unknown = 0, success = 0 }
      for _, outcome in pairs(outcomes) do
        local word = outcome.result and "success" or outcome.err.outcome
        sums[word] = (sums[word] or 0) + 1
      end
      assert.truthy(sums.unknown > 5 and sums.success > 5, cjson.encode(sums))
      check_honest(outcomes)
    end)

    it("is tried again where the server cannot have seen it", function()
      local outcomes = ask_all({ 9301 }, function() return service.refused_url end)
      assert.equal("not_sent", outcomes["mark 09301"].err.outcome)
      assert.equal(3, outcomes["mark 09301"].err.attempts)
    end)
  end)
end
