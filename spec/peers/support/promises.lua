--- What must be true of calls through whatever stands between: the journey, and creations in great numbers, each of
-- which is made once at most and told honestly, within its time.

local assert = require "luassert"
local core = require "sapanywhere.core"
local sapanywhere = require "sapanywhere"

local M = {}

-- A call that takes so much longer than its time hangs.
local HANG = 20

-- No two creations of a program have the same name.
local runs = 0

local function merged(base, more)
  for name, value in pairs(more or {}) do base[name] = value end
  return base
end

--- Goes from the OAuth URL to the instance.
-- @tparam table service from support.service
-- @tparam table options of the client
-- @raise when a step fails, or makes another number of instances than one
function M.walk_journey(service, options)
  local client = service:client(options)
  local auth, err = client:oauth_url(service:asking {})
  assert.truthy(auth, tostring(err))
  local callback = assert(service:authorize(auth.oauthUrl))
  local grant = sapanywhere.parse_callback(callback, { state = auth.state })
  runs = runs + 1
  local name = "journey " .. runs
  local instance
  instance, err = client:create_instance(service:creating { code = grant.code, name = name })
  assert.truthy(instance, tostring(err))
  assert.equal(name, instance.name)
  assert.equal(1, service:count_names()[name])
  local again
  again, err = client:create_instance(service:creating { code = grant.code, name = name })
  assert.is_nil(again)
  assert.equal("rejected", err.outcome, tostring(err))
  client:close()
end

local function find_by_name(service)
  local map = {}
  for _, instance in ipairs(service:instances()) do
    map[instance.name] = map[instance.name] or {}
    table.insert(map[instance.name], instance)
  end
  return map
end

local function check(name, call, found)
  assert.truthy(#found <= 1, name .. ": " .. #found .. " instances")
  assert.truthy(call.elapsed < call.timeout + HANG, name .. " took " .. call.elapsed)
  if call.result then
    assert.equal(1, #found, name)
    assert.equal(found[1].token, call.result.token, name)
    return "success"
  end
  local outcome, said = call.err.outcome, tostring(call.err)
  if outcome == "unknown" then
    assert.equal(false, call.err.retryable, said)
    assert.equal(1, call.err.attempts, said)
  else
    assert.truthy(outcome == "not_sent" or outcome == "rejected", said)
    assert.equal(0, #found, said)
  end
  return outcome
end

local function name_all(count)
  runs = runs + 1
  local names = {}
  for number = 1, count do names[number] = ("run %d number %d"):format(runs, number) end
  return names
end

-- Calls what(done) at each of the counts that have one.
local function watch(events, done)
  if events and events[done] then events[done]() end
end

-- Asks for an OAuth URL, over HTTP/2 where that is spoken; the answer belongs to this call or there is none.
local function ask(client, options, timeout, reads)
  local started = core.now()
  local auth, err = client:oauth_url(options)
  assert.truthy(core.now() - started < timeout + HANG, "oauth_url took too long")
  if auth then
    assert.equal(options.state, auth.oauthUrl:match("[?&]state=([^&]*)"), "another call's answer")
    reads.asked = reads.asked + 1
  else
    local said = "oauth_url: " .. tostring(err)
    reads.errors[said] = (reads.errors[said] or 0) + 1
  end
end

--- Makes many instances at the same time, and asks for an OAuth URL before each, and checks every promise.
-- @tparam table service
-- @tparam table how `count`; `client` (its options); `concurrency` (50); `at`, functions by how many are done when
-- they are called; `url(number)`, where each goes, if not to the client's; `more`, options of each creation;
-- `creations_only`, whether nothing else is asked
-- @treturn table how many there were of each outcome, of `success`, of `created`; `asked`, how many OAuth URLs came;
-- `errors`, how many there were of each failure's text; `first`, one error of a creation
function M.create_all(service, how)
  local client, calls, names = service:client(how.client), {}, name_all(how.count)
  local timeout, reads = how.client.timeout or 70, { asked = 0, errors = {} }
  local _, failures = sapanywhere.all {
    items = names, concurrency = how.concurrency or 50, on_progress = function(done) watch(how.at, done) end,
    worker = function(name)
      local number = tonumber(name:match("%d+$"))
      local more = merged({ name = name, base_url = how.url and how.url(number) }, how.more)
      local options = service:creating(more)
      if not how.creations_only then
        ask(client, service:asking { state = name:gsub("%W", "-"), base_url = options.base_url }, timeout, reads)
      end
      local started = core.now()
      local result, err = client:create_instance(options)
      calls[name] = { result = result, err = err, elapsed = core.now() - started, timeout = timeout }
      return true
    end,
  }
  client:close()
  for number = 1, how.count do
    if failures[number] then error(failures[number], 0) end
  end
  return M.sum_up(service, names, calls, reads)
end

--- Checks the calls of these names against what the service has, and counts their outcomes.
-- @tparam table service
-- @tparam table names
-- @tparam table calls by name: `result` or `err`, `elapsed`, `timeout`
-- @tparam[opt] table reads `asked` and `errors`
-- @treturn table see `create_all`
function M.sum_up(service, names, calls, reads)
  local found = find_by_name(service)
  local sums = {
    success = 0, not_sent = 0, rejected = 0, unknown = 0, created = 0, asked = reads and reads.asked or 0,
    errors = reads and reads.errors or {},
  }
  for _, name in ipairs(names) do
    local call, made = calls[name], found[name] or {}
    local word = check(name, call, made)
    sums[word] = sums[word] + 1
    sums.created = sums.created + #made
    if call.err then
      local said = tostring(call.err)
      sums.first = sums.first or call.err
      sums.errors[said] = (sums.errors[said] or 0) + 1
    end
  end
  return sums
end

--- One creation, checked like many.
-- @tparam table service
-- @tparam table options of the client
-- @tparam[opt] table more options of the creation
-- @treturn[1] table the instance
-- @return[2] nil
-- @treturn[2] table the error
-- @treturn[2] number how many instances there are of it
function M.create(service, options, more)
  local sums = M.create_all(service, { count = 1, client = options, more = more, creations_only = true })
  if sums.success == 1 then return true end
  return nil, sums.first, sums.created
end

--- The sums as a text, for the message of an assertion.
function M.told(sums)
  local parts = {}
  for _, word in ipairs { "success", "not_sent", "rejected", "unknown", "created", "asked" } do
    parts[#parts + 1] = word .. " " .. sums[word]
  end
  for said, count in pairs(sums.errors) do parts[#parts + 1] = count .. " x " .. said end
  return table.concat(parts, "\n")
end

return M
