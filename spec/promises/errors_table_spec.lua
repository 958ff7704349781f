-- Every kind of error, provoked for real, with everything that it carries.

local child = require "support.child"
local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local peers = require "support.peers"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

local NONE = {} -- in an expectation: the field must be absent

local service, silent = services.start {}, peers.start("silent")

local function ask(base_url, more)
  return service:client { base_url = base_url }:oauth_url(service:asking(more))
end

local function create(base_url, more)
  return service:client { base_url = base_url }:create_instance(service:creating(more))
end

local function asking(wishes, more)
  return function() return ask(service:url(wishes), more) end
end

local function creating(wishes, more)
  return function() return create(service:url(wishes), more) end
end

local function parsing(query, options)
  return function() return sapanywhere.parse_callback(query, options) end
end

-- Calls at a client that is closed meanwhile.
local function closing(wishes, name, options)
  return function()
    local client, result, err, meta = service:client { base_url = service:url(wishes) }, nil, nil, nil
    sapanywhere.all {
      function() result, err, meta = client[name](client, options()) end,
      function()
        ask(service:url { delay = 0.1 })
        client:close()
      end,
    }
    return result, err, meta
  end
end

local function closed()
  local client = service:client {}
  client:close()
  return client:create_instance(service:creating())
end

-- A shop whose bulk jobs go as wished; what waiting for one gives.
local function waiting_for_job(wishes)
  return function()
    local client = service:client { base_url = service:url(wishes) }
    local instance = assert(client:create_instance(service:creating()))
    local shop = assert(client:instance { token = instance.token, user_secret = service.user_secret })
    local job = assert(shop:bulk_query { query = "select * from orders" })
    return shop:bulk_wait { id = job.id, interval = 0.05 }
  end
end

-- A shop, and what downloading a job's file to a path gives.
local function downloading(to, wishes)
  return function()
    wishes = wishes or {}
    wishes.job_seconds = 0
    local client = service:client { base_url = service:url(wishes) }
    local instance = assert(service:client {}:create_instance(service:creating()))
    local shop = assert(client:instance { token = instance.token, user_secret = service.user_secret })
    local job = assert(shop:bulk_query { query = "select * from orders" })
    return shop:bulk_download { id = job.id, object = "orders", to = to }
  end
end

-- What uploading a file gives.
local function uploading(file)
  return function()
    local shop = assert(service:client {}:instance { token = "t", user_secret = service.user_secret })
    return shop:bulk_upload { object = "orders", file = file }
  end
end

-- What a child process without memory for the answer gets: only its plain fields come back.
local function without_memory()
  local err = child.run([[
    local result, err = require("sapanywhere").create_instance {
      base_url = given.base_url, api_key = "k", api_secret = "s", callback_url = "http://localhost/",
      code = "c", name = "n", user_secret = "u", organization_secret = "o",
      max_response_bytes = 2 ^ 31, retry = false,
    }
    assert(not result)
    local copy = {}
    for name, value in pairs(err) do copy[name] = value end
    return copy
  ]], { base_url = service:url { gzip_bomb = 500 * 1024 * 1024 } }, { before = "ulimit -v 400000;" })
  return nil, errors.new(err.kind, err)
end

-- A whole answer of a server that says just this.
local function answering(status, body, header)
  local text = "HTTP/1.1 %d No\r\nContent-Length: %d\r\n%s\r\n%s"
  return { raw = text:format(status, #body, header or "", body) }
end

local LATER = { header = { ["Retry-After"] = "7" } }

local function with(wishes, more)
  local all = {}
  for name, value in pairs(wishes) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

local ID = "^%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$" -- a request id, as a pattern

-- Each row: when, how, and what err holds. `request_id = ID` asks for one; `says` is part of the message.
local rows = {
  usage = {
    { "a value is missing",
      function() return service:client {}:create_instance { name = "x", code = "y" } end,
      { outcome = "not_sent", attempts = 0, status = NONE, retryable = false, says = "missing api_key",
        missing = { "api_key", "api_secret", "callback_url", "organization_secret", "user_secret" } } },
    { "an option is unknown",
      function() return service:client {}:oauth_url(service:asking { api_kee = 1 }) end,
      { outcome = "not_sent", attempts = 0, says = "api_key", missing = {} } },
    { "a client is made with a wrong value",
      function() return sapanywhere.new { timeout = -1 } end,
      { outcome = "not_sent", retryable = false, says = "timeout" } },
    { "parse_callback is told nothing of the state", parsing("?code=1", {}),
      { outcome = "not_sent", says = "state" } },
  },
  denied = {
    { "the user says no", parsing("?error=access_denied&state=s&error_description=no+way", { state = "s" }),
      { retryable = false, error = "access_denied", error_description = "no way", says = "access_denied" } },
  },
  state = {
    { "the state is another one", parsing("?code=1&state=t", { state = "s" }), { retryable = false } },
    { "there is no state",
      parsing("?code=1", { state = "s" }), { retryable = false } },
  },
  callback = {
    { "there is neither a code nor an error",
      parsing("?state=s", { state = "s" }), { retryable = false } },
    { "there are two codes",
      parsing("?code=1&code=2&state=s", { state = "s" }), { retryable = false } },
    { "the provider failed", parsing("?error=server_error&state=s", { state = "s" }),
      { retryable = false, error = "server_error" } },
  },
  dns = {
    { "the name does not exist", function() return ask("https://sapanywhere.invalid/v2") end,
      { outcome = "not_sent", retryable = true, attempts = 1, status = NONE } },
    { "the proxy's name does not exist", function()
      return ask("https://localhost/v2", { proxy = "http://sapanywhere.invalid:3128" })
    end, { outcome = "not_sent", retryable = true, attempts = 1, says = "proxy" } },
  },
  connect = {
    { "nobody listens", function() return create(service.refused_url) end,
      { outcome = "not_sent", retryable = true, status = NONE } },
    { "the server hangs up on a read", asking { die = true }, { outcome = "unknown", retryable = true } },
    { "the server hangs up on a creation", creating { die = true },
      { outcome = "unknown", retryable = false, status = NONE } },
    { "the answer to a creation is cut", creating { cut = 300 },
      { outcome = "unknown", retryable = false, status = 200 } },
  },
  tls = {
    { "the certificate is another host's", function() return create(service.tls_faults.wrong_name) end,
      { outcome = "not_sent", retryable = false, says = "certificate" } },
  },
  timeout = {
    { "the answer takes too long", creating({ delay = 5 }, { timeout = 1 }),
      { outcome = "unknown", retryable = false } },
    { "the answer to a read takes too long", asking({ delay = 5 }, { timeout = 1 }),
      { outcome = "unknown", retryable = true } },
    { "the connection takes too long", function()
      return create(("https://localhost:%d/"):format(silent.port), { connect_timeout = 1 })
    end, { outcome = "not_sent", retryable = true } },
  },
  cancelled = {
    { "there is no memory for the answer", without_memory, { outcome = "unknown", retryable = false } },
  },
  protocol = {
    { "there is no oauthUrl", asking { body = "nourl" },
      { outcome = "rejected", status = 200, request_id = ID, says = "oauthUrl", retryable = false } },
    { "there is no token", creating { body = "notoken" },
      { outcome = "unknown", status = 200, request_id = ID, says = "token", retryable = false } },
    { "it is no object", creating { body = "list" }, { outcome = "unknown", status = 200 } },
    { "it is a redirect", creating { redirect = "https://elsewhere.example/" },
      { outcome = "unknown", status = 302, says = "redirect" } },
    { "it is not HTTP", asking { raw = "SSH-2.0-OpenSSH_9.2\r\n" },
      { outcome = "unknown", status = NONE, says = "HTTP" } },
  },
  too_large = {
    { "the body is larger than max_response_bytes",
      creating({ size = 100000 }, { max_response_bytes = 4096 }),
      { outcome = "unknown", retryable = false, says = "max_response_bytes" } },
    { "the head is larger than 64 KiB", asking { headers = 2000 },
      { outcome = "unknown", says = "headers" } },
    { "the request is", asking { status = 413 }, { outcome = "rejected", status = 413, request_id = ID } },
    { "429 is about a size",
      creating(answering(429, [[{"message": "The payload is too large."}]], "Retry-After: 1\r\n")),
      { outcome = "rejected", status = 429, retryable = false } },
    { "the callback is",
      parsing("?code=" .. ("x"):rep(20000), { state = false }), { retryable = false } },
  },
  json = {
    { "the answer to a read is HTML", asking { body = "html" },
      { outcome = "rejected", status = 200, request_id = ID, says = "Bad Gateway", retryable = false } },
    { "the answer to a creation is cut JSON", creating { body = "truncated" },
      { outcome = "unknown", status = 200, request_id = ID, retryable = false } },
    { "the answer is empty", creating { body = "empty" }, { outcome = "unknown", status = 200 } },
  },
  auth = {
    { "the user secret is wrong", creating({}, { user_secret = "wrong" }),
      { outcome = "rejected", status = 401, request_id = ID, retryable = false, attempts = 1,
        says = "Invalid Organization or User secret" } },
  },
  forbidden = {
    { "the server says 403", creating { status = 403 },
      { outcome = "rejected", status = 403, request_id = ID, retryable = false } },
  },
  not_found = {
    { "no such element is known", asking({}, { element = "nosuchelement" }),
      { outcome = "rejected", status = 404, request_id = ID, retryable = false } },
  },
  conflict = {
    { "the server says 409", creating { status = 409 },
      { outcome = "rejected", status = 409, request_id = ID } },
  },
  rate_limited = {
    { "the server says 429 and when to come back", asking(with(LATER, { status = 429 })),
      { outcome = "rejected", status = 429, retry_after = 7, retryable = true } },
    { "the server says 429 only", asking { status = 429 },
      { outcome = "rejected", status = 429, retry_after = NONE, retryable = false } },
    { "it was a creation", creating(with(LATER, { status = 429 })),
      { outcome = "rejected", status = 429, retry_after = 7, retryable = false } },
  },
  rejected = {
    { "the code is not known", creating({}, { code = "no such code" }),
      { outcome = "rejected", status = 400, request_id = ID, retryable = false } },
    { "the key is wrong", creating({}, { api_key = "wrong" }), { outcome = "rejected", status = 400 } },
  },
  server = {
    { "a creation is answered 500", creating { status = 500 },
      { outcome = "unknown", status = 500, request_id = ID, retryable = false } },
    { "a read is answered 500", asking { status = 500 },
      { outcome = "rejected", status = 500, request_id = ID, retryable = false } },
    { "a read is answered 503", asking(with(LATER, { status = 503 })),
      { outcome = "rejected", status = 503, retry_after = 7, retryable = true } },
    { "the provider says something", asking(answering(502,
      [[{"requestId":"53db","message":"It failed","providerMessage":"Shop is closed"}]])),
      { outcome = "rejected", status = 502, request_id = "^53db$", provider_message = "Shop is closed",
        says = "It failed (Shop is closed)" } },
  },
  job = {
    { "it failed", waiting_for_job { job_seconds = 0.1, job_end = "ERROR" },
      { outcome = "rejected", retryable = false, says = "the job ended as error" } },
    { "somebody cancelled it", waiting_for_job { job_seconds = 0.1, job_end = "CANCELLED" },
      { outcome = "rejected", retryable = false, says = "the job ended as cancelled" } },
    { "the platform gave it up", waiting_for_job { job_seconds = 0.1, job_end = "ABORTED" },
      { outcome = "rejected", status = 200, retryable = false, attempts = 1, says = "the job ended as aborted" } },
  },
  file = {
    { "there is no such directory", downloading("/proc/none/orders.json"),
      { outcome = "not_sent", reason = "missing", retryable = false, attempts = 0, says = "to:" } },
    { "it is a directory", downloading("/tmp"), { outcome = "not_sent", reason = "io" } },
    { "there is no file to send", uploading "/proc/none/orders.csv",
      { outcome = "not_sent", reason = "missing", retryable = false, attempts = 0, says = "file:" } },
    { "what is to be sent is a directory", uploading "/tmp", { outcome = "not_sent", reason = "io" } },
  },
  closed = {
    { "the client was closed before", closed, { outcome = "not_sent", attempts = 0, retryable = false } },
    { "it is closed during a creation",
      closing({ delay = 5 }, "create_instance", function() return service:creating() end),
      { outcome = "unknown", retryable = false, attempts = 1 } },
    { "it is closed during a read",
      closing({ delay = 5 }, "oauth_url", function() return service:asking() end),
      { outcome = "unknown", retryable = false, attempts = 1 } },
  },
  signature = {
    { "there is none", function() return assert(sapanywhere.webhook { key = "k" }):read { body = "{}" } end,
      { reason = "missing", retryable = false } },
    { "on_use fails", function()
      local reader = assert(sapanywhere.webhook { key = false, on_use = function() return nil, "no connection" end })
      return reader:read { body = [[{"message":{"events":[]}}]] }
    end, { reason = "store", retryable = true, says = "no connection" } },
  },
  store = {
    { "there is no such directory, and none can be made", function()
      return assert(sapanywhere.store.file { path = "/proc/none/shops.json" }):put("my shop", {})
    end, { reason = "io", retryable = false } },
  },
  wrong_phase = {
    { "nginx is asked for where it is not", function()
      return service:client { wait = "nginx" }:oauth_url(service:asking())
    end, { outcome = "not_sent", attempts = 0, retryable = false } },
    { "cqueues is asked for where it is not", function()
      local loaded = package.loaded.cqueues
      package.loaded.cqueues = nil
      local result, err, meta = service:client { wait = "cqueues" }:oauth_url(service:asking())
      package.loaded.cqueues = loaded
      return result, err, meta
    end, { outcome = "not_sent", attempts = 0, retryable = false } },
  },
}

-- Fields that err may have beside those of the contract.
local FIELDS = {
  kind = "string", message = "string", status = "number", request_id = "string", provider_message = "string",
  missing = "table", problems = "table", retryable = "boolean", retry_after = "number", outcome = "string",
  attempts = "number", error = "string", error_description = "string", error_uri = "string",
  recovery = "table", reason = "string", job = "table", hint = "string",
}
local OUTCOMES = { not_sent = true, rejected = true, unknown = true }

local function check_field(err, name, expected)
  if expected == NONE then return assert.is_nil(err[name], name) end
  if name == "says" then return assert.truthy(err.message:find(expected, 1, true), err.message) end
  if name == "request_id" then
    return assert.truthy(tostring(err[name]):find(expected), tostring(err[name]))
  end
  assert.same(expected, err[name])
end

local function check(kind, expected, result, err, meta)
  assert.is_nil(result)
  assert.equal(kind, err.kind, tostring(err))
  for name, value in pairs(expected) do check_field(err, name, value) end
  for name, value in pairs(err) do
    assert.equal(FIELDS[name], type(value), "field " .. tostring(name))
  end
  assert.truthy(err.outcome == nil or OUTCOMES[err.outcome])
  local line, start = tostring(err), "sapanywhere: " .. kind .. ": " .. err.message
  assert.equal(start, line:sub(1, #start))
  assert.equal("so: " .. line, "so: " .. err)
  if not meta then return end
  assert.equal(err.attempts, meta.attempts)
  assert.equal("table", type(meta.warnings))
  assert.truthy(meta.elapsed >= 0 and meta.elapsed < 20)
end

describe("an error of kind", function()
  teardown(function()
    silent:stop()
    service:stop()
  end)

  it("each is in the table", function()
    for _, kind in ipairs(errors.KINDS) do assert.truthy(rows[kind], kind) end
  end)

  for _, kind in ipairs(errors.KINDS) do
    for _, row in ipairs(rows[kind] or {}) do
      it(kind .. ": " .. row[1], function()
        if row[2] == without_memory and child.is_watched() then return end -- which needs memory itself
        local started = core.now()
        local result, err, meta = row[2]()
        check(kind, row[3], result, err, meta)
        assert.truthy(core.now() - started < 20)
      end)
    end
  end

  it("usage: nothing was sent", function()
    service:clear_log()
    for _, row in ipairs(rows.usage) do row[2]() end
    assert.same({}, service:log())
  end)
end)
