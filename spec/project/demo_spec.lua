-- The demo as a user runs it, with a witness that knows its secrets.

local core = require "sapanywhere.core"
local system = require "sapanywhere.sandbox.carrier.system"
local child = require "support.child"
local processes = require "support.processes"

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

describe("the demo", function()
  local text, dir, secrets, elapsed

  setup(function()
    local notes, started = os.tmpname(), core.now()
    text = system.output(("WITNESS=%s %s -l support.witness spec/demo.lua 2>&1; echo \"exit $?\""):format(
      notes, child.interpreter()))
    elapsed = core.now() - started
    secrets = lines_of(notes)
    dir = table.remove(secrets, 1)
    os.remove(notes)
  end)

  it("walks the whole way, within a minute", function()
    assert.equal("exit 0\n", text:match("exit %d+\n$"), text)
    local at = 1
    for _, step in ipairs {
      " 1  Ask where to send the user", "→ GET /elements/api-v2/elements/sapanywhere/oauth/url HTTP/1.1",
      "&apiSecret=[hidden]\n", "← 200", "oauthUrl",
      " 2  The user allows it", "→ GET /sbo/oauth2/authorize", "Allow access to SAP Anywhere?", "[ Allow ]",
      "→ POST /sbo/oauth2/authorize", "form=[hidden]&decision=allow", "← 302", "→ GET /callback",
      " 3  Read the callback", "code   [hidden]",
      " 4  Create the instance", "→ POST /elements/api-v2/instances", "Authorization: [hidden]",
      '"code": "[hidden]"', "← 200", " 1001\n", "token", "oauth.api.secret",
      " 5  Keep its token", "[hidden]", " 6  Ask for some customers",
      "→ GET /elements/api-v2/hubs/ecommerce/customers HTTP/1.1", "?where=stage%20", "[1]",
      " 7  Create an order, and read it back", "→ POST /elements/api-v2/hubs/ecommerce/orders HTTP/1.1",
      "→ GET /elements/api-v2/hubs/ecommerce/orders/", " 8  Read the notification of it", "CREATED",
      " 9  Let it rest, and delete it", "→ DELETE /elements/api-v2/instances/1001/enabled",
      "→ DELETE /elements/api-v2/instances/1001 HTTP/1.1", "deleted, and its token forgotten",
      "10  The user says no", "error=access_denied", "err.kind       denied",
      "11  Entries are missing", "missing api_key, api_secret, code", "'tags'", "err.kind       usage",
      "nothing was sent",
      "12  A code is used twice", "← 400", "used already", "err.kind        rejected", "Done",
    } do
      local from, to = text:find(step, at, true)
      assert(from, "not shown: " .. step)
      at = to
    end
    assert.is_true(elapsed < 60)
  end)

  it("shows no secret, token or code in any encoding", function()
    assert.is_true(#secrets >= 10)
    for _, secret in ipairs(secrets) do
      local encoded = core.percent_encode(secret)
      for _, form in ipairs {
        secret, encoded, encoded:lower(), core.percent_encode(encoded), core.hex(secret),
        (secret:gsub("/", "\\/")),
        (core.base64(secret):gsub("=+$", "")), (core.base64url(secret):gsub("=+$", "")),
      } do
        assert.is_nil(text:find(form, 1, true))
      end
    end
  end)

  it("is calm: no colour where nobody looks, no line too long", function()
    assert.is_nil(text:find("\27", 1, true))
    for line in text:gmatch("[^\n]+") do
      local columns = #line:gsub("[\128-\191]", "")
      assert(columns <= 92, line)
    end
  end)

  it("leaves nothing running and no directory", function()
    assert.truthy(dir:find("sapanywhere-sandbox-", 1, true))
    assert.equal("", system.output("ls -d " .. dir .. " 2>/dev/null"))
    assert.is_nil(processes():find(dir, 1, true))
  end)

  it("says why and fails where it cannot start", function()
    local said = system.output(("TMPDIR=/nowhere %s spec/demo.lua 2>&1; echo \"exit $?\""):format(child.interpreter()))
    assert.truthy(said:find("cannot write in the directory /nowhere", 1, true), said)
    assert.truthy(said:find("exit 1\n", 1, true))
  end)
end)
