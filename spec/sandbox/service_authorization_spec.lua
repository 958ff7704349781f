-- Who may ask the local service, as values.

local played = require "support.played"

local make_service = played.start
local create = played.create
local path_of = played.path_of
local assert_refused = played.assert_refused

describe("the sandbox's check of the Authorization header", function()
  local user, organization = "us+er/=", ("0a"):rep(16)

  for _, header in ipairs {
    "User " .. user .. ", Organization " .. organization,
    "Organization " .. organization .. ", User " .. user,
  } do
    it("accepts " .. header, function()
      assert_refused(404, make_service().api("GET", "/instances", { headers = { authorization = header } }))
    end)
  end

  for name, header in pairs {
    ["no header"] = false,
    ["two headers"] = { "User " .. user, "Organization " .. organization },
    ["no organization"] = "User " .. user,
    ["no user"] = "Organization " .. organization,
    ["no space after the comma"] = "User " .. user .. ",Organization " .. organization,
    ["two spaces"] = "User  " .. user .. ", Organization " .. organization,
    ["a semicolon"] = "User " .. user .. "; Organization " .. organization,
    ["small letters"] = "user " .. user .. ", organization " .. organization,
    ["quotes"] = 'User "' .. user .. '", Organization "' .. organization .. '"',
    ["a colon"] = "User: " .. user .. ", Organization: " .. organization,
    ["percent-encoding"] = "User us%2Ber%2F%3D, Organization " .. organization,
    ["a trimmed secret"] = "User us+er/, Organization " .. organization,
    ["a scheme twice"] = "User " .. user .. ", User " .. user .. ", Organization " .. organization,
    ["a foreign scheme"] = "User " .. user .. ", Organization " .. organization .. ", Bearer x",
    ["a comma at the end"] = "User " .. user .. ", Organization " .. organization .. ", ",
    ["a wrong user"] = "User x, Organization " .. organization,
    ["a wrong organization"] = "User " .. user .. ", Organization x",
    ["an unknown token"] = "User " .. user .. ", Organization " .. organization .. ", Element x",
  } do
    it("refuses " .. name .. " with the documented sentence, and notes why", function()
      local answer = make_service().api("GET", "/instances", { headers = { authorization = header } })
      local body = assert_refused(401, answer)
      assert.equal("Invalid Organization or User secret, or invalid Element token provided.", body.message)
      assert.equal("string", type(answer.note))
      assert.is_nil(answer.note:find(user, 1, true))
    end)
  end

  it("accepts the token of a living instance, and no longer that of a deleted one", function()
    local self = make_service()
    local one, two = create(self), create(self)
    local header = "User " .. user .. ", Organization " .. organization .. ", Element " .. one.token
    local function list() return self.api("GET", "/instances", { headers = { authorization = header } }) end
    assert.equal(200, list().status)
    assert.equal(200, self.api("DELETE", path_of(one)).status)
    assert_refused(401, list())
    assert.equal(200, self.api("GET", path_of(two)).status)
  end)
end)
