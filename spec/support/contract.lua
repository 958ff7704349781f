--- What every host must do: the cases, written once, run inside each host's own loop.
--
-- A case is called with an environment:
--   `client(options)`   a client for the local service
--   `url(wishes)`       a base URL under which the service misbehaves
--   `options(more)`     the options of a creation
--   `callback`, `state` a callback URL of the service with a fresh code, and the state in it
--   `together(list)`    runs functions at the same time in this host's loop, and returns when all have ended
--   `sleep(seconds)`    nil where waiting blocks everything
-- It raises when the promise is broken.

local calls = require "support.calls"
local core = require "sapanywhere.core"
local sapanywhere = require "sapanywhere"

local M = {}

local function expect_failure(kind, outcome, result, err)
  if result ~= nil then error("a failure of kind " .. kind .. " was expected, not a result", 2) end
  if err.kind ~= kind then error(("kind %s was expected, not %s"):format(kind, tostring(err)), 2) end
  if outcome and err.outcome ~= outcome then
    error(("outcome %s was expected, not %s"):format(outcome, err.outcome), 2)
  end
  return err
end

local function ask(env, wishes, more)
  local options = env.options { base_url = env.url(wishes), retry = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return env.client {}:oauth_url {
    base_url = options.base_url, retry = options.retry, api_key = options.api_key, api_secret = options.api_secret,
    callback_url = options.callback_url, timeout = options.timeout, max_response_bytes = options.max_response_bytes,
    connect_timeout = options.connect_timeout,
  }
end

-- A client with all secrets, an instance of it, and what the examples of calls need.
local function open_shop(env, path)
  local secrets = env.options {}
  secrets.name = nil
  local client = env.client(secrets)
  local kept = assert(client:create_instance {
    code = assert(sapanywhere.parse_callback(env.callback, { state = env.state })).code, name = "kept",
  })
  local doomed = assert(client:create_instance {
    external_authentication = "initial", name = "doomed",
    configuration = { ["oauth.user.token"] = "t", ["oauth.user.refresh_token"] = "r" },
  })
  local shop = assert(client:instance { token = kept.token })
  local function job(seconds)
    return assert(shop:bulk_query { query = "select * from orders", base_url = env.url { job_seconds = seconds } }).id
  end
  local file = assert(io.open(path, "w"))
  file:write("orderType\nSELL_ORDER\n")
  file:close()
  local known = {
    instance = doomed.id, row = assert(shop.orders:create { body = { orderType = "SELL_ORDER" } }).id, job = job(0),
    running = job(60), file = path, to = path .. ".rows",
  }
  return { client = client, shop = shop }, known, kept
end

local function remove(path)
  os.remove(path)
  os.remove(path .. ".rows")
  os.remove(path .. ".lock")
end

M.cases = {
  { "walks the journey", function(env)
    local client = env.client {}
    local options = env.options {}
    local auth = assert(client:oauth_url {
      api_key = options.api_key, api_secret = options.api_secret, callback_url = options.callback_url,
      state = env.state,
    })
    assert(auth.oauthUrl:find("client_id=", 1, true))
    local grant = assert(sapanywhere.parse_callback(env.callback, { state = auth.state }))
    local instance = assert(client:create_instance(env.options { code = grant.code }))
    assert(type(instance.token) == "string" and #instance.token > 0)
    expect_failure("rejected", "rejected", client:create_instance(env.options { code = grant.code }))
  end },

  { "waits for a slow answer", function(env)
    local started = core.now()
    assert(ask(env, { delay = 0.3 }))
    assert(core.now() - started >= 0.29)
  end },

  { "lets others run while it waits", function(env)
    if not env.sleep then return end
    local ticks, ended = 0, false
    env.together {
      function()
        assert(ask(env, { delay = 0.4 }))
        ended = true
      end,
      function()
        while not ended do
          env.sleep(0.01)
          ticks = ticks + 1
        end
      end,
    }
    assert(ticks >= 5, "only " .. ticks .. " ticks")
  end },

  { "reports a cut answer", function(env)
    expect_failure("connect", "unknown", ask(env, { cut = 200 }))
  end },

  { "reports a connection closed without an answer", function(env)
    expect_failure("connect", "unknown", ask(env, { die = true }))
  end },

  { "reports a refused connection", function(env)
    expect_failure("connect", "not_sent", env.client { base_url = env.refused_url, retry = false }:oauth_url {
      api_key = "k", api_secret = "s", callback_url = "http://localhost/",
    })
  end },

  { "reports a timeout at its time", function(env)
    local started = core.now()
    expect_failure("timeout", "unknown", ask(env, { delay = 20 }, { timeout = 1 }))
    local elapsed = core.now() - started
    assert(elapsed >= 0.95 and elapsed < 18, elapsed)
  end },

  { "reports an answer that is too large", function(env)
    expect_failure("too_large", "unknown", ask(env, { size = 100000 }, { max_response_bytes = 2048 }))
  end },

  { "reports an answer that is not JSON", function(env)
    expect_failure("json", nil, ask(env, { body = "html" }))
  end },

  { "repeats a read after a pause, and says how often", function(env)
    local options = env.options {}
    local result, err, meta = env.client {}:oauth_url {
      base_url = env.url { status = 503, fail = 1 }, retry = { base = 0.01 },
      api_key = options.api_key, api_secret = options.api_secret, callback_url = options.callback_url,
    }
    assert(result, tostring(err))
    assert(meta.attempts == 2, meta.attempts)
  end },

  { "wakes everybody when the client is closed", function(env)
    local client = env.client {}
    local options = env.options {}
    local ended = 0
    local list = {}
    for i = 1, 5 do
      list[i] = function()
        local result, err = client:oauth_url {
          base_url = env.url { delay = 20 }, api_key = options.api_key, api_secret = options.api_secret,
          callback_url = options.callback_url,
        }
        expect_failure("closed", nil, result, err)
        ended = ended + 1
      end
    end
    list[6] = function()
      if env.sleep then env.sleep(0.2) else ask(env, { delay = 0.2 }) end
      client:close()
      client:close()
    end
    local started = core.now()
    env.together(list)
    assert(ended == 5, ended)
    assert(core.now() - started < 19)
    expect_failure("closed", "not_sent", client:oauth_url {})
  end },

  { "makes 200 calls at once", function(env)
    local client = env.client { max_connections = 200 }
    local options = env.options {}
    local ended, list = 0, {}
    for i = 1, 200 do
      list[i] = function()
        assert(client:oauth_url {
          base_url = env.url { delay = 0.3 }, api_key = options.api_key, api_secret = options.api_secret,
          callback_url = options.callback_url,
        })
        ended = ended + 1
      end
    end
    local started = core.now()
    env.together(list)
    assert(ended == 200, ended)
    assert(core.now() - started < 50, "one after the other")
  end },

  { "makes every call", function(env)
    local path = os.tmpname()
    local objects, known = open_shop(env, path)
    for _, row in ipairs(calls.rows()) do
      local result, err, meta = calls.make(row, known, objects)
      assert(result, row.title .. ": " .. tostring(err))
      assert(err == nil, row.title)
      assert(meta.status == 200, row.title)
    end
    remove(path)
  end },

  { "walks through pages while others do, by for where Lua can yield in it, and by hand", function(env)
    local path = os.tmpname()
    local objects = open_shop(env, path)
    local orders = objects.shop.orders
    for i = 1, 6 do assert(orders:create { body = { note = tostring(i) } }) end
    local function by_for()
      local count = 0
      for row, err in orders:each { page_size = 2 } do
        assert(row, err and tostring(err))
        count = count + 1
      end
      return count
    end
    local function by_hand()
      local next_row, count = orders:each { page_size = 2 }, 0
      while true do
        local row, err, meta = next_row()
        if row == nil then return count end
        assert(row, err and tostring(err))
        assert(meta.status == 200)
        count = count + 1
      end
    end
    local is_old = _VERSION == "Lua 5.1" and not rawget(_G, "jit") -- cannot yield there
    local ways = { by_hand, is_old and by_hand or by_for, by_hand, is_old and by_hand or by_for }
    local list, counts = {}, {}
    for i, way in ipairs(ways) do list[i] = function() counts[i] = way() end end
    local count = assert(orders:count {})
    env.together(list)
    for i = 1, #list do assert(counts[i] == count, i .. ": " .. tostring(counts[i])) end
    if not is_old or not coroutine.running() then assert(by_for() == count) end
    remove(path)
  end },

  { "lets others run while it waits, in every call", function(env)
    local path, order, list = os.tmpname(), {}, {}
    local objects, known = open_shop(env, path)
    for _, row in ipairs(calls.rows()) do
      list[#list + 1] = function()
        expect_failure("forbidden", "rejected", calls.make(row, known, objects, {
          base_url = env.url { delay = 1, status = 403 }, retry = false,
        }))
        order[#order + 1] = row.title
      end
    end
    list[#list + 1] = function()
      assert(ask(env, {}))
      order[#order + 1] = "the quick one, begun last"
    end
    env.together(list)
    assert(order[1] == "the quick one, begun last", "it had to wait for " .. order[1])
    assert(#order == #list)
    remove(path)
  end },

  { "reports a lost answer of every call, and what may have happened", function(env)
    local path = os.tmpname()
    local objects, known = open_shop(env, path)
    for _, row in ipairs(calls.rows()) do
      local result, err, meta = calls.make(row, known, objects, { base_url = env.url { die = true }, retry = false })
      assert(result == nil and err.kind == "connect" and err.outcome == "unknown", row.title .. ": " .. tostring(err))
      assert(meta.attempts == 1, row.title)
    end
    remove(path)
  end },

  { "keeps a token in a store, and takes it from there for a call", function(env)
    local path = os.tmpname()
    local objects, known, kept = open_shop(env, path)
    os.remove(path)
    local store = assert(sapanywhere.store.file { path = path, key = ("k"):rep(32) })
    assert(store:put("my shop", kept))
    local shop = assert(objects.client:instance { token = store:token("my shop") })
    assert(shop.orders:get { id = known.row })
    assert(store:remove("my shop"))
    local _, err = shop.orders:get { id = known.row }
    assert(err.kind == "usage", tostring(err))
    remove(path)
  end },

  { "downloads files, several at a time, and uploads them again", function(env)
    local options = env.options {}
    local made = assert(env.client {}:create_instance(env.options {
      code = assert(sapanywhere.parse_callback(env.callback, { state = env.state })).code,
    }))
    local shop = assert(env.client {}:instance { token = made.token, user_secret = options.user_secret })
    local job = assert(shop:bulk_query {
      query = "select * from customers", base_url = env.url { job_seconds = 0, job_bytes = 300000 },
    })
    local tasks, path = {}, os.tmpname()
    for i = 1, 3 do
      tasks[i] = function()
        local told
        local result = assert(shop:bulk_download {
          id = job.id, object = "customers", to = path .. "." .. i, format = "csv",
          on_progress = function(bytes) told = bytes end,
        })
        assert(result.bytes == 300000 and told == 300000)
        assert(shop:bulk_upload { object = "customers", file = path .. "." .. i })
        assert(os.remove(path .. "." .. i))
      end
    end
    if env.together then env.together(tasks) else tasks[1]() end
    os.remove(path)
  end },

  { "leaves nothing behind of a call that is given up", function(env)
    if not env.abandon then return end
    local client = env.client {}
    local options = env.options {}
    env.abandon(function()
      client:oauth_url {
        base_url = env.url { delay = 20 }, api_key = options.api_key, api_secret = options.api_secret,
        callback_url = options.callback_url,
      }
    end)
    for _ = 1, 3 do collectgarbage() end
    for _ = 1, 3 do assert(ask(env, {})) end
  end },
}

--- The number of a case, by its name.
function M.number(name)
  for number, case in ipairs(M.cases) do
    if case[1] == name then return number end
  end
  error("the contract has no case: " .. name, 2)
end

--- Makes the environment of a case.
-- @tparam table service plain data of a sandbox, see `describe`
-- @tparam table host `wait` (the option), `together`, `sleep`, `abandon`
-- @tparam string callback
-- @tparam string state
function M.environment(service, host, callback, state)
  local misbehave = require "sapanywhere.sandbox.faults.misbehave"
  local env = {
    together = host.together, sleep = host.sleep, abandon = host.abandon, callback = callback, state = state,
    refused_url = service.refused_url,
  }

  function env.url(wishes)
    wishes.run = tostring(core.hex(core.random(6)))
    return service.origin .. "/~" .. misbehave.write(wishes) .. "/elements/api-v2"
  end

  function env.client(options)
    options.base_url = options.base_url or service.base_url
    options.wait = host.wait
    return assert(sapanywhere.new(options))
  end

  function env.options(more)
    local options = {
      user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
      name = "contract",
    }
    for name, value in pairs(more) do options[name] = value end
    return options
  end

  return env
end

--- What an environment needs of a sandbox, as plain strings.
function M.describe(sandbox)
  return {
    origin = sandbox.base_url:match("^(http://[^/]+)"), base_url = sandbox.base_url, refused_url = sandbox.refused_url,
    callback_url = sandbox.callback_url, api_key = sandbox.api_key, api_secret = sandbox.api_secret,
    user_secret = sandbox.user_secret, organization_secret = sandbox.organization_secret,
  }
end

return M
