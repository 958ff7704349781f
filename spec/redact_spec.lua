local core = require "sapanywhere.core"
local disguises = require "sapanywhere.hide.disguises"
local errors = require "sapanywhere.errors"
local made = require "support.values"
local redact = require "sapanywhere.redact"

-- A pattern's characters in another form.
local function each(text, pattern, form)
  return (text:gsub(pattern, function(char) return form:format(char:byte()) end))
end

-- The ways in which a secret may be written: as it is, in base64 or under one kind of escapes; and those under more.
local function dress(secret)
  local encoded, twice = core.percent_encode(secret), {}
  local once = {
    secret, encoded, encoded:gsub("%%%x%x", string.lower), encoded:gsub("%%20", "+"), each(secret, "[^%w]", "%%%02x"),
    each(secret, ".", "%%%02X"), each(secret, "[%p ]", "\\u%04x"), each(secret, "[%p ]", "&#%d;"),
    each(secret, "[%p ]", "&#x%X;"), (secret:gsub('[\\"/]', "\\%0")),
    (secret:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;")),
  }
  for _, before in ipairs { "", "k:", "key:", "12345:" } do
    local base64 = core.base64(before .. secret)
    once[#once + 1] = base64
    once[#once + 1] = core.base64url(before .. secret)
    once[#once + 1] = core.base64(before .. secret .. ":after")
    once[#once + 1] = core.percent_encode(base64)
    twice[#twice + 1] = each(base64, ".", "\\u%04x"):gsub("\\", "%%5C")
  end
  local all = each(secret, ".", "%%%02X")
  twice[#twice + 1] = core.percent_encode(all)
  twice[#twice + 1] = core.percent_encode(core.percent_encode(all))
  twice[#twice + 1] = each(all, "%%", "&#%d;")
  twice[#twice + 1] = each(all, "%%", "\\u%04x")
  return once, twice
end

local function random_secret(length)
  local bytes = {}
  for i, byte in ipairs { core.random(length):byte(1, -1) } do bytes[i] = string.char(32 + byte % 95) end
  return table.concat(bytes)
end

describe("redact.text", function()
  local dressed = {
    "a+b/c=d e~1", '"<&>"\\/%25', "plain-1234", "x" .. ("y"):rep(300), "grün+ß/é", "a🔑b-中文-1",
    (("long secret "):rep(40)),
  }
  for _ = 1, 20 do dressed[#dressed + 1] = "s" .. random_secret(20) .. "e" end

  it("hides the place of a secret that stands there as it is, or encoded once", function()
    for _, secret in ipairs(dressed) do
      for i, form in ipairs((dress(secret))) do
        local text = redact.text("before (" .. form .. ") after", { "other one", secret })
        assert.equal("before ([hidden]) after", text, ("form %d of %q: %s"):format(i, secret, text))
      end
    end
  end)

  it("hides all of a text that holds one under a stranger disguise", function()
    for _, secret in ipairs(dressed) do
      for i, form in ipairs((select(2, dress(secret)))) do
        local text = redact.text("before (" .. form .. ") after", { "other one", secret })
        assert.equal("[hidden]", text, ("form %d of %q: %s"):format(i, secret, text))
      end
    end
  end)

  it("knows letters beyond the first plane in the escapes of JSON and HTML", function()
    for _, form in ipairs { "\\ud83d\\udd11-abc", "\\uD83D\\uDD11-abc", "&#128273;-abc", "&#x1F511;-abc" } do
      assert.equal("a [hidden] b", redact.text("a " .. form .. " b", { "🔑-abc" }))
    end
  end)

  it("hides nothing for a secret's beginning", function()
    local text = "the secret is wrong, and so is secret-123456, c2VjcmV0LTEyMzQ1"
    assert.equal(text, redact.text(text, { "secret-1234567", "wxyz", "ab" }))
  end)

  it("looks for any number of secrets", function()
    local many = {}
    for i = 1, 100 do many[i] = ("key-%03d-x"):format(i) end
    assert.equal("a [hidden] b [hidden] c key-101-x", redact.text("a key-001-x b key-100-x c key-101-x", many))
    assert.equal("[hidden]", redact.text("a %256bey-100-x", many))
  end)

  it("takes only a quick look at what holds none of the secrets", function()
    local secrets = {
      "0123456789abcdef0123456789abcdef", "key-0123456789abcdef", "secret/+ &%", "a-code-of-this-call",
    }
    local harmless = {
      "8c2d1e0f9a7b6c5d-FRA", "session=31536000; Path=/; HttpOnly; SameSite=Lax", "cloudflare", "DYNAMIC",
      '{"endpoints":[{"url":"https:\\/\\/report.example\\/v4?s=%2BAbC%2FdEf%3D"}],"max_age":604800}',
      "https://h.example/a?b=c%2525%3D&amp;d=&#39;&#x27;", "1.1 vegur, \\u0041", ("x"):rep(4000), "",
    }
    assert.is_false(core.may_hold(harmless, secrets))
    for _, text in ipairs(harmless) do assert.is_false(core.may_hold(text, secrets[1])) end
    for _, secret in ipairs(secrets) do
      harmless[#harmless] = "…" .. core.percent_encode(core.base64("k:" .. secret)) .. "…"
      assert.is_true(core.may_hold(harmless, secrets))
    end
  end)

  it("hides all of several, overlapping, again and again", function()
    assert.equal("[hidden]-[hidden] [hidden]",
      disguises.hide("abcdef-abcd abcdefgh", { "abcd", "abcdef", "cdefgh" }))
  end)

  it("hides a very short secret only where it stands alone", function()
    assert.equal("a cat, a dog: [hidden], code [hidden]",
      disguises.hide("a cat, a dog: xyz, code xyz", { "xyz" }))
    assert.equal("wxyz", disguises.hide("wxyz", { "xyz" }))
    assert.equal("[hidden]", disguises.hide("a (%2528xyz%2529)", { "xyz" }))
  end)

  it("leaves no piece of secrets that overlap", function()
    assert.equal("[hidden]!", disguises.hide("abcdefgh!", { "abcdef", "cdefgh" }))
    assert.equal("[hidden]!", disguises.hide("abcXabcXabc!", { "abcXabc" }))
    assert.equal("a [hidden] b", disguises.hide("a %61bcdef%67h b", { "abcdef", "cdefgh" }))
  end)

  local texts = {
    { "https://h/u?apiKey=k1&apiSecret=s1&callbackUrl=https://x&state=s",
      "https://h/u?apiKey=[hidden]&apiSecret=[hidden]&callbackUrl=https://x&state=s" },
    { "https://h/a?client_id=https://h/u?apiKey=k1&apiSecret=s1&state=s",
      "https://h/a?client_id=https://h/u?apiKey=[hidden]&apiSecret=[hidden]&state=s" },
    { "/auth?state=s&code=c1", "/auth?state=s&code=[hidden]" },
    { "u=https%3A%2F%2Fh%3Fcode%3Dc1%26state%3Ds&x=y",
      "u=https%3A%2F%2Fh%3Fcode%3D[hidden]%26state%3Ds&x=y" },
    { "u=h%253Fcode%253Dc1%2526state%253Ds", "u=h%253Fcode%253D[hidden]%2526state%253Ds" },
    { '{"id":1,"token":"a\\"b","name":"n"}', '{"id":1,"token":"[hidden]","name":"n"}' },
    { '{"oauth.user.refresh_token" : "t1', '{"oauth.user.refresh_token" : "[hidden]"' },
    { "<token a='b'/><id>1</id>", "<token a='b'/><id>1</id>" },
    { "<user token=\"t1\" id='2'/>", "<user token=\"[hidden]\" id='2'/>" },
    { "<user id='2' token = 't1'/>", "<user id='2' token = \"[hidden]\"/>" },
    { "<a:token><![CDATA[t1]]></a:token><b>2</b>", "<a:token>[hidden]</a:token><b>2</b>" },
    { "<token>\n<b/>t1<!-- --></token>, and <x:code>c1", "<token>[hidden]</token>, and <x:code>[hidden]" },
    { "{'token':'t1','a':1}", "{'token':\"[hidden]\",'a':1}" },
    { '{token: "t1", a: 1}', '{token: "[hidden]", a: 1}' },
    { '{"tok\\u0065n":"t1"}', '{"tok\\u0065n":"[hidden]"}' },
    { '{"token":/*x*/"t1"}', '{"token":"[hidden]"}' },
    { '[{"key":"oauth.api.secret","id":1,"value":"s1"},{"key":"base.url","value":"u"}]',
      '[{"key":"oauth.api.secret","id":1,"value":"[hidden]"},{"key":"base.url","value":"u"}]' },
    { "token='t1' and pin=2", "token=\"[hidden]\" and pin=2" },
    { "X-Auth-Token: t1 t2\r\nx-api-key : k1\r\nX: y", "X-Auth-Token: [hidden]\r\nx-api-key : [hidden]\r\nX: y" },
    { "sent X-Api-Key: k1", "sent X-Api-Key: [hidden]" },
    { "token: t1\n  password: p1", "token: [hidden]\n  password: [hidden]" },
    { "Invalid token: it has expired", "Invalid token: it has expired" },
    { "/auth?a[token]=t1&token[10]=t2&token%5B%5D=t3&b[code]=c1&tokens=t4&password_2=p1",
      "/auth?a[token]=[hidden]&token[10]=[hidden]&token%5B%5D=[hidden]&b[code]=[hidden]&tokens=[hidden]"
      .. "&password_2=[hidden]" },
    { "/auth?tok%2565n=t1&u=%3Ftoken%255B0%255D%253Dt2%2526x",
      "/auth?tok%2565n=[hidden]&u=%3Ftoken%255B0%255D%253D[hidden]%2526x" },
    { "pwd=p1&id_token_hint=t1&client_assertion=a1&sig=s1&jwt=j1",
      "pwd=[hidden]&id_token_hint=[hidden]&client_assertion=[hidden]&sig=[hidden]&jwt=[hidden]" },
    { '{"u":"https://h/?code=","v":"w"}', '{"u":"https://h/?code=","v":"w"}' },
    { "https://me:p@w@h/ //me:pw@h https://me:p/w@h https://h:80/a@b", "https://[hidden]@h/ //[hidden]@h "
      .. "https://[hidden]@h https://h:80/a@b" },
    { "sent Bearer abc1, basic dXNlcjpwYXNzd29yZA==", "sent Bearer [hidden], basic [hidden]" },
    { "a bearer token is expected", "a bearer token is expected" },
    { '"{\\"token\\":\\"t1\\",\\"b\\":1}"', '"{\\"token\\":"[hidden]",\\"b\\":1}"' },
    { '{"code":123456,"token":null}', '{"code":"[hidden]","token":null}' },
    { "Authorization: User u1, Organization o1\r\nX: y", "Authorization: [hidden]\r\nX: y" },
    { "sent User u1, Organization o1 there", "sent User [hidden], Organization [hidden] there" },
    { "was Organization o1, User u1", "was Organization [hidden], User [hidden]" },
    { "Element t1, User u1, Organization o1", "Element [hidden], User [hidden], Organization [hidden]" },
    { "no word, then element t1,user u1", "no word, then element [hidden],user [hidden]" },
    { "User interface, Organization chart", "User [hidden], Organization [hidden]" },
    { "User interface, 2 parts", "User interface, 2 parts" },
    { "/auth?code=c1,c2;c3'c4!(c5)*&state=s", "/auth?code=[hidden]&state=s" },
    { "/auth?%63ode=c1&c%6Fde=c2&state=s", "/auth?%63ode=[hidden]&c%6Fde=[hidden]&state=s" },
    { "/auth?code[]=c1&code[0]=c2&page[]=3", "/auth?code[]=[hidden]&code[0]=[hidden]&page[]=3" },
    { '{"token":["t1","t2"],"a":1}', '{"token":"[hidden]","a":1}' },
    { '{"token":{"value":"t1"},"a":1}', '{"token":"[hidden]","a":1}' },
    { '{"token":["t1"', '{"token":"[hidden]"' },
    { "<ns:token type='x'>t1</ns:token>", "<ns:token type='x'>[hidden]</ns:token>" },
    { "passphrase=p1&authorization_code=c1&code_verifier=v1&aws.secret.access.key=k1&oauth.private.key=k2",
      "passphrase=[hidden]&authorization_code=[hidden]&code_verifier=[hidden]&aws.secret.access.key=[hidden]"
      .. "&oauth.private.key=[hidden]" },
    { "status_code=500&errorCode=12", "status_code=500&errorCode=12" },
    { "<instance><id>1</id><token>t1</token></instance>", "<instance><id>1</id><token>[hidden]</token></instance>" },
    { "Set-Cookie: a=b", "Set-Cookie: [hidden]" },
    { "proxy http://me:pw@h:3128/ failed", "proxy http://[hidden]@h:3128/ failed" },
    { "You must provide an OAuth code in order to", "You must provide an OAuth code in order to" },
    { "element=sapanywhere&eventsEnabled=true", "element=sapanywhere&eventsEnabled=true" },
  }
  for _, case in ipairs(texts) do
    it("hides by name in " .. case[1], function() assert.equal(case[2], redact.text(case[1])) end)
  end
end)

describe("redact.line", function()
  it("hides what only shows when white space is squeezed", function()
    assert.equal("bad: [hidden]", redact.line("bad: my\nsecret   words-123", 100, { "my secret words-123" }))
  end)

  it("shows what acts unseen by its name", function()
    for unseen, shown in pairs {
      ["\194\155"] = "<U+009B>", ["\194\133"] = "<U+0085>", ["\194\173"] = "<U+00AD>", ["\216\156"] = "<U+061C>",
      ["\226\128\139"] = "<U+200B>", ["\226\128\142"] = "<U+200E>", ["\226\128\168"] = "<U+2028>",
      ["\226\128\174"] = "<U+202E>", ["\226\129\166"] = "<U+2066>", ["\239\187\191"] = "<U+FEFF>",
      ["\243\160\129\129"] = "<U+E0041>",
    } do
      assert.equal("a" .. shown .. "b", redact.line("a" .. unseen .. "b", 100))
    end
    local harmless = "grün 中文 🔑 👩‍🔬 می‌خواهم – … é"
    assert.equal(harmless, redact.line(harmless, 100))
  end)

  it("is one short line of valid text", function()
    assert.equal("a b c", redact.line(" a\r\n\tb\0 c ", 100))
    assert.equal("a??b", redact.line("a\255\254b", 100))
    assert.equal("grü…", redact.line("grün", 4))
    assert.equal("gr…", redact.line("grün", 3))
    assert.equal("grün", redact.line("grün", 5))
    assert.equal("(70000 bytes)", redact.line(("x"):rep(70000), 100))
  end)

  it("hides before it cuts", function()
    assert.equal("ab[h…", redact.line("ab" .. "secret-1234", 4, { "secret-1234" }))
  end)
end)

describe("redact", function()
  it("takes a secret or a list of them, and nothing else in their place", function()
    local sapanywhere = require "sapanywhere"
    assert.equal("a [hidden] b", sapanywhere.redact("a secret-1 b", "secret-1"))
    assert.equal("a [hidden] [hidden]", sapanywhere.redact("a secret-1 secret-2", { "secret-1", "secret-2" }))
    assert.equal("a", sapanywhere.redact("a", {}))
    for _, wrong in ipairs { 5, true, { key = "secret-1" }, { 5 }, { "secret-1", [3] = "secret-2" } } do
      assert.has_error(function() sapanywhere.redact("secret-1", wrong) end,
        "redact: secrets must be a string or a list of strings")
    end
  end)

  it("hides by name at any depth, and leaves the original", function()
    local instance = {
      id = 123, token = "t1", element = { key = "sapanywhere" }, valid = true,
      configuration = {
        ["oauth.api.key"] = "k", ["oauth.api.secret"] = "s", ["oauth.user.token"] = "t",
          ["oauth.user.refresh_token"] = "r",
        ["base.url"] = "https://x", ["event.notification.signature.key"] = "x", password = "",
          ["oauth.token.url"] = "https://t",
      },
      user = { { code = 5 } },
    }
    local copy = redact.copy(instance)
    assert.same({
      id = 123, token = "[hidden]", element = { key = "sapanywhere" }, valid = true,
      configuration = {
        ["oauth.api.key"] = "[hidden]", ["oauth.api.secret"] = "[hidden]", ["oauth.user.token"] = "[hidden]",
        ["oauth.user.refresh_token"] = "[hidden]", ["base.url"] = "https://x",
        ["event.notification.signature.key"] = "[hidden]", password = "", ["oauth.token.url"] = "https://t",
      },
      user = { { code = "[hidden]" } },
    }, copy)
    assert.equal("t1", instance.token)
  end)

  it("hides every secret option, a function too", function()
    local given = {
      api_key = "a", api_secret = function() return "x" end, user_secret = "b", organization_secret = "c",
        code = "d",
      proxy = "http://me:pw@h:1", authorization = "User a", Cookie = "x", typeOauth = false,
        token = core.null,
    }
    assert.same({
      api_key = "[hidden]", api_secret = "[hidden]", user_secret = "[hidden]",
        organization_secret = "[hidden]",
      code = "[hidden]", proxy = "http://[hidden]@h:1", authorization = "[hidden]", Cookie = "[hidden]",
        typeOauth = false,
      token = core.null,
    }, redact.copy(given))
  end)

  it("copes with cycles, odd keys and metatables", function()
    local value = setmetatable({ [1] = "a", [true] = "b" },
      { __pairs = error, __index = error, __tostring = error })
    value.self = value
    local copy = redact.copy(value)
    assert.equal(copy, copy.self)
    assert.is_nil(getmetatable(copy))
    local deep = {}
    for _ = 1, 1000 do deep = { deep } end
    assert.is_table(redact.copy(deep))
    assert.equal(5, redact.copy(5))
    assert.is_nil(redact.copy(nil))
  end)

  it("keeps an error an error", function()
    local copy = redact.copy(errors.new("auth", { message = "m token=abc" }))
    assert.is_true(errors.is(copy))
    assert.equal("sapanywhere: auth: m token=[hidden]", tostring(copy))
  end)

  it("hides given values everywhere, in keys too", function()
    assert.same({ note = "was [hidden]", ["[hidden]"] = 1 },
      redact.copy({ note = "was qwerty", qwerty = 1 }, { "qwerty" }))
  end)
end)

describe("redact.secrets", function()
  it("finds what a call holds in secret, wherever it was given", function()
    local client = assert(made.client({ user_secret = "U1", organization_secret = function() return "O1" end }))
    local values = assert(made.call("create_instance", {
      api_key = "K1", code = "C1", callback_url = "https://x", name = "n", proxy = "http://me:p%40w@h:1",
      api_secret = "S1", configuration = { ["event.notification.signature.key"] = "G1",
        plain = "P1" },
      extra = { deep = { token = "T1", name = "N1" } },
    }, client))
    local list = redact.secrets(values)
    table.sort(list)
    assert.same({ "C1", "G1", "K1", "O1", "S1", "T1", "U1", "p@w" }, list)
  end)

  it("finds those of a body", function()
    local values = assert(made.call("create_instance",
      { user_secret = "U1", organization_secret = "O1", body = {
      element = { key = "e" }, providerData = { code = "C1" }, name = "n",
      configuration = { ["oauth.callback.url"] = "u", ["oauth.api.key"] = "K1", ["oauth.api.secret"] = "S1" },
    } }))
    local list = redact.secrets(values)
    table.sort(list)
    assert.same({ "C1", "K1", "O1", "S1", "U1" }, list)
  end)
end)
