-- "localhost" is connected to this machine, whatever a resolver says. libcurl sees to that itself from 7.78 on.

local child = require "support.child"
local inner = require "spec.inner"
local services = require "support.service"

describe("localhost", function()
  local service, preload_file, preload

  setup(function()
    service = services.start {}
    preload_file, preload = child.compile_preload("spec/support/preload.c")
  end)
  teardown(function()
    os.remove(preload_file)
    service:stop()
  end)

  -- Asks each base URL where every name has the same address; what came of it.
  local function ask(answer, urls, more)
    return child.run([[
      local sapanywhere, said = require "sapanywhere", {}
      for i, url in ipairs(given.urls) do
        local result, err = sapanywhere.oauth_url {
          base_url = url, api_key = given.api_key, api_secret = given.api_secret, retry = false, timeout = 5,
          callback_url = given.callback_url, tls = { ca_file = given.ca_file }, proxy = given.proxy,
        }
        said[i] = result and "answered" or err.kind
      end
      return said
    ]], {
      urls = urls, api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
      ca_file = service.ca_file, proxy = more,
    }, { environment = { LD_PRELOAD = preload, RESOLVER_ANSWER = answer } })
  end

  it("is this machine for a server, again and again", function()
    local plain = service.base_url:gsub("127%.0%.0%.1", "localhost")
    local secure = service.tls_base_url:gsub("//[^:/]+", "//localhost")
    assert.same({ "answered", "answered", "answered", "answered" },
      ask("127.0.0.9", { plain, secure, plain, (plain:gsub("localhost", "LocalHost")) }))
  end)

  it("is this machine for a proxy", function()
    local port = service.refused_url:match(":(%d+)")
    assert.same({ "connect" }, ask("127.0.0.9", { service.tls_base_url }, "http://me:pw@localhost:" .. port))
  end)

  it("is the one name that is", function()
    local port = service.base_url:match(":(%d+)")
    assert.same({ "connect" }, ask("127.0.0.9", { "https://other.example:" .. port }))
    assert.same({ "tls" }, ask("127.0.0.1", { "https://other.example:" .. port }))
  end)
end)

describe("what libcurl is told of localhost", function()
  local function entry(port) return "localhost:" .. port .. ":127.0.0.1,[::1]" end

  for origin, port in pairs {
    ["http://localhost"] = 80, ["https://localhost"] = 443, ["http://localhost:8080"] = 8080,
    ["https://localhost:1"] = 1, ["https://localhost:65535"] = 65535,
  } do
    it("has the port of " .. origin, function() assert.same({ entry(port) }, inner.loopback(origin)) end)
  end

  for _, origin in ipairs {
    "https://api.example", "http://127.0.0.1:80", "https://localhosts", "https://localhost.example:80", "https://local",
    "https://localhos:80", "https://my.localhost",
  } do
    it("is nothing for " .. origin, function() assert.is_nil(inner.loopback(origin)) end)
  end

  for proxy, port in pairs {
    ["http://localhost"] = 1080, ["https://localhost"] = 443, ["socks5h://localhost:9050"] = 9050,
    ["http://me:p@ss:word@localhost:3128"] = 3128,
  } do
    it("has the port of the proxy " .. proxy, function()
      assert.same({ entry(port) }, inner.loopback("https://api.example", proxy))
      assert.same({ entry(8443), entry(port) }, inner.loopback("https://localhost:8443", proxy))
    end)
  end

  for _, proxy in ipairs { "http://proxy.example:3128", "http://localhost:pw@proxy.example", "localhost:3128", "" } do
    it("is nothing for the proxy " .. proxy, function()
      assert.is_nil(inner.loopback("https://api.example", proxy))
      assert.same({ entry(443) }, inner.loopback("https://localhost", proxy))
    end)
  end
end)
