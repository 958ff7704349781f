-- What the command says of itself: help, version, manual page, completions, and how it ends.

local command = require "support.command"
local stop = require "sapanywhere.cli.base.stop"
local system = require "sapanywhere.sandbox.carrier.system"
local version = require "sapanywhere.version"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local SUBCOMMANDS = {
  "connect", "instances", "instances list", "instances show", "instances update", "instances enable",
  "instances disable", "instances delete", "instances reauthenticate", "customers", "customers list", "orders get",
  "orders create", "products update", "products delete", "products count", "request", "bulk", "bulk export", "webhook",
  "webhook verify", "sandbox", "doctor", "completion",
}

describe("the command", function()
  local home

  setup(function()
    home = command.home()
  end)
  teardown(function() home:remove() end)

  it("says its version", function()
    for _, option in ipairs { "--version", "-v" } do
      local said = home:run(option)
      assert.same({ "sapanywhere " .. version .. "\n", "", 0 }, { said.out, said.err, said.code })
    end
  end)

  it("says that its argparse is too old", function()
    command.write(home:path "argparse.lua", 'return { version = "0.6.0" }')
    local said = home:run("--help", { environment = { LUA_PATH = home:path "?.lua" .. ";lua/?.lua;;" } })
    assert.same({ "", 1 }, { said.out, said.code })
    assert.matches("argparse 0.6.0 is too old: 0.7 or newer is needed", said.err, 1, true)
  end)

  it("lists its subcommands and how it ends", function()
    local said = home:run "--help"
    assert.equal(0, said.code)
    for _, name in ipairs(SUBCOMMANDS) do assert.matches("\n   " .. name:match("^%w+"), said.out, 1, true) end
    for _, code in ipairs(stop.CODES) do assert.matches(("%3d  %s"):format(code[1], code[2]), said.out, 1, true) end
    for line in said.out:gmatch("[^\n]+") do assert(#line <= 80, line) end
  end)

  for _, name in ipairs(SUBCOMMANDS) do
    it("has help: " .. name, function()
      local said = home:run(name .. " --help")
      assert.equal(0, said.code)
      assert.matches("^Usage: sapanywhere " .. name:match("^%w+"), said.out)
      for line in said.out:gmatch("[^\n]+") do assert(#line <= 82, line) end -- signs of more than one byte among them
    end)
  end

  local HELP = {
    ["orders"] = " orders", ["customers list --nonsense"] = " customers list", ["customers get"] = " customers get",
    ["connect --port 70000"] = " connect", ["sandbox --seed x"] = " sandbox", ["bulk export orders"] = " bulk export",
    ["customers lst"] = " customers",
  }

  for arguments, words in pairs {
    [""] = "a command is required", ["conect"] = "unknown command 'conect'; did you mean 'connect'?",
    ["orders"] = "a command is required", ["customers lst"] = "unknown command 'lst'; did you mean 'list'?",
    ["customers list --nonsense"] = "unknown option '--nonsense'", ["customers get"] = "missing argument",
    ["connect --port 70000"] = "70000 is not a whole number from 0 to 65535", ["sandbox --seed x"] = "whole number",
    ["bulk export orders"] = "missing option '--to'",
  } do
    it("says what it does not understand: " .. arguments, function()
      local said = home:run(arguments)
      assert.equal(2, said.code)
      assert.equal("", said.out)
      assert.matches(words, said.err, 1, true)
      assert.matches(("what to do: sapanywhere%s --help\n"):format(HELP[arguments] or ""), said.err, 1, true)
    end)
  end

  -- All options that the help names.
  local function options_of(name)
    local found = {}
    for option in home:run(name .. " --help").out:gmatch("%-%-[%l-]+") do found[option] = true end
    return found
  end

  it("has a manual page with every subcommand, option, setting and exit code", function()
    local page = system.read_file "packaging/sapanywhere.1":gsub("\\%-", "-"):gsub("\\f[BIR]", "")
    for _, name in ipairs(SUBCOMMANDS) do
      for word in name:gmatch("%w+") do assert.matches(word, page, 1, true) end
      for option in pairs(options_of(name)) do assert(page:find(option, 1, true), name .. " " .. option) end
    end
    for _, setting in ipairs(require "sapanywhere.cli.base.settings".KNOWN) do
      assert.matches(setting[1], page, 1, true)
    end
    for _, code in ipairs(stop.CODES) do
      assert(page:find((".TP\n.B %d\n%s\n"):format(code[1], code[2]), 1, true), code[2])
    end
    assert.matches("sapanywhere " .. version, page, 1, true)
  end)

  it("has completions, and those in packaging/ are these", function()
    for _, shell in ipairs { "bash", "zsh" } do
      local said = home:run("completion " .. shell)
      assert.equal(0, said.code)
      assert.equal(system.read_file("packaging/completion." .. shell), said.out, "make completions makes them anew")
    end
    assert.equal("", system.output "bash -n packaging/completion.bash 2>&1")
  end)

  it("completes in bash", function()
    local script = "source packaging/completion.bash; COMP_WORDS=(sapanywhere customers list --li); COMP_CWORD=3; "
      .. "_sapanywhere; echo ${COMPREPLY[@]}"
    assert.equal("--limit\n", system.output("bash -c " .. system.quote(script)))
  end)

  it("has a code for each kind of failure", function()
    local kinds = require "sapanywhere.errors"
    local expected = {
      usage = 2, auth = 3, forbidden = 3, not_found = 4, conflict = 4, denied = 5, state = 5, callback = 5,
      signature = 5, dns = 6, connect = 6, tls = 6, timeout = 6, rate_limited = 7, server = 7,
    }
    for _, kind in ipairs(kinds.KINDS) do
      assert.equal(expected[kind] or 1, (stop.read(kinds.new(kind, { outcome = "rejected" }))), kind)
      assert.equal(8, (stop.read(kinds.new(kind, { outcome = "unknown" }))), kind)
    end
    assert.equal(1, (stop.read "something else"))
  end)
end)
