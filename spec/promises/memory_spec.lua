-- Memory runs out anywhere: nothing crashes, nothing is lost, and the failure says what was missing.
--
-- All allocations fail here, one after the other; a part of them with ALLOCATIONS=some. lua-cjson is spared: 2.1.0 ends
-- the process where it gets no memory, and leaks where Lua gets none.

local child = require "support.child"
local libcurl = require "support.libcurl"

local EVERY = os.getenv("ALLOCATIONS") == "some" and "40 17" or "1000000 1"
local SHIM = "build/spec/failing_malloc.so"

local function run(mode)
  local command = "LD_PRELOAD=%s %s spec/support/out_of_memory.lua %s %s 2>&1; echo $?"
  local pipe = assert(io.popen(command:format(SHIM, child.interpreter(), mode, EVERY)))
  local said = pipe:read("*a")
  pipe:close()
  assert.equal("0", said:match("(%d+)\n$"), said)
end

-- A sanitizer and valgrind have allocators of their own.
if child.is_watched() then return end

describe("without memory", function()
  it("every call of the core and of libcurl fails clearly, and nothing is lost", function()
    if libcurl.is_before(7, 80) then return pending("libcurl before 7.80 tells of another host") end
    run("malloc")
  end)

  -- LuaJIT 2.1.0-beta3 itself crashes there, with a dozen lines of Lua and nothing else.
  if not rawget(_G, "jit") then
    it("every allocation of Lua's fails as Lua has it, and nothing is lost", function() run("lua") end)
  end
end)
