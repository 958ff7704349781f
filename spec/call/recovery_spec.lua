local answer = require "sapanywhere.call.answer"
local endpoints = require "sapanywhere.api.rows"
local made = require "support.values"
local plan = require "sapanywhere.call.plan"
local recovery = require "sapanywhere.call.recovery"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local services = require "support.service"

for _, tags_as in ipairs { "absent", "strings", "objects" } do
  describe("recovery, where the service returns tags as " .. tags_as, function()
    local service

    setup(function() service = assert(sandbox.start { tags_as = tags_as }) end)
    teardown(function() service:stop() end)

    local function create(wishes, more)
      local callback = assert(service:authorize { state = "s" })
      local grant = assert(sapanywhere.parse_callback(callback, { state = "s" }))
      local given = {
        base_url = service:url(wishes), user_secret = service.user_secret,
        organization_secret = service.organization_secret, api_key = service.api_key, api_secret = service.api_secret,
        callback_url = service.callback_url, code = grant.code, name = "shop " .. callback:sub(-10), recover = true,
        retry = { base = 0.05 },
      }
      for name, value in pairs(more or {}) do given[name] = value end
      return sapanywhere.create_instance(given)
    end

    local function created(before)
      return #service:instances() - before
    end

    it("finds what was created when the answer was lost", function()
      for _, wishes in ipairs { { act_then_die = true, fail = 1 }, { cut = 0, fail = 1 }, { cut = 30, fail = 1 },
        { cut = 500, fail = 1 } } do
        local before = #service:instances()
        local instance, err, meta = create(wishes, { tags = { "eu" } })
        assert(instance, tostring(err))
        assert.is_true(meta.recovered)
        assert.equal(200, meta.status)
        assert.equal("application/json", meta.headers["Content-Type"]:match("^[^;]+"))
        assert.equal(1, created(before))
        local instances = service:instances()
        assert.equal(instances[#instances].token, instance.token)
      end
    end)

    it("finds what was created with a body", function()
      local callback = assert(service:authorize { state = "s" })
      local grant = assert(sapanywhere.parse_callback(callback, { state = "s" }))
      local body = {
        element = { key = "sapanywhere" }, providerData = { code = grant.code }, name = "from a body", tags = { "a" },
        configuration = {
          ["oauth.callback.url"] = service.callback_url, ["oauth.api.key"] = service.api_key,
          ["oauth.api.secret"] = service.api_secret,
        },
      }
      local instance, err, meta = sapanywhere.create_instance {
        base_url = service:url { act_then_die = true, fail = 1 }, body = body, recover = true, retry = { base = 0.05 },
        user_secret = service.user_secret, organization_secret = service.organization_secret,
      }
      assert(instance, tostring(err))
      assert.is_true(meta.recovered)
      assert.same({ "a" }, body.tags)
    end)

    it("finds what a server made after a timeout", function()
      local before = #service:instances()
      local instance, err, meta = create({ delay_body = 4, fail = 1 }, { timeout = 1.5 })
      assert(instance, tostring(err))
      assert.is_true(meta.recovered)
      assert.equal(1, created(before))
    end)

    it("says what it looked for when there is nothing", function()
      local before = #service:instances()
      local instance, err = create { die = true, fail = 1 }
      assert.is_nil(instance)
      assert.equal("connect", err.kind)
      assert.equal("unknown", err.outcome)
      assert.equal("GET /instances", err.recovery.request)
      assert.equal(0, err.recovery.found)
      assert.equal(3, err.recovery.looks)
      assert.truthy(err.recovery.tag:find("^sapanywhere%-call%-%x+$"))
      assert.equal(0, created(before))
    end)

    it("says why it could not look", function()
      local instance, err = create { act_then_die = true }
      assert.is_nil(instance)
      assert.equal("unknown", err.outcome)
      assert.truthy(err.recovery.failure)
    end)

    it("does not look where the outcome is known, and sends no tag unless asked", function()
      service:clear_log()
      local _, err = create({ status = 400 })
      assert.equal("rejected", err.outcome)
      assert.is_nil(err.recovery)
      assert(create({}, { recover = false }))
      local log = service:log()
      assert.equal(2, #log)
      assert.truthy(log[1].body:find("sapanywhere-call-", 1, true))
      assert.is_nil(log[2].body:find("sapanywhere-call-", 1, true))
    end)
  end)
end

describe("recovery, where the server ignores the filter and the list is long", function()
  local TOKEN = "eyJhZnRlciI6MX0+/="

  -- A server with two pages; what it is asked goes into the list `targets`.
  local function find(last_page, targets)
    local values = assert(made.call("create_instance", {
      user_secret = "u", organization_secret = "o", api_key = "k", api_secret = "s", code = "c", name = "shop",
      callback_url = "https://www.mycoolapp.com/auth", retry = false,
    }))
    local tag = recovery.mark(values)
    local row = endpoints.create_instance
    local function list(look, look_values)
      local request = plan.request(look, look_values)
      targets[#targets + 1] = request.target
      local response = { status = 200, headers = { ["x-runtime"] = "5" }, is_list = true,
        value = { { id = 1, tags = { "another" } } } }
      if #targets == 1 then
        response.headers["elements-next-page-token"] = TOKEN
      else
        response.value = last_page(tag)
      end
      return answer.read(look, request, response, look_values)
    end
    return recovery.find(row, values, tag, list, function() end)
  end

  it("reads on where the page before says", function()
    local targets = {}
    local instance, report = find(function(tag) return { { id = 2, token = "ours", tags = { tag } } } end, targets)
    assert.equal(2, #targets)
    assert.truthy(targets[2]:find("&nextPage=eyJhZnRlciI6MX0%2B%2F%3D", 1, true), targets[2])
    assert.equal("ours", instance.token)
    assert.equal(1, report.found)
  end)

  it("does not give out what has no id", function()
    local instance, report = find(function(tag) return { { token = "ours", tags = { tag } } } end, {})
    assert.is_nil(instance)
    assert.equal(1, report.found)
  end)

  it("finds nothing where no page has it", function()
    local targets = {}
    local instance, report = find(function() return {} end, targets)
    assert.is_nil(instance)
    assert.equal(2, #targets)
    assert.equal(0, report.found)
  end)
end)

describe("recovery, where the list never ends", function()
  it("looks at 20 pages, and says so", function()
    local values = assert(made.call("create_instance", {
      user_secret = "u", organization_secret = "o", api_key = "k", api_secret = "s", code = "c", name = "shop",
      callback_url = "https://www.mycoolapp.com/auth", retry = false,
    }))
    local tag, asked = recovery.mark(values), 0
    local function list()
      asked = asked + 1
      return { { id = asked, tags = {} } }, nil, { next_page = "page " .. asked }
    end
    local instance, report = recovery.find(endpoints.create_instance, values, tag, list, function() end)
    assert.is_nil(instance)
    assert.equal(20, asked)
    assert.same({ 1, 0, "the list of instances goes on after 20 pages" },
      { report.looks, report.found, report.failure })
  end)
end)

describe("recovery, where the client is closed during the creation", function()
  local service

  setup(function() service = services.start { log = false } end)
  teardown(function() service:stop() end)

  it("says what to look for, and does not look", function()
    local client = service:client {}
    local _, errors = sapanywhere.all {
      function()
        return client:create_instance(service:creating { base_url = service:url { delay_body = 20 }, recover = true })
      end,
      function()
        assert(service:client {}:oauth_url(service:asking { base_url = service:url { delay = 1 } }))
        client:close()
      end,
    }
    local err = errors[1]
    assert.equal("closed", err.kind)
    assert.equal("unknown", err.outcome)
    local tag = err.recovery.tag
    assert.same({ tag = tag, request = "GET /instances", looks = 0, found = 0 }, err.recovery)
    local instances = service:instances()
    assert.equal(tag, instances[#instances].tags[1])
  end)

  it("says nothing where nothing was sent, or nothing was asked for", function()
    local function close_during(recover, at_once)
      local client = service:client {}
      local given = service:creating { base_url = service:url { delay = 20 }, recover = recover }
      if at_once then given.on_event = function() client:close() end end
      local _, errors = sapanywhere.all {
        function() return client:create_instance(given) end,
        function()
          assert(service:client {}:oauth_url(service:asking { base_url = service:url { delay = 1 } }))
          client:close()
        end,
      }
      return errors[1]
    end
    local unsent = close_during(true, true)
    assert.equal("not_sent", unsent.outcome)
    assert.is_nil(unsent.recovery)
    local unasked = close_during(false, false)
    assert.equal("unknown", unasked.outcome)
    assert.is_nil(unasked.recovery)
  end)
end)
