-- The local service in the real nginx, asked by curl.

local cjson = require "cjson"
local libcurl = require "support.libcurl"
local core = require "sapanywhere.core"
local sandbox = require "sapanywhere.sandbox"
local socket = require "socket"
local system = require "sapanywhere.sandbox.carrier.system"
local url = require "sapanywhere.sandbox.service.url"
local child = require "support.child"
local processes = require "support.processes"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- Gives what curl wrote, and how it ended.
local function curl(arguments)
  local place = os.tmpname()
  local report = system.output(("curl -sS -m 20 -o %s -D %s.head -w '%%{http_code} %%{http_version} %%{time_total} "
    .. "%%{time_starttransfer}' %s 2>/dev/null; echo \" $?\""):format(place, place, arguments))
  local status, version, total, first, code = report:match("^(%d+) (%S+) (%S+) (%S+) (%d+)\n$")
  local answer = {
    status = tonumber(status), version = version, total = tonumber(total), first = tonumber(first),
    exit = tonumber(code), body = system.read_file(place),
    head = exists(place .. ".head") and system.read_file(place .. ".head"),
  }
  os.remove(place)
  os.remove(place .. ".head")
  return answer
end

local function header_arguments(self)
  return ("-H 'Authorization: User %s, Organization %s' -H 'Content-Type: application/json' ")
    :format(self.user_secret, self.organization_secret)
end

local function oauth_arguments(self, base_url)
  return system.quote((base_url or self.base_url) .. "/elements/sapanywhere/oauth/url?" .. url.build_query {
    { "apiKey", self.api_key }, { "apiSecret", self.api_secret }, { "callbackUrl", self.callback_url },
    { "state", "my state" },
  })
end

local function creation_arguments(self, base_url, code)
  code = code or assert(self:authorize {}):match("[?&]code=(%x+)")
  local body = cjson.encode {
    element = { key = "sapanywhere" }, providerData = { code = code }, name = "my shop", tags = { "eu" },
    configuration = {
      ["oauth.callback.url"] = self.callback_url, ["oauth.api.key"] = self.api_key,
      ["oauth.api.secret"] = self.api_secret,
    },
  }
  local target = (base_url or self.base_url) .. "/instances"
  return header_arguments(self) .. "-d " .. system.quote(body) .. " " .. system.quote(target)
end

local function last(self)
  local log = self:log()
  return log[#log]
end

local function has_processes(dir)
  return processes():find(dir, 1, true) ~= nil
end

-- Whether this Lua can be told to ignore the environment.
local function has_option_E()
  return system.output(system.quote(child.interpreter()) .. " -E -e 'print(1)' 2>/dev/null") == "1\n"
end

-- Waits for what comes about in another process.
local function eventually(happens)
  local ends = core.now() + 60
  while core.now() < ends do
    if happens() then return true end
    core.poll(-1, 0.1)
  end
  return false
end

-- How curl ends where a connection with HTTP/2 dies: before 7.80 it does not see that, and waits.
local STREAM_DIED = libcurl.is_before(7, 80) and 28 or 92

describe("the sandbox", function()
  local self

  setup(function() self = assert(sandbox.start {}) end)
  teardown(function() self:stop() end)

  it("has a key that is for nobody else to read", function()
    assert.equal("600\n", system.output("stat -c %a " .. self.client_key_file))
  end)

  it("plays the whole journey", function()
    local oauth_url = cjson.decode(curl(oauth_arguments(self)).body).oauthUrl
    local page = curl(system.quote(oauth_url))
    assert.equal(200, page.status)
    local form = page.body:match('name="form" value="(%x+)"')
    local action = page.body:match('action="([^"]+)"')
    local origin = self.base_url:match("^http://[^/]+")
    local redirect = curl(("-d form=%s -d decision=allow %s"):format(form, system.quote(origin .. action)))
    assert.equal(302, redirect.status)
    local location = redirect.head:match("[Ll]ocation: ([^\r\n]+)")
    assert.equal(200, curl(system.quote(location)).status)
    local code = url.parse_query(location:match("%?(.*)$")).code[1]
    local created = curl(creation_arguments(self, nil, code))
    assert.equal(200, created.status)
    local instance = cjson.decode(created.body)
    assert.equal(instance.token, self:instances()[1].token)
    local used = curl(creation_arguments(self, nil, code))
    assert.equal(400, used.status)
    assert.matches("used already", cjson.decode(used.body).providerMessage)
    local path = ("%s/instances/%d"):format(self.base_url, instance.id)
    assert.equal(200, curl(header_arguments(self) .. path).status)
    assert.equal(200, curl(header_arguments(self) .. "-X DELETE " .. path).status)
    assert.same({}, self:instances())
  end)

  it("plays it over TLS and HTTP/2, under its own certificate authority", function()
    local answer = curl(("--cacert %s "):format(self.ca_file) .. oauth_arguments(self, self.tls_base_url))
    assert.equal(200, answer.status)
    assert.equal("2", answer.version)
    local oauth_url = cjson.decode(answer.body).oauthUrl
    assert.equal(self.tls_base_url:match("^https://[^/]+"), oauth_url:match("^https://[^/]+"))
    local by_address = self.tls_base_url:gsub("localhost", "127.0.0.1")
    assert.equal(200, curl(("--cacert %s "):format(self.ca_file) .. oauth_arguments(self, by_address)).status)
    local stranger = ("--cacert %s/self_signed.pem "):format(self.dir)
    assert.equal(60, curl(stranger .. oauth_arguments(self, self.tls_base_url)).exit)
  end)

  it("compresses for who accepts that", function()
    local answer = curl("--compressed " .. oauth_arguments(self))
    assert.matches("[Cc]ontent%-[Ee]ncoding: gzip", answer.head)
    assert.equal("sapanywhere", cjson.decode(answer.body).element)
    assert.not_matches("[Cc]ontent%-[Ee]ncoding", curl(oauth_arguments(self)).head)
  end)

  it("logs requests as they arrive", function()
    self:clear_log()
    curl("-H 'X-Odd:  a b ' -H 'x-odd: c' " .. oauth_arguments(self))
    curl(("--cacert %s --data-binary $'\\001\\r\\n\\377' -H 'X-Odd: h2' %s"):format(self.ca_file,
      system.quote(self.tls_base_url .. "/nothing?a=%20b")))
    local log = self:log()
    assert.equal(2, #log)
    assert.equal("GET", log[1].method)
    assert.equal("/elements/api-v2/elements/sapanywhere/oauth/url?apiKey=" .. self.api_key,
      log[1].uri:match("^[^&]*"))
    assert.same({ "1.1", false, 200 }, { log[1].version, log[1].tls, log[1].status })
    assert.equal(1, log[1].connection_requests)
    assert.equal("Host", log[1].headers[1][1])
    assert.equal("a b, c", log[1].header["x-odd"])
    assert.same({ "POST", "2.0", true, 404 }, { log[2].method, log[2].version, log[2].tls, log[2].status })
    assert.equal("h2", log[2].header["x-odd"])
    assert.equal("/elements/api-v2/nothing?a=%20b", log[2].uri)
    assert.is_true(log[2].connection > log[1].connection)
    assert.is_true(math.abs(log[1].time - os.time()) < 60)
  end)

  it("logs a body of any bytes, and one of megabytes", function()
    local place = os.tmpname()
    local file = assert(io.open(place, "wb"))
    file:write("\0\r\n\255\"\\", ("x"):rep(5 * 1024 * 1024))
    file:close()
    local arguments = "-H 'Expect:' --data-binary @" .. place .. " "
    curl(header_arguments(self) .. arguments .. self.base_url .. "/instances")
    assert.equal(system.read_file(place), last(self).body)
    os.remove(place)
  end)

  it("says in the log why it refused", function()
    curl("-H 'Authorization: User x' " .. self.base_url .. "/instances")
    assert.equal("the Organization secret is missing", last(self).note)
    assert.equal(401, last(self).status)
  end)

  it("refuses Expect: 100-continue before it reads the body", function()
    local answer = curl(header_arguments(self) .. "-H 'Expect: 100-continue' -d '{}' "
      .. self.base_url .. "/instances")
    assert.equal(417, answer.status)
    assert.not_matches("100 Continue", answer.head)
    assert.matches("\nConnection: close\r\n", answer.head)
  end)

  it("ends the connection of who waits to be told to continue", function()
    local host, port = self.base_url:match("//([^:]+):(%d+)")
    local client = assert(socket.connect(host, tonumber(port)))
    client:settimeout(20)
    client:send("POST /elements/api-v2/instances HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      .. "Content-Length: 2\r\n\r\n")
    assert.matches("^HTTP/1.1 4", (assert(client:receive("*a"))))
    client:close()
  end)

  it("presses Allow or Deny without a browser, as the page would", function()
    local oauth_url = cjson.decode(curl(oauth_arguments(self)).body).oauthUrl
    local allowed = assert(self:authorize(oauth_url))
    assert.equal("my state", url.parse_query(allowed:match("%?(.*)$")).state[1])
    assert.equal(200, curl(creation_arguments(self, nil, allowed:match("code=(%x+)"))).status)
    local denied = assert(self:authorize(oauth_url, "deny"))
    assert.equal(self.callback_url .. "?error=access_denied&state=my%20state", denied)
    assert.equal("https://a.example/?x=1&error=access_denied",
      (self:authorize({ callback_url = "https://a.example/?x=1" }, "deny")))
    for _, wrong in ipairs {
      "https://a.example/",
      (oauth_url:gsub("redirect_uri=http", "redirect_uri=https", 1)),
      (oauth_url:gsub("client_id=", "client_id=x", 1)),
    } do
      local none, problem = self:authorize(wrong)
      assert.is_nil(none)
      assert.equal("string", type(problem))
    end
    assert.is_nil((self:authorize { callback_url = "nowhere" }))
  end)

  it("tells what is wrong with what it should authorize", function()
    local said = {
      { self:authorize({}, "Deny") }, { self:authorize(nil) }, { self:authorize({ calback_url = "" }) },
      { self:authorize({}, true) }, { self:restart { emtpy = true } },
    }
    assert.same({
      { nil, 'the decision must be "allow" or "deny" (did you mean "deny"?)' },
      { nil, "what to authorize must be the oauthUrl or a table" },
      { nil, "unknown option 'calback_url' (did you mean 'callback_url'?)" },
      { nil, 'the decision must be "allow" or "deny"' },
      { nil, "unknown option 'emtpy' (did you mean 'empty'?)" },
    }, said)
  end)

  local function ask(path, headers, more)
    local words = { more or "" }
    for _, header in ipairs(headers) do words[#words + 1] = "-H " .. system.quote(header) end
    words[#words + 1] = system.quote(self.base_url:match("^http://[^/]+") .. path)
    return curl(table.concat(words, " ")).status
  end

  it("answers to its own host names only, whatever the port", function()
    for _, name in ipairs { "localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:80", "[::1]" } do
      assert.equal(200, ask("/callback", { "Host: " .. name }))
    end
    for _, name in ipairs { "rebound.example", "localhost.example", "127.0.0.2", "mine.example" } do
      assert.equal(403, ask("/callback", { "Host: " .. name }))
      assert.equal("a foreign host name", last(self).note)
    end
    local other = assert(sandbox.start { host_names = { "Mine.example", "a.example" } })
    finally(function() other:stop() end)
    local target = other.base_url:match("^http://[^/]+") .. "/callback"
    assert.equal(200, curl("-H 'Host: mine.EXAMPLE:9' " .. target).status)
    assert.equal(403, curl("-H 'Host: example' " .. target).status)
  end)

  local consent_page = "/sbo/oauth2/authorize"
  local stranger, visit = "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"
  for what, case in pairs {
    ["a page of another site"] = { "/callback", { "Origin: https://evil.example" }, 403 },
    ["no page that can be named"] = { "/callback", { "Origin: null" }, 403 },
    ["a neighbour on another port"] = { "/callback", { "Origin: http://localhost:1" }, 403 },
    ["a picture in another site's page"] = { "/callback", { stranger }, 403 },
    ["a picture in a neighbour's page"] =
      { consent_page, { "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors" }, 403 },
    ["a visit to an address that misbehaves"] =
      { "/~status=200" .. consent_page, { stranger, visit }, 403 },
    ["a visit to the API"] = { "/elements/api-v2/instances", { stranger, visit }, 403 },
    ["a form of another site"] =
      { consent_page, { stranger, visit }, 403, "-d form=x" },
    ["a form of another site in an old browser"] =
      { consent_page, { "Origin: http://evil.example" }, 403, "-d form=x" },
    ["a visit to the consent page"] =
      { consent_page, { stranger, visit }, 400 },
    ["its own page"] = { "/callback", { "Sec-Fetch-Site: same-origin" }, 200 },
    ["an address that was typed"] = { "/callback", { "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate" }, 200 },
    ["its own form, from a page without referrer"] =
      { consent_page, { "Sec-Fetch-Site: same-origin", "Origin: null" }, 400, "-d form=x" },
    ["a form of a page that hides where it is from"] = { consent_page, { stranger, "Origin: null" }, 403, "-d form=x" },
    ["such a form in an old browser"] = { consent_page, { "Origin: null" }, 403, "-d form=x" },
    ["its own form"] = { consent_page, { "Sec-Fetch-Site: same-origin", "Origin: OWN" }, 400, "-d form=x" },
  } do
    it((case[3] == 403 and "refuses " or "answers ") .. what, function()
      local headers = {}
      for index, header in ipairs(case[2]) do
        headers[index] = header:gsub("OWN", (self.base_url:match("^http://[^/]+")))
      end
      assert.equal(case[3], ask(case[1], headers, case[4]))
    end)
  end

  it("writes nothing to its error log in all this", function()
    assert.equal("", self:error_log())
  end)

  for name, code in pairs { wrong_name = 60, expired = 60, self_signed = 60, client_certificate = 0 } do
    it("has a TLS fault: " .. name, function()
      local trust = ("--cacert %s "):format(self.ca_file)
      local answer = curl(trust .. oauth_arguments(self, self.tls_faults[name]))
      assert.equal(code, answer.exit)
      assert.not_equal(200, answer.status)
    end)
  end

  it("has a TLS fault: tls11, which only one who insists gets through", function()
    local trust = ("--cacert %s "):format(self.ca_file)
    assert.equal(35, curl(trust .. "--tlsv1.2 " .. oauth_arguments(self, self.tls_faults.tls11)).exit)
    local old = "--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 "
    assert.equal(200, curl(trust .. old .. oauth_arguments(self, self.tls_faults.tls11)).status)
  end)

  it("takes its client certificate where it wants one", function()
    local arguments = ("--cacert %s --cert %s --key %s "):format(self.ca_file, self.client_cert_file,
      self.client_key_file)
    assert.equal(200, curl(arguments .. oauth_arguments(self, self.tls_faults.client_certificate)).status)
  end)

  it("is a proxy that refuses to connect", function()
    local proxy = self.base_url:match("^http://[^/]+")
    local answer = curl(("--proxy %s --cacert %s "):format(proxy, self.ca_file)
      .. oauth_arguments(self, self.tls_base_url))
    assert.not_equal(0, answer.exit) -- 56, and 7 in newer curls
    assert.matches("^HTTP/1.1 40[05] ", answer.head) -- 405 since nginx 1.29.3
  end)

  it("has an address at which nobody listens", function()
    assert.equal(7, curl(oauth_arguments(self, self.refused_url)).exit)
  end)
end)

describe("the sandbox misbehaves:", function()
  local self

  setup(function() self = assert(sandbox.start {}) end)
  teardown(function() self:stop() end)

  local function get(wishes, more)
    local trust = ("--cacert %s "):format(self.ca_file)
    return curl((more or "") .. trust .. oauth_arguments(self, self:url(wishes)))
  end

  local function post(wishes, more)
    local before = #self:instances()
    local answer = curl((more or "") .. ("--cacert %s "):format(self.ca_file)
      .. creation_arguments(self, self:url(wishes)))
    answer.created = #self:instances() - before
    return answer
  end

  it("not at all where nothing is wished for", function()
    assert.equal(self.base_url, self:url {})
    assert.equal(self.tls_base_url, self:url { tls = true })
    assert.equal(1, post({}).created)
  end)

  it("unknown wishes raise, and are refused where they arrive", function()
    assert.has_error(function() self:url { delai = 1 } end, "no such misbehaviour: delai")
    local answer = curl(oauth_arguments(self, (self:url { delay = 1 }:gsub("delay", "delai"))))
    assert.equal(400, answer.status)
    assert.matches("delai", cjson.decode(answer.body).message)
  end)

  it("delay, and meanwhile others are served", function()
    os.execute(("curl -s -o /dev/null %s &"):format(oauth_arguments(self, self:url { delay = 15 })))
    assert.is_true(curl(oauth_arguments(self)).total < 14)
    local answer = get { delay = 0.3 }
    assert.is_true(answer.first >= 0.3)
    assert.equal(200, answer.status)
  end)

  for _, tls in ipairs { false, true } do
    local where = tls and " over TLS" or ""

    it("delay_body" .. where, function()
      local answer = get { delay_body = 0.5, tls = tls or nil }
      assert.is_true(answer.total - answer.first > 0.4)
      assert.equal("sapanywhere", cjson.decode(answer.body).element)
    end)

    it("drip" .. where, function()
      local answer = get { drip = 0.001, tls = tls or nil }
      assert.is_true(answer.total > 0.2)
      assert.equal("sapanywhere", cjson.decode(answer.body).element)
    end)

    it("die, without acting" .. where, function()
      local answer = post { die = true, tls = tls or nil }
      assert.equal(tls and STREAM_DIED or 52, answer.exit)
      assert.equal(0, answer.created)
      assert.is_nil(last(self).status)
    end)

    it("act_then_die" .. where, function()
      local answer = post { act_then_die = true, tls = tls or nil }
      assert.equal(tls and STREAM_DIED or 52, answer.exit)
      assert.equal(1, answer.created)
    end)

    it("size" .. where, function()
      local answer = post { size = 3000000, tls = tls or nil }
      assert.equal(3000000, #answer.body)
      assert.equal("my shop", cjson.decode(answer.body).name)
    end)

    it("gzip_bomb" .. where, function()
      local answer = get({ gzip_bomb = 5000000, tls = tls or nil }, "--compressed ")
      assert.equal(0, answer.exit)
      assert.equal(5000000, #answer.body)
      assert.equal("string", type(cjson.decode(answer.body).padding))
      assert.is_true(#get({ gzip_bomb = 300 * 1024 * 1024, tls = tls or nil }).body < 2100000)
    end)

    it("headers" .. where, function()
      local _, count = get({ headers = 50, tls = tls or nil }).head:gsub("[Xx]%-[Ff]iller: %d+ f", "")
      assert.equal(50, count)
    end)
  end

  it("status, in the documented shape, not acting unless told to", function()
    local answer = post { status = 503, header = { ["Retry-After"] = "7" } }
    assert.equal(503, answer.status)
    assert.equal(0, answer.created)
    assert.matches("\nRetry%-After: 7\r\n", answer.head)
    assert.matches("\nelements%-request%-id: " .. cjson.decode(answer.body).requestId .. "\r\n", answer.head)
    assert.equal(1, post { status = 502, act = true }.created)
  end)

  it("header, repeated", function()
    local _, count = get { header = { ["X-Many"] = { "a", "b" } } }.head:gsub("X%-Many: [ab]\r\n", "")
    assert.equal(2, count)
  end)

  it("type", function()
    assert.matches("Content%-Type: text/plain\r\n", get { type = "text/plain" }.head)
  end)

  it("redirect, not acting", function()
    local answer = post { redirect = "https://a.example/?x=1" }
    assert.equal(302, answer.status)
    assert.matches("\nLocation: https://a.example/%?x=1\r\n", answer.head)
    assert.equal(0, answer.created)
    assert.equal(307, post { redirect = "https://a.example/", status = 307 }.status)
  end)

  for name, begins in pairs {
    html = "<!DOCTYPE", empty = "", garbage = "\127ELF", deep = ("["):rep(200000), badutf8 = '{"id":1',
    nan = '{"id":NaN', null = "null", list = "[]", nul = '{"id":1', truncated = '{"oauthUrl"',
    bom = "\239\187\191{", nourl = '{"element"',
  } do
    it("body=" .. name, function()
      local answer = get { body = name }
      assert.equal(200, answer.status)
      assert.equal(begins, answer.body:sub(1, #begins))
    end)
  end

  it("body=notoken, where the instance exists all the same", function()
    local answer = post { body = "notoken" }
    assert.is_nil(cjson.decode(answer.body).token)
    assert.equal(1, answer.created)
  end)

  it("cut, at every byte of the head's first line, and the log says how long the answer was", function()
    for bytes = 0, 15 do
      assert.not_equal(0, get({ cut = bytes }, "--http0.9 ").exit)
    end
    local whole = post { cut = 999999 }
    assert.equal(0, whole.exit)
    local length = last(self).answer_bytes
    assert.equal(#whole.head + #whole.body, length)
    local answer = post { cut = length - 1 }
    assert.equal(18, answer.exit)
    assert.equal(1, answer.created)
    answer = post { cut = #whole.head - 2 }
    assert.equal(1, answer.created)
    assert.equal(0, #answer.body)
  end)

  it("cut over TLS on HTTP/1.1 sends exactly so much, and over HTTP/2 nothing", function()
    post({ cut = 999999, tls = true }, "--http1.1 ")
    local answer = post({ cut = last(self).answer_bytes - 10, tls = true }, "--http1.1 ")
    assert.equal(1, answer.created)
    assert.matches("^{", answer.body)
    assert.has_error(function() cjson.decode(answer.body) end)
    answer = post { cut = 100, tls = true }
    assert.equal(STREAM_DIED, answer.exit)
    assert.equal(1, answer.created)
  end)

  it("die_reused, acting, on a connection that has served a request", function()
    local before = #self:instances()
    local base_url = self:url { die_reused = true }
    local first = creation_arguments(self, base_url)
    assert.equal(200, curl(first).status)
    -- curl itself re-sends a request that died so
    local both = oauth_arguments(self) .. " --next -sS -o /dev/null " .. creation_arguments(self, base_url)
    curl(both)
    assert.is_true(#self:instances() >= before + 2)
    local died
    for _, request in ipairs(self:log()) do
      died = died or request.connection_requests == 2 and not request.status
    end
    assert.is_true(died)
  end)

  it("headers_forever", function()
    local answer = curl(oauth_arguments(self, self:url { headers_forever = true }))
    assert.not_equal(0, answer.exit)
    assert.equal(200, curl(oauth_arguments(self)).status)
  end)

  it("interim", function()
    local answer = get { interim = 2 }
    local _, count = answer.head:gsub("HTTP/1.1 103 Early Hints\r\n", "")
    assert.equal(2, count)
    assert.equal(200, answer.status)
    assert.equal("sapanywhere", cjson.decode(answer.body).element)
  end)

  it("length", function()
    assert.equal(18, get { length = 100000 }.exit)
    assert.equal(5, #get { length = 5 }.body)
  end)

  it("chunked", function()
    assert.equal("sapanywhere", cjson.decode(get { chunked = "1" }.body).element)
    assert.equal(56, get { chunked = "garbage" }.exit)
    assert.equal(18, get { chunked = "cut" }.exit)
  end)

  it("raw", function()
    assert.equal("SSH-2.0-x", get({ raw = "SSH-2.0-x" }, "--http0.9 ").body)
    assert.equal(1, get { raw = "SSH-2.0-x" }.exit)
  end)

  it("fail, for the first requests only, each URL for itself", function()
    for _ = 1, 2 do
      local arguments = oauth_arguments(self, self:url { status = 503, fail = 2 })
      local statuses = {}
      for index = 1, 4 do statuses[index] = curl(arguments).status end
      assert.same({ 503, 503, 200, 200 }, statuses)
    end
  end)

  it("flaky, and the log tells which fault it was", function()
    self:clear_log()
    local base_url = self:url { flaky = 50 }
    for _ = 1, 40 do curl(oauth_arguments(self, base_url)) end
    local log, faults = self:log(), 0
    assert.equal(40, #log)
    for _, request in ipairs(log) do
      if request.fault then faults = faults + 1 else assert.equal(200, request.status) end
    end
    assert.is_true(faults > 5 and faults < 35)
  end)

  it("by a header as well", function()
    assert.equal(418, curl("-H 'X-Sandbox: status=418' " .. oauth_arguments(self)).status)
  end)
end)

describe("starting the sandbox", function()
  it("takes the secrets and shapes that it is given", function()
    local self = assert(sandbox.start {
      api_key = "k'\" 1", api_secret = "s\\2", user_secret = "u/3=", organization_secret = "o4",
      tags_as = "objects", mask = true, log = false,
    })
    finally(function() self:stop() end)
    local answer = curl(creation_arguments(self))
    local instance = cjson.decode(answer.body)
    assert.equal("eu", instance.tags[1].name)
    assert.equal("********", instance.configuration["oauth.api.key"])
    assert.same({}, self:log())
  end)

  it("makes secrets of the platform's kind, other ones each time", function()
    local one, two = assert(sandbox.start {}), assert(sandbox.start())
    finally(function()
      one:stop()
      two:stop()
    end)
    assert.matches("^[%w+/]+=$", one.user_secret)
    assert.matches("%+", one.user_secret)
    assert.matches("/", one.user_secret)
    assert.matches("^" .. ("%x"):rep(32) .. "$", one.organization_secret)
    for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret", "base_url" } do
      assert.not_equal(one[name], two[name])
    end
    assert.matches("^drwx%-%-[x-]%-%-%-", system.output("ls -ld " .. one.dir))
  end)

  it("puts text into the configuration, and Lua of the caller's on its path", function()
    local self = assert(sandbox.start {
      workers = 2,
      nginx = {
        main = "env HOME;", http = "init_by_lua_block { started = true }",
        server = "location /extra { content_by_lua_block { ngx.say(require('mine'), started) } }",
        lua_package_path = "/nonexistent/?.lua",
      },
    })
    finally(function() self:stop() end)
    local origin = self.base_url:match("^http://[^/]+")
    assert.equal(500, curl(origin .. "/extra").status)
    assert.matches("no file '/nonexistent/mine.lua'", self:error_log())
    for _ = 1, 10 do assert.equal(200, curl(creation_arguments(self)).status) end
    assert.equal(10, #self:instances())
  end)

  it("picks other ports where the caller's own part of the configuration has one of them", function()
    local mine = core.reserve_port()
    local first, reserve = mine, core.reserve_port
    finally(function() core.reserve_port = reserve end)
    core.reserve_port = function() -- luacheck: ignore 122
      local port = first or reserve()
      first = nil
      return port
    end
    mine = mine:number()
    local self = assert(sandbox.start {
      nginx = { http = ("server { listen 127.0.0.1:%d backlog=10; }"):format(mine) },
    })
    finally(function() self:stop() end)
    assert.falsy(self.base_url:find(":" .. mine, 1, true))
    assert.equal(200, curl(creation_arguments(self)).status)
  end)

  for name, options in pairs {
    ["unknown options"] = "tagz = 1",
    ["options of a wrong type"] = "api_key = 1",
    ["choices that are none"] = "tags_as = 'arrays'",
    ["unknown nginx options"] = "nginx = { htpp = '' }",
    ["an nginx that is missing"] = "nginx = { path = '/nonexistent/nginx' }",
    ["an nginx that is none"] = "nginx = { path = 'true' }",
    ["an nginx that says nothing"] = "nginx = { path = 'false' }",
    ["a configuration that nginx refuses"] = "nginx = { http = 'nonsense on;' }",
  } do
    it("fails with a message for " .. name .. ", and leaves nothing", function()
      local place = os.tmpname()
      os.remove(place)
      os.execute("mkdir " .. place)
      local script = "package.path = %q print(require 'sapanywhere.sandbox'.start { %s })"
      script = script:format(package.path, options)
      local said = system.output(("TMPDIR=%s %s -e %s 2>&1"):format(
        place, system.quote(child.interpreter()), system.quote(script)))
      assert.matches("^nil\t%S", said)
      if name:find("missing") then assert.matches("libnginx%-mod%-http%-lua", said) end
      if name:find("refuses") then assert.matches("nonsense", said) end
      assert.equal("", system.output("rmdir " .. place .. " 2>&1"))
    end)
  end

  for given, said in pairs {
    ["workrs = 1"] = "unknown option 'workrs' (did you mean 'workers'?)",
    ["nginx = { htpp = '' }"] = "unknown option 'htpp' (did you mean 'http'?)",
    ["tags_as = 'string'"] = 'option tags_as must be "absent" or "strings" or "objects" (did you mean "strings"?)',
    ["workers = 0"] = "option workers must be a whole number from 1 to 64",
    ["host_names = { 'a:1' }"] = "option host_names must be a list of host names, without ports",
    ["nginx = 1"] = "option nginx must be a table",
    ["nginx = { environment = { ['a=b'] = '' } }"] = "option environment must be a table of names and strings",
  } do
    it("tells what is wrong with " .. given, function()
      local chunk = assert((loadstring or load)("return { " .. given .. " }"))
      assert.same({ nil, said }, { sandbox.start(chunk()) })
    end)
  end

  it("tells what is wrong with options that are no table", function()
    assert.same({ nil, "the options must be a table" }, { sandbox.start("workers") })
  end)

  it("asks for the last line of an nginx that does not start, however it ends", function()
    local place = os.tmpname()
    finally(function() os.remove(place) end)
    local answer = [[#!/bin/sh
if [ "$1" = -V ]; then echo nginx openresty/; exit; fi
%s]]
    for script, said in pairs {
      ["echo first; echo last; exit 3"] = "nginx does not start: last",
      ["exit 3"] = "nginx does not start: it ended with status 3 and said nothing",
      ["kill -9 $$"] = "nginx does not start: it was ended by signal 9 and said nothing",
    } do
      system.write_file(place, answer:format(script))
      os.execute("chmod 755 " .. place)
      assert.same({ nil, said }, { sandbox.start { nginx = { path = place } } })
    end
  end)

  it("ends its wait for an nginx that neither starts nor ends, and for one that does not say what it is", function()
    local place = os.tmpname()
    finally(function() os.remove(place) end)
    for script, said in pairs {
      ["if [ \"$1\" = -V ]; then echo nginx openresty/; exit; fi\nsleep 100\n"] = "took longer than",
      ["sleep 100\n"] = "is not installed",
    } do
      system.write_file(place, "#!/bin/sh\n" .. script)
      os.execute("chmod 755 " .. place)
      local before = core.now()
      local none, problem = sandbox.start { nginx = { path = place } }
      assert.is_nil(none)
      assert.matches(said, problem)
      assert.is_true(core.now() - before < 20)
    end
  end)

  it("needs no commands but mkdir, touch and nginx", function()
    local place = os.tmpname()
    os.remove(place)
    finally(function() os.execute("rm -rf " .. place) end)
    os.execute(("mkdir %s; cd %s; ln -s $(command -v mkdir) $(command -v touch) ."):format(place, place))
    local script = ("package.path = %q print(assert(require 'sapanywhere.sandbox'.start {}).base_url)"):format(
      package.path)
    local lua = system.output("command -v " .. system.quote(child.interpreter())):gsub("\n", "")
    local said = system.output(("PATH=%s %s -e %s 2>&1"):format(place, system.quote(lua), system.quote(script)))
    assert.matches("^http://127.0.0.1:%d+/elements/api%-v2\n$", said)
  end)

  it("is not steered by the program's environment", function()
    local given = table.concat({
      "LUA_PATH=/nonexistent", "LUA_CPATH=/nonexistent", "LUA_PATH_5_1=/nonexistent", "NGINX='7;'",
      "OPENSSL_CONF=/nonexistent", "LUA_INIT='error()'", "LD_LIBRARY_PATH=/nonexistent",
    }, " ")
    local script = ([[
      package.path, package.cpath = %q, %q
      local self = assert(require "sapanywhere.sandbox".start {
        nginx = {
          main = "env LUA_PATH; env OPENSSL_CONF; env MINE;", environment = { MINE = "yes" },
          server = "location /env { content_by_lua_block { ngx.print(os.getenv('LUA_PATH'), os.getenv('OPENSSL_CONF'),"
            .. "os.getenv('MINE')) } }",
        },
      })
      io.write(io.popen("curl -s " .. self.base_url:match("^http://[^/]+") .. "/env"):read("*a"))
      self:stop()]]):format(package.path, package.cpath)
    local place = os.tmpname()
    finally(function() os.remove(place) end)
    system.write_file(place, script)
    local command = "env %s %s -E %s 2>&1"
    if not has_option_E() then command = "env %s %s %s 2>&1" given = given:gsub("LUA_INIT='error%(%)'", "") end
    assert.equal("nilnilyes", system.output(command:format(given, system.quote(child.interpreter()), place)))
  end)

  it("speaks HTTP/1.1 alone over TLS where it is told so", function()
    local self = assert(sandbox.start { http2 = false })
    finally(function() self:stop() end)
    local answer = curl(("--cacert %s "):format(self.ca_file) .. oauth_arguments(self, self.tls_base_url))
    assert.same({ 200, "1.1" }, { answer.status, answer.version })
  end)

  it("runs its workers without root's rights, as far as they can read what they were given", function()
    if not core.is_root() then return end
    local closed = os.tmpname()
    os.remove(closed)
    os.execute(("mkdir -m 700 %s"):format(closed))
    finally(function() os.execute("rmdir " .. closed) end)
    for path, user in pairs { ["/usr/share/?.lua"] = core.nobody(), [closed .. "/?.lua"] = "root" } do
      local self = assert(sandbox.start { nginx = { lua_package_path = path } })
      assert.equal(200, curl(self.callback_url).status)
      local worker = system.output(("cat /proc/$(cat %s/nginx.pid)/task/*/children"):format(self.dir)):match("%d+")
      local found = system.output(("stat -c %%U /proc/%s"):format(worker))
      self:stop()
      assert.equal(user .. "\n", found)
    end
  end)

  it("fails with a message where nothing can be written", function()
    local script = ("package.path = %q print(require 'sapanywhere.sandbox'.start {})"):format(package.path)
    local command = "TMPDIR=/nonexistent %s -e %s 2>&1"
    local said = system.output(command:format(system.quote(child.interpreter()), system.quote(script)))
    assert.matches("^nil\tcannot write in the directory /nonexistent", said)
  end)
end)

describe("ending the sandbox", function()
  local function assert_gone(self)
    assert.equal(7, curl(oauth_arguments(self)).exit)
    assert.is_false(exists(self.dir .. "/settings"))
    assert.is_false(has_processes(self.dir))
  end

  it("leaves nothing, and is silent the second time", function()
    local self = assert(sandbox.start {})
    assert.is_true(has_processes(self.dir))
    self:stop()
    assert_gone(self)
    self:stop()
    self:kill()
    assert.is_nil((self:restart()))
  end)

  it("does not wait for requests that are slow", function()
    local self = assert(sandbox.start {})
    os.execute(("curl -s -o /dev/null %s &"):format(oauth_arguments(self, self:url { delay = 30 })))
    assert.is_true(eventually(function() return #self:log() == 1 end))
    local before = os.time()
    self:stop()
    assert.is_true(os.time() - before < 25)
    assert_gone(self)
  end)

  it("happens when it is collected", function()
    local self = assert(sandbox.start {})
    local copy = {
      dir = self.dir, base_url = self.base_url, api_key = "", api_secret = "", callback_url = "",
    }
    self = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert_gone(copy)
  end)

  it("happens at the end of a scope, where Lua has such", function()
    local chunk = (loadstring or load)("local self <close> = ... ; return self.base_url")
    if not chunk then return end
    local self = assert(sandbox.start {})
    chunk(self)
    assert_gone(self)
  end)

  it("happens with a supervisor that was killed, too", function()
    local self = assert(sandbox.start {})
    os.execute("kill -9 " .. self.supervisor.pid)
    assert.is_true(eventually(function() return not self.supervisor:is_alive() end))
    self:stop()
    assert_gone(self)
  end)

  local function start_program(code, before)
    local place = os.tmpname()
    local script = ([[
      package.path = %q
      local self = assert(require "sapanywhere.sandbox".start {})
      local file = io.open(%q, "w")
      file:write(self.dir, " ", self.base_url, " ", self.supervisor.pid, "\n")
      file:close()
      %s]]):format(package.path, place, code)
    local command = "%s %s -e %s >/dev/null 2>&1 </dev/null & echo $!"
    command = command:format(before or "", system.quote(child.interpreter()), system.quote(script))
    local pid = system.output(command):match("%d+")
    assert.is_true(eventually(function() return system.read_file(place):find("\n") end))
    local dir, base_url = system.read_file(place):match("^(%S+) (%S+)")
    os.remove(place)
    return pid, { dir = dir, base_url = base_url, api_key = "", api_secret = "", callback_url = "" }
  end

  for name, case in pairs {
    ["kill -9"] = { "while true do os.execute('sleep 0.2') end", "kill -9 %s" },
    ["kill -9 while a child of its own lives on"] = { "os.execute('sleep 8')", "kill -9 %s" },
    ["kill -9 of its process group"] =
      { "while true do os.execute('sleep 0.2') end", "kill -s KILL -- -%s", "setsid" },
    ["an interrupt"] = { "while true do os.execute('sleep 0.2') end", "kill -INT %s; kill -TERM %s" },
    ["an exit in between"] = { "os.exit(3)", "true" },
    ["an error"] = { "error('x')", "true" },
  } do
    it("happens after the program's end by " .. name, function()
      local pid, self = start_program(case[1], case[3])
      os.execute((case[2]:gsub("%%s", pid)) .. " 2>/dev/null")
      assert.is_true(eventually(function() return not exists(self.dir .. "/settings") end))
      assert.is_true(eventually(function() return not has_processes(self.dir) end))
      assert_gone(self)
    end)
  end
end)

describe("a sandbox that was killed", function()
  it("refuses, and comes back at the same place with what it knew", function()
    local self = assert(sandbox.start {})
    finally(function() self:stop() end)
    local code = self:authorize({}):match("code=(%x+)")
    assert.equal(200, curl(creation_arguments(self)).status)
    self:kill()
    assert.equal(7, curl(oauth_arguments(self)).exit)
    assert.is_true(self:restart())
    assert.equal(200, curl(oauth_arguments(self)).status)
    assert.equal(1, #self:instances())
    assert.equal(200, curl(creation_arguments(self, nil, code)).status)
    assert.equal(400, curl(creation_arguments(self, nil, code)).status)
    assert.equal(2, #self:instances())
    assert.is_true(self:restart { empty = true })
    assert.equal(0, #self:instances())
    assert.equal(0, #self:log())
    assert.equal(400, curl(creation_arguments(self, nil, code)).status)
    assert.equal(200, curl(creation_arguments(self)).status)
  end)

  it("breaks the requests that it was at", function()
    local self = assert(sandbox.start {})
    finally(function() self:stop() end)
    local place = os.tmpname()
    local arguments = oauth_arguments(self, self:url { delay = 9 })
    os.execute(("(curl -s -o /dev/null %s; echo $? >%s) &"):format(arguments, place))
    assert.is_true(eventually(function() return #self:log() == 1 end))
    self:kill()
    assert.is_true(eventually(function() return system.read_file(place) ~= "" end))
    assert.matches("^5[26]\n$", system.read_file(place))
    os.remove(place)
  end)
end)
