-- Keys and certificates, as the command openssl reads them.

local core = require "sapanywhere.core"
local system = require "sapanywhere.sandbox.carrier.system"

local CA = { { "basicConstraints", "critical,CA:TRUE" }, { "subjectKeyIdentifier", "hash" } }
local LEAF = { { "basicConstraints", "CA:FALSE" }, { "subjectAltName", "DNS:localhost,IP:127.0.0.1" } }

describe("a certificate", function()
  local dir, keys, now

  setup(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    keys = { ca = assert(core.make_key()), leaf = assert(core.make_key()) }
    now = os.time()
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  local function make(name, key, issuer, from, to, extensions)
    local pem = assert(core.make_certificate(keys[key], name, keys[issuer], issuer, from, to, extensions))
    system.write_file(("%s/%s.pem"):format(dir, name), pem)
  end

  local function openssl(words) return system.output(("cd %s && openssl %s 2>&1"):format(dir, words)) end

  it("is what its authority vouches for, in its time", function()
    make("ca", "ca", "ca", now - 60, now + 86400, CA)
    make("good", "leaf", "ca", now - 60, now + 3600, LEAF)
    make("old", "leaf", "ca", 946684800, 978307200, LEAF)
    make("other", "leaf", "leaf", now - 60, now + 3600, LEAF)
    assert.equal("good.pem: OK\n", openssl "verify -CAfile ca.pem good.pem")
    assert.matches("expired", openssl "verify -CAfile ca.pem old.pem", 1, true)
    assert.matches("failed", openssl "verify -CAfile ca.pem other.pem", 1, true)
  end)

  it("says whom it is for, and from when to when", function()
    make("named", "leaf", "ca", 946684800, 2524607999, LEAF)
    local said = openssl "x509 -noout -text -in named.pem"
    for _, words in ipairs {
      "Version: 3", "Issuer: CN = ca", "Subject: CN = named", "Not Before: Jan  1 00:00:00 2000 GMT",
      "Not After : Dec 31 23:59:59 2049 GMT", "DNS:localhost, IP Address:127.0.0.1", "ecdsa-with-SHA256", "prime256v1",
    } do
      assert.matches(words:gsub(" = ", "="), said:gsub(" = ", "="), 1, true)
    end
  end)

  it("has another number each time", function()
    local numbers = {}
    for i = 1, 2 do
      make("numbered", "leaf", "ca", now, now + 60, {})
      numbers[i] = openssl "x509 -noout -serial -in numbered.pem"
    end
    assert.matches("^serial=%x+\n$", numbers[1])
    assert.not_equal(numbers[1], numbers[2])
  end)

  it("belongs to its key", function()
    system.write_file(dir .. "/leaf.key", keys.leaf)
    make("kept", "leaf", "ca", now, now + 60, LEAF)
    assert.equal(openssl "pkey -in leaf.key -pubout", openssl "x509 -in kept.pem -noout -pubkey")
  end)

  it("is refused where it cannot be made", function()
    local refused = { nil, "libcrypto refuses to make it" }
    assert.same(refused, { core.make_certificate("no key", "a", keys.ca, "a", 0, 1, {}) })
    assert.same(refused, { core.make_certificate(keys.ca, "a", ("x"):rep(5000), "a", 0, 1, {}) })
    assert.same(refused, { core.make_certificate(keys.ca, "a", keys.ca, "a", 0, 1, { { "nonsense", "x" } }) })
    assert.same(refused, { core.make_certificate(keys.ca, ("a"):rep(5000), keys.ca, "a", 0, 1, {}) })
    assert.same(refused, { core.make_certificate(keys.ca, "a", keys.ca, "a", 0, 1, { { "subjectAltName", "x" } }) })
    assert.has_error(function() core.make_certificate(keys.ca, "a", keys.ca, "a", 0, 1, { 1 }) end)
    assert.has_error(function() core.make_certificate(keys.ca, "a", keys.ca, "a", 0, 1, { { "basicConstraints" } }) end)
  end)

  it("needs no password, and asks nobody for one", function()
    system.write_file(dir .. "/plain.key", keys.leaf)
    openssl "pkey -aes128 -passout pass:secret -in plain.key -out sealed.key"
    local sealed = system.read_file(dir .. "/sealed.key")
    assert.matches("ENCRYPTED", sealed)
    assert.is_nil((core.make_certificate(sealed, "a", keys.ca, "a", 0, 1, {})))
  end)
end)
