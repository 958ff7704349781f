local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local answer = require "sapanywhere.call.answer"
local made = require "support.values"
local plan = require "sapanywhere.call.plan"
local redact = require "sapanywhere.redact"

local row = endpoints.create_instance
local client = assert(made.client {
  user_secret = "user-Zq9-0123456789", organization_secret = "organization-Zq9", api_key = "key-Zq9",
  api_secret = "Secret, Zq9", callback_url = "https://www.mycoolapp.com/auth",
  configuration = { ["x.token"] = "Zq9-Kept" },
})
local VALUES = assert(made.call("create_instance", { code = "code-Zq9", name = "test" }, client))

-- What becomes of the headers of a success; `lines` are as they come.
local function read(lines, values)
  local response = {
    status = 200, value = { id = 1, token = "t" }, is_list = false,
  }
  core.keep_head("HTTP/1.1 200 OK\r\n" .. table.concat(lines, "\r\n") .. "\r\n\r\ntrailer: x\r\n", response)
  local result, err, meta = answer.read(row, plan.request(row, VALUES), response, values or VALUES)
  assert(result, tostring(err))
  return meta
end

local function copy(headers)
  local list = {}
  for name, value in pairs(headers) do list[name] = value end
  return list
end

local function count(text, part)
  return select(2, text:gsub(part, part))
end

describe("the headers of a success", function()
  local LINES = {
    "Content-Type: application/json", "X-Frame-Options: SAMEORIGIN", "Set-Cookie: session=1", "set-cookie: b=2",
    "Access-Control-Allow-Headers:Accept, Origin", "Via:   1.1 vegur  ", "Empty:", "no header", "bad name: x",
    "Location: https://h.example/?code=abc&x=1", "X-Note: a\tb", " folded: x", "X-Word: the bearer 12345 of it",
    "Vary: Accept", "vary: Origin", ("x"):rep(300) .. ": y",
  }
  local SHOWN = {
    ["content-type"] = "application/json", ["x-frame-options"] = "SAMEORIGIN", ["set-cookie"] = "[hidden]",
    ["access-control-allow-headers"] = "Accept, Origin", via = "1.1 vegur", empty = "",
    location = "https://h.example/?code=[hidden]&x=1", ["x-note"] = "a b", ["x-word"] = "the bearer [hidden] of it",
    vary = "Accept, Origin",
  }

  it("are shown in any case, without what is secret by its name", function()
    local headers = read(LINES).headers
    for name, value in pairs(SHOWN) do
      assert.equal(value, headers[name])
      assert.equal(value, headers[name:upper()])
    end
    assert.is_nil(headers.trailer)
    assert.is_nil(headers[1])
  end)

  it("are all there for who goes through them", function()
    assert.same(SHOWN, copy(read(LINES).headers))
  end)

  it("are all there in a copy that is safe to print", function()
    assert.same(SHOWN, redact.copy(read(LINES)).headers)
  end)

  it("stay readable when all that nobody holds is collected", function()
    local list = {}
    for i = 1, 100 do list[i] = read(LINES) end
    collectgarbage()
    collectgarbage()
    for _, meta in ipairs(list) do assert.equal("SAMEORIGIN", meta.headers["x-frame-options"]) end
  end)

  it("are in a meta as in any table, once they were looked at, for who does not ask metatables", function()
    local meta = read(LINES)
    local headers = meta.headers
    assert.equal(headers, rawget(meta, "headers"))
    assert.equal("SAMEORIGIN", rawget(headers, "x-frame-options"))
    assert.is_nil(getmetatable(meta))
  end)

  it("do not keep a meta from being written as JSON, looked at or not", function()
    local meta = read(LINES)
    assert.is_string(require("cjson").encode(meta))
    assert.equal("SAMEORIGIN", meta.headers["x-frame-options"])
    assert.truthy(require("cjson").encode(meta):find("SAMEORIGIN", 1, true))
  end)

  it("are there for who goes through the meta first", function()
    local found = {}
    for name in pairs(read(LINES)) do found[name] = true end
    assert.truthy(found.headers and found.status)
  end)

  it("of a caller's own are left alone", function()
    local meta = read(LINES)
    meta.headers = { mine = "1" }
    assert.same({ mine = "1" }, copy(meta.headers))
    for _ in pairs(meta) do end -- looks at all
    assert.same({ mine = "1" }, copy(meta.headers))
  end)

  it("may be added to, before and after they were looked at", function()
    local headers = read(LINES).headers
    headers["x-own"] = "1"
    headers.via = "2"
    assert.equal("1", headers["X-Own"])
    assert.equal("2", headers.Via)
    assert.equal("SAMEORIGIN", headers["x-frame-options"])
  end)

  for name, line in pairs {
    ["as it is"] = "X-Echo: a code-Zq9 b", ["of the client"] = "X-Echo: user-Zq9-0123456789",
    ["in its configuration"] = "X-Echo: <Zq9-Kept>", ["in base64"] = "X-Echo: " .. core.base64("user-Zq9-0123456789"),
    ["percent-encoded"] = "X-Echo: user-Zq9%2D0123456789", ["in a name"] = "X-User-ZQ9-0123456789: 1",
    ["in a name, in small letters"] = "x-user-zq9-0123456789: 1", ["in what is ordinary"] = "Server: code-Zq9",
    ["in the platform's note"] = "Elements-Error: no code-Zq9",
  } do
    it("hide a secret of the call: " .. name, function()
      local meta = read { "X-Other: 1", line, "Content-Type: application/json" }
      local all = ""
      for header, value in pairs(meta.headers) do all = all .. header .. ": " .. value .. "\n" end
      all = all .. table.concat(meta.warnings)
      assert.truthy(all:find("[hidden]", 1, true), all)
      for _, secret in ipairs { "code%-Zq9", "ser%-[Zz][Qq]9", "Zq9%-Kept", "dXNlci1a", "%%2D" } do
        assert.equal(0, count(all, secret), all)
      end
      assert.equal("application/json", meta.headers["content-type"])
    end)
  end

  it("hide a secret that comes in two lines of one name", function()
    assert.equal("[hidden]", read { "X-Echo: Secret", "X-Echo: Zq9" }.headers["x-echo"])
  end)

  it("stay whole where there are many of them", function()
    local lines, expected = {}, {}
    for i = 1, 100 do
      lines[i], expected["x-" .. i] = ("X-%d: %d"):format(i, i), tostring(i)
    end
    assert.same(expected, copy(read(lines).headers))
  end)

  it("are searched where all of them are ordinary, too", function()
    assert.equal("[hidden]", read({ "Server: code-Zq9" }).headers.server)
    assert.equal("a [hidden]", read({ "ELEMENTS-REQUEST-ID: a code-Zq9" }).request_id)
  end)

  it("tell the platform's own, wherever they are kept", function()
    for _, more in ipairs { "X-A: 1", "Vary: a", "X-A: code-Zq9" } do
      local meta = read { more, "ELEMENTS-REQUEST-ID: r\195\169q\1", "elements-error: capped" }
      assert.equal("réq ", meta.request_id)
      assert.same({ "the server says in Elements-Error: capped" }, meta.warnings)
    end
  end)
end)
