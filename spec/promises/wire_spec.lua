-- What goes over the wire for the two documented commands, from curl and from the library, word for word; and
-- what comes of the two documented answers.

local cjson = require "cjson"
local core = require "sapanywhere.core"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local quote = system.quote
local encode = core.percent_encode

local KEY, SECRET = "fake_sapanywhere_api_key", "fake_sapanywhere_api_secret"
local CALLBACK = "https://www.mycoolapp.com/auth"
local USER, ORGANIZATION = "us+er/secret==", ("0123456789abcdef"):rep(2)

-- The query as the page has it, its values unencoded.
local QUERY = "?apiKey=fake_sapanywhere_api_key&apiSecret=fake_sapanywhere_api_secret"
  .. "&callbackUrl=https://www.mycoolapp.com/auth&state=sapanywhere"

local function curl(arguments, ...)
  local said = system.output(("curl -sS --cacert %s %s 2>&1"):format(quote(...), arguments))
  assert.truthy(said:find("^{"), said)
  return said
end

-- Headers by their names in lower case.
local function header_names(request)
  local names = {}
  for name in pairs(request.header) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Each header that either sent and that is not the same for both: name = { curl's, the library's }.
local function differences(by_curl, by_us)
  local found = {}
  for _, request in ipairs { by_curl, by_us } do
    for _, name in ipairs(header_names(request)) do
      local theirs, ours = by_curl.header[name], by_us.header[name]
      if theirs ~= ours then found[name] = { theirs or "-", ours or "-" } end
    end
  end
  return found
end

local function encode_values(uri)
  return (uri:gsub("=([^&]*)", function(value) return "=" .. encode(value) end))
end

local AGENT = "sapanywhere-lua/" .. require "sapanywhere.version"
local CURL = system.output("curl --version"):match("^curl (%S+)")

-- Why a header may differ: who sends it says who it is; the library asks for the one type that it reads, and
-- for no compression.
local ALWAYS = {
  ["user-agent"] = { "curl/" .. CURL, AGENT },
  accept = { "*/*", "application/json" },
  ["accept-encoding"] = { "-", "identity" },
}

local function with(more)
  local all = {}
  for name, pair in pairs(ALWAYS) do all[name] = pair end
  for name, pair in pairs(more) do all[name] = pair end
  return all
end

for _, version in ipairs { "1.1", "2.0" } do
  describe("over HTTP/" .. version, function()
    local service, base_url, code

    setup(function()
      service = services.start {
        api_key = KEY, api_secret = SECRET, user_secret = USER, organization_secret = ORGANIZATION,
      }
      base_url = version == "1.1" and service.base_url or service.tls_base_url
    end)
    teardown(function() service:stop() end)
    before_each(function()
      service:clear_log()
      code = service:code { callback_url = CALLBACK }
    end)

    -- What is not repeatable goes over HTTP/1.1, see wait/connections.lua.
    local function both()
      local log = service:take_log()
      assert.equal(2, #log)
      for _, request in ipairs(log) do assert.equal(200, request.status) end
      assert.equal(version, log[1].version)
      assert.equal(log[2].method == "POST" and log[2].uri:find("/instances$") and "1.1" or version, log[2].version)
      return log[1], log[2]
    end

    local function ask(more)
      local options = {
        api_key = KEY, api_secret = SECRET, callback_url = CALLBACK, state = "sapanywhere",
      }
      for name, value in pairs(more or {}) do options[name] = value end
      return assert(service:client { base_url = base_url }:oauth_url(options))
    end

    it("oauth_url sends what the page's curl command sends, with its values percent-encoded", function()
      curl(("-X GET -H 'Content-Type: application/json' %s"):format(
        quote(base_url .. "/elements/sapanywhere/oauth/url" .. QUERY)), service.ca_file)
      ask()
      local by_curl, by_us = both()
      assert.equal("GET", by_curl.method)
      assert.equal("GET", by_us.method)
      assert.equal("/elements/api-v2/elements/sapanywhere/oauth/url" .. QUERY, by_curl.uri)
      assert.equal(encode_values(by_curl.uri), by_us.uri)
      assert.equal("", by_curl.body)
      assert.equal("", by_us.body)
      -- There is no body whose type could be told.
      assert.same(with { ["content-type"] = { "application/json", "-" } }, differences(by_curl, by_us))
    end)

    it("curl told to encode the values sends the very same line", function()
      curl(("-G %s"):format(table.concat({
        "--data-urlencode " .. quote("apiKey=" .. KEY), "--data-urlencode " .. quote("apiSecret=" .. SECRET),
        "--data-urlencode " .. quote("callbackUrl=" .. CALLBACK), "--data-urlencode state=sapanywhere",
        quote(base_url .. "/elements/sapanywhere/oauth/url"),
      }, " ")), service.ca_file)
      ask()
      local by_curl, by_us = both()
      assert.equal(by_curl.uri:lower(), by_us.uri:lower())
      assert.same(ALWAYS, differences(by_curl, by_us))
    end)

    it("oauth_url with the secrets in the body puts none into the URL", function()
      ask { secrets_in = "body" }
      local request = service:take_log()[1]
      assert.equal("POST", request.method)
      assert.equal("/elements/api-v2/elements/sapanywhere/oauth/url", request.uri)
      assert.same({ apiKey = KEY, apiSecret = SECRET, callbackUrl = CALLBACK, state = "sapanywhere" },
        cjson.decode(request.body))
    end)

    -- The page's instance.json with its blanks filled in.
    local function instance_json()
      local text = system.read_file("spec/fixtures/create_instance.json")
      local filled = {
        CODE_ON_THE_RETURN_URL = code, INSERT_CLIENT_ID = KEY, INSERT_CLIENT_SECRET = SECRET,
        ADD_YOUR_TAG = "my/tag",
        INSERT_INSTANCE_NAME = "my shop",
      }
      return (text:gsub("<([%u_]+)>", filled))
    end

    local function post_by_curl()
      local path = os.tmpname()
      system.write_file(path, instance_json())
      curl(("-X POST -H %s -H 'Content-Type: application/json' -d @%s %s"):format(
        quote("Authorization: User " .. USER .. ", Organization " .. ORGANIZATION), path,
        quote(base_url .. "/instances")), service.ca_file)
      os.remove(path)
    end

    local function check_creation(options)
      post_by_curl()
      local sent = cjson.decode(instance_json())
      code = service:code { callback_url = CALLBACK }
      assert(service:client {
        base_url = base_url, user_secret = USER, organization_secret = ORGANIZATION,
      }:create_instance(options(cjson.decode(instance_json()))))
      local by_curl, by_us = both()
      for _, request in ipairs { by_curl, by_us } do
        assert.equal("POST", request.method)
        assert.equal("/elements/api-v2/instances", request.uri)
        assert.equal("User " .. USER .. ", Organization " .. ORGANIZATION, request.header.authorization)
        assert.equal("application/json", request.header["content-type"])
        assert.equal(tostring(#request.body), request.header["content-length"])
      end
      assert.same(sent, cjson.decode(by_curl.body))
      sent.providerData.code = code -- a code works once
      assert.same(sent, cjson.decode(by_us.body))
      -- The same JSON is written without white space.
      assert.same(with {
        ["content-length"] = { tostring(#by_curl.body), tostring(#by_us.body) },
      }, differences(by_curl, by_us))
    end

    it("create_instance sends what the page's curl command sends", function()
      check_creation(function(json)
        return {
          code = code, callback_url = CALLBACK, api_key = KEY, api_secret = SECRET, name = json.name,
          tags = json.tags,
        }
      end)
    end)

    it("so it does when it is given instance.json as a table", function()
      check_creation(function(json) return { body = json } end)
    end)
  end)
end

describe("the documented answers", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  local function fixture(name)
    return system.read_file("spec/fixtures/" .. name .. ".json")
  end

  -- A base URL at which this text is the answer to everything.
  local function answering(text)
    return service:url {
      raw = ("HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
        .. "elements-request-id: 53dbca94a5b1f2c3d4e5f607\r\nContent-Length: %d\r\n"
        .. "Connection: close\r\n\r\n%s"):format(
        #text, text),
    }
  end

  local function without_nulls(value)
    if type(value) ~= "table" then return value end
    local copy = {}
    for name, entry in pairs(value) do
      if entry ~= cjson.null then copy[name] = without_nulls(entry) end
    end
    return copy
  end

  local function ask(text)
    return service:client { base_url = answering(text) }:oauth_url {
      api_key = KEY, api_secret = SECRET, callback_url = CALLBACK, state = "sapanywhere",
    }
  end

  local function create(text, more)
    local options = service:creating(more)
    return service:client { base_url = answering(text) }:create_instance(options)
  end

  it("give the OAuth URL untouched, with a warning that does not repeat the secret", function()
    local text = fixture "oauth_url"
    local auth, err, meta = ask(text)
    assert.is_nil(err)
    assert.same({
      oauthUrl = text:match('"oauthUrl": "([^"]+)"'), element = "sapanywhere", state = "sapanywhere",
    }, auth)
    assert.truthy(auth.oauthUrl:find("&client_id=https://api.cloud-elements.com/elements/api-v2/elements/"
      .. "sapanywhere/oauth/url?apiKey=fake_sapanywhere_api_key&apiSecret=", 1, true))
    assert.equal(1, #meta.warnings)
    assert.truthy(meta.warnings[1]:find("oauthUrl", 1, true))
    assert.falsy(meta.warnings[1]:find(SECRET, 1, true))
    assert.equal(200, meta.status)
    assert.equal("53dbca94a5b1f2c3d4e5f607", meta.request_id)
    assert.equal("53dbca94a5b1f2c3d4e5f607", meta.headers["Elements-Request-Id"])
    assert.equal(1, meta.attempts)
  end)

  it("give the instance without its nulls", function()
    local text = fixture "instance"
    local instance, err, meta = create(text)
    assert.is_nil(err)
    assert.same(without_nulls(cjson.decode(text)), instance)
    assert.equal("3sU/S/kZD36BaABPS7EAuSGHF+1wsthT+mvoukiE", instance.token)
    assert.equal("123", tostring(instance.id))
    assert.equal("2198", tostring(instance.element.id))
    assert.equal("https://api-us.sapanywhere.com/v1/", instance.configuration["base.url"])
    assert.equal("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", instance.configuration["bulk.query.date_mask"])
    for _, name in ipairs { "bulk.add_metadata", "event.notification.subscription.id", "bulk.relations" } do
      assert.is_nil(instance.configuration[name])
    end
    assert.equal("", instance.configuration["sapanywhere.hooks.ordersupdated.id"])
    assert.equal("", instance.configuration["event.notification.instance.finder"])
    assert.equal("false", instance.eventsNotificationCallbackUrl)
    assert.equal(false, instance.eventsEnabled)
    assert.same({}, instance.provisionInteractions)
    assert.same({}, instance.element.resources)
    assert.same({}, meta.warnings)
  end)

  it("give the instance with its nulls", function()
    local text = fixture "instance"
    local instance = assert(create(text, { null = "keep" }))
    assert.same(cjson.decode(text), instance)
    assert.equal(sapanywhere.null, instance.configuration["bulk.relations"])
    assert.equal(cjson.null, sapanywhere.null)
  end)
end)
