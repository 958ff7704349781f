-- The whole journey as a user's browser and a user's program walk it, over HTTP/1.1 and over HTTP/2 with TLS.

local sapanywhere = require "sapanywhere"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local quote = system.quote

describe("the journey", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  -- Opens the consent page, presses a button, and says where the browser is sent.
  local function press(oauth_url, decision)
    local curl = "curl -sS --cacert " .. quote(service.ca_file) .. " "
    local page = system.output(curl .. quote(oauth_url))
    local form = assert(page:match('name="form" value="(%x+)"'), page)
    local action = oauth_url:match("^%a+://[^/]+") .. page:match('action="([^"]+)"')
    local command = "%s -o /dev/null -w '%%{redirect_url}' -d form=%s -d decision=%s %s"
    local sent_to = system.output(command:format(
      curl, form, decision, quote(action)))
    assert.truthy(sent_to:find("^http"), sent_to)
    return sent_to
  end

  local ways = {
    { "with plain functions and options", {}, {} },
    { "with the secrets in the body", { secrets_in = "body" }, {} },
    { "by the element's number", { element = 2198 }, { element = "2198" } },
    { "with a scope, tags, further configuration and extra entries",
      { scope = "BusinessData_R", extra = { a = "b c" } },
      { tags = { "eu", "test" }, configuration = { ["event.notification.enabled"] = "false" },
        extra = { retrieveObjectsAfterInstantiation = false } } },
    { "with nulls kept", {}, { null = "keep" } },
  }

  for _, where in ipairs { "base_url", "tls_base_url" } do
    for _, way in ipairs(ways) do
      it(way[1] .. " at the " .. where, function()
        local client = service:client { base_url = service[where] }
        local auth = assert(client:oauth_url(service:asking(way[2])))
        local callback = press(auth.oauthUrl, "allow")
        local grant = assert(sapanywhere.parse_callback(callback, { state = auth.state }))
        local options = service:creating(way[3])
        options.code, options.name = grant.code, "shop " .. where
        local instance = assert(client:create_instance(options))
        assert.equal("shop " .. where, instance.name)
        assert.equal(service.callback_url, instance.configuration["oauth.callback.url"])
        local instances = service:instances()
        assert.equal(instance.token, instances[#instances].token)
        client:close()
      end)
    end
  end

  it("through the module's own functions", function()
    local common = { base_url = service.tls_base_url, tls = { ca_file = service.ca_file } }
    local function all(options)
      for name, value in pairs(common) do options[name] = value end
      return options
    end
    local auth = assert(sapanywhere.oauth_url(all(service:asking())))
    local callback = press(auth.oauthUrl, "allow")
    local grant = assert(sapanywhere.parse_callback(callback, { state = auth.state }))
    local options = all(service:creating())
    options.code = grant.code
    assert.equal("string", type(assert(sapanywhere.create_instance(options)).token))
  end)

  it("ends where the user says no", function()
    local auth = assert(service:client {}:oauth_url(service:asking()))
    local grant, err = sapanywhere.parse_callback(press(auth.oauthUrl, "deny"), { state = auth.state })
    assert.is_nil(grant)
    assert.equal("denied", err.kind)
  end)

  it("does not accept another attempt's callback", function()
    local client = service:client {}
    local one = assert(client:oauth_url(service:asking()))
    local other = assert(client:oauth_url(service:asking()))
    local grant, err = sapanywhere.parse_callback(press(one.oauthUrl, "allow"), { state = other.state })
    assert.is_nil(grant)
    assert.equal("state", err.kind)
  end)

  it("says everything that is missing before it sends anything", function()
    service:clear_log()
    local instance, err = service:client {}:create_instance { name = "x" }
    assert.is_nil(instance)
    assert.same({
      "api_key", "api_secret", "callback_url", "code", "organization_secret", "user_secret",
    }, err.missing)
    assert.same({}, service:log())
  end)

  it("refuses a code that was used", function()
    local client, options = service:client {}, service:creating { name = "once" }
    assert(client:create_instance(options))
    local again, err, meta = client:create_instance(options)
    assert.is_nil(again)
    assert.equal("rejected", err.kind)
    assert.equal(400, err.status)
    assert.equal("rejected", err.outcome)
    assert.equal(err.request_id, meta.request_id)
    assert.equal(1, service:count_names().once)
  end)
end)
