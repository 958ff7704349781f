-- Many calls for a long time at a service that fails at random: every instance is accounted for, and nothing
-- grows.
-- `make soak CALLS=100000 MINUTES=10`; exits with 1 when a promise is broken.
--
-- A child process makes the calls, so that what it takes of the system is the library's; this one plays the
-- user who presses Allow, and does the sums.

local records = require "sapanywhere.sandbox.service.records"
local system = require "sapanywhere.sandbox.carrier.system"

local CALLS = tonumber(os.getenv("CALLS") or "") or 100000
local MINUTES = tonumber(os.getenv("MINUTES") or "") or 10
local AT_A_TIME, FAULTS, SAMPLES = 64, 5, 20
local WARM = 0.25 -- the part of the calls after which nothing may grow
local MORE = { descriptors = 8, threads = 1 } -- which come and go

local function creates(index) return index % 2 == 0 end

local function name_of(index) return ("soak %d"):format(index) end

-- The child: makes the calls, writes a line for each and one for each look at itself.

local function look(done)
  collectgarbage()
  collectgarbage()
  local status = system.read_file("/proc/self/status")
  return {
    done = done, memory = tonumber(status:match("VmRSS:%s*(%d+)")) / 1024,
    threads = tonumber(status:match("Threads:%s*(%d+)")), lua = collectgarbage("count") / 1024,
    descriptors = tonumber((system.output("ls /proc/$PPID/fd | wc -l"))),
  }
end

local function make_calls(dir)
  local sapanywhere = require "sapanywhere"
  local given = records.read(system.read_file(dir .. "/given"))
  local codes = assert(io.open(dir .. "/codes"))
  local outcomes = assert(io.open(dir .. "/outcomes", "w"))
  local samples = assert(io.open(dir .. "/samples", "w"))
  local client = assert(sapanywhere.new(given.client))
  local items, done = {}, 0
  for index = 1, given.calls do items[index] = index end

  local function options_of(index)
    local options = {}
    for name, value in pairs(creates(index) and given.creating or given.asking) do options[name] = value end
    options.base_url = given.urls[math.floor(index / 2) % #given.urls + 1]
    if creates(index) then options.name, options.code = name_of(index), codes:read("*l") end
    return options
  end

  local function note(index, result, err, meta)
    outcomes:write(records.write {
      index = index, word = result and "success" or err.outcome, kind = err and err.kind or "",
      token = result and result.token or "", attempts = meta.attempts,
    }, "\n")
    done = done + 1
    if done % math.max(1, math.floor(given.calls / SAMPLES)) == 0 then
      samples:write(records.write(look(done)), "\n")
    end
  end

  sapanywhere.all {
    items = items, concurrency = AT_A_TIME,
    worker = function(index)
      local call = creates(index) and "create_instance" or "oauth_url"
      note(index, client[call](client, options_of(index)))
    end,
  }
  client:close()
  outcomes:close()
  samples:close()
end

-- The parent.

local function interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = records.read(line) end
  return lines
end

local function prepare(service, dir)
  local codes = assert(io.open(dir .. "/codes", "w"))
  for _ = 1, math.floor(CALLS / 2) do codes:write(service:code(), "\n") end
  codes:close()
  local delay = math.max(0, AT_A_TIME * MINUTES * 60 / CALLS - 0.003)
  local function url(tls) return service.sandbox:url { delay = delay, flaky = FAULTS, tls = tls } end
  local creating = service:creating { code = "later" }
  creating.code = nil
  system.write_file(dir .. "/given", records.write {
    calls = CALLS, urls = { url(false), url(true) }, asking = service:asking(), creating = creating,
    client = { tls = { ca_file = service.ca_file }, retry = { base = 0.05 }, timeout = 60 },
  })
end

local broken = {}

local function promise(kept, ...)
  if not kept then broken[#broken + 1] = ("%s: %s"):format(...) end
end

-- Every creation against what the service has; gives what there is to tell of each call.
local function reconcile(outcomes, instances)
  local found, sums = {}, { oauth_url = {}, create_instance = {} }
  for _, instance in ipairs(instances) do
    promise(not found[instance.name], instance.name, "was created twice")
    found[instance.name] = instance.token
  end
  local function add(call, word, count) sums[call][word] = (sums[call][word] or 0) + (count or 1) end
  for _, outcome in ipairs(outcomes) do
    local call, name = creates(outcome.index) and "create_instance" or "oauth_url", name_of(outcome.index)
    add(call, "calls")
    add(call, outcome.word)
    add(call, "attempts", outcome.attempts)
    if call == "create_instance" then
      local token = found[name]
      if token then add(call, outcome.word .. " and there") end
      if outcome.word == "success" then
        promise(token == outcome.token, name, "the token is not the instance's")
      elseif outcome.word ~= "unknown" then
        promise(token == nil, name, outcome.word .. ", and was created")
      end
      found[name] = nil
    end
  end
  for name in pairs(found) do promise(false, name, "nobody asked for it") end
  promise(#outcomes == CALLS, "calls", #outcomes .. " of " .. CALLS .. " came back")
  return sums
end

local function check_growth(samples)
  local warm = { memory = 0, descriptors = 0, threads = 0 }
  for _, sample in ipairs(samples) do
    for name, most in pairs(warm) do
      local allowed = name == "memory" and most * 1.05 + 1 or most + MORE[name]
      if sample.done <= CALLS * WARM then
        warm[name] = math.max(most, sample[name])
      else
        promise(sample[name] <= allowed, name, ("grew to %.1f from %.1f"):format(sample[name], most))
      end
    end
  end
end

local function print_sums(sums)
  print(("%-34s %12s %16s"):format("", "oauth_url", "create_instance"))
  for _, word in ipairs {
    "calls", "attempts", "success", "rejected", "not_sent", "unknown", "success and there",
    "unknown and there",
  } do
    print(("%-34s %12d %16d"):format(word, sums.oauth_url[word] or 0, sums.create_instance[word] or 0))
  end
end

local function print_samples(samples)
  print(("%-10s %12s %12s %12s %12s"):format("after", "memory MiB", "Lua MiB", "descriptors", "threads"))
  for _, sample in ipairs(samples) do
    local row = "%-10d %12.1f %12.2f %12d %12d"
    print(row:format(sample.done, sample.memory, sample.lua, sample.descriptors, sample.threads))
  end
end

local function soak()
  local service = require "support.service".start { log = false }
  local dir = system.output("mktemp -d"):match("^(.-)\n")
  prepare(service, dir)
  local started = os.time()
  local said = system.output(("%s spec/soak.lua %s 2>&1"):format(interpreter(), dir))
  local seconds = os.difftime(os.time(), started)
  local ok, sums, samples = pcall(function()
    return reconcile(read_lines(dir .. "/outcomes"), service:instances()), read_lines(dir .. "/samples")
  end)
  system.output("rm -r " .. dir)
  service:stop()
  if not ok then error("the calls ended early: " .. said .. tostring(sums), 0) end
  check_growth(samples)
  local title = "%d calls in %d s, %d at a time, %d%% of them spoilt, on %s"
  local lua = rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION
  print(title:format(CALLS, seconds, AT_A_TIME, FAULTS, lua))
  print_sums(sums)
  print_samples(samples)
  for index = 1, math.min(#broken, 20) do print("BROKEN " .. broken[index]) end
  print(#broken == 0 and "Every instance is accounted for, and nothing grew."
    or #broken .. " promises are broken.")
  os.exit(#broken == 0 and 0 or 1)
end

if arg[1] then make_calls(arg[1]) else soak() end
