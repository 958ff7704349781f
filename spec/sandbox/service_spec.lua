-- What the local service refuses whatever it is asked for, as values.

local played = require "support.played"

local make_service = played.start
local assert_refused = played.assert_refused

describe("the sandbox refuses", function()
  for _, case in ipairs {
    { "an unknown path", 404, "GET", "/nothing" },
    { "a wrong verb", 405, "POST", "/instances/1" },
    { "a wrong verb on the OAuth URL", 405, "DELETE", "/elements/sapanywhere/oauth/url" },
    { "an Accept without JSON", 406, "GET", "/instances", { headers = { accept = "text/xml" } } },
    { "an Expect header", 417, "POST", "/instances", { body = "{}", headers = { expect = "100-continue" } } },
    { "a body over 8 MB", 429, "POST", "/instances", { body = (" "):rep(8 * 1024 * 1024 + 1) } },
    { "a body that is not called JSON", 415, "POST", "/instances",
      { body = "{}", headers = { ["content-type"] = "application/jsonx" } } },
  } do
    it(case[1] .. " with " .. case[2], function()
      assert_refused(case[2], make_service().api(case[3], case[4], case[5]))
    end)
  end

  it("everything outside its paths", function()
    assert_refused(404, make_service().call("GET", "/elements/api-v1/instances"))
    assert_refused(404, make_service().call("GET", "/"))
  end)

  it("no usual Accept and Content-Type", function()
    for _, accept in ipairs { "*/*", "application/json", "text/html, application/json;q=0.9" } do
      local answer = make_service().api("POST", "/instances", {
        body = "{}", headers = { accept = accept, ["content-type"] = "Application/JSON; charset=utf-8" },
      })
      assert.equal(400, answer.status)
    end
  end)
end)
