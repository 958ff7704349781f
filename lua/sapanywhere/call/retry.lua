--- Decides whether a failed call is made again, and when.
--
-- | the call is     | failure                                        | again                              |
-- |-----------------|------------------------------------------------|------------------------------------|
-- | repeatable      | connect, dns, timeout                          | after a random pause               |
-- | repeatable      | server with status 502, 503 or 504             | after Retry-After, or such a pause |
-- | repeatable      | rate_limited with Retry-After                  | after Retry-After                  |
-- | not repeatable  | connect, dns, timeout with outcome not_sent    | after a random pause               |
-- | either          | connect: a proxy refused with a status < 500   | never                              |
-- | either          | anything else, or the deadline would pass      | never                              |
--
-- Cloud Elements documents no idempotency key, and a gateway's 502 may hide a completed write; 429 is documented for
-- sizes as well as for rates, hence the Retry-After.

local core = require "sapanywhere.core"

local TRANSPORT = { connect = true, dns = true, timeout = true }
local GATEWAY = { [502] = true, [503] = true, [504] = true }

-- A proxy that says no would say it again; one that fails may do better.
local function is_proxy_refusal(err)
  return err.kind == "connect" and err.outcome == "not_sent" and err.status ~= nil and err.status < 500
end

local function may_repeat(request, err)
  if is_proxy_refusal(err) then return false end
  if not request.repeatable then return TRANSPORT[err.kind] and err.outcome == "not_sent" end
  return TRANSPORT[err.kind]
    or err.kind == "server" and GATEWAY[err.status]
    or err.kind == "rate_limited" and err.retry_after ~= nil
end

-- Evenly spread over [0, 1), without touching the host's math.random.
local function random()
  local a, b, c = (core.random(3) or "\127\255\255"):byte(1, 3)
  return (a * 65536 + b * 256 + c) / 16777216
end

-- Full jitter: anything between nothing and a limit that doubles with every attempt.
local function pause(policy, attempt)
  return random() * math.min(policy.cap, policy.base * 2 ^ (attempt - 1))
end

--- @tparam table request from plan.lua; `repeatable` tells whether a second try can do no harm
-- @tparam table err what the attempt failed with
-- @tparam number attempt how many attempts there have been
-- @tparam table|boolean policy `{ max, base, cap }`, or false
-- @tparam number left seconds until the deadline
-- @treturn[1] number seconds to wait before the next attempt
-- @return[2] nil when there must not be another one
local function delay(request, err, attempt, policy, left)
  if not policy or attempt > policy.max or not may_repeat(request, err) then return nil end
  local seconds = err.retry_after or pause(policy, attempt)
  return seconds < left and seconds or nil
end

return { delay = delay, may_repeat = may_repeat }
