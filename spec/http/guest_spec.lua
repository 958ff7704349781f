-- What OpenSSL notes in a queue that the whole thread shares is taken out again. Only LuaJIT can look into it here.

local core = require "sapanywhere.core"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

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

  it("is as it was after a certificate was made, or refused", function()
    if not has_ffi then return pending "looked at on LuaJIT" end
    crypto.ERR_clear_error()
    local key = assert(core.make_key())
    assert(core.make_certificate(key, "a", key, "a", 0, 1, {}))
    assert.is_nil((core.make_certificate("no key", "a", key, "a", 0, 1, {})))
    assert.is_nil((core.make_certificate(key, "a", key, "a", 0, 1, { { "nonsense", "x" } })))
    assert.equal(0, tonumber(crypto.ERR_peek_error()))
  end)

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

describe("the signals of the host", function()
  local service

  setup(function() service = services.start {} end)
  teardown(function() service:stop() end)

  -- What this thread blocks, what the process ignores and catches, what waits.
  local function signals()
    local text = system.read_file "/proc/thread-self/status"
    local said = {}
    for _, name in ipairs { "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt" } do
      said[name] = assert(text:match(name .. ":%s*(%x+)"))
    end
    return said
  end

  for name, ask in pairs {
    ["is answered"] = function(client) assert(client:oauth_url(service:asking {})) end,
    ["is answered over TLS"] = function(client)
      assert(client:oauth_url(service:asking { base_url = service.tls_base_url }))
    end,
    ["reaches nobody"] = function(client)
      assert.is_nil(client:oauth_url(service:asking { base_url = service.refused_url }))
    end,
    ["takes too long"] = function(client)
      assert.is_nil(client:oauth_url(service:asking { base_url = service:url { delay = 5 }, timeout = 0.2 }))
    end,
  } do
    it("are as they were after a call that " .. name, function()
      local before = signals()
      local client = service:client { tls = { ca_file = service.ca_file }, retry = false }
      ask(client)
      assert.same(before, signals())
      client:close()
      assert.same(before, signals())
    end)
  end
end)

describe("the guard around libcurl", function()
  local inner = require "spec.inner"

  -- Whether a host has SIGPIPE blocked, has one pending, and one is raised under the guard; what must be so afterwards.
  local cases = {
    ["a SIGPIPE that comes meanwhile"] = { { raised = true }, {} },
    ["nothing, where none comes"] = { {}, {} },
    ["the signal mask of a host that blocks it"] = { { blocked = true }, { blocked = true } },
    ["and the one that comes meanwhile from a host that blocks it"] = {
      { blocked = true, raised = true }, { blocked = true },
    },
    ["not the one that the host had before"] = {
      { blocked = true, pending = true }, { blocked = true, pending = true },
    },
    ["not the one that the host had before, where another comes"] = {
      { blocked = true, pending = true, raised = true }, { blocked = true, pending = true },
    },
  }
  for name, case in pairs(cases) do
    it("keeps from the host " .. name, function()
      case[1].needed = true
      local said = inner.guarded(case[1])
      assert.same({
        was_blocked = true, blocked = case[2].blocked or false, pending = case[2].pending or false, same_mask = true,
        same_error = true,
      }, said)
    end)
  end

  it("leaves signals alone where libcurl raises none", function()
    assert.is_false(inner.guarded({}).was_blocked)
    assert.is_true(inner.guarded({ blocked = true, pending = true }).pending)
  end)

  it("takes what is noted meanwhile out of OpenSSL's queue, and leaves what was there", function()
    for _, needed in ipairs { true, false } do
      assert.is_true(inner.guarded({ needed = needed }).same_error)
      assert.is_true(inner.guarded({ needed = needed, error = true }).same_error)
    end
  end)
end)
