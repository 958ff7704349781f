--- Finds the host: what runs this Lua, and so how one waits here.
--
-- A host is a table:
--   `wait(fd, seconds, idle)`
--                            returns when fd can be read, or when the time has passed, or earlier; for a host that can
--                            only look again, `idle` counts the waits since there was last something to do
--   `turn()`                 only for a host whose `wait` does no more than look again after a while, so that nobody
--                            has to be woken from it: returns as soon as whatever else is ready has had its turn
--   `signal()`               an object with `wait(self, seconds)`, `post(self)` and `close(self)`; nil where there is
--                            nothing left to make one of
--   `loop()`                 the key of the running loop: coroutines with the same key can wake each other
--   `sleep(seconds)`
--   `heartbeat`, `patience`  seconds: the longest wait in one go; how long a leader may be silent
--   `blocks`                 true where waiting stops the whole process, so that nobody else has to be woken

local errors = require "sapanywhere.errors"
local descriptor = require "sapanywhere.wait.descriptor"
local plain = require "sapanywhere.wait.plain" -- now: a program may have no descriptor left when it needs it

local isyieldable = rawget(coroutine, "isyieldable") -- not on Lua 5.1 and 5.2

local named = {
  nginx = "sapanywhere.wait.nginx",
  cqueues = "sapanywhere.wait.cqueues",
}

-- nginx has its `ngx` before this file is read, and any other is a stand-in that somebody's spec has made: that lacks
-- semaphores, or a phase. Where nginx has loaded resty.core too, as it does by itself, there is no doubt, and a failure
-- is one: a worker must not be blocked for it.
local function find_nginx()
  if not rawget(_G, "ngx") then return nil end
  if package.loaded["resty.core"] then return require(named.nginx) end
  local ok, nginx = pcall(require, named.nginx)
  local has_phase, phase = pcall(ok and nginx.phase or error)
  return has_phase and type(phase) == "string" and nginx or nil
end

local nginx = find_nginx()

-- Inside nginx some phases may wait, some may only block, and the others can do neither.
local function in_nginx()
  local phase = nginx.phase()
  if nginx.may_yield(phase) then return nginx.host end
  if nginx.may_block(phase) then return plain end
  return nil, errors.new("wrong_phase", {
    message = ("nginx's %s phase cannot wait for an answer: make the call in ngx.timer.at(0, …), or in a rewrite, "
      .. "access or content handler"):format(phase),
    outcome = "not_sent", retryable = false,
  })
end

-- The running controller, and whether the running coroutine is its own, not one that is resumed inside of that.
local function controller()
  local cqueues = package.loaded.cqueues
  if cqueues then return cqueues.running() end
end

local function in_cqueues()
  local running, directly = controller()
  return running and directly and require(named.cqueues) or nil
end

local function scheduled()
  local scheduler = package.loaded["sapanywhere.wait.scheduler"]
  return scheduler and scheduler.current()
end

-- Within `all`, a call in a gsub callback, a finalizer or the body of a required file cannot yield to the others. Where
-- Lua tells so, and blocking is what the whole does anyhow, the call blocks.
local function within(inner)
  if inner.outer.blocks and isyieldable and not isyieldable() then return plain end
  return inner
end

local function detect()
  local inner = scheduled()
  if inner then return within(inner) end
  if nginx then return in_nginx() end
  return in_cqueues() or plain
end

-- A host that is asked for by name where it is not.
local function elsewhere(name)
  return nil, errors.new("wrong_phase", {
    message = ("wait = \"%s\" was given, but this program does not run in it"):format(name),
    outcome = "not_sent", retryable = false,
  })
end

-- Within `all`, what waits in the named host is the scheduler.
local function by_name(name)
  if name == "nginx" and nginx then return scheduled() or in_nginx() end
  if name == "cqueues" and controller() then return scheduled() or require(named.cqueues) end
  if name == "plain" then return plain end
  return elsewhere(name)
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

return { find = find }
