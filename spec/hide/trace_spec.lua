-- What on_event is told, and in which order; and that a handler cannot harm a call.

local libcurl = require "support.libcurl"
local services = require "support.service"

describe("on_event", function()
  local service

  setup(function() service = services.start { client_id_as = "url" } end)
  teardown(function() service:stop() end)

  -- Makes a call and gives its events, and what it returned.
  local function trace(name, options, client_options)
    local events = {}
    client_options = client_options or {}
    client_options.on_event = function(event) events[#events + 1] = event end
    local client = service:client(client_options)
    local result, err, meta = client[name](client, options)
    client:close()
    return events, result, err, meta
  end

  local function names(events)
    local list = {}
    for index, event in ipairs(events) do list[index] = event.event .. " " .. event.attempt end
    return list
  end

  local FIELDS = {
    request = { event = "string", call = "string", attempt = "number", method = "string", url = "string",
      bytes_sent = "number" },
    response = { event = "string", call = "string", attempt = "number", method = "string", url = "string",
      bytes_sent = "number", bytes_received = "number", timings = "table", reused = "boolean" },
    retry = { event = "string", call = "string", attempt = "number", kind = "string", message = "string",
      delay = "number" },
    warning = { event = "string", call = "string", attempt = "number", message = "string" },
  }
  local OPTIONAL = {
    response = { status = "number", request_id = "string", http_version = "string", kind = "string",
      outcome = "string", message = "string" },
  }

  local function check_fields(events)
    for _, event in ipairs(events) do
      local fields, more = FIELDS[event.event], OPTIONAL[event.event] or {}
      for field, kind in pairs(fields) do assert.equal(kind, type(event[field]), field) end
      for field, value in pairs(event) do assert.equal(fields[field] or more[field], type(value), field) end
    end
  end

  local function check_timings(timings, tls)
    local last = 0
    for _, name in ipairs { "dns", "connect", "tls", "first_byte", "total" } do
      if name ~= "tls" or tls then
        assert.truthy(timings[name] >= last, name)
        last = timings[name]
      end
    end
    assert.truthy(last > 0 and last < 10)
    assert.equal(tls, timings.tls > 0)
  end

  for _, origin in ipairs { "base_url", "tls_base_url" } do
    it("tells of a request, its response and its warnings: " .. origin, function()
      local events, result, _, meta = trace("oauth_url", service:asking { state = "my state" }, {
        base_url = service[origin],
      })
      assert.same({ "request 1", "response 1", "warning 1" }, names(events))
      check_fields(events)
      local request, response, warning = events[1], events[2], events[3]
      assert.equal("oauth_url", request.call)
      assert.equal("GET", request.method)
      assert.equal(0, request.bytes_sent)
      assert.equal(service[origin] .. "/elements/sapanywhere/oauth/url?apiKey=[hidden]&apiSecret=[hidden]"
        .. "&callbackUrl=" .. service.callback_url:gsub("[:/]", { [":"] = "%3A", ["/"] = "%2F" })
        .. "&state=my%20state", request.url)
      assert.equal(request.url, response.url)
      assert.equal(200, response.status)
      assert.equal(meta.request_id, response.request_id)
      assert.truthy(response.bytes_received > #result.oauthUrl)
      assert.equal(origin == "tls_base_url" and "2" or "1.1", response.http_version)
      assert.equal(false, response.reused)
      assert.is_nil(response.kind)
      check_timings(response.timings, origin == "tls_base_url")
      assert.equal(meta.warnings[1], warning.message)
    end)
  end

  local PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  it("carries the caller's trace context in every event, and the service gets it with every attempt", function()
    service:clear_log()
    local events, result = trace("oauth_url", service:asking {
      base_url = service:url { status = 503, fail = 1 }, retry = { base = 0.01 }, traceparent = PARENT,
    })
    assert.truthy(result)
    assert.same({ "request 1", "response 1", "retry 1", "request 2", "response 2", "warning 2" }, names(events))
    for _, event in ipairs(events) do assert.equal(PARENT, event.traceparent) end
    for _, request in ipairs(service:log()) do assert.equal(PARENT, request.header.traceparent) end
    assert.equal(2, #service:log())
  end)

  it("carries the trace context of a creation, and into the search for what it may have made", function()
    service:clear_log()
    local events, instance = trace("create_instance", service:creating {
      base_url = service:url { act_then_die = true, fail = 1 }, recover = true, traceparent = PARENT,
    })
    assert.truthy(instance)
    assert.equal("list_instances", events[#events].call)
    for _, event in ipairs(events) do assert.equal(PARENT, event.traceparent) end
    for _, request in ipairs(service:log()) do assert.equal(PARENT, request.header.traceparent) end
  end)

  it("sends no trace context where none is given", function()
    service:clear_log()
    local events = trace("oauth_url", service:asking())
    for _, event in ipairs(events) do assert.is_nil(event.traceparent) end
    assert.is_nil(service:log()[1].header.traceparent)
  end)

  it("says whether a connection was kept", function()
    local why_none_is_kept = libcurl.why_none_is_kept()
    if why_none_is_kept then return pending(why_none_is_kept) end
    local reused = {}
    local client = service:client { on_event = function(event)
      if event.event == "response" then reused[#reused + 1] = event.reused end
    end }
    for _ = 1, 2 do assert(client:oauth_url(service:asking())) end
    assert.same({ false, true }, reused)
  end)

  it("tells of a creation without anything of its body", function()
    local events, instance = trace("create_instance", service:creating())
    assert.same({ "request 1", "response 1" }, names(events))
    check_fields(events)
    assert.equal("create_instance", events[1].call)
    assert.equal("POST", events[1].method)
    assert.equal(service.base_url .. "/instances", events[1].url)
    assert.truthy(events[1].bytes_sent > 100)
    assert.truthy(events[2].bytes_received > #instance.token)
  end)

  it("tells of every attempt and of the pause between", function()
    local events, result, _, meta = trace("oauth_url", service:asking {
      base_url = service:url { status = 503, fail = 2 }, retry = { base = 0.01 },
    })
    assert.truthy(result)
    assert.same({
      "request 1", "response 1", "retry 1", "request 2", "response 2", "retry 2", "request 3", "response 3",
      "warning 3",
    }, names(events))
    check_fields(events)
    assert.equal("server", events[2].kind)
    assert.equal("rejected", events[2].outcome)
    assert.equal(503, events[2].status)
    assert.equal("server", events[3].kind)
    assert.truthy(events[3].delay >= 0 and events[3].delay < 0.01)
    assert.equal(events[2].message, events[3].message)
    assert.equal(3, meta.attempts)
  end)

  it("tells of a failure without an answer", function()
    local events, _, err = trace("create_instance", service:creating { base_url = service.refused_url })
    assert.same({ "request 1", "response 1" }, names(events))
    check_fields(events)
    assert.equal("connect", events[2].kind)
    assert.equal("not_sent", events[2].outcome)
    assert.equal(err.message, events[2].message)
    assert.is_nil(events[2].status)
    assert.equal(0, events[2].bytes_received)
  end)

  it("tells of an answer that was cut", function()
    local events, _, err = trace("create_instance", service:creating { base_url = service:url { cut = 500 } })
    check_fields(events)
    assert.equal("unknown", events[2].outcome)
    assert.equal(err.message, events[2].message)
  end)

  it("tells nothing of a call that is not made", function()
    local events = trace("create_instance", { name = "x" })
    assert.same({}, events)
  end)

  -- What a handler does to the call: nothing.
  local handlers = {
    { "raises", function() error("boom") end },
    { "raises a table", function() error {} end },
    { "changes what it is given", function(event)
      for name in pairs(event) do event[name] = nil end
      event.timings = { total = -1 }
    end },
    { "returns something", function() return false, "x" end },
  }
  for _, handler in ipairs(handlers) do
    it("changes nothing where the handler " .. handler[1], function()
      local client = service:client { on_event = handler[2], retry = { base = 0.01 } }
      local result, err, meta = client:oauth_url(service:asking {
        base_url = service:url { status = 503, fail = 1 },
      })
      assert.truthy(result, tostring(err))
      assert.equal(2, meta.attempts)
      assert.truthy(client:create_instance(service:creating()).token)
      result, err = client:create_instance(service:creating { base_url = service:url { status = 500 } })
      assert.is_nil(result)
      assert.equal("server", err.kind)
    end)
  end

  it("may close the client before anything is sent", function()
    local calls, client = 0, nil
    client = service:client { on_event = function()
      calls = calls + 1
      client:close()
    end }
    local result, err = client:oauth_url(service:asking())
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.equal(1, calls)
    assert.equal("not_sent", err.outcome)
    assert.equal(0, err.attempts)
  end)

  it("may close the client between two attempts", function()
    local client
    client = service:client { retry = { base = 0.01 }, on_event = function(event)
      if event.event == "retry" then client:close() end
    end }
    local result, err, meta = client:oauth_url(service:asking { base_url = service:url { die = true } })
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.equal("unknown", err.outcome)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
  end)
end)
