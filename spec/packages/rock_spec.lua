-- The rock: made, packed, installed from the packed file into an empty tree, and used from there. Without a network.

local system = require "sapanywhere.sandbox.carrier.system"

local FIRST_EXAMPLE = system.read_file("README.md"):match("```lua\n(.-)```")

for _, version in ipairs { "5.1", "5.4" } do
  describe("the rock for Lua " .. version, function()
    local dir, log

    -- What a command says; nothing outside this machine can be reached by it.
    local function run(command)
      local alone = "cd %s && HOME=%s http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 %s 2>&1"
      return system.output(alone:format(dir .. "/work", dir, command))
    end

    local function rocks(tree, command)
      return ("luarocks --lua-version %s --tree %s/%s %s"):format(version, dir, tree, command)
    end

    setup(function()
      local here = system.output("pwd"):gsub("\n", "")
      dir = system.output("mktemp -d"):gsub("\n", "")
      os.execute("mkdir " .. dir .. "/work")
      log = run(("cd %s && %s"):format(here, rocks("first", "make --deps-mode none rockspec/*.rockspec")))
      log = log .. run(rocks("first", "pack sapanywhere"))
      log = log .. run(rocks("second", "install --deps-mode none sapanywhere-*.rock"))
    end)

    teardown(function() os.execute("rm -rf " .. dir) end)

    -- With the paths that luarocks says, and no others of ours.
    local function use(command)
      return run(('unset LUA_PATH LUA_CPATH; eval "$(%s)"; %s'):format(rocks("second", "path"), command))
    end

    it("runs the first example of the README", function()
      system.write_file(dir .. "/work/first.lua", FIRST_EXAMPLE)
      local expected = FIRST_EXAMPLE:match("%-%-> ([^\n]*)"):gsub("  ", "\t")
      assert.equal(expected .. "\n", use("lua" .. version .. " first.lua"), log)
    end)

    it("takes its modules from the tree", function()
      local path = use("lua" .. version .. [[ -e 'require "sapanywhere" print(package.searchpath
        and package.searchpath("sapanywhere.core", package.cpath) or package.cpath)']])
      assert.truthy(path:find(dir .. "/second/lib/lua/" .. version, 1, true), path)
    end)

    it("brings the command, and the types for editors", function()
      assert.truthy(use("sapanywhere --version"):find("1%.0%.0"), use("sapanywhere --version"))
      local found = system.output("find " .. dir .. "/second -path '*/types/sapanywhere.lua'")
      assert.truthy(found:find("types/sapanywhere.lua", 1, true))
    end)

    it("is removed without a trace", function()
      run(rocks("second", "remove --force sapanywhere"))
      assert.equal("", system.output(("find %s/second -name '*sapanywhere*'"):format(dir)))
    end)
  end)
end
