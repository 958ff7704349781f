-- Where the local service sends a user, held against the documents as values.

local cjson = require "cjson"
local played = require "support.played"

local read_fixture = played.read_fixture
local make_service = played.start
local oauth_target = played.oauth_target
local ask = played.ask
local assert_refused = played.assert_refused
local callback_url = played.callback_url

describe("the sandbox's answer to oauth/url", function()
  it("has the two documented fields and an address of the consent page", function()
    local self = make_service()
    local answer = self.api("GET", oauth_target(self))
    assert.equal(200, answer.status)
    assert.same({
      element = "sapanywhere",
      oauthUrl = "http://127.0.0.1:1/sbo/oauth2/authorize?scope=BusinessData_RW&response_type=code"
        .. "&redirect_uri=https%3A%2F%2Fwww.mycoolapp.com%2Fauth%3Fx%3D1&state=a%20b%26c"
        .. "&client_id=key%20%26%20%3Cco%3E",
    }, cjson.decode(answer.body))
  end)

  it("holds the same names in the same order as the documented sample", function()
    local self = make_service { client_id_as = "url" }
    local documented = cjson.decode(read_fixture("oauth_url.json"))
    local function names(address)
      local out = {}
      for name in address:gmatch("[?&]([%w_]+)=") do out[#out + 1] = name end
      return out
    end
    assert.same(names(documented.oauthUrl), names(ask(self, {
      state = "sapanywhere", callbackUrl = "https://www.mycoolapp.com/auth",
    })))
  end)

  it("is the same by numeric id and by POST, and echoes a scope of the caller's", function()
    local self = make_service()
    local by_id = self.api("GET", (oauth_target(self):gsub("sapanywhere", "2198", 1)))
    assert.equal("sapanywhere", cjson.decode(by_id.body).element)
    local by_post = self.api("POST", "/elements/sapanywhere/oauth/url", { body = {
      apiKey = self.settings.api_key, apiSecret = self.settings.api_secret,
      callbackUrl = callback_url, scope = "A B",
    } })
    assert.matches("scope=A%%20B&", cjson.decode(by_post.body).oauthUrl)
    assert.not_matches("state=", cjson.decode(by_post.body).oauthUrl)
  end)

  it("needs no Authorization header and accepts one", function()
    local self = make_service()
    assert.equal(200, self.call("GET", "/elements/api-v2" .. oauth_target(self)).status)
    assert.equal(200, self.api("GET", oauth_target(self)).status)
  end)

  local refusals = {
    { "a missing secret", { apiSecret = false }, 400, "Missing required parameters: apiSecret" },
    { "an empty key", { apiKey = "" }, 400, "Missing required parameters: apiKey" },
    { "nothing at all", { apiKey = false, apiSecret = false, callbackUrl = false }, 400,
      "Missing required parameters: apiKey, apiSecret, callbackUrl" },
    { "a relative callback", { callbackUrl = "/auth" }, 400 },
    { "a callback with a fragment", { callbackUrl = "https://a.example/#x" }, 400 },
    { "a callback with a line end", { callbackUrl = "https://a.example/\r\nX: y" }, 400 },
    { "a callback that is a script", { callbackUrl = "javascript:alert(1)" }, 400 },
    { "a wrong key", { apiKey = "other" }, 401 },
    { "a wrong secret", { apiSecret = "se cr/et=" }, 401 },
  }
  for _, case in ipairs(refusals) do
    it("refuses " .. case[1], function()
      local self = make_service()
      local body = assert_refused(case[3], self.api("GET", oauth_target(self, case[2])))
      if case[4] then assert.equal(case[4], body.message) end
    end)
  end

  it("refuses an unknown element, a parameter given twice, and malformed escapes", function()
    local self = make_service()
    assert_refused(404, self.api("GET", (oauth_target(self):gsub("sapanywhere", "shopify", 1))))
    assert_refused(400, self.api("GET", oauth_target(self) .. "&apiKey=x"))
    assert_refused(400, self.api("GET", oauth_target(self) .. "&x=%zz"))
  end)

  it("refuses a POST that is not JSON, says it is not, or has its parameters in the query", function()
    local self = make_service()
    local path = "/elements/sapanywhere/oauth/url"
    assert_refused(400, self.api("POST", path, { body = "apiKey=x" }))
    assert_refused(400, self.api("POST", path, { body = "[1]" }))
    assert_refused(400, self.api("POST", path, { body = { apiKey = 1 } }))
    local as_text = { body = "{}", headers = { ["content-type"] = "text/plain" } }
    assert_refused(415, self.api("POST", path, as_text))
    assert_refused(415, self.api("POST", path))
    assert_refused(400, self.api("POST", oauth_target(self), { body = "{}" }))
  end)
end)
