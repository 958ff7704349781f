-- The process that owns a directory and what runs in it.

local core = require "sapanywhere.core"
local process = require "spec.process"
local system = require "sapanywhere.sandbox.carrier.system"

local VARIABLES = { "PATH=/usr/bin:/bin", "MINE=1" }

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- Whether a process runs; one that has ended may stay a zombie, where nobody reaps it.
local function runs(pid)
  local state = system.read_file("/proc/" .. pid .. "/stat"):match("%) (%a)")
  return state ~= nil and state ~= "Z" and state ~= "X"
end

-- Waits for what comes about in another process.
local function eventually(happens)
  local ends = core.now() + 30
  while core.now() < ends do
    if happens() then return true end
    core.poll(-1, 0.05)
  end
  return false
end

describe("a keeper", function()
  local keeper, dir

  before_each(function()
    dir = "/tmp/sapanywhere-keeper-" .. core.random_hex(16)
    keeper = assert(core.keeper(dir))
  end)
  after_each(function() keeper:close() end)

  local function run(command, seconds)
    return keeper:run(seconds or 20, "out", { "sh", "-c", command }, VARIABLES)
  end

  for command, expected in pairs {
    ["exit 0"] = { "ended", 0 }, ["exit 3"] = { "ended", 3 }, ["kill -9 $$"] = { "killed", 9 },
  } do
    it("tells how a command ended: " .. command, function() assert.same(expected, { run(command) }) end)
  end

  it("tells that a command cannot be executed", function()
    assert.same({ "ended", 127 }, { keeper:run(20, "out", { "/nonexistent" }, VARIABLES) })
  end)

  it("gives a command its directory, and nothing of the program's environment or descriptors", function()
    run("pwd; env | grep -E '^(MINE|HOME|LUA)'; ls /proc/self/fd | wc -l")
    assert.equal(dir .. "\nMINE=1\n4\n", system.read_file(dir .. "/out"))
  end)

  it("kills what takes too long, with its children", function()
    local mark = "5" .. core.random(2):byte() .. "9"
    assert.same({ "late", 0 }, { run("sleep " .. mark .. " & sleep " .. mark, 0.3) })
    assert.is_true(eventually(function()
      return not require "support.processes"():find("sleep " .. mark, 1, true)
    end))
  end)

  it("starts a server when its number stands in its file, and kills it", function()
    local how, pid = keeper:serve(20, "out", { "sh", "-c", "echo $$ >nginx.pid; exec sleep 100" }, VARIABLES)
    assert.equal("ready", how)
    assert.is_true(runs(pid))
    assert.equal("ended", (keeper:halt()))
    assert.is_false(exists("/proc/" .. pid .. "/stat"))
  end)

  it("does not believe a number that another start has left", function()
    system.write_file(dir .. "/nginx.pid", "1\n")
    assert.same({ "ended", 4 }, { keeper:serve(20, "out", { "sh", "-c", "exit 4" }, VARIABLES) })
    assert.same({ "late", 0 }, { keeper:serve(0.3, "out", { "sh", "-c", "echo 1 >nginx.pid; sleep 99" }, VARIABLES) })
  end)

  it("removes all that is below its directory, and nothing that links lead to", function()
    local outside = os.tmpname()
    run("mkdir -p a/b/c; echo >a/b/c/file; ln -s " .. outside .. " a/link; ln -s / a/root; mkfifo a/pipe")
    keeper:close()
    keeper:close()
    assert.is_false(exists(dir .. "/out"))
    assert.is_true(exists(outside))
    os.remove(outside)
    assert.same({ nil, "Broken pipe" }, { run("true") })
  end)

  it("ends its server when it is killed itself, and the program removes the directory", function()
    local _, pid = keeper:serve(20, "out", { "sh", "-c", "echo $$ >nginx.pid; exec sleep 100" }, VARIABLES)
    os.execute("kill -9 " .. keeper:pid())
    assert.is_true(eventually(function() return not keeper:is_alive() end))
    keeper:close()
    assert.is_true(eventually(function() return not runs(pid) end))
    assert.is_false(exists(dir .. "/out"))
  end)

  it("that does not answer is not waited for without an end", function()
    os.execute("kill -STOP " .. keeper:pid())
    finally(function() os.execute("kill -CONT " .. keeper:pid()) end)
    local started = core.now()
    assert.is_nil((run("true", 0.1)))
    assert.is_true(core.now() - started < 30)
  end)

  it("belongs to the program, not to its copies", function()
    local pid = process.fork()
    if pid == 0 then
      keeper:close()
      process.exit(0)
    end
    process.wait(pid, 20)
    assert.same({ "ended", 0 }, { run("true") })
  end)

  it("is refused where its directory cannot be made", function()
    assert.same({ nil, "File exists" }, { core.keeper(dir) })
    assert.same({ nil, "No such file or directory" }, { core.keeper("/nonexistent/x") })
    assert.same({ "ended", 0 }, { run("true") })
  end)

  it("refuses commands that are none", function()
    assert.has_error(function() keeper:run(1, "out", {}, {}) end)
    assert.has_error(function() keeper:run(1, "out", { ("x"):rep(20000) }, {}) end)
    assert.has_error(function() keeper:run(1, "out", { {} }, {}) end)
  end)

  it("leaves the program no child to wait for", function()
    local parent = system.read_file("/proc/" .. keeper:pid() .. "/stat"):match("%) %a (%d+)")
    local own = system.read_file("/proc/self/stat"):match("^%d+")
    assert.not_equal(own, parent)
  end)
end)

describe("a reserved port", function()
  it("refuses connections, is given to nobody else, and can be listened at by who names it", function()
    local socket = require "socket"
    local port = core.reserve_port()
    assert.is_nil((socket.connect("127.0.0.1", port:number())))
    for _ = 1, 50 do assert.not_equal(port:number(), core.reserve_port():number()) end
    local server = assert(socket.bind("127.0.0.1", port:number()))
    local client = assert(socket.connect("127.0.0.1", port:number()))
    client:close()
    server:close()
    port:close()
    port:close()
  end)
end)
