-- What becomes of instances, as values.

local cjson = require "cjson"
local played = require "support.played"
local url = require "sapanywhere.sandbox.service.url"

local make_service = played.start
local header_of = played.header_of
local create = played.create
local path_of = played.path_of
local assert_refused = played.assert_refused

describe("the sandbox's instances", function()
  it("can be read and deleted once", function()
    local self = make_service()
    local instance = create(self)
    local read = cjson.decode(self.api("GET", path_of(instance)).body)
    assert.same({ "eu" }, read.tags)
    read.tags = nil
    assert.same(instance, read)
    local deleted = self.api("DELETE", path_of(instance))
    assert.same({ 200, "" }, { deleted.status, deleted.body })
    assert_refused(404, self.api("DELETE", path_of(instance)))
    assert_refused(404, self.api("GET", path_of(instance)))
  end)

  it("are unknown by anything that is not their id", function()
    local self = make_service()
    create(self)
    for _, id in ipairs { "1", "x", "1001x", "-1", "1e3", "..", "%00" } do
      assert_refused(404, self.api("GET", "/instances/" .. id))
    end
  end)

  local function own(self, instance)
    return { authorization = "User us+er/=, Organization " .. self.settings.organization_secret .. ", Element "
      .. instance.token }
  end

  it("are deleted without an id where an Element token comes along, and only then", function()
    local self = make_service()
    local one, two = create(self), create(self)
    for _, target in ipairs { "/instances", "/instances/" } do
      assert_refused(400, self.api("DELETE", target))
    end
    assert.equal(200, self.api("DELETE", "/instances/", { headers = own(self, one) }).status)
    assert_refused(404, self.api("GET", path_of(one)))
    assert.equal(200, self.api("DELETE", "/instances", { headers = own(self, two) }).status)
    assert.equal(0, #self.store:list("instances"))
  end)

  it("are changed, disabled and enabled by their Element token, too", function()
    local self = make_service()
    local instance = create(self)
    local function send(method, target, body)
      return self.api(method, target, { headers = own(self, instance), body = body })
    end
    assert.equal("b", cjson.decode(send("PATCH", "/instances", { name = "b" }).body).name)
    assert.equal("c", cjson.decode(send("PUT", "/instances", { name = "c" }).body).name)
    assert.equal(200, send("DELETE", "/instances/enabled").status)
    assert.is_true(cjson.decode(self.api("GET", path_of(instance)).body).disabled)
    assert.equal(200, send("PUT", "/instances/enabled").status)
    assert.is_false(cjson.decode(self.api("GET", path_of(instance)).body).disabled)
  end)

  it("are disabled and enabled by their id", function()
    local self = make_service()
    local instance = create(self)
    local function disabled() return cjson.decode(self.api("GET", path_of(instance)).body).disabled end
    assert.same({ 200, "" }, { self.api("DELETE", path_of(instance) .. "/enabled").status, "" })
    assert.is_true(disabled())
    assert.equal(200, self.api("PUT", path_of(instance) .. "/enabled").status)
    assert.is_false(disabled())
    assert_refused(404, self.api("PUT", "/instances/7/enabled"))
    assert_refused(404, self.api("DELETE", "/instances/7/enabled"))
  end)

  local function names(answer)
    local out = {}
    for _, instance in ipairs(cjson.decode(answer.body)) do out[#out + 1] = instance.name end
    return table.concat(out, " ")
  end

  local function fill()
    local self = make_service()
    create(self, { name = "One", tags = { "eu", "a&b" } })
    create(self, { name = "Two", tags = { "us" } })
    create(self, { name = "Three", tags = false })
    return self
  end

  for _, case in ipairs {
    { "", "One Two Three" },
    { "?tags[]=eu", "One" },
    { "?tags%5B%5D=a%26b", "One" },
    { "?tags[]=eu&tags[]=us", "One Two" },
    { "?searchText=t", "Two Three" },
    { "?searchText=anywhere", "One Two Three" },
    { "?searchText=THREE", "Three" },
    { "?pageSize=2", "One Two" },
    { "?pageSize=5000", "One Two Three" },
    { "?hydrate=false", "One Two Three" },
  } do
    it("are listed by GET /instances" .. case[1], function()
      local self = fill()
      local answer = self.api("GET", "/instances" .. case[1])
      assert.equal(case[2], names(answer))
      assert.equal(case[2], names(self.api("GET", "/elements/sapanywhere/instances" .. case[1])))
    end)
  end

  it("are listed with their tags as strings, and brief where not hydrated", function()
    local self = fill()
    local list = cjson.decode(self.api("GET", "/instances").body)
    assert.same({ "eu", "a&b" }, list[1].tags)
    list = cjson.decode(self.api("GET", "/instances?hydrate=false").body)
    assert.is_nil(list[1].configuration)
    assert.equal("sapanywhere", list[1].element.key)
  end)

  it("are listed page by page; the token comes even where nothing follows", function()
    local self = fill()
    local first = self.api("GET", "/instances?pageSize=2")
    local token = header_of(first, "elements-next-page-token")
    local second = self.api("GET", "/instances?pageSize=2&nextPage=" .. url.encode(token))
    assert.equal("Three", names(second))
    assert.is_nil(header_of(second, "elements-next-page-token"))
    local whole = header_of(self.api("GET", "/instances?pageSize=3"), "elements-next-page-token")
    assert_refused(404, self.api("GET", "/instances?nextPage=" .. url.encode(whole)))
    assert_refused(400, self.api("GET", "/instances?nextPage=" .. token)) -- not encoded
  end)

  it("are not found where none match, rather than an empty list", function()
    assert_refused(404, make_service().api("GET", "/instances"))
    assert_refused(404, fill().api("GET", "/instances?tags[]=none"))
  end)

  it("are not listed for malformed filters", function()
    for _, query in ipairs { "pageSize=0", "pageSize=x", "pageSize=-1", "nextPage=x", "tags[]=%z" } do
      assert_refused(400, fill().api("GET", "/instances?" .. query))
    end
  end)
end)
