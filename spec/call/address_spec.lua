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

describe("a host", function()
  it("has a name of at most 255 characters", function()
    for length, is_right in pairs { [1] = true, [254] = true, [255] = true, [256] = false } do
      local origin, what = address.base("https://" .. ("h"):rep(length))
      assert.equal(is_right, origin ~= nil, tostring(what))
    end
  end)

  for port, number in pairs { [":1"] = ":1", [":0443"] = ":443", [":65535"] = ":65535", [":000080"] = false } do
    it("has a port as the number that it is: " .. port, function()
      local origin = address.base("https://h.example" .. port)
      assert.equal(number and "https://h.example" .. number or nil, origin)
    end)
  end

  for _, port in ipairs { ":0", ":65536", ":", ":-1", ":8x", ":1e3", "80", ":1000000" } do
    it("has no port such as " .. port, function()
      local origin, what = address.base("https://[::1]" .. port)
      assert.is_nil(origin)
      assert.equal("must have a port from 1 to 65535, or none", what)
    end)
  end
end)

describe("a base URL", function()
  for url, what in pairs {
    ["https://me:pw@h.example"] = "must not hold credentials", ["https://h.example/a?b"] = "must not have a query",
    ["https://h.example/a#b"] = "must not have a fragment", ["https://"] = "must name a host",
    ["https:///path"] = "must name a host", ["h.example"] = "must be a URL such as",
    ["https://h.example/a b"] = "must be a URL such as", ["https://h.example/\n"] = "must be a URL such as",
    ["https://h!.example"] = "must have a port", ["https://!"] = "must name a host",
    ["ftp://h.example"] = "must be https",
  } do
    it(("is refused: %q"):format(url), function()
      local origin, said = address.base(url)
      assert.is_nil(origin)
      assert.truthy(said:find(what, 1, true), said)
    end)
  end

  it("is cut into its origin and its path without the last slashes", function()
    for url, parts in pairs {
      ["HTTPS://H.Example/A/b//"] = { "https://h.example", "/A/b" },
      ["https://h.example"] = { "https://h.example", "" },
      ["https://h.example/"] = { "https://h.example", "" },
    } do
      assert.same(parts, { address.base(url) })
    end
  end)
end)

describe("a proxy", function()
  for url, what in pairs {
    ["ftp://h.example"] = "must be an http://", ["h.example:1"] = "must be an http://",
    ["http://h/x"] = "must have no path",
    ["http://h.example?x"] = "must have", ["http://a@b@h"] = "must", ["socks5://h.example"] = "must be an http://",
    ["http://h.example:0"] = "must have a port",
  } do
    it("is refused: " .. url, function()
      local proxy, said = address.proxy(url)
      assert.is_nil(proxy)
      assert.truthy(said:find(what, 1, true), said)
    end)
  end

  it("is kept without a last slash, and is on this machine or not", function()
    assert.equal("http://h.example:3128", (address.proxy "HTTP://H.Example:3128/"))
    for url, is_local in pairs {
      ["http://127.0.0.1:1"] = true, ["http://me:pw@localhost"] = true, ["socks5h://[::1]:9050"] = true,
      ["http://h.example"] = false, ["http://localhost:pw@h.example"] = false,
    } do
      assert.equal(is_local, not not address.is_local((address.proxy(url))))
    end
  end)
end)
