--- The one shape of a failure: what every function returns as its second value.
-- Knows nothing of requests or options; it names, sorts and prints.

--- Every kind there is. Before sending: usage, wrong_phase, closed. On the way: dns, connect, tls, timeout,
-- cancelled, protocol, too_large, json. The server's no: auth, forbidden, not_found, conflict, rate_limited,
-- rejected, server. The callback: denied, state, callback. Bulk: job, file. Notifications: signature. Kept
-- tokens: store.
local KINDS = {
  "usage", "denied", "state", "callback", "dns", "connect", "tls", "timeout", "cancelled", "protocol",
  "too_large", "json", "auth", "forbidden", "not_found", "conflict", "rate_limited", "rejected", "server",
  "wrong_phase", "closed", "job", "file", "signature", "store",
}

local known = {}
for _, kind in ipairs(KINDS) do known[kind] = true end

local metatable = { __name = "sapanywhere.error" }

function metatable.__tostring(err)
  local line = "sapanywhere: " .. err.kind .. ": " .. tostring(err.message or "no message")
  if err.request_id then line = line .. " (request " .. tostring(err.request_id) .. ")" end
  return (line:gsub("%c+", " "))
end

function metatable.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- Makes an error.
-- @tparam string kind one of `KINDS`; another one raises, for that is a mistake of this library
-- @tparam[opt] table fields message, status, request_id, outcome and so on; copied
-- @treturn table the error; `tostring` gives one line, and it can be joined to strings with `..`
local function new(kind, fields)
  if not known[kind] then error("no such kind of error: " .. tostring(kind), 2) end
  local err = {}
  for name, value in pairs(fields or {}) do err[name] = value end
  err.kind = kind
  return setmetatable(err, metatable)
end

--- Whether a value is an error made here.
local function is(value)
  return type(value) == "table" and getmetatable(value) == metatable
end

local RANK = { missing = 1, unknown = 2, wrong = 3 }

local function comes_before(a, b)
  if a.kind ~= b.kind then return RANK[a.kind] < RANK[b.kind] end
  if a.option ~= b.option then return a.option < b.option end
  return a.message < b.message
end

local MISSING = "missing "

-- A sorted copy of a list of problems, each once.
local function tidy(problems)
  local list, seen = {}, {}
  for _, problem in ipairs(problems) do
    problem.message = problem.message or MISSING .. problem.option
    if not seen[problem.message] then list[#list + 1] = problem end
    seen[problem.message] = true
  end
  table.sort(list, comes_before)
  return list
end

--- Makes the error for a caller's mistakes, all of them in one message.
-- @tparam string call the function that was called
-- @tparam table problems list of `{ option =, kind = "missing" | "unknown" | "wrong", message = }`.
--   A message is a whole phrase that names the option; a missing one needs none, unless it takes more than the name.
-- @treturn table the error: `problems` is the list, sorted, and `missing` the names of what is missing
local function usage(call, problems)
  local missing, phrases = {}, {}
  problems = tidy(problems)
  local bare = {}
  for _, problem in ipairs(problems) do
    if problem.kind == "missing" then missing[#missing + 1] = problem.option end
    local is_bare = problem.message == MISSING .. problem.option
    local list = is_bare and bare or phrases
    list[#list + 1] = is_bare and problem.option or problem.message
  end
  if #bare > 0 then table.insert(phrases, 1, MISSING .. table.concat(bare, ", ")) end
  return new("usage", {
    message = call .. ": " .. table.concat(phrases, "; "),
    missing = missing, problems = problems, outcome = "not_sent", retryable = false,
  })
end

return { KINDS = KINDS, new = new, is = is, usage = usage }
