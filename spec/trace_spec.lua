-- What on_event is told, against the local service.

local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

describe("on_event", function()
  local service

  setup(function() service = assert(sandbox.start {}) end)
  teardown(function() service:stop() end)

  -- Makes a call and gives the events, in order.
  local function events_of(wishes, more)
    local list = {}
    local options = {
      base_url = service:url(wishes), api_key = service.api_key, api_secret = service.api_secret,
      callback_url = service.callback_url, on_event = function(event) list[#list + 1] = event end,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    local result, err = sapanywhere.oauth_url(options)
    return list, result, err
  end

  local function names_of(events)
    local names = {}
    for i, event in ipairs(events) do names[i] = event.event .. " " .. event.attempt end
    return names
  end

  it("is told of a request and its response", function()
    local events, result = events_of {}
    assert.truthy(result)
    assert.same({ "request 1", "response 1" }, names_of(events))
    local request, response = events[1], events[2]
    assert.same({ "oauth_url", "GET", 0 }, { request.call, request.method, request.bytes_sent })
    assert.truthy(request.url:find("/oauth/url?apiKey=[hidden]&apiSecret=[hidden]&callbackUrl=", 1, true))
    assert.same({ 200, request.url, "1.1" }, { response.status, response.url, response.http_version })
    assert.is_boolean(response.reused)
    assert.truthy(response.request_id and response.bytes_received > 0)
    for _, name in ipairs { "dns", "connect", "tls", "first_byte", "total" } do
      assert.is_number(response.timings[name])
    end
  end)

  it("is told of every attempt and the pause before the next", function()
    local events = events_of({ status = 503, fail = 1 }, { retry = { base = 0.01 } })
    assert.same({ "request 1", "response 1", "retry 1", "request 2", "response 2" }, names_of(events))
    assert.same({ 503, "server", "rejected" }, { events[2].status, events[2].kind, events[2].outcome })
    assert.equal("server", events[3].kind)
    assert.is_number(events[3].delay)
  end)

  it("is told of a refusal, and of a call without an answer", function()
    local events = events_of({}, { api_secret = "wrong", retry = false })
    assert.same({ "request 1", "response 1" }, names_of(events))
    assert.same({ 401, "auth" }, { events[2].status, events[2].kind })
    events = events_of({ die = true }, { retry = false })
    assert.same({ "request 1", "response 1" }, names_of(events))
    assert.same({ nil, "connect", 0 }, { events[2].status, events[2].kind, events[2].bytes_received })
  end)

  it("is told of warnings", function()
    local events = events_of { header = { ["Elements-Error"] = "capped" } }
    assert.same({ "request 1", "response 1", "warning 1" }, names_of(events))
    assert.equal("the server says in Elements-Error: capped", events[3].message)
  end)

  it("may raise without harm", function()
    local _, result = events_of({}, { on_event = function() error("oops") end })
    assert.truthy(result)
  end)
end)
