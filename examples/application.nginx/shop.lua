-- What the workers share: the client, the sealer of states, and what is logged.

local metrics = require "metrics" -- of the folder above
local sapanywhere = require "sapanywhere"
local secrets = require "secrets" -- yours: client = { api_key = …, user_secret = …, … }, state_key = …, store = { … }

local function check(value, err) return value or error(tostring(err), 0) end -- assert would hide a table here

local counts = metrics.shared(ngx.shared.metrics)
secrets.client.on_event = counts.on_event

local M = {
  metrics = counts,
  client = check(sapanywhere.new(secrets.client)),
  store = check(sapanywhere.store.file(secrets.store)),
  sealer = check(sapanywhere.state {
    key = secrets.state_key,
    on_use = function(nonce, seconds) return ngx.shared.states:safe_add(nonce, true, seconds) end,
  }),
}

-- A line that is logged during a request would quote the request, code and all. A timer has none.
function M.log(err)
  ngx.timer.at(0, function() ngx.log(ngx.ERR, err) end)
end

return M
