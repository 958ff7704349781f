-- A transfer that is given up leaves nothing in the engine: what has not left is not sent, what has is closed; and
-- whoever asks is told which of the two it was.

local core = require "sapanywhere.core"
local services = require "support.service"
local socket = require "socket"

describe("a transfer", function()
  local service, engine, pool, origin, path

  setup(function()
    service = services.start {}
    origin, path = service:url({ delay = 1 }):match("^(%w+://[^/]+)(.*)$")
  end)
  teardown(function() service:stop() end)

  before_each(function()
    service:clear_log()
    engine = core.engine()
    pool = engine:pool { max_connections = 2 }
  end)
  after_each(function() engine:close() end)

  local function start(target, other_origin, connect_timeout)
    return (pool:start {
      method = "POST", origin = other_origin or origin, target = target or path .. "/instances", body = "{}",
      headers = {}, timeout = 20, connect_timeout = connect_timeout or 5, max_bytes = 1e6,
    })
  end

  local function step_until(is_over, seconds)
    local ending, completed = core.now() + seconds, {}
    while not is_over() and core.now() < ending do
      assert(engine:step(completed))
      core.poll(engine:fd(), 0.02)
    end
    return is_over()
  end

  local function requests()
    return #service:take_log()
  end

  -- What was given up may not leave later, while another one is at work.
  local function finish_another()
    local other = start("/elements/api-v2/instances")
    assert.is_true(step_until(function() return other:done() end, 10))
    assert.is_true(other:has_left())
    return other:result()
  end

  it("that is closed before the first step is not sent", function()
    local transfer = start()
    assert.is_false(transfer:has_left())
    transfer:close()
    finish_another()
    assert.equal(1, requests())
  end)

  it("that is collected before the first step is not sent", function()
    start()
    collectgarbage()
    collectgarbage()
    finish_another()
    assert.equal(1, requests())
  end)

  it("that waits for a free connection has not left, and is not sent once it is closed", function()
    pool = engine:pool { max_connections = 1 }
    local busy, waiting = start(), start()
    assert.is_true(step_until(function() return busy:has_left() end, 10))
    step_until(function() return false end, 0.2)
    assert.is_false(waiting:has_left())
    waiting:close()
    assert.is_true(step_until(function() return busy:done() end, 10))
    finish_another()
    assert.equal(2, requests())
  end)

  it("that was sent says so, before its answer and after it", function()
    local transfer = start()
    assert.is_true(step_until(function() return transfer:has_left() end, 10))
    assert.is_false(transfer:done())
    assert.is_true(step_until(function() return transfer:done() end, 10))
    assert.is_true(transfer:has_left())
  end)

  it("that was sent and is closed gives its connection to nobody", function()
    local transfer = start()
    assert.is_true(step_until(function() return transfer:has_left() end, 10))
    step_until(function() return false end, 0.2)
    transfer:close()
    local response = finish_another()
    assert.is_true(response.status >= 400)
    step_until(function() return false end, 1.2)
    local log = service:take_log()
    for index = 2, #log do assert.is_not.equal(log[1].connection, log[index].connection) end
  end)

  it("that reached no server has not left", function()
    local transfer = pool:start {
      method = "POST", origin = service.refused_url:match("^%w+://[^/]+"), target = "/", body = "{}", headers = {},
      timeout = 5, connect_timeout = 5, max_bytes = 1e6,
    }
    assert.is_true(step_until(function() return transfer:done() end, 10))
    assert.is_false(transfer:has_left())
    local _, failure = transfer:result()
    assert.equal("not_sent", failure.outcome)
  end)

  -- A listener that accepts nothing, with its queue full, so that connecting to it never ends.
  local function silent_origin()
    local listener = assert(socket.bind("127.0.0.1", 0, 0))
    local _, port = listener:getsockname()
    local fillers = {}
    for i = 1, 3 do
      fillers[i] = socket.tcp()
      fillers[i]:settimeout(0.05)
      fillers[i]:connect("127.0.0.1", port)
    end
    finally(function()
      for _, filler in ipairs(fillers) do filler:close() end
      listener:close()
    end)
    return "http://127.0.0.1:" .. port, port
  end

  for how, connect_timeout in pairs { ["is closed"] = 20, ["has no more time"] = 0.2 } do
    it("that " .. how .. " while it connects ends no other one in the pool", function()
      local other = start()
      assert.is_true(step_until(function() return other:has_left() end, 10))
      local transfer = start(nil, silent_origin(), connect_timeout)
      assert.is_false(step_until(function() return transfer:done() end, 0.1))
      if how == "is closed" then transfer:close() end
      assert.is_true(step_until(function() return other:done() end, 10))
      assert.equal(1, requests())
      assert.is_table(other:result())
      finish_another()
    end)
  end

  it("whose server does not answer at its first address uses the second, and ends no other one", function()
    local _, port = silent_origin()
    local listener = socket.bind("::1", port)
    if not listener then return pending("this machine has no ::1") end
    listener:settimeout(0)
    local other = start()
    local transfer, accepted = start(nil, "http://localhost:" .. port, 10), nil
    assert.is_true(step_until(function()
      accepted = accepted or listener:accept()
      return accepted ~= nil
    end, 10))
    accepted:send("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n")
    assert.is_true(step_until(function() return transfer:done() and other:done() end, 10))
    assert.equal(204, transfer:result().status)
    assert.is_table(other:result())
    accepted:close()
    listener:close()
  end)
end)
