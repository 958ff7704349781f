--- What a program for people at a terminal needs and Lua lacks: Ctrl-C as something to look at, the width of the
-- terminal, typing that is not shown. The command is made with it; the library itself never calls it.
--
-- Lua's own interpreter makes an error of Ctrl-C, raised wherever the program happens to be: inside a `pcall` it is
-- swallowed, in code that LuaJIT has compiled it comes late, and while `os.execute` waits the signal is lost. A program
-- that notes signals looks at them where it can end well:
--
--     terminal.note_signals()
--     while not terminal.signal() do
--       terminal.wait(0, 0.2)
--       …
--     end
-- @module sapanywhere.terminal

local core = require "sapanywhere.base.open"

local M = {}

--- From now on SIGINT (Ctrl-C), SIGTERM and SIGHUP end nothing: they are noted, and `signal` tells of them. A second
-- one ends the program at once. This is the whole process's; nothing in the library does it.
function M.note_signals()
  core.note_signals()
end

--- The signal that has been noted.
-- @treturn[1] string "INT", "TERM" or "HUP"
-- @treturn[1] number its number; a shell's exit code is 128 more
-- @return[2] nil where none has come
function M.signal()
  return core.noted_signal()
end

--- Waits until a descriptor can be read. A signal ends the wait early; one that comes just before it does not, so wait
-- for 0.2 seconds at a time.
-- @tparam number fd such as 0, standard input
-- @tparam number seconds at most
-- @treturn boolean whether it can be read
function M.wait(fd, seconds)
  return core.poll(fd, seconds)
end

--- Reads what has arrived; blocks where nothing has.
-- @tparam number fd
-- @tparam number most bytes, of which 4096 come at a time
-- @treturn[1] string bytes, empty at the end of the input
-- @return[2] nil, also where a signal has come first
-- @treturn[2] string why
function M.read(fd, most)
  return core.read_some(fd, most)
end

--- Whether a descriptor is a terminal.
-- @tparam number fd such as 1, standard output
-- @treturn boolean
function M.is_terminal(fd)
  return core.is_terminal(fd)
end

--- Whether this process may read from a terminal: it runs in front there, not in the background.
-- @tparam number fd
-- @treturn boolean
function M.is_in_front(fd)
  return core.is_in_front(fd)
end

--- How wide a terminal is.
-- @tparam number fd
-- @treturn number|nil columns; nil where the descriptor is no terminal, or does not say
function M.width(fd)
  return core.terminal_width(fd)
end

--- Shows no more what is typed at a terminal, until `show_typing`, or a second signal.
-- @tparam number fd
-- @treturn boolean whether it is hidden now
function M.hide_typing(fd)
  return core.hide_typing(fd)
end

--- Shows again what is typed, where it was hidden.
function M.show_typing()
  core.show_typing()
end

--- Ends the process at once: what it has printed and nobody has read yet is not waited for.
-- @tparam number code the exit code
function M.leave(code)
  core.leave(code)
end

return M
