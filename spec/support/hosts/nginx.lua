--- The part of the contract that runs inside nginx: a case by its number, in whatever phase calls it.

local contract = require "support.contract"

local function together(list)
  local threads, failure = {}, nil
  for i, run in ipairs(list) do threads[i] = assert(ngx.thread.spawn(run)) end
  for _, thread in ipairs(threads) do
    local ok, err = ngx.thread.wait(thread)
    if not ok then failure = failure or err end
  end
  if failure then error(failure, 0) end
end

local host = {
  together = together,
  sleep = ngx.sleep,
  abandon = function(run)
    local thread = ngx.thread.spawn(run)
    ngx.sleep(0.05)
    ngx.thread.kill(thread)
  end,
}

local M = {}

--- Runs one case; "ok", or what was wrong.
-- @tparam table service from `contract.describe`
-- @tparam number number of the case
-- @tparam string callback
function M.run(service, number, callback)
  local env = contract.environment(service, host, callback, "contract-state")
  local ok, err = pcall(contract.cases[number][2], env)
  return ok and "ok" or tostring(err)
end

return M
