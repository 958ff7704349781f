-- Bulk jobs of the local service, as values.

local cjson = require "cjson"
local played = require "support.played"
local url = require "sapanywhere.sandbox.service.url"

local assert_refused, header_of = played.assert_refused, played.header_of

-- A service whose clock is turned by hand, with an instance and some rows.
local function connect(changes)
  local self = played.start()
  self.store:lay_ground { seed = 1, customers = 250, orders = 20, products = 20 }
  self.instance = assert(played.create(self, changes))
  self.time = 1000
  function self.ask(method, target, given)
    given = given or {}
    given.headers = given.headers or {}
    given.headers.authorization = played.element(self, given.instance or self.instance)
    given.time = self.time
    return self.api(method, target, given)
  end
  function self.start(query, told, more)
    local target = "/hubs/ecommerce/bulk/query?" .. url.build_query { { "q", query } } .. (more or "")
    local answer = self.ask("POST", target, { told = told })
    assert.equal(200, answer.status, answer.body)
    return cjson.decode(answer.body)
  end
  function self.status(job) return cjson.decode(self.ask("GET", ("/bulk/%d/status"):format(job.id)).body) end
  function self.file(job, object, accept)
    return self.ask("GET", ("/bulk/%d/%s"):format(job.id, object), { headers = { accept = accept } })
  end
  return self
end

local function whole(answer)
  if not answer.stream then return answer.body end
  local pieces = {}
  for piece in answer.stream.next do pieces[#pieces + 1] = piece end
  return table.concat(pieces)
end

local function count_lines(text) return select(2, text:gsub("\n", "")) end

describe("the sandbox's bulk job", function()
  it("is created, runs and completes in its time", function()
    local self = connect()
    local job = self.start("select * from customers", { job_seconds = 10 })
    assert.equal("CREATED", job.status)
    assert.equal(self.instance.id, job.instance_id)
    assert.same({ status = "CREATED", recordsCount = 0, recordsFailedCount = 0 }, self.status(job))
    self.time = 1005
    assert.same({ status = "RUNNING", recordsCount = 125, recordsFailedCount = 0 }, self.status(job))
    assert_refused(400, self.file(job, "customers"))
    self.time = 1010
    assert.same({ status = "COMPLETED", recordsCount = 250, recordsFailedCount = 0 }, self.status(job))
    assert.equal(200, self.file(job, "customers").status)
  end)

  for _, status in ipairs { "ERROR", "ABORTED", "CANCELLED", "COMPLETE" } do
    it("ends as " .. status .. " where it is told to", function()
      local self = connect()
      local job = self.start("select * from customers", { job_seconds = 0, job_end = status })
      assert.equal(status, self.status(job).status)
      assert.equal(status == "COMPLETE" and 200 or 400, self.file(job, "customers").status)
    end)
  end

  it("can be cancelled until it has ended", function()
    local self = connect()
    local job = self.start("select * from customers", { job_seconds = 10 })
    self.time = 1005
    local path = ("/bulk/%d/cancel"):format(job.id)
    assert.equal(200, self.ask("PUT", path).status)
    assert.same({ "CANCELLATION_PENDING", 125 }, { self.status(job).status, self.status(job).recordsCount })
    self.time = 1010
    assert.equal("CANCELLED", self.status(job).status)
    assert_refused(400, self.ask("PUT", path))
    assert_refused(400, self.file(job, "customers"))
  end)

  it("lists its errors in pages, the last without a token", function()
    local self = connect()
    local job = self.start("select * from customers", { job_seconds = 0, job_errors = 5 })
    assert.equal(5, self.status(job).recordsFailedCount)
    local path, seen, token = ("/bulk/%d/errors?pageSize=2"):format(job.id), {}, nil
    repeat
      local answer = self.ask("GET", path .. (token and "&nextPage=" .. url.encode(token) or ""))
      for _, row in ipairs(cjson.decode(answer.body)) do seen[#seen + 1] = row.recordNumber end
      token = header_of(answer, "elements-next-page-token")
    until not token
    assert.same({ 1, 2, 3, 4, 5 }, seen)
    assert.equal("[]", self.ask("GET", ("/bulk/%d/errors"):format(self.start("select * from orders").id)).body)
  end)

  it("is known to its own instance only", function()
    local self = connect()
    local job, other = self.start("select * from customers"), played.create(self)
    for _, target in ipairs { "/bulk/%d/status", "/bulk/%d/errors", "/bulk/%d/customers" } do
      assert_refused(404, self.ask("GET", target:format(job.id), { instance = other }))
      assert_refused(404, self.ask("GET", target:format(1)))
    end
    assert_refused(404, self.ask("GET", "/bulk/x/status"))
  end)

  for _, query in ipairs {
    "", "select", "select *", "select from customers", "select * from widgets", "select * from",
    "delete from customers",
    "select * from customers limit 1", "select * from customers where", "select * from customers where a",
  } do
    it("is not started by '" .. query .. "'", function()
      local answer = connect().ask("POST", "/bulk/query?" .. url.build_query { { "q", query } })
      assert.matches("^Error parsing query", assert_refused(400, answer).message)
    end)
  end

  it("is not started by dates that are none, nor for a disabled instance", function()
    local self = connect()
    local target = "/bulk/query?q=select%20*%20from%20customers"
    assert_refused(400, self.ask("POST", target .. "&from=yesterday"))
    self.store:set("instances", self.instance.id, { disabled = true })
    assert_refused(403, self.ask("POST", target))
  end)
end)

describe("the sandbox's bulk file", function()
  local function fetch(self, query, object, accept, told, more)
    told = told or {}
    told.job_seconds = 0
    return self.file(self.start(query, told, more), object, accept)
  end

  it("is JSON, JSON lines or CSV, as the client accepts", function()
    local self = connect()
    local function get(accept) return fetch(self, "select * from customers", "customers", accept) end
    local answer = get("application/json")
    assert.equal("application/json", header_of(answer, "Content-Type"))
    assert.equal(250, #cjson.decode(answer.body))
    assert.equal(answer.body, get(nil).body)
    answer = get("application/jsonl")
    assert.equal("application/jsonl", header_of(answer, "Content-Type"))
    assert.equal(250, count_lines(answer.body))
    assert.equal(1, cjson.decode(answer.body:match("^[^\n]*")).id)
    answer = get("text/csv")
    assert.equal("text/csv", header_of(answer, "Content-Type"))
    assert.equal(251, count_lines(answer.body))
    assert.matches("^id,customerCode,customerType,", answer.body)
    assert_refused(400, get("text/xml"))
  end)

  it("has the format that the instance's configuration names", function()
    local self = connect { ["configuration.bulk.query.download_format"] = "CSV" }
    assert_refused(400, fetch(self, "select * from customers", "customers", "application/json"))
    assert.equal(200, fetch(self, "select * from customers", "customers", "text/csv").status)
  end)

  it("has the fields and rows that the query asks for", function()
    local self = connect()
    local rows = cjson.decode(fetch(self, "SELECT id, firstName FROM customers WHERE id <= 3", "customers").body)
    assert.equal(3, #rows)
    assert.same({ id = 3, firstName = rows[3].firstName }, rows[3])
    local some = cjson.decode(fetch(self, "select * from customers", "customers", nil, nil,
      "&from=2016-06-01&to=2016-07-01").body)
    assert.is_true(#some > 0 and #some < 100)
    for _, row in ipairs(some) do assert.matches("^2016%-06%-", row.creationTime) end
    assert.equal("[]", fetch(self, "select * from customers where id = 0", "customers").body)
    assert.equal("", fetch(self, "select * from customers where id = 0", "customers", "text/csv").body)
    assert_refused(404, fetch(self, "select * from customers", "orders"))
  end)

  it("comes in pieces where it is large, the same rows", function()
    local self = connect()
    self.store:lay_ground { seed = 1, customers = 5000, orders = 0, products = 0 }
    local answer = fetch(self, "select * from customers", "customers")
    assert.is_table(answer.stream)
    local rows = cjson.decode(whole(answer))
    assert.same({ 5000, 5000 }, { #rows, rows[5000].id })
    assert.equal(5000, count_lines(whole(fetch(self, "select * from customers", "customers", "application/jsonl"))))
  end)

  for _, size in ipairs { 1, 1000, 100000, 2000000 } do
    for accept, check in pairs {
      ["application/json"] = function(text) return #cjson.decode(text) > 0 end,
      ["application/jsonl"] = function(text)
        for line in text:gmatch("[^\n]+") do cjson.decode(line) end
        return text:sub(-1) == "\n"
      end,
      ["text/csv"] = function(text) return text:sub(-1) == "\n" end,
    } do
      it(("is made up to have %d bytes of %s"):format(size, accept), function()
        local answer = fetch(connect(), "select * from customers", "customers", accept, { job_bytes = size })
        local text = whole(answer)
        assert.equal(answer.stream.size, #text)
        if size > 1 then assert.equal(size, #text) end
        assert.is_true(check(text))
      end)
    end
  end
end)

describe("the sandbox's bulk upload", function()
  local function send(self, file, more)
    more = more or {}
    local border = "----border"
    local form = "--%s\r\nContent-Disposition: form-data; name=\"metaData\"\r\n\r\n%s\r\n--%s\r\n"
      .. "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
      .. "Content-Type: text/plain\r\n\r\n%s\r\n--%s--\r\n"
    local body = form:format(border, more.meta_data or "{}", border, file, border)
    return self.ask("POST", "/hubs/ecommerce/bulk/customers", {
      body = more.body or body,
      headers = { ["content-type"] = more.type or "multipart/form-data; boundary=" .. border },
    })
  end

  for name, file in pairs {
    JSON = '[{"firstName":"A"},{"firstName":"B"},7]', ["JSON lines"] = '{"firstName":"A"}\n{"firstName":"B"}\n[\n',
    CSV = 'firstName,"x"\r\nA,1\r\n"B",2\r\nC\r\n',
  } do
    it("adds the rows of " .. name .. ", and counts what is none", function()
      local self = connect()
      local answer = send(self, file)
      assert.equal(200, answer.status, answer.body)
      local job = cjson.decode(answer.body)
      assert.same({ "CREATED", self.instance.id }, { job.status, job.instanceId })
      self.time = 2000
      assert.same({ status = "COMPLETED", recordsCount = 2, recordsFailedCount = 1 }, self.status(job))
      local errors = cjson.decode(self.ask("GET", ("/bulk/%d/errors"):format(job.id)).body)
      assert.equal(3, errors[1].recordNumber)
      assert.equal("B", cjson.decode(self.ask("GET", "/customers/252").body).firstName)
      assert_refused(404, self.ask("GET", "/customers/253"))
    end)
  end

  it("counts the lines of a large file", function()
    local self = connect()
    local job = cjson.decode(send(self, ('{"a":"' .. ("x"):rep(991) .. '"}\n'):rep(9000)).body)
    self.time = 2000
    assert.equal(9000, self.status(job).recordsCount)
    assert.equal(8 * 1024 * 1024 < 9000 * 1000, true)
    assert_refused(404, self.ask("GET", "/customers/251"))
  end)

  it("refuses what is not a form with a file", function()
    local self = connect()
    assert_refused(415, send(self, "", { type = "application/json" }))
    for _, more in ipairs {
      { body = "" }, { body = "------border--" }, { body = "------border\r\n\r\nx\r\n------border--" },
      { body = '------border\r\nContent-Disposition: form-data; name="file"\r\n\r\n{}' }, { meta_data = "[1]" },
      { meta_data = "x" },
    } do
      assert_refused(400, send(self, "{}", more))
    end
    assert_refused(400, send(self, '"open'))
    assert_refused(400, send(self, "[{]"))
  end)

  it("refuses a form of very many parts at once", function()
    local parts = ('------border\r\nContent-Disposition: form-data; name="file"\r\n\r\n{}\r\n'):rep(50000)
    assert_refused(400, send(connect(), "", { body = parts .. "------border--\r\n" }))
  end)

  it("finds a border that lies across two blocks", function()
    local self = connect()
    for size = 1024 * 1024 - 220, 1024 * 1024 - 120, 7 do
      local job = cjson.decode(send(self, '{"a":"' .. ("x"):rep(size) .. '"}').body)
      self.time = self.time + 100
      assert.equal(1, self.status(job).recordsCount)
    end
  end)
end)
