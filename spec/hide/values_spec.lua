local headers = require "sapanywhere.hide.headers"
local values = require "sapanywhere.hide.values"

local function secrets_of(given)
  local list = values.secrets(given)
  table.sort(list)
  return list
end

describe("the secrets of a call", function()
  it("are everything below a sensitive name, whatever its type", function()
    assert.same({ "12345678", "T1", "T2", "T3", "T4", "T5" }, secrets_of {
      extra = { token = { value = "T1", more = { "T2" }, on = true }, passwords = { "T3" }, password_2 = "T4" },
      configuration = { ["user.password"] = 12345678 }, body = { a = { b = { apiSecret = "T5" } } },
    })
  end)

  it("are numbers in every way that they are written", function()
    local found = {}
    for _, text in ipairs(secrets_of { extra = { secret = 1234567890123 } }) do found[text] = true end
    assert.is_true(found["1234567890123"])
  end)

  it("are in a body that is JSON text, in the query and in the caller's headers, too", function()
    assert.same({ "T1" }, secrets_of { body = '{"name":"a text","more":[{"token":"T1"}]}' })
    for _, body in ipairs { "", "token=T1", '{"token":', "5", '"a"', "null", ("["):rep(5000) } do
      assert.same({}, secrets_of { body = body }, body)
    end
    assert.same({ "Q1", "Q2" }, secrets_of { query = { apiSecret = { "Q1", "Q2" }, page = "3" } })
    assert.same({ "H1: a" }, secrets_of { headers = { "X-Api-Key: H1: a", "X-Shop: H2" } })
  end)

  it("are in every option that takes a table of the caller's names", function()
    local taken = 0
    for _, option in ipairs(require "sapanywhere.api.options".LIST) do
      local problems = {}
      local ok, checked = pcall(option.check, { password = "S1" }, option.name, problems)
      if ok and checked ~= nil and #problems == 0 then
        assert.same({ "S1" }, secrets_of { [option.name] = checked }, option.name)
        taken = taken + 1
      end
    end
    assert.truthy(taken >= 4)
  end)

  it("are values that a list of pairs names", function()
    assert.same({ "P1", "P2" }, secrets_of { extra = { list = {
      { key = "oauth.user.password", value = "P1" }, { name = "api_secret", value = "P2" },
      { key = "base.url", value = "U1" },
    } } })
  end)

  it("are those of its client too, and a proxy's password as it is sent", function()
    local client = { api_secret = "S1", proxy = "http://me:p%40w@h:1" }
    client.__index = client
    assert.same({ "C1", "S1", "p@w" }, secrets_of(setmetatable({ code = "C1", name = "N1" }, client)))
  end)
end)

describe("a copy", function()
  it("hides the value of a named pair, and looks into tables that are keys", function()
    assert.same({ { key = "oauth.api.secret", value = "[hidden]" }, { key = "base.url", value = "u" } },
      values.copy { { key = "oauth.api.secret", value = "s" }, { key = "base.url", value = "u" } })
    local key = next(values.copy { [{ token = "t" }] = 1 })
    assert.same({ token = "[hidden]" }, key)
    assert.same({ ["/auth?code=[hidden]"] = 1 }, values.copy { ["/auth?code=c"] = 1 })
  end)
end)

describe("headers", function()
  local SECRETS = { "Secret-0a1b2c3d" }

  it("are searched in their names, where small letters are all that is left of a secret", function()
    assert.same({ ["x-[hidden]"] = "1", ["x-a"] = "b" },
      headers.clean({ ["x-secret-0a1b2c3d"] = "1", ["x-a"] = "b" }, SECRETS))
  end)

  it("are hidden by name and by value, and made visible", function()
    assert.same({ ["set-cookie"] = "[hidden]", ["x-a"] = "a [hidden] b", date = "[hidden]", etag = " ]0;x<U+009B>" },
      headers.clean({
        ["set-cookie"] = "a=b", ["x-a"] = "a Secret-0a1b2c3d b", date = "Secret-0a1b2c3d", etag = "\27]0;x\194\155",
      }, SECRETS))
  end)
end)

describe("the rule by name", function()
  local is_sensitive = require "sapanywhere.hide.names".is_sensitive

  it("knows names that end in a word of its list, in any writing", function()
    for _, name in ipairs {
      "token", "access_token", "X-Auth-Token", "oauth.user.refresh_token", "TOKENS", "token_", "password_2", "apiKey",
      "api-keys", "Authorization", "Proxy-Authorization", "Set-Cookie", "code", "authorization_code",
      "client_assertion", "event.notification.signature.key", "sig", "pwd", "codes",
    } do assert.is_true(is_sensitive(name), name) end
    for _, name in ipairs {
      "errorCode", "status_code", "oauth.token.url", "elements-next-page-token", "nextPageToken", "state", "design",
      "tokenized", "s", "", "1", "access", 5,
    } do assert.is_false(is_sensitive(name), name) end
  end)
end)

it("a body that is a text is no table of secrets", function()
  local given = { body = '{"name": "a text that was given whole"}', token = "the-token" }
  assert.same({ "the-token" }, require "sapanywhere.redact".secrets(given))
end)
