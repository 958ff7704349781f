--- Finds the host: what runs this Lua, and so how one waits here.
--
-- A host is one file, `wait/<name>.lua`, and its name is what the option `wait` takes. Its module has
--   `here()`                 the host where the running coroutine may wait in it; nil where the program does not run in
--                            it; nil and an error where it does, and cannot wait
--
-- A host is a table:
--   `wait(fd, seconds, look)`
--                            returns when fd can be read, or when the time has passed, or earlier
--   `signal()`               an object with `wait(self, seconds)`, `post(self)` and `close(self)`; nil where there is
--                            nothing left to make one of
--   `loop()`                 the key of the running loop: coroutines with the same key can wake each other
--   `sleep(seconds)`
--   `can_wait(waiter)`       whether a call of this host may still be waiting; of the waiter's coroutine, request and
--                            signal it asks only what still exists. Where it cannot know, it says yes.
--   `heartbeat`, `patience`  seconds: the longest wait in one go; how long a leader may be silent
--   `blocks`                 true where waiting stops the whole process, so that nobody else has to be woken
--   `is_foreign`             true where `wait` is the user's own, which may raise
--   `pace`                   only for a host that cannot wait for a descriptor, and looks again after a while:
--                              `look()` what a leader keeps between its looks; it is passed to `wait`, and has
--                                 `most(self)`, how many descriptors the next step looks at; `note(self, found,
--                                 has_unsent)`, told after each step; `close(self)`; and perhaps a `signal`, posted to
--                                 end its wait early
--                              `begin(look)` how many descriptors to look at for a new call, or nil where the leader
--                                 with this look begins it; nil stands for no leader
--                              `took(seconds)` told how long each call took
--   `is_asleep()`            only for a host inside another: whether all of it waits in that one

local errors = require "sapanywhere.errors"
local descriptor = require "sapanywhere.wait.descriptor"
local lazy = require "sapanywhere.base.lazy"
local plain = require "sapanywhere.wait.plain"

local cqueues = lazy "sapanywhere.wait.cqueues"

local isyieldable = rawget(coroutine, "isyieldable") -- not on Lua 5.1 and 5.2

-- nginx has its `ngx` before this file is read.
local nginx = rawget(_G, "ngx") and require "sapanywhere.wait.nginx"

local function no_scheduler() end

local scheduled = no_scheduler -- returns the host inside the `all` that runs the running coroutine

--- Lets the scheduler of `all` say what it runs.
-- @tparam function current returns the host inside of it, or nil
local function ask_scheduler(current)
  scheduled = current
end

-- Within `all`, a call in a gsub callback, a finalizer or the body of a required file cannot yield to the others. Where
-- Lua tells so, and blocking is what the whole does anyhow, the call blocks.
local function within(inner)
  if inner.outer.blocks and isyieldable and not isyieldable() then return plain.host end
  return inner
end

local function detect()
  local inner = scheduled()
  if inner then return within(inner) end
  if nginx then
    local host, err = nginx.here()
    if host or err then return host, err end
  end
  return package.loaded.cqueues and cqueues.here() or plain.host
end

-- A host that is asked for by name where it is not.
local function elsewhere(name)
  return nil, errors.new("wrong_phase", {
    message = ("wait = \"%s\" was given, but this program does not run in it"):format(name),
    outcome = "not_sent", retryable = false,
  })
end

-- The module of a host, or nothing. Not everything in this folder is one.
local function module_of(name)
  if type(name) ~= "string" or not name:find("^%l[%l%d_]*$") then return nil end
  local ok, module = pcall(require, "sapanywhere.wait." .. name)
  return ok and type(module) == "table" and module.here and module or nil
end

--- Whether a value of the option `wait` names a host that there is.
local function is_host(name)
  return module_of(name) ~= nil
end

-- Within `all`, what waits in the named host is the scheduler.
local function by_name(name)
  local module = module_of(name)
  if not module then return elsewhere(name) end
  local host, err = module.here(true)
  if err then return nil, err end
  if not host then return elsewhere(name) end
  return module ~= plain and scheduled() or host
end

--- The host of the running coroutine.
-- @param wait the option: "auto", the name of a host, or a function `wait(fd, seconds)`
-- @treturn[1] table the host
-- @return[2] nil
-- @treturn[2] table an error, kind wrong_phase
local function find(wait)
  if type(wait) == "function" then return descriptor.host(wait) end
  if wait == "auto" then return detect() end
  return by_name(wait)
end

return { find = find, is_host = is_host, ask_scheduler = ask_scheduler }
