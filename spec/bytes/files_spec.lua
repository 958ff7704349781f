-- Files that belong to one user, as the core reads, replaces, removes and locks them.

local core = require "sapanywhere.core"
local process = require "spec.process"
local system = require "sapanywhere.sandbox.carrier.system"

describe("a private file", function()
  local dir, path, before

  before_each(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    path = dir .. "/file"
    collectgarbage() -- what earlier specs left is not closed in the midst of this one
    collectgarbage()
    before = #process.descriptors()
  end)
  after_each(function()
    assert.equal(before, #process.descriptors())
    os.execute("chmod -R u+rwx " .. dir .. " && rm -rf " .. dir)
  end)

  local function write(text, mode)
    system.write_file(path, text)
    os.execute(("chmod %s %s"):format(mode or "600", path))
  end

  local function names() return system.output("ls -A " .. dir) end

  local function assert_fault(reason, words, result, found, said)
    assert.is_nil(result)
    assert.same({ reason, words }, { found, said })
  end

  describe("is read", function()
    it("up to a size, and refused above it", function()
      for _, size in ipairs { 0, 1, 511, 512, 513, 10000 } do
        local text = ("t"):rep(size)
        write(text)
        assert.equal(text, core.read_private(path, size))
        assert.equal(text, core.read_private(path, size + 1))
        if size > 0 then assert_fault("io", "it is too large", core.read_private(path, size - 1)) end
      end
    end)

    it("to its end, also where its size is not known", function()
      local strange = "/proc/self/environ" -- of size 0, and for its owner only
      local file = assert(io.open(strange, "rb"))
      local text = file:read("*a")
      file:close()
      assert.truthy(#text > 1)
      assert.equal(text, core.read_private(strange, #text))
      assert_fault("io", "it is too large", core.read_private(strange, #text - 1))
    end)

    it("where nobody else may do anything with it", function()
      for _, mode in ipairs { "600", "400", "700" } do
        write("mine", mode)
        assert.equal("mine", core.read_private(path, 10))
      end
      for _, mode in ipairs { "640", "620", "610", "604", "602", "601" } do
        write("theirs, too", mode)
        assert_fault("open_to_others", "it is open to other users", core.read_private(path, 100))
      end
    end)

    it("where it is a file", function()
      assert_fault("missing", "No such file or directory", core.read_private(path, 10))
      assert_fault("io", "it is no file", core.read_private(dir, 10))
      os.execute("mkfifo -m 600 " .. path)
      assert_fault("io", "it is no file", core.read_private(path, 10))
    end)
  end)

  describe("is replaced", function()
    it("whole, for its owner only whatever the umask is, and leaves nothing beside it", function()
      write("before", "644")
      for _, text in ipairs { "after", "", ("long"):rep(100000) } do
        assert.is_true(core.replace_file(path, path .. ".new", text))
        assert.equal(text, core.read_private(path, #text))
        assert.equal("file\n", names())
      end
    end)

    it("through a file of its own, and no other's", function()
      write("before")
      system.write_file(path .. ".new", "somebody's")
      assert_fault("io", "File exists", core.replace_file(path, path .. ".new", "after"))
      assert.equal("before", core.read_private(path, 10))
      assert.equal("somebody's", system.read_file(path .. ".new"))
    end)

    it("or left, where that is not possible", function()
      os.execute("mkdir " .. path)
      assert_fault("io", "Is a directory", core.replace_file(path, path .. ".new", "after"))
      assert.equal("file\n", names())
      assert_fault("missing", "No such file or directory", core.replace_file(dir .. "/no/file", dir .. "/no/new", "x"))
    end)
  end)

  it("is removed, or was not there", function()
    write("text")
    assert.is_true(core.remove_file(path))
    assert.equal("", names())
    assert.is_true(core.remove_file(path))
    assert_fault("io", "Is a directory", core.remove_file(dir))
  end)

  describe("is locked", function()
    it("by one at a time, until the lock is released", function()
      local lock = assert(core.lock_file(path))
      assert_fault("locked", "another process has it locked", core.lock_file(path))
      lock:release()
      lock:release()
      local again = assert(core.lock_file(path))
      again:release()
    end)

    it("until its lock is collected", function()
      assert(core.lock_file(path))
      collectgarbage()
      collectgarbage()
      assert(core.lock_file(path)):release()
    end)

    it("where it is a file for its owner only, and no link to one", function()
      write("", "644")
      assert_fault("open_to_others", "it is open to other users", core.lock_file(path))
      os.remove(path)
      os.execute("ln -s file2 " .. path)
      assert_fault("io", "Too many levels of symbolic links", core.lock_file(path))
      assert_fault("missing", "No such file or directory", core.lock_file(dir .. "/no/file"))
    end)
  end)

  describe("has the directories on its way", function()
    local function mode_of(place) return (system.output("stat -c %a " .. place):gsub("\n", "")) end

    it("made for its owner only, where they are missing", function()
      assert.is_true(core.make_directories(dir .. "/a/b/c/file"))
      for _, place in ipairs { "/a", "/a/b", "/a/b/c" } do assert.equal("700", mode_of(dir .. place)) end
      assert.equal("a\n", names())
      assert.is_true(core.make_directories(dir .. "/a/b/c/file"))
    end)

    it("left as they are, where they are there", function()
      os.execute("chmod 755 " .. dir)
      assert.is_true(core.make_directories(path))
      assert.equal("755", mode_of(dir))
    end)

    it("refused where others may write into the last one", function()
      local modes = { ["1777"] = true, ["755"] = true, ["775"] = false, ["757"] = false, ["777"] = false }
      for mode, is_fine in pairs(modes) do
        os.execute("chmod " .. mode .. " " .. dir)
        if is_fine then
          assert.is_true(core.make_directories(path), mode)
        else
          assert_fault("open_to_others", "it is open to other users", core.make_directories(path))
        end
      end
    end)

    it("not made below a file, nor for a path that is too long", function()
      write("text")
      assert_fault("io", "Not a directory", core.make_directories(path .. "/a/file"))
      assert_fault("io", "Not a directory", core.make_directories(path .. "/file"))
      assert_fault("io", "File name too long", core.make_directories(("/x"):rep(3000)))
    end)

    it("in the current directory, and at the root, where the path says so", function()
      assert.is_true(core.make_directories("file"))
      assert.is_true(core.make_directories("/file"))
    end)
  end)

  it("is refused with a NUL in its path", function()
    for _, name in ipairs { "read_private", "replace_file", "remove_file", "make_directories", "lock_file" } do
      assert.error_matches(function() core[name](path .. "\0more", path, "") end, "holds a NUL")
    end
  end)
end)
