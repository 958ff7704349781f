-- What `make mutate` changes, and which specs must notice.

local changes = require "mutate.changes"
local rooms = require "mutate.rooms"
local system = require "sapanywhere.sandbox.carrier.system"

local function all_of(text, language)
  local list = {}
  for _, change in ipairs(changes.list(text, language)) do list[#list + 1] = change.make() end
  return list
end

describe("a change", function()
  it("of Lua is one small one, and none of comments and strings", function()
    assert.same({
      'if not ( a and b < 2 ) then\n  f("1 < 2") -- 1 < 2\nend\n',
      'if a or b < 2 then\n  f("1 < 2") -- 1 < 2\nend\n',
      'if a and b <= 2 then\n  f("1 < 2") -- 1 < 2\nend\n',
      'if a and b < 3 then\n  f("1 < 2") -- 1 < 2\nend\n',
      'if a and b < 2 then\n\nend\n',
    }, all_of('if a and b < 2 then\n  f("1 < 2") -- 1 < 2\nend\n', "lua"))
    assert.same({}, all_of("--[==[ a < 1\n not b ]==]\nlocal a, b = [[\n  f(1)\n]], '\\'1'\n", "lua"))
  end)

  it("of C is one small one, and none of comments, strings and the preprocessor's lines", function()
    assert.same({
      "#define X (1 < \\\n  2)\n  if (!(!a->b)) return;\n",
      "#define X (1 < \\\n  2)\n  if (a->b) return;\n",
      "#define X (1 < \\\n  2)\n\n",
    }, all_of("#define X (1 < \\\n  2)\n  if (!a->b) return;\n", "c"))
    assert.same({}, all_of("/* 1 < 2 */ // 3\nchar c = '\\'', *text = \"1 + 1\";\n", "c"))
  end)

  it("of what is in the tree finds its line", function()
    local text = system.read_file "src/bytes/percent.c"
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    local seen = 0
    for _, change in ipairs(changes.list(text, "c")) do
      local gone = change.what:match("^gone: (.*)$")
      if gone then
        seen = seen + 1
        assert.truthy(lines[change.line]:find(gone, 1, true), gone)
      end
    end
    assert.truthy(seen > 20)
  end)
end)

describe("the specs of a room", function()
  local all = {}
  for file in system.output("find spec -name '*_spec.lua' | sort"):gmatch "[^\n]+" do all[#all + 1] = file end

  it("are those that there are", function()
    for _, room in ipairs(rooms.list) do
      for wanted in room[2]:gmatch "%S+" do
        local found = false
        for _, file in ipairs(all) do
          found = found or file == "spec/" .. wanted .. "_spec.lua" or file:find("spec/" .. wanted .. "/", 1, true) == 1
        end
        assert.is_true(found, room[1] .. ": " .. wanted)
      end
      assert.truthy(system.output("ls -d " .. room[1] .. "* 2>/dev/null") ~= "", room[1])
    end
  end)

  it("begin with the file's own", function()
    assert.equal("spec/call/retry_spec.lua", rooms.specs("lua/sapanywhere/call/retry.lua", all)[1])
    assert.equal("spec/http/failure_spec.lua", rooms.specs("src/http/failure.c", all)[1])
    assert.same({ "spec/webhook_spec.lua" }, rooms.specs("lua/sapanywhere/webhook.lua", all))
  end)

  it("are there for every file but the command's main parts and what only names things", function()
    for path in system.output("find src lua -name '*.c' -o -name '*.lua' | sort"):gmatch "[^\n]+" do
      local known = path:find("version", 1, true)
      assert.truthy(known or rooms.specs(path, all)[1], path)
    end
  end)
end)
