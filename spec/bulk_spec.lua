local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

describe("a bulk job", function()
  local service, client, shop, instance

  setup(function()
    service = assert(sandbox.start {})
    client = assert(sapanywhere.new {
      base_url = service:url {}, user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    })
    local auth = assert(client:oauth_url {})
    local grant = assert(sapanywhere.parse_callback(assert(service:authorize(auth.oauthUrl)), { state = auth.state }))
    instance = assert(client:create_instance { code = grant.code, name = "my shop" })
    service:seed { customers = 20 }
    shop = assert(client:instance { token = instance.token })
  end)

  teardown(function()
    client:close()
    service:stop()
  end)

  it("is begun, watched, and waited for", function()
    local job = assert(shop:bulk_query { query = "select * from customers", from = "2016-01-01T00:00:00.000Z" })
    assert.equal("CREATED", job.status)
    assert(shop:bulk_status { id = job.id })
    local seen = {}
    local ended, err, meta = shop:bulk_wait {
      id = job.id, interval = 0.05, on_progress = function(one) seen[#seen + 1] = one.status end,
    }
    assert(ended, tostring(err))
    assert.equal("COMPLETED", ended.status)
    assert.equal("COMPLETED", seen[#seen])
    assert.equal(200, meta.status)
    assert.same({}, (shop:bulk_errors { id = job.id }))
  end)

  it("that is cancelled ends with an error that holds it", function()
    local job = assert(shop:bulk_query { query = "select * from customers" })
    assert.is_true(shop:bulk_cancel { id = job.id })
    local ended, err = shop:bulk_wait { id = job.id, interval = 0.05 }
    assert.is_nil(ended)
    assert.equal("job", err.kind)
    assert.equal("CANCELLED", err.job.status)
  end)

  it("that goes on ends the wait in time, and says so", function()
    local slow = assert(sapanywhere.instance {
      base_url = service:url { job_seconds = 60 }, user_secret = service.user_secret, token = instance.token,
    })
    local job = assert(slow:bulk_query { query = "select * from customers" })
    local ended, err, meta
    for _, seconds in ipairs { 1, 5, 25 } do -- on a busy machine the first look takes longer
      ended, err, meta = shop:bulk_wait { id = job.id, interval = 0.3, timeout = seconds }
      assert.is_nil(ended)
      assert.equal("timeout", err.kind)
      assert.is_true(err.retryable)
      assert.truthy(meta.elapsed > 0.8 * seconds and meta.elapsed < seconds + 20)
      if err.job then break end
    end
    assert.truthy(err.job.status)
  end)

  it("is looked at once more before the time is up", function()
    local job = assert(shop:bulk_query { query = "select * from customers" })
    assert(shop:bulk_wait { id = job.id, interval = 60, timeout = 3 })
  end)

  it("that is not there is not found", function()
    local _, err = shop:bulk_wait { id = "none" }
    assert.equal("not_found", err.kind)
  end)

  it("is not begun by a mistake", function()
    local _, err = shop:bulk_query { query = 5 }
    assert.truthy(err.message:find("query must be a string", 1, true))
    _, err = shop:bulk_wait { id = 1, interval = 0 }
    assert.equal("usage", err.kind)
  end)
end)

-- The wait itself, with a clock of its own: what is asked for, and how long it pauses.
describe("waiting for a bulk job", function()
  local core = require "sapanywhere.core"
  local made = require "support.values"
  local options = require "sapanywhere.api.options"
  local rows = require "sapanywhere.api.rows"

  -- The module, with this clock.
  local function with_clock(now)
    local name = "sapanywhere.call.job"
    local real, loaded = core.now, package.loaded[name]
    core.now, package.loaded[name] = now, nil
    local job = require(name)
    core.now, package.loaded[name] = real, loaded
    return job
  end

  -- Jobs whose status is each of these words in turn; gives the result, the error, the pauses and the progress.
  local function wait(words, given)
    local time, asked, pauses, seen = 0, 0, {}, {}
    local job = with_clock(function() return time end)
    local values = assert(made.instance({ token = "t" }, assert(made.client { user_secret = "u" })))
    given.id, given.on_progress = 1, function(one)
      seen[#seen + 1] = one.status
      error("nobody's business")
    end
    local result, err = job.call({ values = values, connections = {} }, rows["instance:bulk_wait"], given, options, {
      run = function()
        asked = asked + 1
        return { status = words[asked] or words[#words] }, nil, { status = 200, attempts = 1 }
      end,
      pause = function(_, _, seconds)
        pauses[#pauses + 1] = seconds
        time = time + seconds
      end,
      fail = function(problem) return nil, problem end,
    })
    return result, err, pauses, seen
  end

  it("pauses 1 s, then twice as long each time, 30 s at most", function()
    local words = { "CREATED", "STARTED", "RUNNING", "RUNNING", "RUNNING", "RUNNING", "RUNNING", "RUNNING",
      "COMPLETED" }
    local result, err, pauses, seen = wait(words, {})
    assert(result, err and tostring(err))
    assert.same({ 1, 2, 4, 8, 16, 30, 30, 30 }, pauses)
    assert.same(words, seen)
    assert.same({ 60, 60, 60, 60, 60, 60, 60, 60 }, select(3, wait(words, { interval = 60 })))
    assert.same({ 0.5, 1, 2, 4, 8, 16, 30, 30 }, select(3, wait(words, { interval = 0.5 })))
  end)

  it("ends well with COMPLETED and COMPLETE, in any writing", function()
    for _, word in ipairs { "COMPLETED", "COMPLETE", "completed", "Complete" } do
      assert.equal(word, assert(wait({ word }, {})).status)
    end
  end)

  it("ends badly with ABORTED, ERROR and CANCELLED, in any writing", function()
    for _, word in ipairs { "ABORTED", "ERROR", "CANCELLED", "aborted", "Error" } do
      local result, err, pauses = wait({ "RUNNING", word }, {})
      assert.is_nil(result)
      assert.equal("job", err.kind)
      assert.equal(word, err.job.status)
      assert.same({ 1 }, pauses)
    end
  end)

  it("goes on with any other word, and ends in time", function()
    for _, word in ipairs { "CANCELLATION_PENDING", "QUEUED", "COMPLETED_WITH_ERRORS", "UNCOMPLETED", "x" } do
      local result, err, pauses = wait({ word }, { timeout = 20 })
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      assert.equal(word, err.job.status)
      local sum = 0
      for _, seconds in ipairs(pauses) do sum = sum + seconds end
      assert.truthy(sum <= 20, sum)
    end
  end)
end)
