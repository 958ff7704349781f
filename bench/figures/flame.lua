--- Where the CPU of a call in nginx goes, as a picture: samples of the worker with their callers, taken by perf.

local draw = require "flame"
local start_application = require "application"

local WAYS = { { name = "capture", path = "/quick/capture" }, { name = "sapanywhere", path = "/quick" } }

-- Whose code it is, by a piece of the name of its file; what LuaJIT has compiled is in no file.
local ROOMS = {
  { "kernel", "kernel" }, { "ngx_http_lua", "Lua module" }, { "sbin/nginx", "nginx" }, { "core%.so", "core" },
  { "libcurl", "libcurl" }, { "cjson", "lua-cjson" }, { "libc%.so", "libc" }, { "ld%-linux", "libc" },
  { "vdso", "libc" }, { "libcrypto", "OpenSSL" }, { "libssl", "OpenSSL" }, { "", "LuaJIT" },
}

local CLASSES = {
  ["a call"] = "nginx", nginx = "nginx", ["Lua module"] = "nginx", LuaJIT = "lua", ["lua-cjson"] = "lua",
  libcurl = "libcurl", libc = "other", OpenSSL = "other",
}

local function class_of(name)
  return CLASSES[name] or name:find("^core: ") and "core" or "kernel"
end

local function room_of(file)
  for _, entry in ipairs(ROOMS) do
    if file:find(entry[1]) then return entry[2] end
  end
end

-- The name of a frame inside another one; nil where it is no part of its own.
local function name_of(frame, outer)
  if frame.file == "inlined" then return nil end
  local room = room_of(frame.file)
  if room == "kernel" then return frame.symbol:match("^__x64_sys_(%w+)") end
  if room == "libc" and outer == "nginx" and frame.symbol:find("^__libc_start") then return nil end -- it calls main
  if room ~= "core" then return room ~= outer and room or nil end
  if outer:find("^core: ") and frame.symbol ~= "sap_json_scan" then return nil end
  return "core: " .. frame.symbol:gsub("^sap_", ""):gsub("%..*$", "")
end

-- All Lua runs in nginx's Lua module, also where the callers of compiled code could not be found.
local function supply_callers(names, name)
  if #names > 1 or name == "Lua module" or class_of(name) == "kernel" or name == "libc" then return end
  names[2] = "Lua module"
  if name ~= "LuaJIT" then names[3] = "LuaJIT" end
end

-- The frames of one sample, the innermost first, as names from the outermost on.
local function names_of(frames)
  local names = { "nginx" }
  for i = #frames, 1, -1 do
    local name = name_of(frames[i], names[#names])
    if name then
      supply_callers(names, name)
      names[#names + 1] = name
    end
  end
  return names
end

local function read_samples(text)
  local samples, frames = {}, {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    local symbol, file = line:match("^%s+%x+%s+(.-)%s+%((.*)%)$")
    if symbol then
      frames[#frames + 1] = { symbol = symbol, file = file }
    elseif #frames > 0 then
      samples[#samples + 1] = names_of(frames)
      frames = {}
    end
  end
  return samples
end

local function cpu_ns(rig, pid)
  return tonumber(rig.must("cat /proc/" .. pid .. "/schedstat"):match("%d+"))
end

-- Microseconds of the worker for a call, without perf.
local function measure(rig, application, way, seconds)
  local before = cpu_ns(rig, application.pid)
  local text = rig.must(("wrk -t1 -c64 -d%ds %s%s"):format(seconds, application.origin, way.path))
  return (cpu_ns(rig, application.pid) - before) / 1e3 / tonumber(text:match("(%d+) requests in"))
end

local function sample(rig, application, way, seconds)
  local data = rig.build .. "/perf.data"
  rig.must(("{ wrk -t1 -c64 -d%ds %s%s >/dev/null & perf record -q -e cpu-clock -F 1500 --call-graph dwarf,16384 "
    .. "-p %d -o %s -- sleep %d 2>/dev/null; wait; }"):format(
      seconds + 1, application.origin, way.path, application.pid, data, seconds))
  local text = rig.must(("perf script -i %s -F ip,sym,dso 2>/dev/null; rm -f %s"):format(data, data))
  return read_samples(text)
end

return function(rig, service)
  if not rig.output("command -v wrk && perf record -q -e cpu-clock -o /dev/null true 2>/dev/null") then return end
  local application = start_application(rig, service, "1")
  local ok, problem = pcall(function()
    local taken = rig.compare(WAYS, rig.pick(7, 3), function(way)
      return { cpu = measure(rig, application, way, rig.pick(2, 1)) }
    end)
    local flames = {}
    for i, way in ipairs(WAYS) do
      flames[i] = {
        name = way.name, microseconds = rig.median(taken[way.name].cpu),
        samples = sample(rig, application, way, rig.pick(5, 3)),
      }
    end
    rig.pictures.flame = draw {
      title = "Where the CPU of a call in nginx goes: 64 clients, quick service", class_of = class_of, flames = flames,
      note = "Microseconds of the worker, the application's own page included; each part lies below what called it.",
    }
  end)
  application.stop()
  if not ok then error(problem, 0) end
end
