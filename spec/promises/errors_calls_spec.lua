-- Every error that any call can meet, for every call: the README's table of errors, read row by row. What only one call
-- can meet (a job that ends badly, a notification, a store) is in errors_table_spec.

local calls = require "support.calls"
local core = require "sapanywhere.core"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local unpack = rawget(_G, "unpack") or table.unpack

-- Whether a call changes nothing, so that it may be made again.
local function is_read(row)
  if row.title == "request" then return true end -- its example is a GET
  return row.repeatable or false
end

-- Which good answers the call takes.
local function takes(row, what)
  local is = row.answer.is
  if is == "nothing" then return true end
  if what == "text" then return is == "file" or is == "anything" end
  if what == "empty" then return is == "anything" or is == "file" or is:find("or nothing", 1, true) ~= nil end
  if what == "list" then return not (is:find("object", 1, true) or is == "count") end
  return false
end

-- What a refusal means: a read has changed nothing whatever the status is.
local function refused(row) return is_read(row) and "rejected" or "unknown" end
local function always(word) return function() return word end end
local function nowhere() return false end
local rejected, not_sent, unknown = always "rejected", always "not_sent", always "unknown"

-- A whole answer of a server that says just this.
local function answering(head, body)
  body = body or "{}"
  return { raw = ("HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"):format(head, #body, body) }
end

local LATER = { ["Retry-After"] = "7" }
local BOUNDED = 65536 -- bytes of an answer's head

describe("every call tells of", function()
  local service, silent, client, shop, known, dir

  setup(function()
    service, silent = services.start {}, peers.start("silent")
    client = service:client {
      user_secret = service.user_secret, organization_secret = service.organization_secret,
      api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    }
    local instance = assert(client:create_instance { code = service:code(), name = "a shop" })
    shop = assert(client:instance { token = instance.token })
    local job = assert(shop:bulk_query { query = "select * from orders", base_url = service:url { job_seconds = 0 } })
    dir = system.output("mktemp -d"):gsub("\n", "")
    system.write_file(dir .. "/rows.csv", "a\n1\n")
    known = { instance = instance.id, row = 1, job = job.id, running = job.id, file = dir .. "/rows.csv",
      to = dir .. "/got" }
  end)
  teardown(function()
    client:close()
    silent:stop()
    service:stop()
    os.execute("rm -rf " .. system.quote(dir))
  end)

  local function objects_of(one, given)
    given.user_secret = given.user_secret or service.user_secret
    given.token = given.token or "none"
    return { client = one, shop = assert(one:instance(given)) }
  end

  -- Makes the call of each row, all at the same time, at a base URL, or at one where the service does nothing but
  -- answer as it is wished. What came back is looked at by `look(row, result, err, meta)`. No call leaves a file behind
  -- that it does not give.
  local function each_call(at, more, look, objects)
    local rows, back = calls.rows(), {}
    if type(at) == "table" and at.act == nil then at.act = false end
    local _, raised = sapanywhere.all {
      items = rows, concurrency = #rows,
      worker = function(row)
        local options = { base_url = at }
        if type(at) == "table" then options.base_url, at.run = service:url(at), nil end
        for name, value in pairs(more or {}) do options[name] = value end
        back[row] = { calls.make(row, known, objects or { client = client, shop = shop }, options) }
      end,
    }
    for i = 1, raised.n do assert.is_nil(raised[i], tostring(raised[i])) end
    local is_file = false
    for _, row in ipairs(rows) do
      is_file = is_file or back[row][1] ~= nil and row.way == "download"
      look(row, unpack(back[row], 1, 3))
    end
    assert.equal(is_file and "got\nrows.csv\n" or "rows.csv\n", system.output("ls -A " .. dir))
    os.remove(known.to)
  end

  -- Each row: the kind, when; where (wishes, or a function that returns a URL), more options, the outcome by row;
  -- whether it may be made again by row, and where the call takes such an answer for a good one.
  local CASES = {
    { "dns", "a name that cannot exist", function() return "https://" .. ("x"):rep(64) .. ".invalid/v2" end, nil,
      not_sent, always(true) },
    { "connect", "nobody who listens", function() return service.refused_url end, nil, not_sent, always(true) },
    { "connect", "a connection that ends without an answer", { die = true }, nil, unknown, is_read },
    { "connect", "an answer whose head is cut", { cut = 30 }, nil, unknown, is_read },
    { "connect", "an answer whose body is cut", { length = 100000 }, nil, unknown, is_read },
    { "tls", "a certificate of another host", function() return service.tls_faults.wrong_name end, nil, not_sent,
      nowhere },
    { "timeout", "an answer that does not come in time", { delay = 9 }, { timeout = 1 }, unknown, is_read },
    { "timeout", "a body that does not come in time", { delay_body = 9 }, { timeout = 1 }, unknown, is_read },
    { "timeout", "a connection that is not made in time",
      function() return ("https://localhost:%d/"):format(silent.port) end, { connect_timeout = 0.1 }, not_sent,
      always(true) },
    { "protocol", "an answer that is not HTTP", { raw = "SSH-2.0-OpenSSH_9.2\r\n" }, nil, unknown, nowhere },
    { "protocol", "a redirect", { redirect = "https://elsewhere.example/" }, nil, refused, nowhere },
    { "protocol", "a list where none belongs", { body = "list" }, nil, refused, nowhere, "list" },
    { "too_large", "413", { status = 413 }, nil, rejected, nowhere },
    { "too_large", "a head without end", { headers = 2 * BOUNDED / 64 }, nil, unknown, nowhere },
    { "too_large", "429 about a size", answering("429 No", '{"message":"The payload is too large."}'), nil, rejected,
      nowhere },
    { "json", "a page in place of JSON", { body = "html" }, nil, refused, nowhere, "text" },
    { "json", "half of the JSON", { body = "truncated" }, nil, refused, nowhere, "text" },
    { "json", "no body", { body = "empty" }, nil, refused, nowhere, "empty" },
    { "auth", "401", { status = 401 }, nil, rejected, nowhere },
    { "forbidden", "403", { status = 403 }, nil, rejected, nowhere },
    { "not_found", "404", answering("404 No", "no"), nil, rejected, nowhere },
    { "conflict", "409", { status = 409 }, nil, rejected, nowhere },
    { "rate_limited", "429 without a time", { status = 429 }, nil, rejected, nowhere },
    { "rate_limited", "429 with a time", { status = 429, header = LATER }, nil, rejected, is_read },
    { "rejected", "422", { status = 422 }, nil, rejected, nowhere },
    { "server", "500", { status = 500 }, nil, refused, nowhere },
    { "server", "502", { status = 502 }, nil, refused, is_read },
    { "server", "503 with a time", { status = 503, header = LATER }, nil, refused, is_read },
    { "server", "504", { status = 504 }, nil, refused, is_read },
    { "wrong_phase", "a host that does not run", {}, { wait = "nginx" }, not_sent, nowhere },
  }

  for _, case in ipairs(CASES) do
    local kind, when, at, more, outcome, may_repeat, taken = unpack(case, 1, 7)
    it(kind .. ": " .. when, function()
      local where = type(at) == "function" and at() or at
      each_call(where, more, function(row, result, err, meta)
        if taken and takes(row, taken) then
          return assert(result ~= nil, row.title .. ": " .. tostring(err))
        end
        assert(result == nil, row.title)
        assert.equal(kind, err.kind, row.title .. ": " .. tostring(err))
        assert.equal(outcome(row), err.outcome, row.title)
        assert.equal(may_repeat(row), err.retryable, row.title)
        assert.truthy(kind == "wrong_phase" or err.message:find(row.title .. ": ", 1, true) == 1, err.message)
        assert.equal(err.attempts, meta.attempts, row.title)
        assert.equal(kind == "wrong_phase" and 0 or 1, err.attempts, row.title)
        if row.of and kind == "auth" then assert.truthy(err.hint:find("reauthenticate_instance", 1, true)) end
        if row.of and kind == "forbidden" then assert.truthy(err.hint:find("enable_instance", 1, true)) end
      end)
    end)
  end

  -- What was done once is read if at all possible, and here it is not.
  it("protocol or json: a coding that was not asked for", function()
    local wishes = answering("200 OK\r\nContent-Encoding: br", "\11\2")
    each_call(wishes, nil, function(row, result, err)
      if not is_read(row) and takes(row, "text") then return assert.truthy(result, row.title) end
      assert.is_nil(result, row.title)
      assert.equal(is_read(row) and "protocol" or "json", err.kind, row.title)
      assert.equal("unknown", err.outcome, row.title)
      assert.equal(false, err.retryable, row.title)
    end)
  end)

  it("usage: an option that nobody knows, before anything is sent", function()
    service:clear_log()
    each_call({}, { no_such_option = 1, timeout = "soon" }, function(_, result, err)
      assert.is_nil(result)
      assert.equal("usage", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.equal(0, err.attempts)
      assert.truthy(err.message:find("no_such_option", 1, true) and err.message:find("timeout must be", 1, true))
    end)
    assert.same({}, service:log())
  end)

  it("auth: secrets that are wrong", function()
    local stranger = service:client { user_secret = "wrong", organization_secret = "wrong", api_key = service.api_key,
      api_secret = service.api_secret, callback_url = service.callback_url }
    each_call({ act = true }, nil, function(row, result, err)
      if row.auth == "none" then return assert.truthy(result) end
      assert.is_nil(result, row.title)
      assert.equal("auth", err.kind, row.title)
      assert.equal("rejected", err.outcome)
    end, objects_of(stranger, { token = "wrong", user_secret = "wrong" }))
    stranger:close()
  end)

  it("closed: a client that was closed before, and one that is closed meanwhile", function()
    local function look(outcome, attempts)
      return function(row, result, err)
        assert.is_nil(result)
        assert.equal("closed", err.kind, row.title .. ": " .. tostring(err))
        assert.equal(outcome, err.outcome, row.title)
        assert.equal(attempts, err.attempts, row.title)
        assert.equal(false, err.retryable)
      end
    end
    for _, row in ipairs(calls.rows()) do
      local one = service:client {
        user_secret = service.user_secret, organization_secret = service.organization_secret,
        api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
      }
      local objects = objects_of(one, {})
      local result, err
      sapanywhere.all {
        function()
          result, err = calls.make(row, known, objects, { base_url = service:url { delay = 20, act = false } })
        end,
        function()
          assert(client:oauth_url { base_url = service:url { delay = 0.02 } })
          one:close()
        end,
      }
      look("unknown", 1)(row, result, err)
      look("not_sent", 0)(row, calls.make(row, known, objects))
    end
    assert.equal("rows.csv\n", system.output("ls -A " .. dir))
  end)

  -- Requests that have arrived since the log was cleared; none asks before it sends its body.
  local function count_requests()
    local count = 0
    for _, request in ipairs(service:take_log()) do
      assert.is_nil(request.headers.expect)
      count = count + 1
    end
    return count
  end

  for what, wishes in pairs {
    ["that dies"] = { die = true }, ["whose answer is cut in its first line"] = { raw = "HTTP" },
    ["whose answer is cut"] = { length = 100000 }, ["of a gateway that gave up"] = { status = 502 },
    ["of a service that says when to come again"] = { status = 503, header = { ["Retry-After"] = "0" } },
  } do
    it("once: a call " .. what .. " is made again only where it changes nothing", function()
      for _, row in ipairs(calls.rows()) do
        wishes.act, wishes.run = false, nil
        service:clear_log()
        local result, err = calls.make(row, known, { client = client, shop = shop }, {
          base_url = service:url(wishes), retry = { max = 2, base = 0.001, cap = 0.002 },
        })
        assert.is_nil(result, row.title)
        local attempts = is_read(row) and 3 or 1
        assert.equal(attempts, err.attempts, row.title .. ": " .. tostring(err))
        local arrived = count_requests() -- libcurl itself asks again where a kept connection has died
        if is_read(row) then assert.truthy(arrived >= attempts, row.title) else assert.equal(1, arrived, row.title) end
      end
    end)
  end

  it("an answer that is larger than it may be", function()
    each_call({ size = 100000, body = "object" }, { max_response_bytes = 2048 }, function(row, result, err)
      if row.way == "download" then return assert.equal(100000, result.bytes) end
      if row.answer.is == "nothing" and result then return end
      assert.is_nil(result, row.title)
      assert.equal("too_large", err.kind, row.title)
      assert.equal("unknown", err.outcome, row.title)
    end)
  end)

  it("nothing but what happened, where all is well again", function()
    local started = core.now()
    assert(client:get_instance { id = known.instance })
    assert.truthy(core.now() - started < 20)
  end)
end)
