--- What every figure uses: contenders, the running of commands, interleaved rounds, and the rows of the
-- result.

local rig = { quick = (os.getenv "QUICK" or "") ~= "", rows = {}, notes = {}, pictures = {} }

local BUILD = os.getenv "BENCH" or "build/bench"
local CALLGRIND = BUILD .. "/callgrind.out"

--- Chooses between a full run and a quick one.
function rig.pick(full, quick)
  if rig.quick then return quick end
  return full
end

function rig.say(text)
  io.stderr:write("bench: ", text, "\n")
end

-- Commands.

function rig.quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

--- What a command prints, or nil where it fails.
function rig.output(command)
  local pipe = assert(io.popen(command .. " || echo failed", "r"))
  local text = pipe:read("*a")
  pipe:close()
  if text:find("failed\n$") then return nil end
  return text
end

function rig.must(command)
  return rig.output(command) or error("this failed: " .. command, 0)
end

local function words(...)
  local list = { ... }
  for i = 1, #list do list[i] = rig.quote(list[i]) end
  return table.concat(list, " ")
end

-- Contenders. Each has a name and `command(call, count, base_url, ca_file, in_flight)`.

local function program(name)
  return {
    name = name, scale = 1, http2 = true,
    command = function(...) return words(BUILD .. "/" .. name, ...) end,
  }
end

local function peer(name)
  local abilities = dofile("bench/peers/" .. name .. ".lua")
  return {
    name = name, many = abilities.many ~= nil, http2 = abilities.http2,
    starts_processes = abilities.starts_processes, scale = abilities.starts_processes and 1 / 50 or 1,
    command = function(...) return words("lua5.4", "bench/job.lua", name, ...) end,
  }
end

--- All of them, ours first after the floor; `others` are the peers alone.
function rig.find_contenders()
  rig.floor, rig.multi, rig.ours = program "floor", program "multi", peer "sapanywhere"
  rig.sequential, rig.concurrent = { rig.floor, rig.ours }, { rig.multi, rig.ours }
  for name in rig.must("ls bench/peers"):gmatch("([^\n]+)%.lua\n") do
    if name ~= "sapanywhere" then
      local found = peer(name)
      table.insert(rig.sequential, found)
      if found.many then table.insert(rig.concurrent, found) end
    end
  end
end

-- Measuring.

local function ca_word(ca_file)
  return ca_file or "-"
end

--- Runs a command once: seconds of wall and CPU, KiB of memory. Nil where it fails, with its words on stderr.
function rig.timed_command(command, before)
  local text = rig.output((before or "") .. " " .. BUILD .. "/timed " .. command)
  if not text then return nil end
  local wall, cpu, memory = text:match("(%S+) (%S+) (%S+)")
  return { wall = tonumber(wall), cpu = tonumber(cpu), memory = tonumber(memory) }
end

--- Runs a contender once, in the same way.
function rig.timed(contender, call, count, base_url, ca_file, in_flight, before)
  return rig.timed_command(contender.command(call, count, base_url, ca_word(ca_file), in_flight), before)
end

--- Instructions of a whole run, the processes that it starts included.
function rig.instructions(contender, call, count, base_url)
  rig.must("rm -f " .. CALLGRIND .. ".*")
  local command = contender.command(call, count, base_url, "-")
  local children = contender.starts_processes and "--trace-children=yes" or ""
  local count_them =
    "valgrind -q --tool=callgrind %s --callgrind-out-file=%s.%%p %s >/dev/null 2>&1 && cat %s.*"
  local text = rig.output(count_them:format(children, CALLGRIND, command, CALLGRIND))
  local sum
  for number in (text or ""):gmatch("\nsummary: (%d+)") do sum = (sum or 0) + tonumber(number) end
  rig.must("rm -f " .. CALLGRIND .. ".*")
  return sum
end

--- Measures contenders in turn, round after round, each round beginning with another one.
-- @tparam table contenders
-- @tparam number rounds
-- @tparam function measure of a contender; returns a table of numbers by key, or nil where it does not run
-- @treturn table by contender's name, then by key, the list of numbers
function rig.compare(contenders, rounds, measure)
  local samples, failed = {}, {}
  for round = 1, rounds do
    for i = 1, #contenders do
      local contender = contenders[(i + round) % #contenders + 1]
      local measured = not failed[contender] and measure(contender, round)
      if measured then
        local mine = samples[contender.name] or {}
        samples[contender.name] = mine
        for key, value in pairs(measured) do
          mine[key] = mine[key] or {}
          table.insert(mine[key], value)
        end
      else
        failed[contender] = true
      end
    end
  end
  return samples
end

--- Those contenders that have an ability.
function rig.able(contenders, ability)
  local able = {}
  for _, contender in ipairs(contenders) do
    if contender[ability] then able[#able + 1] = contender end
  end
  return able
end

-- Rows.

function rig.median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  local middle = math.floor((#sorted + 1) / 2)
  local median = #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
  return median, sorted[1], sorted[#sorted]
end

-- The median of the ratios of each round: what else the machine does then, it does to both.
local function ratio_of(list, floor)
  local ratios = {}
  for i = 1, math.min(#list, #floor) do
    if floor[i] ~= 0 then ratios[#ratios + 1] = list[i] / floor[i] end
  end
  return ratios[1] and rig.median(ratios) or nil
end

local judges = {
  ratio_at_most = function(row, limit, more)
    if more == 0 then return row.ratio and row.ratio <= limit, ("≤ %.2f ×"):format(limit) end
    local target = ("≤ %.2f × + %g %s"):format(limit, more, row.unit)
    return row.floor and row.median <= limit * row.floor + more, target
  end,
  ratio_at_least = function(row, limit)
    return row.ratio and row.ratio >= limit, ("≥ %.2f ×"):format(limit)
  end,
  at_most = function(row, limit)
    return row.median <= limit, ("≤ %g %s"):format(limit, row.unit)
  end,
  above_floor = function(row, limit)
    return row.median <= row.floor + limit, ("≤ floor + %g %s"):format(limit, row.unit)
  end,
}

--- Adds the rows of one figure.
-- @tparam string figure
-- @tparam string unit
-- @tparam table samples what `compare` returned
-- @tparam string key which of its numbers
-- @tparam table told the `order` of names, a `factor` to the unit, the name of the `floor`, and one of the
-- judges with its limit for ours, and `more`, what a ratio may be exceeded by
function rig.report(figure, unit, samples, key, told)
  local floor = samples[told.floor or "floor"]
  local first = true
  for _, name in ipairs(told.order) do
    local list = samples[name] and samples[name][key]
    if list then
      local row = { figure = first and figure or "", of = figure, who = name, unit = unit }
      row.median, row.min, row.max = rig.median(list)
      for _, field in ipairs { "median", "min", "max" } do row[field] = row[field] * (told.factor or 1) end
      row.ratio = floor and floor[key] and ratio_of(list, floor[key]) or nil
      row.floor = floor and floor[key] and rig.median(floor[key]) * (told.factor or 1) or nil
      for judge, decide in pairs(judges) do
        if told[judge] and name == "sapanywhere" then row.met, row.target = decide(row, told[judge], told.more or 0) end
      end
      table.insert(rig.rows, row)
      first = false
    end
  end
end

function rig.names(contenders)
  local list = {}
  for i, contender in ipairs(contenders) do list[i] = contender.name end
  return list
end

--- The rows of a figure, by contender.
function rig.find(figure)
  local found = {}
  for _, row in ipairs(rig.rows) do
    if row.of == figure then found[row.who] = row end
  end
  return found
end

rig.build = BUILD

return rig
