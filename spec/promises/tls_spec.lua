-- TLS is verified, as new as was asked for, and a failure of it is never a request that was sent.

local child = require "support.child"
local core = require "sapanywhere.core"
local peers = require "support.peers"
local ports = require "sapanywhere.sandbox.carrier.ports"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local service, other
local tls12_port = ports.pick({ "tls12" }).tls12
local dir = system.output("mktemp -d"):match("^(.-)\n")

local function at_port(port)
  return ("https://localhost:%d/elements/api-v2"):format(port)
end

local function file(name, text)
  local path = dir .. "/" .. name
  system.write_file(path, text)
  return path
end

-- Makes a directory as `openssl rehash` leaves it, or as it was before.
local function directory(name, with_links)
  local path = dir .. "/" .. name
  system.output(("mkdir %s && cp %s %s/ca.pem"):format(path, service.ca_file, path))
  if with_links then
    system.output(("cd %s && ln -s ca.pem $(openssl x509 -hash -noout -in ca.pem).0"):format(path))
  end
  return path
end

describe("TLS", function()
  setup(function()
    service = services.start { nginx = { http = ([[
      server {
        listen 127.0.0.1:%d ssl http2;
        ssl_certificate localhost.pem;
        ssl_certificate_key leaf.key;
        ssl_protocols TLSv1.2;
        location / { content_by_lua_block { require("sapanywhere.sandbox.carrier.handler").serve() } }
      }
    ]]):format(tls12_port) } }
    other = services.start {}
  end)

  teardown(function()
    service:stop()
    other:stop()
    system.output("rm -r " .. dir)
  end)

  local function create(url, tls)
    local client = service:client { base_url = url, tls = tls, timeout = 15 }
    local result, err = client:create_instance(service:creating())
    client:close()
    return result, err
  end

  local function refused(url, tls, says)
    local before, started = #service:instances(), core.now()
    local result, err = create(url, tls)
    assert.is_nil(result)
    assert.equal("tls", err.kind, tostring(err))
    assert.equal("not_sent", err.outcome)
    assert.equal(false, err.retryable)
    assert.equal(1, err.attempts)
    if says then assert.truthy(err.message:find(says, 1, true), err.message) end
    assert.equal(before, #service:instances())
    assert.truthy(core.now() - started < 10)
  end

  local trusted = function() return { ca_file = service.ca_file } end

  -- Each: when, where, the tls option, what the message says. Functions, for the service is started later.
  local refusals = {
    { "the certificate is another host's", function() return service.tls_faults.wrong_name end, trusted,
      "certificate" },
    { "it has expired", function() return service.tls_faults.expired end, trusted, "certificate" },
    { "it is self-signed", function() return service.tls_faults.self_signed end, trusted, "certificate" },
    { "its CA is not one of the system's", function() return service.tls_base_url end,
      function() return {} end, "certificate" },
    { "its CA is another one than was given", function() return service.tls_base_url end,
      function() return { ca_file = other.ca_file } end }, -- OpenSSL 1.1.1 has other words for it
    { "the server knows nothing newer than TLS 1.1", function() return service.tls_faults.tls11 end,
      trusted },
    { "the server knows nothing newer than TLS 1.1, and 1.2 is asked for",
      function() return service.tls_faults.tls11 end,
      function() return { ca_file = service.ca_file, min_version = "1.2" } end },
    { "the server knows TLS 1.2 only, and 1.3 is asked for", function() return at_port(tls12_port) end,
      function() return { ca_file = service.ca_file, min_version = "1.3" } end },
    { "the server does not speak TLS",
      function() return (service.base_url:gsub("^http:", "https:")) end, trusted },

    { "the CA file does not exist", function() return service.tls_base_url end,
      function() return { ca_file = "/no/such/disk/ca.pem" } end, "tls.ca_file" },
    { "the CA file is empty", function() return service.tls_base_url end,
      function() return { ca_file = file("empty", "") } end, "tls.ca_file" },
    { "the CA file is garbage", function() return service.tls_base_url end,
      function() return { ca_file = file("garbage", ("\0\1garbage\n"):rep(100)) } end, "tls.ca_file" },
    { "the CA file is a directory", function() return service.tls_base_url end,
      function() return { ca_file = dir } end },
    { "the CA path does not exist", function() return service.tls_base_url end,
      function() return { ca_path = "/no/such/disk" } end },
    { "the CA path is not hashed", function() return service.tls_base_url end,
      function() return { ca_path = directory("plain", false) } end },

    { "the client's certificate does not exist", function() return service.tls_faults.client_certificate end,
      function()
        return { ca_file = service.ca_file, cert_file = "/no/such.pem", key_file = service.client_key_file }
      end, "tls.cert_file" },
    { "the client's certificate is garbage", function() return service.tls_faults.client_certificate end,
      function()
        return {
          ca_file = service.ca_file, cert_file = file("bad.pem", "x"),
          key_file = service.client_key_file,
        }
      end, "tls.cert_file" },
    { "the client's key does not exist", function() return service.tls_faults.client_certificate end,
      function()
        return { ca_file = service.ca_file, cert_file = service.client_cert_file, key_file = "/no/such.key" }
      end, "tls.key_file" },
    { "the client's key is broken", function() return service.tls_faults.client_certificate end,
      function()
        local key = system.read_file(service.client_key_file)
        return {
          ca_file = service.ca_file, cert_file = service.client_cert_file,
          key_file = file("bad.key", key:sub(1, math.floor(#key / 2))),
        }
      end, "tls.key_file" },
    { "the client's key belongs to another certificate",
      function() return service.tls_faults.client_certificate end,
      function()
        return {
          ca_file = service.ca_file, cert_file = service.client_cert_file, key_file = other.client_key_file,
        }
      end, "tls.key_file" },
  }
  for _, case in ipairs(refusals) do
    it("refuses where " .. case[1], function() refused(case[2](), case[3](), case[4]) end)
  end

  -- `script` gives the child a terminal, at which nobody answers.
  it("refuses an encrypted key without asking for its password", function()
    if not child.has_terminal() then return pending("no pseudo-terminal here") end
    local key = dir .. "/encrypted.key"
    system.output(("openssl pkey -aes128 -passout pass:secret -in %s -out %s 2>&1"):format(
      service.client_key_file, key))
    local said = child.run([[
      local result, err = require("sapanywhere").oauth_url(given)
      return { answered = result ~= nil, kind = err and err.kind, outcome = err and err.outcome }
    ]], {
      base_url = service.tls_faults.client_certificate, api_key = "k", api_secret = "s", retry = false, timeout = 10,
      callback_url = "https://www.mycoolapp.com/auth",
      tls = { ca_file = service.ca_file, cert_file = service.client_cert_file, key_file = key },
    }, { terminal = true })
    assert.truthy(system.read_file(key):find("ENCRYPTED", 1, true))
    assert.same({ answered = false, kind = "tls", outcome = "not_sent" }, said)
  end)

  local accepted = {
    { "the CA is given as a file", function() return service.tls_base_url end, trusted },
    { "it is given in a hashed directory", function() return service.tls_base_url end,
      function() return { ca_path = directory("hashed", true) } end },
    { "TLS 1.3 is asked for, and there", function() return service.tls_base_url end,
      function() return { ca_file = service.ca_file, min_version = "1.3" } end },
    { "the server knows TLS 1.2 only", function() return at_port(tls12_port) end, trusted },
    { "the server wants a certificate, and gets one",
      function() return service.tls_faults.client_certificate end,
      function()
        return {
          ca_file = service.ca_file, cert_file = service.client_cert_file, key_file = service.client_key_file,
        }
      end },
  }
  for _, case in ipairs(accepted) do
    it("works where " .. case[1], function()
      local result, err = create(case[2](), case[3]())
      assert.truthy(result, tostring(err))
    end)
  end

  it("without the certificate that the server wants is the server's refusal", function()
    local result, err = create(service.tls_faults.client_certificate, trusted())
    assert.is_nil(result)
    assert.equal("rejected", err.kind)
    assert.equal(400, err.status)
  end)

  -- A handshake that ends otherwise.
  local roles = {
    { "slam" }, { "says", "not TLS\\r\\n" }, { "says", "\\021\\003\\003\\000\\002\\002\\040" },
  }
  for _, role in ipairs(roles) do
    it("fails where the peer " .. table.concat(role, " "), function()
      local peer = peers.start((unpack or table.unpack)(role))
      local result, err = create(at_port(peer.port), trusted())
      peer:stop()
      assert.is_nil(result)
      assert.truthy(err.kind == "tls" or err.kind == "connect", tostring(err))
      assert.equal("not_sent", err.outcome)
    end)
  end

  -- What a balancer does at a deploy: nothing was asked yet, so it may be asked again.
  for what, role in pairs {
    ["closed before the server's first word"] = { "says", "" },
    ["closed at once"] = { "slam" },
    ["closed within the server's first word"] = { "says", "\\022\\003\\003\\000\\122\\002" },
  } do
    it("is not to blame for a handshake that is " .. what, function()
      local peer = peers.start(role[1], role[2])
      local client = service:client {
        base_url = at_port(peer.port), tls = { ca_file = service.ca_file }, retry = { max = 1, base = 0.01 },
      }
      local result, err = client:create_instance(service:creating())
      client:close()
      peer:stop()
      assert.is_nil(result)
      assert.same({ "connect", "not_sent", true, 2 }, { err.kind, err.outcome, err.retryable, err.attempts },
        tostring(err))
    end)
  end

  for _, version in ipairs { "tls1_2", "tls1_3" } do
    it("names the client certificate that a server wants, over " .. version, function()
      local port = ports.pick({ "server" }).server
      local server = io.popen(("cd %s && echo $$ >%s/server && exec openssl s_server -accept 127.0.0.1:%d -%s "
        .. "-Verify 1 -verify_return_error -cert localhost.pem -key leaf.key >/dev/null 2>&1"):format(
        system.quote((service.ca_file:gsub("/[^/]*$", ""))), dir, port, version), "w")
      local result, err
      for _ = 1, 100 do
        result, err = create(at_port(port), { ca_file = service.ca_file })
        if not err.message:find("no connection could be made", 1, true) then break end
        system.output("sleep 0.05")
      end
      system.output(("kill $(cat %s/server)"):format(dir))
      server:close()
      assert.is_nil(result)
      assert.same({ "tls", "not_sent", false }, { err.kind, err.outcome, err.retryable }, tostring(err))
    end)
  end
end)
