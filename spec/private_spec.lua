-- Small files that are one user's alone.

local private = require "sapanywhere".private
local system = require "sapanywhere.sandbox.carrier.system"

describe("private", function()
  local dir

  before_each(function() dir = system.output("mktemp -d"):gsub("\n", "") end)
  after_each(function() os.execute("rm -rf " .. dir) end)

  it("reads what it has written, for the owner only, in directories that it made", function()
    local path = dir .. "/a/b/file"
    assert.is_true(private.write(path, "one"))
    assert.is_true(private.write(path, "two\0three"))
    assert.equal("two\0three", private.read(path))
    assert.equal("600 700\n", system.output(("stat -c %%a %s %s/a/b | paste -sd ' '"):format(path, dir)))
    assert.equal("file\n", system.output("ls " .. dir .. "/a/b"))
  end)

  it("says what is missing, and what others may read", function()
    local text, problem, reason = private.read(dir .. "/none")
    assert.same({ nil, "there is no such file", "missing" }, { text, problem, reason })
    system.write_file(dir .. "/open", "x")
    os.execute("chmod 644 " .. dir .. "/open")
    text, problem, reason = private.read(dir .. "/open")
    assert.is_nil(text)
    assert.matches("chmod 600", problem)
    assert.equal("open_to_others", reason)
  end)

  it("removes, and does not mind where there is nothing", function()
    assert.is_true(private.write(dir .. "/file", ""))
    assert.is_true(private.remove(dir .. "/file"))
    assert.is_true(private.remove(dir .. "/file"))
    assert.is_nil(private.read(dir .. "/file"))
  end)

  it("raises for what is no path", function()
    for _, name in ipairs { "read", "write", "remove" } do
      assert.has_error(function() private[name]("") end, "private." .. name .. ": a path is expected")
      assert.has_error(function() private[name](1) end, "private." .. name .. ": a path is expected")
      assert.has_error(function() private[name]("a\0b") end, "private." .. name .. ": a path is expected")
    end
  end)
end)

it("the versions of what the library stands on are told", function()
  local versions = require "sapanywhere".versions()
  for _, name in ipairs { "sapanywhere", "Lua", "lua-cjson", "libcurl", "libcurl's TLS", "libcrypto", "zlib" } do
    assert.matches("%d+%.%d+", versions[name], name)
  end
end)
