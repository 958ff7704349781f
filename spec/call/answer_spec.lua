local answer = require "sapanywhere.call.answer"
local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"
local made = require "support.values"
local plan = require "sapanywhere.call.plan"
local redact = require "sapanywhere.redact"
local system = require "sapanywhere.sandbox.carrier.system"

local INSTANCE, OAUTH_ANSWER = system.read_file("spec/fixtures/instance.json"),
  system.read_file("spec/fixtures/oauth_url.json")

local GIVEN = {
  oauth_url = {
    api_key = "fake_sapanywhere_api_key", api_secret = "fake_sapanywhere_api_secret",
    callback_url = "https://www.mycoolapp.com/auth", state = "sapanywhere",
  },
  create_instance = {
    api_key = "key-Zq9", api_secret = "secret-Zq9", callback_url = "https://www.mycoolapp.com/auth",
      code = "code-Zq9",
    user_secret = "user-Zq9", organization_secret = "organization-Zq9", name = "test",
  },
}

local function with(base, more)
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

-- A response as `transfer:result` gives it.
local function response_of(status, headers, body, nulls)
  local response = { status = status, headers = headers, body = body }
  if status < 200 or status > 299 then return response end
  local value, fault = core.decode(body, nulls == "keep")
  if value ~= nil then
    return { status = status, headers = headers, value = value, is_list = body:find("^%s*%[") ~= nil }
  end
  response.fault = fault
  return response
end

-- Reads an answer to a call; `response` lacks what does not matter.
local function read(call, response, given)
  local row = endpoints[call]
  local values = assert(made.call(row.name, with(GIVEN[call], given)))
  response = response_of(response.status or 200, response.headers or {}, response.body or "", values.null)
  return answer.read(row, plan.request(row, values), response, values)
end

describe("the answer to oauth_url", function()
  it("is the documented one, untouched, with the state", function()
    local result, err, meta = read("oauth_url", { body = OAUTH_ANSWER })
    assert.is_nil(err)
    local expected = core.decode(OAUTH_ANSWER)
    expected.state = "sapanywhere"
    assert.same(expected, result)
    local warning = "oauthUrl holds the API secret: "
      .. "whoever is sent there, and every log on the way, can read it"
    assert.same({ warning }, meta.warnings)
  end)

  it("has no state where none was sent", function()
    assert.is_nil(read("oauth_url", { body = OAUTH_ANSWER }, { state = false }).state)
  end)

  local SECRET = "s+e/c r=e~t"
  local holding = {
    plain = "s+e/c r=e~t", percent = core.percent_encode(SECRET), lower = "s%2be%2fc%20r%3de~t",
      form = "s%2Be%2Fc+r%3De~t",
    base64 = core.base64(SECRET), url_base64 = core.base64url(SECRET),
      encoded_base64 = core.percent_encode(core.base64(SECRET)),
  }
  for form, text in pairs(holding) do
    it("warns of the secret in it: " .. form, function()
      local url = "https://h.example/a?client_id=" .. text
      local result, _, meta = read("oauth_url", { body = core.encode { oauthUrl = url } },
        { api_secret = SECRET, state = false })
      assert.equal(url, result.oauthUrl)
      assert.equal(1, #meta.warnings)
      assert.is_nil(meta.warnings[1]:find(text, 1, true))
    end)
  end

  it("warns of nothing else", function()
    local _, _, meta = read("oauth_url",
      { body = '{"oauthUrl":"https://h.example/a?client_id=x&redirect_uri=https%3A%2F%2Fx&state=sapanywhere"}' })
    assert.same({}, meta.warnings)
  end)

  local STATE = "a:b/c d~é%41"
  local with_state = {
    raw = STATE, percent = core.percent_encode(STATE), lower = core.percent_encode(STATE):gsub("%%%x%x", string.lower),
    form = "a%3Ab%2Fc+d%7E%C3%A9%2541", sparing = "a:b/c%20d~%c3%a9%2541",
  }
  for form, text in pairs(with_state) do
    it("holds the state that was sent: " .. form, function()
      local _, _, meta = read("oauth_url",
        { body = core.encode { oauthUrl = "https://h.example/a?state=" .. text .. "&x=%" } }, { state = STATE })
      assert.same({}, meta.warnings)
    end)
  end

  for _, text in ipairs { "another", "", "a:b/c", (core.percent_encode(core.percent_encode(STATE))) } do
    it("warns where the state that was sent is not in it: " .. text, function()
      local result, _, meta = read("oauth_url",
        { body = core.encode { oauthUrl = "https://h.example/a?state=" .. text } }, { state = STATE })
      assert.equal(STATE, result.state)
      assert.equal(1, #meta.warnings)
      assert.truthy(meta.warnings[1]:find("does not hold the state", 1, true))
    end)
  end

  local FAULTY = { "{}", '{"oauthUrl":""}', '{"oauthUrl":null}', '{"oauthUrl":5}', '{"oauthUrl":"/relative"}',
    '{"oauthUrl":"ftp://h"}', '{"oauthUrl":"https://"}', '{"oauthUrl":"https://h/\\r\\nX: y"}', "[]",
      '"text"', "5", "true" }
  for _, body in ipairs(FAULTY) do
    it("is a breach of protocol where it is " .. body, function()
      local result, err, meta = read("oauth_url", { body = body })
      assert.is_nil(result)
      assert.same({ "protocol", 200, "rejected", false },
        { err.kind, err.status, err.outcome, err.retryable })
      assert.equal(200, meta.status)
    end)
  end
end)

describe("the answer to create_instance", function()
  it("is the documented one; nulls are left out, everything else is kept", function()
    local result, err, meta = read("create_instance", { body = INSTANCE })
    assert.is_nil(err)
    assert.same({}, meta.warnings)
    assert.equal("3sU/S/kZD36BaABPS7EAuSGHF+1wsthT+mvoukiE", result.token)
    assert.equal(123, result.id)
    assert.equal("https://api-us.sapanywhere.com/v1/", result.configuration["base.url"])
    assert.is_nil(result.configuration["bulk.relations"])
    assert.equal("", result.configuration["sapanywhere.hooks.ordersadded.id"])
    assert.equal("false", result.eventsNotificationCallbackUrl)
    assert.same({}, result.provisionInteractions)
    assert.is_nil(result.state)
  end)

  it("keeps nulls where they are wanted", function()
    local result = read("create_instance", { body = INSTANCE }, { null = "keep" })
    assert.equal(core.null, result.configuration["bulk.relations"])
  end)

  it("may have an id that is text, and any 2xx", function()
    assert.equal("a1", read("create_instance", { status = 201, body = '{"id":"a1","token":"t"}' }).id)
  end)

  for _, body in ipairs { '{"id":1}', '{"id":1,"token":""}', '{"id":1,"token":{}}', '{"token":"Zq9"}',
    '{"id":"","token":"Zq9"}', "[]" } do
    it("leaves unknown what happened where it is " .. body, function()
      local _, err = read("create_instance", { body = body })
      assert.same({ "protocol", 200, "unknown", false }, { err.kind, err.status, err.outcome, err.retryable })
      assert.is_nil(tostring(err):find("Zq9", 1, true))
    end)
  end

  for _, body in ipairs { "", "<html>secret-Zq9</html>", '{"id":1,"token":"Zq9', '{"id":1}x',
    "\239\187\191{}", "NaN" } do
    it(("is kind json where it is %q"):format(body), function()
      local _, err, meta = read("create_instance", { body = body })
      assert.same({ "json", 200, "unknown", false }, { err.kind, err.status, err.outcome, err.retryable })
      assert.truthy(err.message:find("the server answered 200, but not with JSON", 1, true))
      assert.is_nil(tostring(err):find("Zq9", 1, true))
      assert.equal(200, meta.status)
    end)
  end

  it("shows the beginning of what is no JSON", function()
    local _, err = read("create_instance",
      { body = "<html>\r\n<b>Bad\0 gateway</b> secret-Zq9 " .. ("x"):rep(1000) })
    assert.truthy(err.message:find(": <html> <b>Bad gateway</b> [hidden] xxx", 1, true))
    assert.truthy(#err.message < 400)
  end)
end)

describe("a refusal", function()
  -- status, kind, outcome of a repeatable call, outcome of create_instance
  local STATUSES = {
    { 301, "protocol", "rejected", "unknown" }, { 302, "protocol", "rejected", "unknown" },
    { 304, "protocol", "rejected", "unknown" }, { 400, "rejected", "rejected", "rejected" },
    { 401, "auth", "rejected", "rejected" }, { 403, "forbidden", "rejected", "rejected" },
    { 404, "not_found", "rejected", "rejected" }, { 405, "rejected", "rejected", "rejected" },
    { 409, "conflict", "rejected", "rejected" }, { 413, "too_large", "rejected", "rejected" },
    { 415, "rejected", "rejected", "rejected" }, { 417, "rejected", "rejected", "rejected" },
    { 429, "rate_limited", "rejected", "rejected" }, { 500, "server", "rejected", "unknown" },
    { 502, "server", "rejected", "unknown" }, { 503, "server", "rejected", "unknown" },
    { 504, "server", "rejected", "unknown" }, { 599, "server", "rejected", "unknown" },
    { 600, "protocol", "rejected", "unknown" }, { 999, "protocol", "rejected", "unknown" },
  }
  for _, case in ipairs(STATUSES) do
    it(("with status %d is kind %s"):format(case[1], case[2]), function()
      for i, call in ipairs { "oauth_url", "create_instance" } do
        local result, err, meta = read(call,
          { status = case[1], body = '{"requestId":"53dbca94","message":"no such thing"}' })
        assert.is_nil(result)
        assert.same({ case[2], case[1], case[2 + i], "53dbca94" },
          { err.kind, err.status, err.outcome, err.request_id })
        assert.equal(case[1], meta.status)
        assert.same({}, meta.warnings)
        assert.is_true(errors.is(err))
        assert.is_boolean(err.retryable)
      end
    end)
  end

  it("may be repeated where it does no harm", function()
    assert.is_true(select(2, read("oauth_url", { status = 503 })).retryable)
    assert.is_false(select(2, read("create_instance", { status = 503 })).retryable)
    assert.is_false(select(2, read("oauth_url", { status = 400 })).retryable)
  end)

  it("says what the server says", function()
    local _, err = read("create_instance",
      { status = 400, headers = { ["elements-request-id"] = "other" }, body =
      '{"requestId":"53dbca94","message":"Request failed","providerMessage":"code\\r\\nused"}' })
    assert.equal("create_instance: the server answered 400: Request failed (code used)", err.message)
    assert.equal("code used", err.provider_message)
    assert.equal("sapanywhere: rejected: create_instance: the server answered 400: Request failed (code used)"
      .. " (request 53dbca94)", tostring(err))
  end)

  it("takes its request id from the header where the body has none", function()
    local _, err, meta = read("oauth_url",
      { status = 500, headers = { ["elements-request-id"] = "53dbca94" } })
    assert.equal("53dbca94", err.request_id)
    assert.equal("53dbca94", meta.request_id)
  end)

  local bodies = {
    { '{"message":"m","ProviderMessage":"p"}', "the server answered 400: m (p)" },
    { '{"providerMessage":"p"}', "the server answered 400: p" },
    { '{"message":["a",1],"requestId":7}', 'the server answered 400: ["a",1]' },
    { '{"message":null}', 'the server answered 400: {"message":null}' },
    { '{"message":5}', "the server answered 400: 5" },
    { '{"message":true}', "the server answered 400: true" },
    { "[1]", "the server answered 400: [1]" },
    { "5", "the server answered 400: 5" },
    { "", "the server answered 400" },
    { "<p>no</p>\n", "the server answered 400: <p>no</p>" },
    { ("x"):rep(300), "the server answered 400: " .. ("x"):rep(200) .. "…" },
    { ("x"):rep(100000), "the server answered 400: (100000 bytes)" },
  }
  for _, case in ipairs(bodies) do
    it("copes with the body " .. case[1]:sub(1, 40), function()
      local _, err = read("oauth_url", { status = 400, body = case[1] })
      assert.equal("oauth_url: " .. case[2], err.message)
    end)
  end

  for _, message in ipairs { "Payload over the limit", "Request too large", "body is 9 MB",
    "file size over 6GB" } do
    it("with 429 is about a size where it says: " .. message, function()
      local _, err = read("oauth_url",
        { status = 429, headers = { ["retry-after"] = "1" }, body = core.encode { message = message } })
      assert.equal("too_large", err.kind)
      assert.is_false(err.retryable)
    end)
  end

  it("with 429 is else about a rate", function()
    for _, message in ipairs { "Too many requests", "limit of 5 requests reached", "embargo" } do
      local _, err = read("oauth_url",
        { status = 429, headers = { ["retry-after"] = "1" }, body = core.encode { message = message } })
      assert.same({ "rate_limited", true, 1 }, { err.kind, err.retryable, err.retry_after })
    end
  end)

  it("reads Retry-After by the server's own clock", function()
    local _, err = read("oauth_url", { status = 503, headers = {
      date = "Sun, 06 Nov 1994 08:49:37 GMT", ["retry-after"] = "Sun, 06 Nov 1994 08:50:07 GMT",
    } })
    assert.equal(30, err.retry_after)
    _, err = read("oauth_url",
      { status = 503, headers = { ["retry-after"] = "Sun, 06 Nov 1994 08:50:07 GMT" } })
    assert.equal(0, err.retry_after)
    _, err = read("oauth_url", { status = 503, headers = { ["retry-after"] = "soon" } })
    assert.is_nil(err.retry_after)
  end)

  it("does not repeat where a redirect leads", function()
    local _, err, meta = read("create_instance",
      { status = 302, headers = { location = "https://evil.example/?code=code-Zq9" } })
    assert.equal("create_instance: the server answered 302, a redirect, which is not followed; "
      .. "an instance may exist: look for it, or use recover", err.message)
    assert.equal("https://evil.example/?code=[hidden]", meta.headers.location)
  end)
end)

describe("meta", function()
  it("has headers in any case", function()
    local _, _, meta = read("oauth_url",
      { body = OAUTH_ANSWER, headers = { ["content-type"] = "application/json" } })
    assert.equal("application/json", meta.headers["Content-Type"])
    assert.is_nil(meta.headers["X-Other"])
    assert.is_nil(meta.headers[1])
  end)

  it("has the request's id, made fit to show", function()
    for sent, shown in pairs { ["53dbca94-!~"] = "53dbca94-!~", ["a\27b\tc"] = "a b c", ["a b"] = "a b" } do
      local _, _, meta = read("oauth_url", { body = OAUTH_ANSWER, headers = { ["elements-request-id"] = sent } })
      assert.equal(shown, meta.request_id)
    end
    local _, _, meta = read("oauth_url", { body = OAUTH_ANSWER })
    assert.is_nil(meta.request_id)
  end)

  it("has the server's Elements-Error among its warnings", function()
    local _, _, meta = read("create_instance",
      { body = INSTANCE, headers = { ["elements-error"] = "capped, secret-Zq9" } })
    assert.same({ "the server says in Elements-Error: capped, [hidden]" }, meta.warnings)
  end)
end)

describe("the answer to list_instances", function()
  local row = endpoints.list_instances
  local values = assert(made.call("list_instances", { user_secret = "u", organization_secret = "o" }))

  local function search(status, body, headers)
    return answer.read(row, { repeatable = true }, response_of(status, headers or {}, body, values.null), values)
  end

  it("is a list, and an empty one where the status is 404 and the platform says so", function()
    assert.same({ { id = 1 } }, (search(200, '[{"id":1}]')))
    assert.same({}, (search(200, "[]")))
    assert.same({}, (search(404, '{"requestId":"x","message":"No instances found"}')))
    assert.same({}, (search(404, '{"message":"No instances found"}', { ["elements-request-id"] = "x" })))
  end)

  it("has no warnings where it is empty", function()
    for _, answered in ipairs { { 200, "[]" }, { 404, '{"requestId":"x"}' } } do
      local _, _, meta = search(answered[1], answered[2])
      assert.same({}, meta.warnings)
      assert.equal(answered[1], meta.status)
    end
  end)

  it("says how many there are, where that is a number of at most 15 digits", function()
    for text, number in pairs {
      ["0"] = 0, ["230"] = 230, [("9"):rep(15)] = 999999999999999, [("9"):rep(16)] = false, ["-1"] = false,
      ["1.5"] = false, [""] = false, [" 7"] = false, ["0x1F"] = false,
    } do
      local _, _, meta = search(200, "[]", { ["elements-total-count"] = text, ["elements-returned-count"] = text })
      assert.equal(number or nil, meta.total_count)
    end
  end)

  it("fails else", function()
    assert.equal("protocol", select(2, search(206, '[{"id":1}]')).kind)
    assert.equal("protocol", select(2, search(200, '{"id":1}')).kind)
    assert.equal("protocol", select(2, search(200, "{}")).kind)
    assert.equal("not_found", select(2, search(404, '{"message":"no route"}')).kind)
    assert.equal("not_found", select(2, search(404, "<html>")).kind)
    assert.equal("auth", select(2, search(401, "{}")).kind)
  end)
end)

describe("a failure of the engine", function()
  it("becomes an error without secrets", function()
    local row = endpoints.create_instance
    local values = assert(made.call(row.name, GIVEN.create_instance))
    local err = answer.failure(row, {},
      { kind = "connect", outcome = "not_sent", message = "lost at secret-Zq9" }, values)
    assert.same({ "connect", "not_sent", true }, { err.kind, err.outcome, err.retryable })
    assert.equal("sapanywhere: connect: create_instance: lost at [hidden]", tostring(err))
    err = answer.failure(row, {}, { kind = "timeout", outcome = "unknown", message = "late" }, values)
    assert.is_false(err.retryable)
  end)
end)

describe("no secret", function()
  local function random_secret(characters)
    local bytes = {}
    for i, byte in ipairs { core.random(16):byte(1, -1) } do
      local at = byte % #characters + 1
      bytes[i] = characters:sub(at, at)
    end
    return table.concat(bytes)
  end

  local VISIBLE = {}
  for byte = 33, 126 do VISIBLE[#VISIBLE + 1] = string.char(byte) end
  VISIBLE = table.concat(VISIBLE)
  local HEADER = VISIBLE:gsub(",", "")

  local function printed(value, seen)
    if type(value) ~= "table" then return tostring(value) end
    local parts = { tostring(errors.is(value) and value or "") }
    for key, entry in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. printed(entry, seen) end
    return table.concat(parts, "\n")
  end

  it("comes back in an error or in meta, however the server echoes it", function()
    for _ = 1, 100 do
      local given = with(GIVEN.create_instance, {
        api_secret = random_secret(VISIBLE), code = random_secret(VISIBLE),
          user_secret = random_secret(HEADER),
        organization_secret = random_secret(HEADER), api_key = random_secret(VISIBLE),
      })
      for _, secret in ipairs { given.api_secret, given.code, given.user_secret, given.organization_secret,
        given.api_key } do
        for _, echo in ipairs { secret, core.percent_encode(secret), core.base64(secret),
          core.base64("k:" .. secret) } do
          local answers = {
            { status = 400, body = core.encode { message = "m " .. echo, providerMessage = echo,
              requestId = echo } },
            { status = 500, body = "<p>" .. echo }, { status = 200, body = echo },
            { status = 200, body = '{"id":1,"token":"t"}',
              headers = { ["elements-error"] = echo, ["x-echo"] = echo } },
            { status = 302, headers = { location = "https://x/?a=" .. echo,
              ["elements-request-id"] = echo } },
          }
          for _, response in ipairs(answers) do
            local _, err, meta = read("create_instance", response, given)
            local text = printed(err) .. printed(meta) .. printed(redact.copy(meta))
            assert.is_nil(text:find(echo, 1, true), text)
            assert.is_nil(text:find(secret, 1, true), text)
          end
        end
      end
    end
  end)
end)

describe("an answer that is not JSON, in place of", function()
  local XML = "<instance><id>1</id><key>k-Zq9</key><token>t0ken</token></instance>"

  it("an instance, is not shown", function()
    local _, err = read("create_instance", { body = XML })
    assert.equal("json", err.kind)
    assert.equal("unknown", err.outcome)
    assert.falsy(tostring(err):find("instance>", 1, true))
    _, err = read("create_instance", { body = "id=1 token t0ken" })
    assert.falsy(tostring(err):find("t0ken", 1, true))
  end)

  it("an instance, is shown where it is a page for people", function()
    local _, err = read("create_instance", { body = "\n<!DOCTYPE html><html><title>Down for maintenance</title>" })
    assert.truthy(err.message:find("Down for maintenance", 1, true))
  end)

  it("the OAuth URL, is shown", function()
    local _, err = read("oauth_url", { body = "Not now" })
    assert.truthy(err.message:find("Not now", 1, true))
  end)
end)

describe("a failure of the engine that a base URL made", function()
  it("is a mistake of the caller's, told like the others", function()
    local values = assert(made.call("oauth_url", GIVEN.oauth_url))
    local err = answer.failure(endpoints.oauth_url, {}, core.judge { code = 3 }, values)
    assert.equal("usage", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.same({}, err.missing)
    assert.equal("base_url", err.problems[1].option)
    assert.equal("oauth_url: base_url must be a URL that libcurl accepts", err.message)
  end)
end)
