-- What is said where the core in C does not fit the Lua or the libraries that are there.

local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"

describe("a core that cannot be used", function()
  local dir

  setup(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    os.execute("mkdir " .. dir .. "/sapanywhere")
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  local function compile(name, text)
    system.write_file(dir .. "/x.c", text)
    local command = "cc -shared -fPIC -Wl,-z,now -o %s/%s %s/x.c 2>&1"
    assert.equal("", system.output(command:format(dir, name, dir)))
  end

  local function load_module(name, environment)
    return system.output(([[%s %s -e 'require "%s"' 2>&1]]):format(environment, child.interpreter(), name))
  end

  local function ours() return ("LUA_CPATH='%s/?.so;;'"):format(dir) end

  -- A core that needs a symbol that is nowhere.
  local function with_symbol(symbol)
    local opener = "extern int %s(void); int luaopen_sapanywhere_core(void *L) { (void)L; return %s(); }"
    compile("sapanywhere/core.so", opener:format(symbol, symbol))
    return load_module("sapanywhere", ours())
  end

  it("says that it is for another Lua", function()
    local said = with_symbol "lua_of_another_version"
    assert.truthy(said:find("it was built for another Lua than this one", 1, true), said)
    assert.truthy(said:find("undefined symbol: lua_of_another_version", 1, true), said)
  end)

  it("says that libcurl is too old, by a symbol", function()
    local said = with_symbol "curl_of_a_newer_version"
    assert.truthy(said:find("the libcurl of this machine is too old: 7.68 or newer is needed", 1, true), said)
  end)

  it("says so for the sandbox, too", function()
    with_symbol "lua_of_another_version"
    local said = load_module("sapanywhere.sandbox", ours())
    assert.truthy(said:find("it was built for another Lua than this one", 1, true), said)
  end)

  it("leaves Lua's own words where nothing is known", function()
    local said = with_symbol "of_nobody"
    assert.truthy(said:find("undefined symbol: of_nobody", 1, true), said)
    assert.falsy(said:find("the core in C cannot be used", 1, true), said)
  end)

  it("says that libcurl is too old, by its version", function()
    compile("old.so", [[
      static struct { int age; const char *version; unsigned version_num; const char *more[32]; } info =
        { 3, "7.67.0", 0x074300, { 0 } };
      void *curl_version_info(int now) { (void)now; return &info; }]])
    if child.is_watched() then return pending("a sanitizer's library has to come first") end
    local said = load_module("sapanywhere", "LD_PRELOAD=" .. dir .. "/old.so")
    assert.truthy(said:find("the libcurl of this machine is too old: 7.68 or newer is needed", 1, true), said)
  end)
end)
