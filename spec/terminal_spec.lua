-- What a program at a terminal needs: signals as something to look at, the terminal's width, typing that is hidden.

local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"

describe("a program that notes signals", function()
  -- Runs a program that can send itself signals; gives what it printed and the shell's exit code.
  local function run(program)
    local path = os.tmpname()
    system.write_file(path, [[
      local terminal = require "sapanywhere.terminal"
      terminal.note_signals()
      local pid = io.open("/proc/self/stat"):read("*n")
      local function kill(name) io.popen("kill -" .. name .. " " .. pid):close() end
      io.stdout:setvbuf("no")
    ]] .. program)
    local said = system.output(("env --default-signal=HUP timeout 20 sh -c %s 2>&1; echo $?"):format(
      system.quote(child.interpreter() .. " " .. path .. "; exit $?")))
    os.remove(path)
    return said:match("^(.-)(%d+)\n$")
  end

  for name, number in pairs { INT = 2, TERM = 15, HUP = 1 } do
    it("goes on, and is told of SIG" .. name, function()
      local said, code = run(([[
        assert(terminal.signal() == nil)
        local ok = pcall(function() kill "%s" for _ = 1, 1e6 do end end)
        print(ok, terminal.signal())
      ]]):format(name))
      assert.same({ ("true\t%s\t%d\n"):format(name, number), "0" }, { said, code })
    end)
  end

  it("is not told of a second one: that ends it", function()
    local said, code = run [[
      kill "INT"
      print(terminal.signal())
      kill "INT"
      while true do end
    ]]
    assert.equal("INT\t2\n", said:match("^INT\t2\n"))
    assert.equal("130", code)
  end)

  it("is woken in a wait, and can leave at once", function()
    local said, code = run [[
      io.popen("(sleep 0.3; kill -TERM " .. pid .. ") >/dev/null 2>&1 &"):close()
      local begun = os.time()
      terminal.wait(-1, 19)
      print((terminal.signal()), os.time() - begun < 15)
      terminal.leave(7)
    ]]
    assert.same({ "TERM\ttrue\n", "7" }, { said, code })
  end)

  it("leaves alone what it was started to ignore, but for Ctrl-C", function()
    local path = os.tmpname()
    system.write_file(path, [[
      local terminal = require "sapanywhere.terminal"
      terminal.note_signals()
      local pid = io.open("/proc/self/stat"):read("*n")
      for _, name in ipairs { "HUP", "TERM" } do io.popen("kill -" .. name .. " " .. pid):close() end
      print(terminal.signal())
      io.popen("kill -INT " .. pid):close()
      print(terminal.signal())
    ]])
    local said = system.output(("trap '' HUP TERM INT; %s %s 2>&1"):format(child.interpreter(), path))
    os.remove(path)
    assert.equal("nil\nINT\t2\n", (said:gsub("^\n", "nil\n")))
  end)
end)

describe("a terminal", function()
  it("is none, and has no width, where there is a file", function()
    local path = os.tmpname()
    local said = system.output(("%s -e %s </dev/null 2>&1 | cat"):format(child.interpreter(), system.quote [[
      local terminal = require "sapanywhere.terminal"
      print(terminal.is_terminal(0), terminal.is_terminal(1), terminal.width(1), terminal.is_in_front(0),
        terminal.hide_typing(0), terminal.read(0, 10) == "", (terminal.read(99, 1)))
    ]]))
    os.remove(path)
    assert.equal("false\tfalse\tnil\tfalse\tfalse\ttrue\tnil\n", said)
  end)

  it("has a width, and typing that is hidden and shown again", function()
    if not child.has_terminal() then return pending "no terminal" end
    local value = child.run([[
      local terminal = require "sapanywhere.terminal"
      local function echo() return io.popen("stty -a"):read("*a"):match("(%-?)echo%f[ ;]") == "" end
      os.execute("stty cols 57")
      local seen = { terminal.is_terminal(0), terminal.width(0), terminal.is_in_front(0), echo() }
      seen[5], seen[6] = terminal.hide_typing(0), echo()
      terminal.show_typing()
      terminal.show_typing()
      seen[7] = echo()
      for place, one in ipairs(seen) do seen[place] = tostring(one) end
      return table.concat(seen, " ")
    ]], {}, { terminal = true })
    assert.equal("true 57 true true true false true", value)
  end)
end)

it("does nothing to signals until it is asked to", function()
  local said = system.output(("%s -e %s 2>&1"):format(child.interpreter(), system.quote [[
    require "sapanywhere"
    local terminal = require "sapanywhere.terminal"
    print((terminal.signal()))
    for line in io.lines("/proc/self/status") do
      if line:find("^SigCgt") then print(line:match("%x+$"):sub(-4)) end
    end
  ]]))
  assert.equal("nil\n0002\n", said) -- Lua's own interpreter has SIGINT
end)
