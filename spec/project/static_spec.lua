-- The core linked into a program that has its own Lua: examples/static.

local child = require "support.child"
local sandbox = require "sapanywhere.sandbox"
local system = require "sapanywhere.sandbox.carrier.system"

-- The Lua that runs the specs, by the name that the Makefile has for it.
local LUA = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d%.%d")
local LIBRARY = LUA == "luajit" and "libluajit-5.1.a" or "lib" .. LUA .. ".a"

local SCRIPT = [[
local sapanywhere = require "sapanywhere"
local client = assert(sapanywhere.new {
  base_url = %q, api_key = %q, api_secret = %q, callback_url = %q,
})
for _ = 1, 20 do
  local auth, err = client:oauth_url {}
  if not auth then error(tostring(err), 0) end
end
client:close()
io.write("thread ", THREAD, " done\n")
]]

describe("a program with a Lua of its own", function()
  local dir

  setup(function() dir = system.output("mktemp -d"):gsub("\n", "") end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  -- Nil; or why the example cannot be linked here. A host that shows its Lua is for the shared lua-cjson.
  local function link(shows_its_lua)
    if system.output("cc -print-file-name=" .. LIBRARY):sub(1, 1) ~= "/" then return "no " .. LIBRARY .. " here" end
    local build = "unset MAKEFLAGS MAKELEVEL MFLAGS && make -s static LUA=%s 2>&1 && "
      .. "cc $(make -s lua-cflags LUA=%s) -o %s/host examples/static/host.c build/%s/libsapanywhere.a -l:%s "
      .. "$(pkg-config --libs libcurl libcrypto zlib) -lpthread -lm -ldl %s 2>&1"
    local more = shows_its_lua and "-Wl,-E" or ""
    assert.equal("", (system.output(build:format(LUA, LUA, dir, LUA, LIBRARY, more)):gsub("[%a]+ build/[^\n]*\n", "")))
  end

  it("runs two states in two threads, and shows nothing of the core but its opener", function()
    if child.is_watched() then return pending("a sanitizer's library has to come first") end
    local why = link(true)
    if why then return pending(why) end
    assert.equal("luaopen_sapanywhere_core\n", system.output(
      ("nm -g --defined-only build/%s/libsapanywhere.a | sed -n 's/.* T //p'"):format(LUA)))
    local service = assert(sandbox.start {})
    system.write_file(dir .. "/script.lua",
      SCRIPT:format(service.base_url, service.api_key, service.api_secret, service.callback_url))
    local said = system.output(("LUA_CPATH=';;' timeout 60 %s/host %s/script.lua 2>&1; echo $?")
      :format(dir, dir))
    service:stop()
    if said:find("Must use luaL_newstate", 1, true) then return pending("this LuaJIT needs its own allocator") end
    local lines = {}
    for line in said:gmatch("[^\n]+") do lines[#lines + 1] = line end
    table.sort(lines)
    assert.same({ "0", "thread 1 done", "thread 2 done" }, lines)
  end)

  it("needs none of the host's symbols to be shown", function()
    if child.is_watched() then return pending("a sanitizer's library has to come first") end
    local why = link(false)
    if why then return pending(why) end
    -- In place of a lua-cjson that is linked in.
    system.write_file(dir .. "/script.lua", [[
      local cjson = { null = false, decode = print }
      function cjson.new() return cjson end
      package.preload.cjson = cjson.new
      io.write(require("sapanywhere.core").base64("host") .. "\n")]])
    local said = system.output(("timeout 60 %s/host %s/script.lua 2>&1; echo $?"):format(dir, dir))
    if said:find("Must use luaL_newstate", 1, true) then return pending("this LuaJIT needs its own allocator") end
    assert.equal("aG9zdA==\naG9zdA==\n0\n", said)
  end)
end)
