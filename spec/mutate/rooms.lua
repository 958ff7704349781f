--- Which specs a changed file must fail: its mirror's, and those of the promises that its room keeps.

-- The first entry whose name a path begins with counts. Names are files (without "_spec.lua") or folders of spec/.
local ROOMS = {
  { "src/bytes/seal", "bytes state store promises/wiped" },
  { "src/bytes/files", "bytes/files private store bulk_files" },
  { "src/bytes/disguise", "bytes hide redact errors call/options promises/wiped promises/secrets" },
  { "src/bytes/", "bytes json call/ceql call/address hide redact state webhook callback store promises/wiped" },
  { "src/json/repair", "promises/once_answer json" },
  { "src/json/", "json call/answer promises/once_answer" }, -- crowd.c and unescape.c: Lua 5.1 to 5.3 only
  { "src/http/loopback", "http/loopback call/options" },
  { "src/http/pipe_guard", "http/guest" },
  { "src/http/quirks", "http/guest promises/folded promises/kept promises/once" },
  { "src/http/settings", "promises/wiped promises/proxy promises/tls promises/connections" },
  { "src/http/lines", "promises/wiped promises/wire" },
  { "src/http/sink", "promises/lifecycle bulk_files promises/memory" },
  { "src/http/source", "bulk_files promises/memory" },
  { "src/http/placer", "promises/lifecycle bulk_files promises/fork" },
  { "src/http/upload", "bulk_files promises/once_calls promises/journey" },
  { "src/http/tls_view", "promises/tls" },
  { "src/http/trust", "promises/tls promises/connections" },
  { "src/http/coding", "promises/wire promises/once_answer promises/faults bulk_files" },
  { "src/http/headers", "http/headers promises/wire" },
  { "src/http/date", "call/retry_after" },
  { "src/http/failure", "http/failure promises/faults" },
  { "src/http/handle", "promises/wire promises/tls promises/proxy promises/connections" },
  { "src/http/transfer", "http/headers promises/wire promises/wiped promises/lifecycle promises/once_answer " ..
    "promises/faults promises/once" },
  { "src/http/kept", "promises/kept promises/connections" },
  { "src/http/begin", "promises/once promises/kept" },
  { "src/http/reactor", "promises/lifecycle promises/fork promises/kept promises/given_up promises/connections" },
  { "src/http/engine", "promises/lifecycle promises/fork promises/given_up all" },
  { "src/http/pool", "http/loopback promises/folded promises/lifecycle promises/fork promises/given_up " ..
    "promises/connections promises/faults promises/once" },
  { "src/http/", "http all wait promises bulk_files" },
  { "src/lua/process", "process sandbox/sandbox" },
  { "src/lua/files", "bytes/files private store bulk_files" },
  { "src/lua/seal", "bytes state store" },
  { "src/lua/alarm", "wait promises/given_up promises/fork promises/lifecycle" },
  { "src/lua/", "bytes json call http hide redact state webhook all wait promises bulk_files" },
  { "src/process/", "process sandbox/sandbox" },
  { "lua/sapanywhere/all", "all promises/lifecycle" },
  { "lua/sapanywhere/api/", "api call instance bulk promises/once_calls project/types project/docs" },
  { "lua/sapanywhere/base/", "base call errors all wait/hosts" },
  { "lua/sapanywhere/call/download", "bulk bulk_files" },
  { "lua/sapanywhere/call/file_error", "bulk_files" },
  { "lua/sapanywhere/call/job", "bulk" },
  { "lua/sapanywhere/call/multipart", "bulk bulk_files" },
  { "lua/sapanywhere/call/upload", "bulk bulk_files" },
  { "lua/sapanywhere/call/recovery", "call/recovery" },
  { "lua/sapanywhere/call/told", "state webhook store" },
  { "lua/sapanywhere/call/", "call api errors instance bulk hide promises/journey promises/secrets " ..
    "promises/errors_table promises/once_answer promises/once_calls promises/lifecycle promises/faults" },
  { "lua/sapanywhere/client", "client api instance promises/lifecycle promises/connections" },
  { "lua/sapanywhere/errors", "errors call promises/errors_table" },
  { "lua/sapanywhere/hide/", "hide redact errors call/options promises/secrets" },
  { "lua/sapanywhere/instance", "client api instance" },
  { "lua/sapanywhere/redact", "redact hide" },
  { "lua/sapanywhere/sandbox/service/", "sandbox" },
  { "lua/sapanywhere/sandbox", "sandbox process" },
  { "lua/sapanywhere/state", "state state_shared" },
  { "lua/sapanywhere/store", "store" },
  { "lua/sapanywhere/wait/nginx", "wait promises/given_up" },
  { "lua/sapanywhere/wait/", "all wait promises/given_up promises/lifecycle promises/kept promises/fork " ..
    "promises/connections" },
  { "lua/sapanywhere/cli/", "cli" },
  { "lua/sapanywhere.lua", "client api redact call instance" },
}

local rooms = { list = ROOMS }

-- The path's own spec, where there is one: lua/sapanywhere/call/retry.lua has spec/call/retry_spec.lua.
local function mirror(path)
  return (path:gsub("^lua/sapanywhere/", ""):gsub("^src/", ""):gsub("%.%w+$", ""))
end

local function find_room(path)
  for _, room in ipairs(ROOMS) do
    if path:sub(1, #room[1]) == room[1] then return room[2] end
  end
  return ""
end

--- The spec files that belong to a file.
-- @tparam string path of the file
-- @tparam table files every spec file there is, those that take least first
-- @treturn table the mirror's first, then the others in the order of `files`
function rooms.specs(path, files)
  local first, others = {}, {}
  for _, file in ipairs(files) do
    local name = file:gsub("^spec/", ""):gsub("_spec%.lua$", "")
    local belongs = false
    for wanted in find_room(path):gmatch "%S+" do
      belongs = belongs or name == wanted or name:sub(1, #wanted + 1) == wanted .. "/"
    end
    if name == mirror(path) then first[#first + 1] = file elseif belongs then others[#others + 1] = file end
  end
  for _, file in ipairs(others) do first[#first + 1] = file end
  return first
end

return rooms
