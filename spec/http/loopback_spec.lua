-- "localhost" is connected to this machine, whatever a resolver says. libcurl sees to that itself from 7.78 on.

local child = require "support.child"
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
