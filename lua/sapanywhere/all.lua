--- Many calls at the same time on one thread, for a program without an event loop of its own.

local hosts = require "sapanywhere.wait.find"
local scheduler = require "sapanywhere.wait.scheduler"
local suggest = require "sapanywhere.base.suggest"

local DEFAULT_CONCURRENCY = 256

-- The two forms as one: how many there are, and the function of each.
local function read(tasks)
  local items, worker = tasks.items, tasks.worker
  if not worker then
    return #tasks, function(i) return tasks[i] end
  end
  return #items, function(i)
    return function() return worker(items[i], i) end
  end
end

local NAMES = { "items", "worker", "concurrency", "on_progress" }
local known = {}
for _, name in ipairs(NAMES) do known[name] = true end

local LEVEL = 5 -- of the caller of `sapanywhere.all`, as seen from `refuse`

local function refuse(message, deeper)
  error("all: " .. message, LEVEL + (deeper or 0))
end

local function check_names(tasks)
  for name in pairs(tasks) do
    if type(name) == "string" and not known[name] then refuse(suggest.unknown("entry", name, NAMES), 1) end
  end
end

local function check_functions(tasks)
  if tasks.worker then
    if #tasks > 0 then refuse("give either a list of functions, or items and worker", 1) end
    return
  end
  for i = 1, #tasks do
    if type(tasks[i]) ~= "function" then refuse(("entry %d is not a function"):format(i), 1) end
  end
end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value)
end

local function check(tasks)
  if type(tasks) ~= "table" then error("all: a table of functions is expected, not a " .. type(tasks), LEVEL - 1) end
  check_names(tasks)
  if tasks.items ~= nil and tasks.worker == nil then
    refuse("items needs a worker, a function that takes each of them")
  end
  if tasks.worker ~= nil and tasks.items == nil then refuse("worker needs items, the list that it takes one by one") end
  if tasks.items ~= nil and type(tasks.items) ~= "table" then refuse("items must be a list") end
  if tasks.worker ~= nil and type(tasks.worker) ~= "function" then refuse("worker must be a function") end
  if tasks.concurrency ~= nil and not is_count(tasks.concurrency) then
    refuse("concurrency must be a whole number of at least 1")
  end
  if tasks.on_progress ~= nil and type(tasks.on_progress) ~= "function" then
    refuse("on_progress must be a function")
  end
  check_functions(tasks)
end

--- Runs functions at the same time; the calls that they make wait side by side. One failure does not spoil the others.
-- @function all
-- @tparam table tasks either a list of functions, or `items` (a list) and `worker`, a function that is called with
--   each item and its index. Besides: `concurrency`, how many run at the same time (default 256), and
--   `on_progress(done, total)`, called after each.
-- @treturn table results: what each function returned first, at its place; `n` is their number
-- @treturn table errors: what each function returned second, or what it raised, at its place
-- @raise when `tasks` is not of one of the two forms
-- @usage
-- local results, errors = sapanywhere.all {
--   items = shops, concurrency = 16,
--   worker = function(shop) return sapanywhere.create_instance(shop) end,
-- }
local function all(tasks)
  check(tasks)
  local total, task = read(tasks)
  local results, failures = { n = total }, { n = total }
  local taken, done = 0, 0

  local function take()
    if taken == total then return nil end
    taken = taken + 1
    return taken, task(taken)
  end

  local function finished(index, ok, result, failure)
    if ok then
      results[index], failures[index] = result, failure
    else
      failures[index] = result
    end
    done = done + 1
    if tasks.on_progress then pcall(tasks.on_progress, done, total) end
  end

  local outer, err = hosts.find("auto")
  if outer then
    scheduler.run(take, tasks.concurrency or DEFAULT_CONCURRENCY, finished, outer)
  else
    for index = 1, total do failures[index] = err end
  end
  return results, failures
end

return { run = all }
