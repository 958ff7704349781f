-- What OpenSSL notes in a queue that the whole thread shares is taken out again. Only LuaJIT can look into it here.

local services = require "support.service"

local has_ffi, ffi = pcall(require, "ffi")

describe("OpenSSL's queue of errors", function()
  local service, crypto

  setup(function()
    service = services.start {}
    if not has_ffi then return end
    ffi.cdef [[
      unsigned long ERR_peek_error(void);
      void ERR_clear_error(void);
      void *BIO_new_file(const char *, const char *);
    ]]
    crypto = ffi.load "crypto"
  end)
  teardown(function() service:stop() end)

  local calls = {
    ["succeeds"] = function() return service.tls_base_url, { ca_file = service.ca_file } end,
    ["meets another CA"] = function() return service.tls_base_url, {} end,
    ["meets another name"] = function() return service.tls_faults.wrong_name, { ca_file = service.ca_file } end,
    ["has no CA file"] = function() return service.tls_base_url, { ca_file = "/nowhere/ca.pem" } end,
    ["has no key"] = function()
      return service.tls_base_url, { ca_file = service.ca_file, cert_file = "/nowhere/c", key_file = "/nowhere/k" }
    end,
  }
  for what, call in pairs(calls) do
    it("is empty after a call that " .. what, function()
      if not has_ffi then return pending "looked at on LuaJIT" end
      crypto.ERR_clear_error()
      local base_url, tls = call()
      local client = service:client { base_url = base_url, tls = tls, retry = false, timeout = 5 }
      client:oauth_url(service:asking())
      assert.equal(0, tonumber(crypto.ERR_peek_error()))
      client:close()
      assert.equal(0, tonumber(crypto.ERR_peek_error()))
    end)
  end

  it("keeps the host's own where nothing of TLS was asked", function()
    if not has_ffi then return pending "looked at on LuaJIT" end
    crypto.ERR_clear_error()
    crypto.BIO_new_file("/nowhere/at/all", "r")
    local before = tonumber(crypto.ERR_peek_error())
    assert.truthy(before ~= 0)
    assert(service:client {}:oauth_url(service:asking()))
    assert.equal(before, tonumber(crypto.ERR_peek_error()))
    crypto.ERR_clear_error()
  end)
end)
