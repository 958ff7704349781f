-- An answer that comes once is not thrown away for its wrapping; what comes again stays strict.

local core = require "sapanywhere.core"
local peers = require "support.peers"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local service = services.start {}

local INSTANCE = '{"id":1001,"token":"t0ken","oauthUrl":"https://provider.example/a?state=s"'

local function gzip(text)
  local path = os.tmpname()
  system.write_file(path, text)
  local packed = system.output("gzip -nc " .. system.quote(path))
  os.remove(path)
  return packed
end

local function escape(char)
  return ("\\%03d"):format(char:byte())
end

-- What a call comes to that a server answers with these bytes.
local function hear(name, raw)
  local peer = peers.start("says", (raw:gsub(".", escape):gsub("\n", "\\010")))
  local client = service:client { base_url = ("http://127.0.0.1:%d"):format(peer.port), retry = false }
  local options = name == "oauth_url" and service:asking { state = "s" } or service:creating()
  local result, err, meta = client[name](client, options)
  peer:stop()
  return result, err, meta
end

-- The same for a good status, a body and header lines.
local function call(name, body, head)
  return hear(name, ("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n"):format(head or "", #body) .. body)
end

describe("an answer that comes once", function()
  local PACKED = gzip(INSTANCE .. "}")
  -- body, what the warning says, head, whether calls that may be repeated read it too
  local coats = {
    ["a byte order mark"] = { "\239\187\191" .. INSTANCE .. "}", "byte order mark" },
    ["Latin-1"] = { INSTANCE .. ',"owner":"Caf\233"}', "not UTF-8" },
    ["half a surrogate pair"] = { INSTANCE .. ',"owner":"shop \\ud83d"}', "surrogate" },
    ["a raw tab"] = { INSTANCE .. ',"owner":"a\tb"}', "control characters" },
    ["a raw line end in a name"] = { INSTANCE .. ',"ow\nner":"a"}', "control characters" },
    ["gzip"] = { PACKED, "unpacked", "Content-Encoding: gzip\r\n" },
    ["x-gzip on a line that is folded"] = { PACKED, "unpacked", "Content-Encoding:\r\n x-gzip\r\n" },
    ["gzip that is not said"] = { PACKED, "unpacked" },
    ["gzip that is said and not there"] =
      { INSTANCE .. "}", "not the one that it has", "Content-Encoding: gzip\r\n" },
    ["UTF-8 as an encoding"] = { INSTANCE .. "}", "names no known coding", "Content-Encoding: UTF-8\r\n", true },
    ["json as an encoding"] = { INSTANCE .. "}", "names no known coding", "content-encoding: json\r\n", true },
    ["an empty encoding"] = { INSTANCE .. "}", "names no known coding", "Content-Encoding:\r\n", true },
  }
  for what, coat in pairs(coats) do
    it("is read with a warning in spite of " .. what, function()
      local result, err, meta = call("create_instance", coat[1], coat[3])
      assert.is_nil(err)
      assert.equal("t0ken", result.token)
      assert.equal(1001, result.id)
      assert.equal(1, #meta.warnings)
      assert.truthy(meta.warnings[1]:find(coat[2], 1, true), meta.warnings[1])
    end)

    it((coat[4] and "like one that is asked for again: " or "unlike one that is asked for again: ") .. what, function()
      local result, err, meta = call("oauth_url", coat[1], coat[3])
      assert.equal(coat[4], result and true, tostring(err))
      if result then return assert.equal(1, #meta.warnings) end
      assert.truthy(err.kind == "json" or err.kind == "protocol", tostring(err))
    end)
  end

  it("has U+FFFD where there was no text, and what is well-formed as it was", function()
    local result = assert(call("create_instance",
      INSTANCE .. ',"a":"\233\195\169\255\\u00e9","b":"\\ud83dx\\ud83d\\ude00","c":"\0\31"}'))
    assert.same({ "\239\191\189é\239\191\189é", "\239\191\189x😀", "\0\31" }, { result.a, result.b, result.c })
  end)

  it("has its nulls left out or kept as ever", function()
    local result = assert(call("create_instance", INSTANCE .. ',"a":null,"b":{"c":null,"d":1},"e":"\t"}'))
    assert.same({ nil, nil, 1, "\t" }, { result.a, result.b.c, result.b.d, result.e })
  end)

  local unread = {
    ["is cut short"] = INSTANCE .. ',"owner":"a\tb',
    ["has text after its end"] = INSTANCE .. ',"owner":"a\tb"} x',
    ["has another value after its end"] = INSTANCE .. "}{}",
    ["has a name twice"] = INSTANCE .. ',"token":"other"}',
    ["has a name twice, once with escapes"] = INSTANCE .. ',"t\\u006fken":"other"}',
    ["has a name twice, once with a null"] = INSTANCE .. ',"token":null}',
    ["has a name twice, in a coat"] = "\239\187\191" .. INSTANCE .. ',"id":1001}',
    ["has brackets that do not match"] = INSTANCE .. ',"owner":["a\tb"}',
    ["is gzip that is cut short"] = PACKED:sub(1, -9),
    ["is gzip with more behind it"] = PACKED .. "x",
    ["is gzip in gzip"] = gzip(PACKED),
    ["has a token that is not text"] = '{"id":1,"token":"t\233"}',
    ["has a token with half a surrogate pair"] = '{"id":1,"token":"t\\udc00"}',
  }
  for what, body in pairs(unread) do
    it("is not read where it " .. what .. ", and says that an instance exists", function()
      local result, err = call("create_instance", body)
      assert.is_nil(result)
      assert.truthy(err.kind == "json" or err.kind == "protocol", tostring(err))
      assert.equal("unknown", err.outcome)
      assert.truthy(tostring(err):find("an instance ", 1, true), tostring(err))
      assert.truthy(tostring(err):find("recover", 1, true), tostring(err))
      assert.is_nil(tostring(err):find("t0ken", 1, true))
    end)
  end

  for what, token in pairs { raw = "t\tn", escaped = "t\\nn", del = "t\127n" } do
    it("is a breach of protocol where the token has a control character, " .. what, function()
      local result, err = call("create_instance", '{"id":1,"token":"' .. token .. '"}')
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find("token", 1, true))
    end)
  end
end)

describe("a coding that was not asked for", function()
  teardown(function() service:stop() end)

  local NESTED = gzip(gzip(INSTANCE .. "}"))
  local heads = {
    ["two on one line"] = "Content-Encoding: gzip, gzip\r\n",
    ["two on two lines"] = "Content-Encoding: gzip\r\nContent-encoding: gzip\r\n",
    ["two on a line that is folded"] = "Content-Encoding: gzip,\r\n\tGZIP\r\n",
    ["one of the transfer"] = "Transfer-Encoding: gzip\r\n",
    ["one of the transfer beside chunks"] = "Transfer-Encoding: gzip, chunked\r\n",
    ["one that nobody knows of the transfer"] = "Transfer-Encoding: x\r\n",
  }
  for what, head in pairs(heads) do
    for _, name in ipairs { "oauth_url", "create_instance" } do
      it(name .. " refuses: " .. what, function()
        local result, err = call(name, NESTED, head)
        assert.is_nil(result)
        assert.equal("protocol", err.kind, tostring(err))
        assert.equal("unknown", err.outcome)
        assert.truthy(err.message:find("Encoding", 1, true), err.message)
      end)
    end
  end

  for _, coding in ipairs { "gzip", "br", "deflate", "zstd", "x-gzip", "GZip" } do
    it("oauth_url refuses " .. coding, function()
      local result, err = call("oauth_url", INSTANCE .. "}", "Content-Encoding: " .. coding .. "\r\n")
      assert.is_nil(result)
      assert.equal("protocol", err.kind, tostring(err))
    end)
  end

  it("ends with the answer that named it: an interim one says nothing of the next", function()
    local result, err, meta = hear("oauth_url", "HTTP/1.1 103 X\r\nContent-Encoding: gzip\r\n\r\nHTTP/1.1 200 OK\r\n"
      .. "Content-Length: " .. #INSTANCE + 1 .. "\r\n\r\n" .. INSTANCE .. "}")
    assert.is_nil(err)
    assert.truthy(result.oauthUrl)
    assert.same({}, meta.warnings)
  end)
end)

it("the library can say what it mended without an answer", function()
  local value, mended = core.decode_once('\239\187\191{"a":"\233\t"}')
  assert.same({ a = "\239\191\189\t" }, value)
  assert.equal(3, #mended)
  assert.same({ 1 }, (core.decode_once "[1]"))
  assert.is_nil(core.decode_once '{"a":1,"a":2}')
end)
