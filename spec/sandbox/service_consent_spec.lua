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

describe("the sandbox's pages", function()
  local function pages()
    local self = make_service()
    local shown = show(self, ask(self))
    return {
      consent = shown,
      refusal = self.call("GET", "/sbo/oauth2/authorize?x=1"),
      allowed = self.call("GET", "/callback?code=abc&state=a%20b"),
      denied = self.call("GET", "/callback?error=access_denied"),
      empty = self.call("GET", "/callback"),
    }
  end

  it("say their language, fit a phone and the dark, and need no script", function()
    for name, page in pairs(pages()) do
      assert.matches('<html lang="en">', page.body, nil, name)
      assert.matches('name="viewport" content="width=device%-width', page.body)
      assert.matches('name="color%-scheme" content="light dark"', page.body)
      assert.matches("prefers%-color%-scheme: dark", page.body)
      assert.matches("<main>\n<h1>[^<]+</h1>", page.body)
      assert.not_matches("<script", page.body)
      assert.not_matches(" on%a+=", page.body)
      assert.not_matches("url%(", page.body)
    end
  end)

  it("let no one keep, frame or follow them", function()
    for _, page in pairs(pages()) do
      assert.equal("no-store", header_of(page, "Cache-Control"))
      assert.equal("no-referrer", header_of(page, "Referrer-Policy"))
      assert.matches("default%-src 'none'.*frame%-ancestors 'none'", header_of(page, "Content-Security-Policy"))
    end
  end)

  it("tell Allow and Deny apart, and say that this is a sandbox", function()
    local body = pages().consent.body
    assert.matches('<button class="allow" type="submit" [^>]*>Allow</button>', body)
    assert.matches('<button class="deny" type="submit" [^>]*>Deny</button>', body)
    assert.matches("Read and change business data", body)
    assert.matches("local sandbox: there is no real account", body)
  end)

  it("give the address of the callback to be copied, escaped", function()
    local all = pages()
    assert.matches('tabindex="0">http://127.0.0.1:1/callback%?code=abc&amp;state=a%%20b</code>', all.allowed.body)
    assert.matches("Access denied", all.denied.body)
    assert.matches("neither a code nor an error", all.empty.body)
    assert.not_matches('class="address"', all.empty.body)
  end)

  it("say what is wrong where it is heard, and where to go", function()
    assert.matches('<p role="alert">[^<]+</p>', pages().refusal.body)
    assert.matches("start again", pages().refusal.body)
  end)
end)
