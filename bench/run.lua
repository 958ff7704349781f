--- Runs every figure and prints one table: `make bench`. QUICK=1 for fewer rounds; FIGURES="calls memory"
-- for some; KEEP=1 puts the table (table.md) and the pictures into bench/.

local rig = require "rig"
local draw = require "picture"
local service = require "service"
local write_table = require "table_of_rows"
local find_trust = require "trust"

local FIGURES = {
  "instructions", "calls", "first_call", "memory", "in_flight", "many", "sizes", "lists", "bulk", "nginx", "flame",
}

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Debian's or OpenResty's.
local function nginx_version()
  local places = "nginx openresty /usr/local/openresty/nginx/sbin/nginx"
  local told = rig.must("for nginx in " .. places .. "; do $nginx -v 2>&1; done; true")
  return told:match("nginx version: (%S+)") or "nginx of an unknown version"
end

local function machine()
  local cpu = rig.must("grep -m1 'model name' /proc/cpuinfo"):match(": ([^\n]*)")
  return ("%s, %s cores; %s; Linux %s; %s; %s; %s; load %s before; %s"):format(
    cpu, rig.must "nproc":match("%d+"), rig.must ". /etc/os-release && echo $PRETTY_NAME":match("[^\n]+"),
    rig.must "uname -r":match("[^\n]+"), rig.must "lua5.4 -v":match("^%S+ %S+"),
    rig.must "curl --version":match("libcurl/%S+"), nginx_version(),
    rig.must "cat /proc/loadavg":match("^%S+"), os.date("!%Y-%m-%d"))
end

local function bars_of(figure, key)
  local bars = {}
  for _, row in ipairs(rig.rows) do
    if row.of == figure then
      bars[#bars + 1] = { name = row.who, value = row[key or "median"], ours = row.who == "sapanywhere" }
    end
  end
  table.sort(bars, function(a, b) return a.value < b.value end)
  return bars
end

local function pictures()
  local made = rig.pictures
  local cost = bars_of "cpu per call, create_instance, plain"
  if cost[1] then
    made.cost = draw {
      title = "CPU of one create_instance call over a kept connection", unit = "µs", bars = cost,
      note = "Less is better; logarithmic. The floor: libcurl and lua-cjson in C, nothing else.",
    }
  end
  local neighbour = bars_of "nginx, neighbour under 100 calls of 100 ms in step: p99"
  if neighbour[1] then
    made.neighbour = draw {
      title = "What a neighbour in the same nginx worker waits for its answer (p99)", unit = "µs",
      bars = neighbour,
      note = "Less is better; logarithmic. 100 requests (blocking: 10) call a service of 100 ms.",
    }
  end
  return made
end

local function keep(text, made)
  write("bench/table.md", "# The last run of `make bench`\n\n" .. text)
  for name, picture in pairs(made) do write("bench/" .. name .. ".svg", picture) end
end

local function conclude(described)
  local missed = {}
  for _, row in ipairs(rig.rows) do
    if row.met == false then missed[#missed + 1] = row.of end
  end
  for _, note in ipairs(rig.notes) do described = described .. "\n\n" .. note end
  local text = described .. "\n\n" .. write_table(rig.rows)
  local made = pictures()
  print(text)
  print(#missed == 0 and "every target is met" or ("missed: " .. table.concat(missed, "; ")))
  write(rig.build .. "/table.md", text)
  for name, picture in pairs(made) do write(("%s/%s.svg"):format(rig.build, name), picture) end
  if (os.getenv "KEEP" or "") ~= "" then keep(text, made) end
end

local function main()
  local described, began = machine(), os.time()
  rig.find_contenders()
  local started = service.start()
  local trusted, why = find_trust(rig, started)
  if not trusted then rig.notes[1] = "Not measured: TLS with Debian's CAs, because " .. why .. "." end
  for name in (os.getenv "FIGURES" or table.concat(FIGURES, " ")):gmatch("%S+") do
    rig.say(("%s (after %d s)"):format(name, os.difftime(os.time(), began)))
    dofile("bench/figures/" .. name .. ".lua")(rig, started, trusted)
  end
  started.stop()
  conclude(described)
  rig.say(("done after %d s"):format(os.difftime(os.time(), began)))
end

main()
