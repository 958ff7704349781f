-- Whatever an id is, it is one segment of the path, or refused; so is each of a resource's.

local made = require "support.values"
local plan = require "sapanywhere.call.plan"
local rows = require "sapanywhere.api.rows"
local sapanywhere = require "sapanywhere"

local NAN, INFINITY = 0 / 0, math.huge
local integer = rawget(math, "tointeger") and tonumber or tostring -- of digits: exact on Lua 5.3 and 5.4

-- An id, and the segment that it is.
local RIGHT = {
  { 7, "7" }, { 7.0, "7" }, { 0, "0" }, { -0.0, "0" }, { -1, "-1" }, { 2 ^ 53, "9007199254740992" },
  { -2 ^ 53, "-9007199254740992" }, { integer "9007199254740993", "9007199254740993" },
  { integer "9223372036854775807", "9223372036854775807" }, { 1e15, "1000000000000000" },
  { "7", "7" }, { "007", "007" }, { "a/b", "a%2Fb" }, { "/", "%2F" }, { "a%2Fb", "a%252Fb" },
  { "%2e%2e", "%252e%252e" },
  { "..%2f", "..%252f" }, { "...", "..." }, { "a.b", "a.b" }, { ".a", ".a" }, { "a..", "a.." }, { "%2F", "%252F" },
  { "..\\..", "..%5C.." }, { "\195\164", "%C3%A4" }, { "\240\159\148\145", "%F0%9F%94%91" },
  { "a?b=c&d#e", "a%3Fb%3Dc%26d%23e" }, { "a;b,c:d@e", "a%3Bb%2Cc%3Ad%40e" }, { "~-_", "~-_" },
  { "\194\133", "%C2%85" }, { "{id}", "%7Bid%7D" },
  { "****x", "%2A%2A%2A%2Ax" }, { ("x"):rep(5000), ("x"):rep(5000) },
}

local WRONG = {
  { "", "must not be empty" }, { ".", "must not be '.' or '..'" }, { "..", "must not be '.' or '..'" },
  { "a b", "white space" }, { "a\tb", "white space" }, { " ", "white space" }, { "a\r\nX: y", "white space" },
  { "a\0b", "control characters" }, { "a\127", "control characters" },
  { "\255", "valid UTF-8" }, { "\237\160\128", "valid UTF-8" }, { "\192\175", "valid UTF-8" },
  { "********", "server's mask" }, { 1.5, "whole number" }, { 2 ^ 53 + 2, "whole number" }, { 1e300, "whole number" },
  { -1e300, "whole number" }, { NAN, "whole number" }, { INFINITY, "whole number" }, { -INFINITY, "whole number" },
  { true, "not a boolean" }, { {}, "not a table" }, { print, "not a function" },
  { sapanywhere.null, "not a userdata" },
}

-- Every row with an id in its path.
local function rows_with_id()
  local list = {}
  for _, row in ipairs(rows.list) do
    if row.path:find("{id}", 1, true) then list[#list + 1] = row end
  end
  assert(#list >= 14)
  return list
end

describe("an id", function()
  local client = assert(made.client { user_secret = "u", organization_secret = "o", api_key = "k", api_secret = "s",
    callback_url = "http://localhost/" })
  local shop = assert(made.instance({ token = "t" }, client))

  -- The values of a call of this row with this id, and with all that it needs besides.
  local function values_of(row, id)
    local given = { id = id }
    if row.content then given.body = {} end
    if row.name == "update_instance" then given.name = "n" end
    if row.name == "reauthenticate_instance" then given.code, given.name = "c", "n" end
    if row.name == "bulk_download" then given.object, given.to = "orders", "/tmp/x" end
    return made.call(row.title, given, row.of and shop or client)
  end

  for _, row in ipairs(rows_with_id()) do
    it("is one segment, or refused: " .. row.title, function()
      local before, after = row.path:match("^(.-){id}(.*)$")
      for _, case in ipairs(RIGHT) do
        local values, err = values_of(row, case[1])
        assert(values, tostring(err))
        local target = assert(plan.request(row, values)).target
        local filled = (before .. case[2] .. after):gsub("{(%w+)}", {
          hub = "/hubs/ecommerce", resource = "customers", object = "orders",
        })
        assert.equal("/elements/api-v2" .. filled, target)
      end
      for _, case in ipairs(WRONG) do
        local values, err = values_of(row, case[1])
        assert.is_nil(values, tostring(case[1]))
        assert.equal("usage", err.kind)
        assert.truthy(err.message:find(case[2], 1, true), err.message)
      end
      local values, err = values_of(row, nil)
      assert.is_nil(values)
      assert.same({ "id" }, err.missing)
    end)
  end

  it("is a segment of a resource, too", function()
    local real = assert(sapanywhere.instance { user_secret = "u", token = "t" })
    for _, case in ipairs(RIGHT) do
      local resource = assert(real:resource { "customers", case[1], "notes" })
      assert.equal("customers/" .. case[2] .. "/notes", made.owner(resource).values.resource)
    end
    for _, case in ipairs(WRONG) do
      if case[1] ~= "********" then -- an id that is masked would be none; a name may be anything
        local resource, err = real:resource { "customers", case[1] }
        assert.is_nil(resource, tostring(case[1]) .. ": " .. case[2])
        assert.equal("usage", err.kind)
      end
    end
  end)
end)
