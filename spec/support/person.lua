--- Plays the person in front of a browser, with curl: opens the consent page, presses a button, follows the redirect.

local curl = require "support.curl"

local M = {}

--- Presses a button on the consent page.
-- @tparam string address the oauthUrl
-- @tparam string decision "allow" or "deny"
-- @treturn string where the browser is sent to
function M.decide(address, decision)
  local page = curl.ask("GET", address)
  local form = assert(page.body:match('name="form" value="(%x+)"'), "no consent page: " .. page.body)
  local origin, path = address:match("^(http://[^/]+)([^?]*)")
  local answer = curl.ask("POST", origin .. path, { body = "form=" .. form .. "&decision=" .. decision })
  return assert(answer.header.location, "no redirect")
end

--- Does that and goes there: the answer, as `support.curl` has it, and the address.
function M.go(address, decision)
  local target = M.decide(address, decision)
  return curl.ask("GET", target), target
end

return M
