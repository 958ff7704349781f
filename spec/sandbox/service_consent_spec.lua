-- The consent page, as values.

local played = require "support.played"
local url = require "sapanywhere.sandbox.service.url"

local make_service = played.start
local header_of = played.header_of
local ask = played.ask
local show = played.show
local press = played.press
local callback_url = played.callback_url

describe("the sandbox's consent page", function()
  it("says who asks for what and where the answer goes, with everything escaped", function()
    local self = make_service()
    local page = show(self, ask(self, { scope = "<script>\"'", state = "\"><script>" }))
    assert.equal(200, page.status)
    assert.matches("text/html", header_of(page, "Content-Type"))
    assert.matches("key &amp; &lt;co&gt;", page.body)
    assert.matches("&lt;script&gt;&quot;&#39;", page.body)
    assert.matches("https://www.mycoolapp.com/auth%?x=1", page.body)
    assert.not_matches("<script", page.body)
    assert.matches('value="allow">Allow</button>', page.body)
    assert.matches('value="deny">Deny</button>', page.body)
    assert.matches('<html lang="en">', page.body)
  end)

  it("redirects with code and state, both decoding to what they were", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    local answer = press(self, form, "allow")
    assert.equal(302, answer.status)
    local location = header_of(answer, "Location")
    assert.equal(1, location:find(callback_url .. "&code=", 1, true))
    assert.same({ "a b&c" }, url.parse_query(location:match("%?(.*)$")).state)
  end)

  it("redirects with an error and the state, and no code, where it is denied", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    local location = header_of(press(self, form, "deny"), "Location")
    assert.equal(callback_url .. "&error=access_denied&state=a%20b%26c", location)
  end)

  it("leaves out a state that was not given", function()
    local self = make_service()
    local _, form = show(self, ask(self, { state = false }))
    assert.not_matches("state", header_of(press(self, form, "allow"), "Location"))
  end)

  it("understands the documented sample's way of saying client_id", function()
    local self = make_service { client_id_as = "url", api_key = "fake_key" }
    assert.equal(200, show(self, ask(self)).status)
  end)

  it("takes each form once, and only forms that it showed", function()
    local self = make_service()
    local _, form = show(self, ask(self))
    assert.equal(302, press(self, form, "deny").status)
    assert.equal(400, press(self, form, "allow").status)
    assert.equal(400, press(self, ("0"):rep(32), "allow").status)
    local _, other = show(self, ask(self))
    assert.equal(400, press(self, other, "maybe").status)
  end)

  local function changed(from, to)
    return function(address) return (address:gsub(from, to, 1)) end
  end
  for name, change in pairs {
    ["a callback that was never asked with"] = changed("mycoolapp", "evil"),
    ["an unknown client"] = changed("client_id=key", "client_id=kex"),
    ["another response type"] = changed("response_type=code", "response_type=token"),
    ["malformed escapes"] = changed("state=a%%20", "state=a%%2g"),
    ["nothing"] = changed("%?.*", ""),
  } do
    it("shows no form for " .. name, function()
      local self = make_service()
      local page, form = show(self, change(ask(self)))
      assert.equal(400, page.status)
      assert.is_nil(form)
    end)
  end
end)
