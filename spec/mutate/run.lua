-- How good the specs are: makes one small change at a time in src and lua, and runs the specs of the changed room,
-- which must fail. What survives is a hole in them, or a change that makes no difference, or one that only costs time.
--
--   make mutate N=200 SEED=7            any 200 changes; the same again with the same seed
--   make mutate ROOM=src/http N=50      in the files whose path begins so
--   make mutate ROOM="src/json lua/sapanywhere/all.lua:4" WITHIN=5
--                                       in several, or in lines that begin so; only with specs that take 5 s at most
--   make mutate ROOM="src/json/scan.c:93:<-><="      one change again, written without its spaces
--   make mutate LUA=luajit SANITIZE=address,undefined
--
-- `spec/mutate/in_copy` starts it in a copy of the tree that nobody else sees. Changes that do not compile, or compile
-- to the same code, do not count. A spec that hangs is killed with all that it started. The exit status says whether
-- the run came to its end; how much may survive is for people to judge.

local changes = require "mutate.changes"
local rooms = require "mutate.rooms"
local system = require "sapanywhere.sandbox.carrier.system"

local COUNT = tonumber(os.getenv("N") or "") or 50
local ROOMS = os.getenv("ROOM") or ""
local WITHIN = tonumber(os.getenv("WITHIN") or "") or 60
local SEED = tonumber(os.getenv("SEED") or "") or os.time() % 100000
local MAKE = os.getenv("MAKE_IN_COPY")
local SLOWER, AT_LEAST = 6, 20 -- a spec hangs after so many times what it takes, and after so many seconds at least

local function run(command)
  local said = system.output("{ " .. command .. "\n} 2>&1; echo \" $?\"")
  local text, status = said:match("^(.*) (%d+)\n$")
  return tonumber(status), text
end

local function lines_of(command)
  local list = {}
  for line in system.output(command):gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

local function say(...)
  io.stdout:write(string.format(...), "\n")
  io.stdout:flush()
end

-- The same numbers on every Lua.
local function shuffle(list, seed)
  local state = seed % 2147483647 + 1
  for i = #list, 2, -1 do
    state = state * 16807 % 2147483647
    local j = state % i + 1
    list[i], list[j] = list[j], list[i]
  end
end

local function language_of(path) return path:match("%.c$") and "c" or "lua" end

local function is_wanted(place)
  for start in ROOMS:gmatch "%S+" do
    if place:sub(1, #start) == start then return true end
  end
  return not ROOMS:find "%S"
end

local function list_mutants()
  local list = {}
  for _, path in ipairs(lines_of "find src lua -name '*.c' -o -name '*.lua' | sort") do
    for _, change in ipairs(changes.list(system.read_file(path), language_of(path))) do
      change.path = path
      local place = ("%s:%d:%s"):format(path, change.line, (change.what:gsub("%s", "")))
      if is_wanted(place) then list[#list + 1] = change end
    end
  end
  shuffle(list, SEED)
  return list
end

-- --- Specs ---

local COMMAND -- with which a spec file is run
local seconds = {} -- what each takes

-- Runs spec files, one after another, in a process namespace of their own, whose end is the end of all that they
-- started. Nothing, or the file that failed, whether it hung, and the first thing that it complained of.
local function run_specs(files)
  local steps = {}
  for _, file in ipairs(files) do
    local limit = seconds[file] and math.max(seconds[file] * SLOWER, AT_LEAST) or WITHIN
    steps[#steps + 1] = ("timeout -k 1 %.0f env %s %s >/tmp/said 2>&1 || { echo failed %s $?; exit; }"):format(
      limit, COMMAND, file, file)
  end
  local _, said = run("unshare --pid --fork --kill-child --mount-proc sh -c "
    .. system.quote(table.concat(steps, "\n") .. "\nexit 0") .. " </dev/null")
  local complaint = system.read_file("/tmp/said"):match("\n%a+ %-> [^\n]*\n([^\n]*)")
  os.execute("find /tmp -mindepth 1 -maxdepth 1 ! -name tree -exec rm -rf {} +")
  local file, status = said:match("failed (%S+) (%d+)")
  return file, status == "124" or status == "137", complaint or "nothing is said"
end

local function now()
  return tonumber((system.output "cat /proc/uptime"):match "^%S+")
end

-- Runs each that belongs to a changed file once as it is; those that fail then are of no use.
local function measure(mutants)
  local wanted, good = {}, {}
  local all = lines_of "find spec -name '*_spec.lua' | grep -Ev '^spec/(heavy|peers|browser|packages)/' | sort"
  for i = 1, math.min(#mutants, COUNT * 2) do
    for _, file in ipairs(rooms.specs(mutants[i].path, all)) do wanted[file] = true end
  end
  for _, file in ipairs(all) do
    if wanted[file] then
      local start = now()
      local failed, late, complaint = run_specs { file }
      seconds[file] = now() - start
      if failed and not late then say("left out, it fails without a change: %s (%s)", file, complaint) end
      if late then say("left out, it takes longer than %g s: %s", WITHIN, file) end
      if not failed then good[#good + 1] = file end
    end
  end
  table.sort(good, function(a, b) return seconds[a] < seconds[b] end)
  return good
end

-- --- Changes ---

-- Lua's own code of a text, without its lines; nothing where it does not compile.
local function dump(text)
  local loaded = (loadstring or load)(text)
  return loaded and string.dump(loaded, true)
end

local function object_of(path, build)
  return build .. "/obj/" .. path:gsub("^src/", ""):gsub("%.c$", ".o")
end

-- Compiles what was changed: "good", "same" as before, or "bad".
local function compile(mutant, text, build)
  if language_of(mutant.path) == "lua" then
    local code = dump(text)
    return not code and "bad" or code == dump(system.read_file("/tmp/tree/kept/" .. mutant.path)) and "same" or "good"
  end
  if run(MAKE .. " all helpers") ~= 0 then return "bad" end
  local object = object_of(mutant.path, build)
  return run(("cmp -s %s kept/%s"):format(object, object)) == 0 and "same" or "good"
end

local function restore(mutant, build)
  local files = { mutant.path }
  if language_of(mutant.path) == "c" then
    files = { mutant.path, object_of(mutant.path, build), build .. "/sapanywhere/core.so", build .. "/spec/*" }
  end
  for _, file in ipairs(files) do os.execute(("cp -p kept/%s %s"):format(file, file:match("^.*/"))) end
end

-- What became of a change: "same", "bad", "killed", "hung" or "survived", and the spec file that it failed.
local function try(mutant, specs, build)
  local text = mutant.make()
  system.write_file(mutant.path, text)
  local how, failed = compile(mutant, text, build), nil
  if how == "good" then
    local file, hung = run_specs(rooms.specs(mutant.path, specs))
    how, failed = hung and "hung" or file and "killed" or "survived", file
  end
  restore(mutant, build)
  return how, failed
end

-- --- The run ---

local function prepare()
  local status, said = run(MAKE .. " all helpers")
  if status ~= 0 then error("the copy does not build:\n" .. said, 0) end
  COMMAND = system.output(MAKE .. " run-spec"):gsub("%s+$", "")
  local build = COMMAND:match("LUA_CPATH='(.-)/%?%.so")
  os.execute("mkdir kept && cp -rp src lua kept && cp -rp --parents " .. build .. " kept")
  return build
end

local ORDER = { "killed", "hung", "survived", "same" }

local function sum_up(counts)
  say("%-28s %7s %7s %9s %6s", "room", "killed", "hung", "survived", "same")
  local names = {}
  for name in pairs(counts) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local row = {}
    for i, how in ipairs(ORDER) do row[i] = counts[name][how] or 0 end
    say("%-28s %7d %7d %9d %6d", name, row[1], row[2], row[3], row[4])
  end
end

local function room_of(path)
  return path:match("^(src/%w+)/") or path:match("^(lua/sapanywhere/%w+)/") or path
end

local mutants = list_mutants()
local build = prepare()
say("%d changes can be made; SEED=%d", #mutants, SEED)
local specs = measure(mutants)

local counts, tried = {}, 0
for _, mutant in ipairs(mutants) do
  if tried >= COUNT then break end
  local how, file = try(mutant, specs, build)
  if how ~= "bad" then
    local room = room_of(mutant.path)
    counts[room] = counts[room] or {}
    counts[room][how] = (counts[room][how] or 0) + 1
    if how ~= "same" then tried = tried + 1 end
    say("%-8s %s:%d  %s%s", how, mutant.path, mutant.line, mutant.what, file and "  by " .. file or "")
  end
end
sum_up(counts)
