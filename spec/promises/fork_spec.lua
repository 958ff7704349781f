-- A process that forks: both sides make calls, and neither takes anything from the other.

local libcurl = require "support.libcurl"
local process = require "spec.process"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"
local made = require "support.values"

local PATIENCE = 20 -- seconds

-- Runs a function in a forked child, and returns the child's number at once.
local function in_child(leave, body)
  io.stdout:flush()
  io.stderr:flush()
  local report = os.tmpname()
  local pid = process.fork()
  if pid ~= 0 then return { pid = pid, report = report } end
  local ok, problem = pcall(body)
  local file = io.open(report, "w")
  file:write(ok and "well" or tostring(problem))
  file:close()
  leave()
end

-- Waits for its end, which must be clean, and returns what it had to complain of.
local function expect_well(child)
  local how, code = process.wait(child.pid, PATIENCE)
  local file = assert(io.open(child.report))
  local said = file:read("*a")
  file:close()
  os.remove(child.report)
  assert.equal("well", said)
  assert.equal("exit", how)
  assert.equal(0, code)
end

local LEAVING = {
  ["without closing its Lua state"] = function() process.exit(0) end,
  ["with its Lua state closed"] = function() os.exit(0, true) end,
}

for _, scheme in ipairs { "http", "https" } do
  describe("a fork, with " .. scheme .. ",", function()
    local service, base_url, client
    local why_none_is_kept = scheme == "http" and libcurl.why_none_is_kept()

    setup(function()
      service = services.start {}
      base_url = scheme == "https" and service.tls_base_url or service.base_url
    end)
    teardown(function() service:stop() end)

    before_each(function()
      service:clear_log()
      client = service:client { base_url = base_url }
    end)
    after_each(function() client:close() end)

    local function call()
      return assert(client:oauth_url(service:asking {}))
    end

    -- A call of the same client that is not waited for.
    local function start_slow(seconds)
      local place = service:url { delay = seconds, tls = scheme == "https" }
      local origin, path = place:match("^(%w+://[^/]+)(.*)$")
      return made.connections(client):pool({ tls = { ca_file = service.ca_file } }):start {
        method = "GET", origin = origin, target = path .. "/elements/sapanywhere/oauth/url", headers = {},
        timeout = 30, connect_timeout = 5, max_bytes = 1e6,
      }
    end

    -- The connection of each quick call, in order. With HTTP/1.1 the slow one keeps the first for itself.
    local function connections()
      local list = {}
      for _, request in ipairs(service:log()) do
        if not request.uri:find("delay", 1, true) then list[#list + 1] = request.connection end
      end
      return list
    end

    for name, leave in pairs(LEAVING) do
      it("gives the child connections of its own, which leaves " .. name, function()
        if why_none_is_kept then return pending(why_none_is_kept) end
        call()
        local slow = start_slow(0.4)
        call()
        local child = in_child(leave, function()
          call()
          call()
          assert(slow:done(), "the call in flight is not over in the child")
          local response, failure = slow:result()
          assert(response == nil and failure.kind == "closed", "not closed")
          assert(failure.outcome == "unknown", failure.outcome)
        end)
        expect_well(child)
        call()
        while not slow:done() do call() end
        assert.equal(400, slow:result().status)
        local used = connections()
        local first, second, childs = used[1], used[2], used[3]
        if scheme == "https" then assert.equal(first, second) end
        assert.is_false(childs == first or childs == second)
        assert.equal(childs, used[4])
        assert.equal(second, used[5])
        for i = 6, #used do assert.is_true(used[i] == first or used[i] == second) end
      end)

      it("lets the child close what it inherited, which leaves " .. name, function()
        if why_none_is_kept then return pending(why_none_is_kept) end
        call()
        local slow = start_slow(0.3)
        call()
        expect_well(in_child(leave, function()
          client:close()
          slow:close()
          collectgarbage()
        end))
        while not slow:done() do call() end
        assert.equal(400, slow:result().status)
        local used = connections()
        assert.is_true(#used > 2)
        for i = 3, #used do assert.is_true(used[i] == used[1] or used[i] == used[2]) end
      end)
    end

    for _, kind in ipairs { "file", "epoll" } do
      it("keeps what the child opened in the place of what it had closed: " .. kind, function()
        call()
        local slow = start_slow(0.3)
        call()
        expect_well(in_child(LEAVING["without closing its Lua state"], function()
          local opened = {}
          for _, number in ipairs(process.descriptors()) do
            if number > 2 then
              process.close(number)
              opened[#opened + 1] = number
            end
          end
          for _, number in ipairs(opened) do process.occupy(number, kind) end
          local before = {}
          for i, number in ipairs(opened) do before[i] = process.link(number) end
          call()
          for i, number in ipairs(opened) do
            assert(process.link(number) == before[i], "descriptor " .. number .. " is another")
          end
          assert(slow:done() and select(2, slow:result()).kind == "closed")
        end))
        while not slow:done() do call() end
        assert.equal(400, slow:result().status)
      end)
    end

    it("is told to every client, whichever the child uses first", function()
      call()
      local slow = start_slow(0.4)
      call()
      expect_well(in_child(LEAVING["without closing its Lua state"], function()
        local other = service:client { base_url = base_url }
        assert(other:oauth_url(service:asking {}))
        assert(slow:done(), "the call in flight is not over in the child")
        assert(select(2, slow:result()).kind == "closed")
      end))
      while not slow:done() do call() end
      assert.equal(400, slow:result().status)
    end)

    -- What each open descriptor is: how many there are of it.
    local function count_links()
      local count = {}
      for _, number in ipairs(process.descriptors()) do
        local link = process.link(number) or "closed"
        count[link] = (count[link] or 0) + 1
      end
      return count
    end

    -- Those that are connections. A pair of sockets that libcurl has inside connects nobody.
    local function connected_links()
      local tcp, links = system.read_file "/proc/self/net/tcp", {}
      for link in pairs(count_links()) do
        local inode = link:match("^socket:%[(%d+)%]$")
        if inode and tcp:find(" " .. inode .. " ", 1, true) then links[link] = true end
      end
      return links
    end

    local FIRST = {
      ["calls"] = function() call() end,
      ["calls with another client"] = function()
        assert(service:client { base_url = base_url }:oauth_url(service:asking {}))
      end,
      ["closes the client"] = function() client:close() end,
    }

    for what, act in pairs(FIRST) do
      it("leaves the child none of the parent's sockets once it " .. what, function()
        local before = connected_links()
        call()
        local slow = start_slow(0.4)
        call()
        local parents = connected_links()
        for link in pairs(before) do parents[link] = nil end
        assert.is_string((next(parents)))
        local sets = count_links()["anon_inode:[eventpoll]"] + count_links()["anon_inode:[timerfd]"]
        expect_well(in_child(LEAVING["without closing its Lua state"], function()
          act()
          local now = count_links()
          for link in pairs(parents) do assert(not now[link], link .. " is still open") end
          local left = (now["anon_inode:[eventpoll]"] or 0) + (now["anon_inode:[timerfd]"] or 0)
          assert(left <= sets, "the parent's epoll set or timer is still open")
        end))
        while not slow:done() do call() end
        assert.equal(400, slow:result().status)
      end)
    end

    it("may happen in a child again", function()
      if why_none_is_kept then return pending(why_none_is_kept) end
      call()
      expect_well(in_child(LEAVING["with its Lua state closed"], function()
        call()
        expect_well(in_child(LEAVING["with its Lua state closed"], call))
        call()
      end))
      call()
      local used = connections()
      assert.equal(5, #used)
      assert.equal(used[1], used[5])
      assert.equal(used[2], used[4])
      assert.not_equal(used[2], used[3])
      assert.not_equal(used[1], used[2])
    end)
  end)
end
