local multipart = require "sapanywhere.call.multipart"
local service = require "sapanywhere.sandbox.service.multipart"

-- What the local service finds in a form.
local function read(path, file, meta_data)
  local border = multipart.border()
  local before, behind, content_type = multipart.around(border, path, meta_data)
  local form = before .. file .. behind
  local found = {}
  for name, part in pairs(assert(service.read(service.source(form), content_type))) do
    found[name] = form:sub(part.offset + 1, part.offset + part.size)
  end
  return found, before, form
end

describe("a form", function()
  it("holds the file, and what is said of it", function()
    assert.same({ file = "a\r\n1\r\n" }, (read("rows.csv", "a\r\n1\r\n")))
    assert.same({ file = "", metaData = '{"a":1}' }, (read("rows.csv", "", '{"a":1}')))
  end)

  it("holds any file: one that is a form itself, and pieces of borders", function()
    local _, _, form = read("rows.csv", "x")
    for _, file in ipairs {
      form, form .. form, "\r\n--", "--\r\n", "\r\n--sapanywhere-", form:match("^[^\r]*") .. "--\r\n",
      ("\r\n--"):rep(9999),
      "\r\n\r\n--sapanywhere-" .. ("0"):rep(32) .. "--\r\n", "\0\255\r\n",
    } do
      assert.equal(file, read("rows.csv", file).file)
      assert.equal(file, read("rows.csv", "x", file).metaData)
    end
  end)

  it("has another border each time, that nobody can guess", function()
    local seen = {}
    for _ = 1, 100 do
      local border = multipart.border()
      assert.matches("^sapanywhere%-" .. ("%x"):rep(32) .. "$", border)
      assert.is_nil(seen[border])
      seen[border] = true
    end
  end)

  local NAMES = {
    { "rows.csv", "rows.csv", "text/csv" }, { "/tmp/a/rows.JSONL", "rows.JSONL", "application/jsonl" },
    { 'my "rows".json', "my %22rows%22.json", "application/json" }, { "a\\b", "a%5Cb", "application/octet-stream" },
    { "a\r\nX-Injected: 1.csv", "a%0D%0AX-Injected: 1.csv", "text/csv" },
    { "a\r\n\r\n--b--.csv", "a%0D%0A%0D%0A--b--.csv", "text/csv" },
    { "r\195\164ws \226\130\172.csv", "r\195\164ws \226\130\172.csv", "text/csv" },
    { "100%22.csv", "100%22.csv", "text/csv" },
    { "csv", "csv", "application/octet-stream" }, { "a.csv.gz", "a.csv.gz", "application/octet-stream" },
    { 'a"; name="metaData', "a%22; name=%22metaData", "application/octet-stream" },
  }
  for _, case in ipairs(NAMES) do
    it("names its file in one line: " .. case[2], function()
      local found, before = read(case[1], "x")
      assert.same({ file = "x" }, found)
      assert.equal(('Content-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: %s\r\n\r\n'):format(
        case[2], case[3]), before:match("^[^\r]*\r\n(.*)$"))
    end)
  end
end)
