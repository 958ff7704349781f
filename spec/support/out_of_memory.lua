--- Lets one allocation after the other fail in journeys against the local service, and looks at what comes of
-- it. Run with failing_malloc.so preloaded; its arguments are `lua` or `malloc`, a number ALL, a number STEP, and
-- the name of one journey, should it be only that.
--
-- The first ALL allocations fail one by one, then every STEP-th. It prints what happened, and ends with 1 where
-- a failure was not clear, something was lost, or the library could not be used afterwards.

local core = require "sapanywhere.core"
local failing = require "spec.failing"
local process = require "spec.process"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

local mode, all, step, only = arg[1], tonumber(arg[2]), tonumber(arg[3]), arg[4]
local arm, failed = failing[mode], failing[mode .. "_failed"]

local MOST_GROWTH = 256 -- KiB: tables and strings of Lua's own, and LuaJIT's traces

local service = assert(sandbox.start { log = false })
local done = {}

-- Journeys: each returns a result, or nil and an error.

local function options_of(code)
  return {
    api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
    user_secret = service.user_secret, organization_secret = service.organization_secret, code = code,
    name = "my shop", tags = { "eu" }, configuration = { ["event.notification.enabled"] = true },
  }
end

local function go(base_url, tls, callback_url)
  local client, err = sapanywhere.new { base_url = base_url, tls = tls, retry = false }
  if not client then return nil, err end
  local options = options_of()
  local auth, auth_err = client:oauth_url {
    api_key = options.api_key, api_secret = options.api_secret, callback_url = options.callback_url,
    state = "s",
  }
  if not auth then return nil, auth_err end
  local grant, grant_err = sapanywhere.parse_callback(callback_url, { state = "s" })
  if not grant then return nil, grant_err end
  local instance, instance_err = client:create_instance(options_of(grant.code))
  if not instance then return nil, instance_err end
  assert(instance.token and sapanywhere.redact(instance).token ~= instance.token)
  client:close()
  return instance
end

local journeys = {
  { "plain", function(callback_url)
    return go(service.base_url, nil, callback_url)
  end },

  { "tls", function(callback_url)
    return go(service.tls_base_url, { ca_file = service.ca_file }, callback_url)
  end },

  -- An engine of its own, from its first descriptor to its last.
  { "engine", function()
    local engine = core.engine()
    local pool = engine:pool { max_connections = 2, proxy = "" }
    local transfers = {}
    for i = 1, 3 do
      transfers[i] = pool:start {
        method = i == 3 and "POST" or "GET", origin = service.base_url:match("^http://[^/]+"),
        target = "/callback?code=1", headers = { "X-A: b" }, body = i == 3 and "{}" or nil,
        timeout = 20, connect_timeout = 5, max_bytes = 1e6,
      }
    end
    for i = 1, 3 do
      while not transfers[i]:done() do assert(engine:wait(done, 20)) end
      local response, failure = transfers[i]:result()
      if not response then return nil, failure end
    end
    transfers[1]:close()
    engine:close()
    return true
  end },

  { "all", function()
    local client = assert(sapanywhere.new { base_url = service.base_url, retry = false })
    local options = options_of()
    local function ask()
      local auth, err = client:oauth_url {
        api_key = options.api_key, api_secret = options.api_secret, callback_url = options.callback_url,
        timeout = 20,
      }
      return auth, err
    end
    local _, errors = sapanywhere.all { ask, ask, ask }
    for i = 1, errors.n do
      if errors[i] then return nil, errors[i] end
    end
    return true
  end },
}

-- Judging

local outcomes, problems = {}, {}

local function count(outcome)
  outcomes[outcome] = (outcomes[outcome] or 0) + 1
end

local function complain(name, n, what)
  problems[#problems + 1] = ("%s, allocation %d: %s"):format(name, n, what)
end

local function is_about_memory(message)
  return tostring(message):find("memory", 1, true) ~= nil
end

-- What libcurl says itself where memory runs out in its resolver and in HTTP/2; and before 8.6 it has one code for a
-- want of memory within the head of an answer and for a line there that is too long.
local OF_LIBCURL = { dns = "could not be resolved", connect = "connection", too_large = "headers" }

local function is_clear(err, owner)
  if err.kind == "cancelled" and is_about_memory(err.message) then return true end
  local words = owner == "libcurl" and OF_LIBCURL[err.kind]
  return words and err.message:find(words, 1, true) ~= nil
end

local function judge(name, n, owner, ok, result, err)
  if not ok then
    count "raised"
    if not is_about_memory(result) then complain(name, n, "raised " .. tostring(result)) end
  elseif result then
    count "went on"
  elseif type(err) == "table" then
    count(tostring(err.kind))
    if not is_clear(err, owner) then
      complain(name, n, ("kind %s: %s"):format(tostring(err.kind), tostring(err.message)))
    end
  else
    count "raised inside"
    if not is_about_memory(err) then complain(name, n, tostring(err)) end
  end
end

local function collect()
  collectgarbage()
  collectgarbage()
end

local function held()
  collect()
  return { blocks = failing.live(), descriptors = #process.descriptors(), kilobytes = collectgarbage("count") }
end

-- Without what the sandbox remembers here of each creation.
local function held_alone()
  service.store:close()
  service.store = nil
  return held()
end

-- A thread of libcurl's that was not waited for may still hold something for a moment.
local function held_again(before)
  local finish, now = core.now() + 2, held()
  while now.blocks ~= before.blocks or now.descriptors ~= before.descriptors do
    if core.now() > finish then break end
    now = held()
  end
  return now
end

local function callback_for()
  return assert(service:authorize { state = "s" })
end

-- Returns whether an allocation failed.
local function try(name, journey, n)
  local callback_url = callback_for()
  collect()
  arm(n)
  local ok, result, err = pcall(journey, callback_url)
  local hit = failed()
  arm(0)
  if hit then
    judge(name, n, hit, ok, result, err)
  elseif not (ok and result) then
    complain(name, n, "failed without a reason: " .. tostring(err or result))
  end
  return hit
end

local function run(name, journey)
  for _ = 1, 3 do assert(journey(callback_for())) end
  failing.malloc(0)
  for _ = 1, 2 do assert(journey(callback_for())) end
  local kilobytes = held_alone().kilobytes
  assert(journey(callback_for()))
  local before, n, tries = held(), 1, 0
  while try(name, journey, n) do
    local after = held_again(before)
    if after.blocks ~= before.blocks then
      complain(name, n, ("%d blocks before, %d after"):format(before.blocks, after.blocks))
      before.blocks = after.blocks
    end
    if after.descriptors ~= before.descriptors then
      complain(name, n, ("%d descriptors before, %d after"):format(before.descriptors, after.descriptors))
      before.descriptors = after.descriptors
    end
    tries = tries + 1
    n = n + (n < all and 1 or step)
  end
  local grown = held_alone().kilobytes - kilobytes
  if grown > MOST_GROWTH then complain(name, n, ("Lua has %.0f KiB more"):format(grown)) end
  assert(journey(callback_for()), "the library is of no use any more")
  print(("%s: %d of %d allocations failed"):format(name, tries, n - 1))
end

for _, journey in ipairs(journeys) do
  if not only or only == journey[1] then run(journey[1], journey[2]) end
end
service:stop()

local names = {}
for outcome, times in pairs(outcomes) do names[#names + 1] = outcome .. " " .. times end
table.sort(names)
print(table.concat(names, ", "))
for _, problem in ipairs(problems) do print(problem) end
os.exit(#problems == 0 and 0 or 1)
