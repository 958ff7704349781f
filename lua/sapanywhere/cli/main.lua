--- The command `sapanywhere`: reads the arguments, runs a subcommand, says how it ended.

local argparse = require "argparse"
local prompt = require "sapanywhere.cli.base.prompt"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local stop = require "sapanywhere.cli.base.stop"

-- One file a subcommand; that of the resources stands for three.
local FILES = { "connect", "instances", "resources", "request", "bulk", "webhook", "sandbox", "doctor", "completion" }

local function epilog()
  local lines = { "Exit codes:" }
  for _, code in ipairs(stop.CODES) do lines[#lines + 1] = ("  %3d  %s"):format(code[1], code[2]) end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Settings and secrets come from a file and the environment: man sapanywhere."
  return table.concat(lines, "\n")
end

-- What is used of it is there from 0.7 on.
local function check_argparse()
  local version = argparse.version or "of an unknown version"
  local major, minor = version:match("^(%d+)%.(%d+)")
  if major and tonumber(major) * 100 + tonumber(minor) >= 7 then return end
  stop.with(("argparse %s is too old: 0.7 or newer is needed"):format(version), 1,
    "install a newer one, for instance with: luarocks install argparse")
end

local function make_parser()
  check_argparse()
  local parser = argparse("sapanywhere",
    "Connects SAP Anywhere shops through the Cloud Elements API, and looks into them.", epilog())
  parser:help_max_width(80)
  parser:require_command(true):command_target "command"
  parser:flag("-v --version", "Print the version and exit."):action(function()
    print("sapanywhere " .. sapanywhere._VERSION)
    os.exit(0)
  end)
  parser:flag("--json", "Print JSON, one object a line, also on a terminal.")
  parser:flag("--verbose", "Show on standard error what goes over the wire, without secrets.")
  local runs = {}
  for _, file in ipairs(FILES) do require("sapanywhere.cli." .. file)(parser, runs) end
  return parser, runs
end

-- The help that tells about what was not understood: of the subcommand, as far as its name was.
local function choose_help(arguments, runs, problem)
  local words = { "sapanywhere" }
  if runs[arguments[1]] then words[2] = arguments[1] end
  local second = words[2] and arguments[2]
  if second and second:find "^%l+$" and not problem:find "command" then words[3] = second end
  return table.concat(words, " ") .. " --help"
end

local function run(arguments)
  local parser, runs = make_parser()
  local ok, args = parser:pparse(arguments)
  if not ok then
    stop.with(args:gsub("%s*\nDid you mean", "; did you mean"), 2, choose_help(arguments, runs, args))
  end
  say.wants_json = args.json
  runs[args.command](args, parser)
end

-- What a subcommand has to undo.
local function on_end()
  for _, what in ipairs(stop.at_end) do what() end
end

local function report_failure(raised)
  local code, message, advice = stop.read(raised)
  say.failure(message, advice)
  return code
end

-- Whatever has failed since a signal came may be its doing.
local function report_signal(is_done)
  local code, message = stop.by_signal()
  say.failure(message .. (is_done and "; what was asked for was done before" or ""))
  if stop.under_way then
    say.note(stop.under_way.what)
    say.note("what to do: " .. stop.under_way.advice)
  end
  return code
end

local function report(ok, raised)
  prompt.restore()
  if stop.by_signal() then return report_signal(ok) end
  return ok and 0 or report_failure(raised)
end

--- Runs the command.
-- @tparam {string,...} arguments
-- @treturn number the exit code
return function(arguments)
  io.stdout:setvbuf("line")
  local ok, raised = xpcall(function() run(arguments) end, function(what) -- Lua 5.1 hands nothing on
    if type(what) == "string" and os.getenv "SAPANYWHERE_TRACE" then
      return debug.traceback(what)
    end
    return what
  end)
  local code = report(ok, raised)
  local ended, problem = pcall(on_end)
  if not ended and code == 0 then code = report(false, problem) end
  if stop.by_signal() then sapanywhere.terminal.leave(code == 0 and report(true) or code) end
  return code
end
