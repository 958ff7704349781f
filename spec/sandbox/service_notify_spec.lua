-- Notifications over the wire: what the local service sends, and what becomes of it.

local cjson = require "cjson"
local curl = require "support.curl"
local sandbox = require "sapanywhere.sandbox"
local system = require "sapanywhere.sandbox.carrier.system"

local key = "a key, with & and '"

-- A receiver in the same nginx: keeps what comes and answers as its address says.
local receiver = [[
  location /hook/ {
    content_by_lua_block {
      ngx.req.read_body()
      local file = io.open("${dir}/hooked", "ab")
      file:write((ngx.var.http_elements_webhook_signature or "none") .. " " .. (ngx.var.http_elements_webhook_id or "")
        .. " " .. ngx.req.get_body_data() .. "\n")
      file:close()
      local place = io.open("${dir}/hook_status")
      ngx.status = place and tonumber(place:read("*l")) or tonumber(ngx.var.uri:match("%d+"))
      if place then place:close() end
    }
  }
]]

describe("the sandbox's notifications in nginx", function()
  local self, dir

  -- nginx's workers are perhaps somebody else.
  setup(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    os.execute("chmod 777 " .. dir)
    self = assert(sandbox.start { nginx = { server = (receiver:gsub("${dir}", dir)) } })
  end)
  teardown(function()
    self:stop()
    os.execute("rm -rf " .. dir)
  end)
  before_each(function() os.remove(dir .. "/hooked") end)

  local function account()
    return "Authorization: User " .. self.user_secret .. ", Organization " .. self.organization_secret
  end

  local function origin() return self.base_url:match("^http://[^/]+") end

  local function create(target, changes)
    local body = {
      element = { key = "sapanywhere" }, name = "my shop",
      providerData = { code = assert(self:authorize {}):match("[?&]code=(%x+)") },
      configuration = {
        ["oauth.callback.url"] = self.callback_url, ["oauth.api.key"] = self.api_key,
        ["oauth.api.secret"] = self.api_secret, ["event.notification.enabled"] = "true",
        ["event.notification.callback.url"] = target, ["event.notification.signature.key"] = key,
      },
    }
    for name, value in pairs(changes or {}) do body.configuration[name] = value or nil end
    local answer = curl.ask("POST", self.base_url .. "/instances", {
      headers = { account(), "Content-Type: application/json" }, body = cjson.encode(body),
    })
    assert.equal(200, answer.status, answer.body)
    return cjson.decode(answer.body)
  end

  local function create_order(instance)
    local answer = curl.ask("POST", self.base_url .. "/orders", {
      headers = { "Authorization: User " .. self.user_secret .. ", Element " .. instance.token,
        "Content-Type: application/json" },
      body = "{}",
    })
    return cjson.decode(answer.body).id
  end

  local function delete(instance)
    curl.ask("DELETE", ("%s/instances/%d"):format(self.base_url, instance.id), { headers = { account() } })
  end

  local function eventually(happens)
    for _ = 1, 100 do
      if happens() then return true end
      os.execute("sleep 0.1")
    end
    return false
  end

  local function hooked()
    local list = {}
    for signature, id, body in system.read_file(dir .. "/hooked"):gmatch("(%S+) (%S+) ([^\n]*)\n") do
      list[#list + 1] = { signature = signature, id = id, body = body }
    end
    return list
  end

  -- OpenSSL's word for it.
  local function sign(body)
    local place = os.tmpname()
    system.write_file(place, body)
    local command = "openssl dgst -sha256 -mac HMAC -macopt %s -binary <%s | openssl base64 -A"
    local mac = system.output(command:format(system.quote("key:" .. key), place))
    os.remove(place)
    return "sha256=" .. mac
  end

  it("follow a change of the hub's by themselves, signed", function()
    local instance = create(origin() .. "/hook/204")
    local id = create_order(instance)
    assert.is_true(eventually(function() return #hooked() == 1 end))
    local got = hooked()[1]
    assert.equal(sign(got.body), got.signature)
    local message = cjson.decode(got.body).message
    assert.same({ "orders", id, "CREATED" },
      { message.events[1].objectType, message.events[1].objectId, message.events[1].eventType })
    assert.equal(instance.id, message.raw.instance_id)
    assert.is_true(eventually(function()
      local list = self:deliveries()
      return list[#list].status == "delivered"
    end))
    delete(instance)
  end)

  it("are sent when the program says so, which learns the receiver's status", function()
    for _, status in ipairs { 200, 204, 500, 404 } do
      local instance = create(("%s/hook/%d"):format(origin(), status))
      assert.equal(status, self:notify { instance = instance.id })
      local list = self:deliveries()
      assert.equal(status < 300 and "delivered" or "queued", list[#list].status)
      assert.equal(status, list[#list].answer)
      delete(instance)
    end
    assert.equal(4, #hooked())
  end)

  it("have the events and the form that the program asks for, and go nowhere where it only wants to see", function()
    local instance = create(origin() .. "/hook/200")
    local asked = {
      instance = instance.token, legacy = true,
      events = { { objectType = "products", objectId = "x", eventType = "DELETED" }, {} },
    }
    assert.equal(200, self:notify(asked))
    local got = hooked()[1]
    assert.equal(sign(got.body), got.signature)
    local events = cjson.decode(got.body).response.events
    assert.same({ "x", 2 }, { events[1].objectId, #events })
    local body, signature = self:notification(asked)
    assert.equal(sign(body), signature)
    assert.equal(1, #hooked())
    delete(instance)
    local silent = create(origin() .. "/hook/200", { ["event.notification.signature.key"] = false })
    assert.is_nil((select(2, self:notification { instance = silent.id })))
    self:notify { instance = silent.id }
    assert.equal("none", hooked()[2].signature)
    delete(silent)
  end)

  it("go to this machine only, and say why where they cannot", function()
    for target, problem in pairs {
      ["http://192.0.2.1/hook"] = "the address is not on this machine",
      ["http://127.0.0.1.example/"] = "the address is not on this machine",
      ["http://localhost@192.0.2.1/"] = "the address is not on this machine",
      ["https://127.0.0.1/hook"] = "the address is not http",
      [self.refused_url] = "connection refused",
    } do
      local instance = create(target)
      local status, said = self:notify { instance = instance.id }
      assert.is_nil(status)
      assert.equal(problem, said)
      delete(instance)
    end
  end)

  it("are queued where the receiver fails, listed, and sent again", function()
    local instance = create(origin() .. "/hook/503")
    create_order(instance)
    local target = self.base_url .. "/notifications/subscriptions/deliveries?where=status%3D'queued'%20and%20"
      .. ("instanceId%%3D%d"):format(instance.id)
    local answer
    assert.is_true(eventually(function()
      answer = curl.ask("GET", target, { headers = { account() } })
      return answer.status == 200
    end))
    local missed = cjson.decode(answer.body)[1].payload
    assert.equal("CREATED", missed.message.events[1].eventType)
    system.write_file(dir .. "/hook_status", "200\n")
    assert.equal(200, curl.ask("PUT", target, { headers = { account() } }).status)
    assert.is_true(eventually(function() return curl.ask("GET", target, { headers = { account() } }).status == 404 end))
    os.remove(dir .. "/hook_status")
    local list = hooked()
    assert.same({ 2, list[1].body, list[1].id }, { #list, list[2].body, list[2].id })
    delete(instance)
  end)

  it("are not asked for by strangers", function()
    local instance = create(origin() .. "/hook/200")
    self:notify { instance = instance.id }
    local list = self:deliveries()
    local target = ("%s/sandbox/deliver?id=%d"):format(origin(), list[#list].id)
    assert.equal(404, curl.ask("GET", target).status)
    assert.equal(404, curl.ask("GET", target, { headers = { "X-Sandbox-Control: x" } }).status)
    assert.equal(1, #hooked())
    delete(instance)
  end)

  it("are refused where they make no sense", function()
    local instance = create(origin() .. "/hook/200")
    local many = {}
    for index = 1, 21 do many[index] = {} end
    for _, options in ipairs {
      {}, { instance = 1 }, { instance = instance.id, event = {} }, { instance = instance.id, events = many },
      { instance = instance.id, events = { { eventType = "BORN" } } },
    } do
      assert.has_error(function() self:notification(options) end)
      assert.has_error(function() self:notify(options) end)
    end
    delete(instance)
  end)

  it("leave nothing in the error log but a refused connection", function()
    local further = self:error_log():gsub("[^\n]*connect%(%) failed %(111: [^\n]*\n", "")
    assert.equal("", further)
  end)
end)
