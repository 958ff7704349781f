local address = require "sapanywhere.call.address"

describe("a base URL without TLS", function()
  for _, host in ipairs {
    "127.0.0.1", "127.1.2.3", "127.255.255.255", "127.0.0.0", "[::1]", "localhost", "LOCALHOST", "127.0.0.1:8080",
    "localhost:1", "[::1]:65535",
  } do
    it("is taken for " .. host, function()
      assert.equal("http://" .. host:lower(), (address.base("http://" .. host)))
    end)
  end

  -- What a resolver would be asked for, or some read as another address.
  for _, host in ipairs {
    "127.0.0.09", "127.0.0.010", "127.08.0.1", "127.000.000.001", "127.0.0.00", "127.0.0.256", "127.0.0.1000", "127.1",
    "127.0.1", "127", "0127.0.0.1", "2130706433", "0x7f.1", "127.0.0.0x1", "127.0.0.1.evil.example", "localhost.",
    "localhost.evil.example", "evil.localhost", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "0.0.0.0", "0",
    "127.0.0.1.", "127.0.0.", "127.0.0.-1",
  } do
    it("is refused for " .. host, function()
      local origin, what = address.base("http://" .. host)
      assert.is_nil(origin)
      assert.equal("must be https (http only to a loopback address)", what)
      local proxy = address.proxy("http://" .. host)
      assert.is_false(proxy ~= nil and address.is_local(proxy))
    end)
  end
end)

describe("a proxy's credentials", function()
  it("are judged by what they decode to", function()
    for _, scheme in ipairs { "http", "https", "socks5h" } do
      for _, bad in ipairs { "u:p%0A", "u:p%0d%0a", "u%00:p", "%1b:p", "u:p%7F", "%09" } do
        local url, what = address.proxy(scheme .. "://" .. bad .. "@h.example:1")
        assert.is_nil(url, bad)
        assert.truthy(what:find("control character", 1, true))
      end
      for _, good in ipairs { "u:p", "u:p%20w", "u:100%", "u:a%6qg", "u:%250A", "%C3%BC:p", ":p", "" } do
        local url = scheme .. "://" .. good .. "@h.example:1"
        assert.equal(url, (address.proxy(url)))
      end
    end
  end)
end)
