-- Every option of every call takes any value of Lua's: it is taken, or refused with words that name it, and nothing is
-- raised, neither by its check nor by what makes the request.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local made = require "support.values"
local options = require "sapanywhere.api.options"
local plan = require "sapanywhere.call.plan"
local prepare = require "sapanywhere.call.prepare"
local rows = require "sapanywhere.api.rows"

local MARK = "Zq9marker" -- stands in odd values and must not come back

local looped, deep = { MARK }, {}
looped.again, looped[looped] = looped, MARK
for _ = 1, 500 do deep = { a = deep } end

local VALUES = {
  true, false, 0, -1, 7, 1.5, 1e300, -1e300, 2 ^ 53, 2 ^ 63, 0 / 0, math.huge, -math.huge,
  "", " ", MARK, MARK .. "\0", MARK .. "\r\nX-Injected: 1", MARK .. "\255", "********", ("x"):rep(20000),
  ("[%s]"):format(MARK), '{"a":', "null", "[]", "GET", "/", "//", "../..", "?", "%", "%zz", "'", "a = ?",
  {}, { MARK }, { 5 }, { false }, { MARK, nil, MARK }, { [1.5] = MARK }, { [0] = MARK }, { [-1] = MARK }, { a = MARK },
  { [MARK .. "\1"] = MARK }, { [""] = 1 }, { MARK, a = 1 }, { { { MARK } } }, { a = { b = { c = MARK } } },
  { a = 0 / 0 }, { core.null }, { print }, { [print] = 1 }, { [{}] = {} }, looped, deep,
  print, error, coroutine.create(function() end), core.null, io.stdout,
  setmetatable({}, { __len = function() return 5 end }), -- what raises is the caller's own
  setmetatable({ MARK }, { __tostring = function() error(MARK) end, __metatable = MARK }),
  function() return MARK .. "\n" end, function() return nil, MARK end, function() return {} end,
}

-- What a call needs, each good.
local GOOD = {
  id = 7, body = { name = "x" }, name = "x", code = "c", query = "select * from orders", object = "orders",
  to = "/tmp/x", file = "/tmp/x", method = "GET", path = "/x",
}

describe("any value", function()
  local client = assert(made.client { user_secret = "u", organization_secret = "o", api_key = "k", api_secret = "s",
    callback_url = "http://localhost/" })
  local shop = assert(made.instance({ token = "t" }, client))

  local function good_options(row)
    local given = {}
    for _, list in ipairs { row.required, row.beside_body } do
      for _, name in ipairs(list) do given[name] = GOOD[name] end
    end
    for _, field in ipairs(row.alternatives) do given[field.option] = GOOD[field.option] end
    if row.content == "row" then given.body = GOOD.body end
    if row.name == "update_instance" then given.name = "x" end
    return given
  end

  local function check_refusal(title, name, err)
    assert.is_true(errors.is(err), title)
    assert.truthy(err.kind == "usage" or err.kind == "too_large", tostring(err))
    local line = tostring(err)
    assert.is_nil(line:find("%c"), title .. " " .. name)
    assert.is_nil(line:find(MARK, 1, true), line)
    assert.truthy(#line < 4000, title .. " " .. name)
  end

  local function try(row, name, value)
    local given = good_options(row)
    given[name] = value
    local ok, values, err = pcall(made.call, row.title, given, row.of and shop or client)
    assert.is_true(ok, ("%s: %s as %s raises: %s"):format(row.title, name, type(value), tostring(values)))
    if not values then
      check_refusal(row.title, name, err)
      return assert.truthy(tostring(err):find(name, 1, true), tostring(err))
    end
    local made_it, request, problem = pcall(plan.request, row, values)
    assert.is_true(made_it, ("%s: a request with %s as %s raises: %s"):format(row.title, name, type(value),
      tostring(request)))
    if not request then return check_refusal(row.title, name, problem) end
    assert.is_nil(request.target:find("[%c \128-\255]"), row.title .. " " .. name)
    assert.truthy(#request.method < 8)
    for _, line in ipairs(request.headers) do assert.is_nil(line:find("%c"), row.title .. " " .. name) end
  end

  for _, row in ipairs(rows.list) do
    it("of any option is taken or refused, and nothing is raised: " .. row.title, function()
      prepare.ready(row, options)
      assert(made.call(row.title, good_options(row), row.of and shop or client))
      for name in pairs(row.known) do
        local is_of_all = options.by_name[name] and options.by_name[name].client -- tried with one call
        for i = 1, (not is_of_all or row == rows.list[2]) and #VALUES or 0 do try(row, name, VALUES[i]) end
      end
    end)
  end

  it("is no option's name", function()
    for _, row in ipairs(rows.list) do
      for _, name in ipairs { "", "a\1", MARK, 5, 1.5, true, print, ("x"):rep(100000), "Name", "__index" } do
        local given = good_options(row)
        given[name] = "x"
        local ok, values, err = pcall(made.call, row.title, given, row.of and shop or client)
        assert.is_true(ok, tostring(values))
        assert.is_nil(values, row.title)
        assert.equal("usage", err.kind)
      end
    end
  end)
end)
