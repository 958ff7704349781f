-- The types for editors say what the library is: nothing more, nothing less.

local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local system = require "sapanywhere.sandbox.carrier.system"
local child = require "support.child"

local FILES = { "types/sapanywhere.lua", "types/sapanywhere/sandbox.lua" }

local text = system.read_file(FILES[1]) .. system.read_file(FILES[2])

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- The fields of each class: class → name → type and text.
local classes = {}
local current
for line in text:gmatch("[^\n]+") do
  local class, parent = line:match("^%-%-%-@class ([%w_.]+):? ?([%w_.]*)$")
  if class then
    current = { fields = {}, must = {}, parent = parent }
    classes[class] = current
  end
  local name, mark, rest = line:match("^%-%-%-@field ([%w_]+)(%??)%s(.*)$")
  if name then current.fields[name], current.must[name] = rest, mark == "" or nil end
end

local function fields_of(class)
  local all, found = {}, assert(classes[class], class)
  while found do
    for name in pairs(found.fields) do all[name] = true end
    found = classes[found.parent]
  end
  return all
end

-- What is defined in the types below a variable, with a colon or a point.
local function functions_of(variable)
  local names = {}
  for name in text:gmatch("\nfunction " .. variable:gsub("%.", "%%.") .. "[.:]([%w_]+)%(") do names[name] = true end
  for name in text:gmatch("\n" .. variable:gsub("%.", "%%.") .. "%.([%w_]+) = ") do names[name] = true end
  return names
end

local function public_of(value)
  local names = {}
  for name in pairs(value) do
    if type(name) == "string" and (name == "_VERSION" or not name:find("^_")) then names[name] = true end
  end
  return names
end

local function methods_of(object)
  return public_of(getmetatable(object).__index)
end

describe("the types for editors", function()
  it("are those that make types makes now", function()
    local dir = system.output("mktemp -d"):gsub("\n", "")
    local run = "mkdir %s/sapanywhere && LUA_PATH='lua/?.lua;packaging/?.lua;;' %s packaging/make_types.lua %s 2>&1"
    local said = system.output(run:format(dir, child.interpreter(), dir))
    local difference = system.output("diff -r types " .. dir .. " 2>&1 | head -40; rm -rf " .. dir)
    assert.equal("", said)
    assert.equal("", difference)
  end)

  it("are Lua, and give a module", function()
    for _, path in ipairs(FILES) do assert.equal("table", type(dofile(path))) end
  end)

  it("have the functions and values of the module, and no others", function()
    assert.same(sorted(public_of(sapanywhere)), sorted(functions_of "sapanywhere"))
    assert.same({ "file", "redis" }, sorted(functions_of "sapanywhere.store"))
    for _, part in ipairs { "private", "terminal" } do
      assert.same(sorted(public_of(require("sapanywhere." .. part))), sorted(functions_of("sapanywhere." .. part)))
    end
  end)

  it("have the methods of every object, and no others", function()
    local shop = assert(sapanywhere.instance { user_secret = "u", token = "t" })
    local objects = {
      Client = assert(sapanywhere.new {}), Instance = shop, Resource = shop.orders,
      Sealer = assert(sapanywhere.state { key = ("k"):rep(32) }), Reader = assert(sapanywhere.webhook { key = "k" }),
      Store = assert(sapanywhere.store.file { path = "shops.json" }),
    }
    for class, object in pairs(objects) do
      assert(classes["sapanywhere." .. class], class)
      assert.same(sorted(methods_of(object)), sorted(functions_of(class)), class)
    end
    for _, name in ipairs { "customers", "orders", "products" } do
      assert.truthy(shop[name] and classes["sapanywhere.Instance"].fields[name])
    end
    objects.Client:close()
  end)

  it("have the sandbox's methods and fields", function()
    local service = assert(sandbox.start {})
    assert.same(sorted(public_of(sandbox)), sorted(functions_of "sandbox"))
    assert.same(sorted(methods_of(service)), sorted(functions_of "Sandbox"))
    for name in pairs(classes["sapanywhere.Sandbox"].fields) do assert(service[name], name) end
    service:stop()
  end)

  it("name no type that they do not define", function()
    local defined = {}
    for name in text:gmatch("%-%-%-@%a+ (sapanywhere[%w_.]*)") do defined[name] = true end
    for line in text:gmatch("[^\n]+") do
      local kind = line:match("^%-%-%-@field [%w_?]+ (%S+)") or line:match("^%-%-%-@param [%w_?]+ (%S+)")
        or line:match("^%-%-%-@return (%S+)") or line:match("^%-%-%-@class [%w_.]+: (%S+)")
      for name in (kind or ""):gmatch("sapanywhere%.[%w_.]+") do assert(defined[name], name .. " in " .. line) end
    end
  end)

  it("have the kinds of errors", function()
    local kinds = {}
    for kind in text:match("@alias sapanywhere%.Kind\n(.-)\n\n"):gmatch('"([%w_]+)"') do kinds[#kinds + 1] = kind end
    assert.same(errors.KINDS, kinds)
  end)
end)

describe("the options in the types", function()
  local function expect(class, known)
    assert.same(sorted(known), sorted(fields_of("sapanywhere.options." .. class)), class)
  end

  local function set_of(list)
    local set = {}
    for _, name in ipairs(list) do set[name] = true end
    return set
  end

  for _, row in ipairs(endpoints.list) do
    for _, one in ipairs { row, row.each } do
      it("of " .. (one.of and one.of .. ":" or "") .. one.name .. " are those that the call takes", function()
        expect((one.of and one.of .. "." or "") .. one.name, prepare.ready(one, options).known)
      end)

      it("must be there in each call of " .. one.name .. " only where nothing else gives them", function()
        prepare.ready(one, options)
        local class = "sapanywhere.options." .. (one.of and one.of .. "." or "") .. one.name
        for name in pairs(classes[class].must) do
          if name ~= "body" then assert(set_of(one.required)[name], name) end
        end
      end)
    end
  end

  it("of objects and of what needs no call are those that are taken", function()
    local with_trace = { traceparent = true }
    for name in pairs(options.NEW.known) do with_trace[name] = true end
    expect("new", with_trace)
    with_trace.token, with_trace.hub = true, true
    expect("instance", with_trace)
    for name, known in pairs(require "sapanywhere.state".options) do
      expect(name == "state" and name or "state." .. name, known)
    end
    for name, known in pairs(require "sapanywhere.webhook".options) do
      expect(name == "webhook" and name or "webhook." .. name, known)
    end
    expect("store.file", require "sapanywhere.store.file".options)
    expect("store.redis", require "sapanywhere.store.redis".options)
    expect("parse_callback", set_of(require "sapanywhere.callback".OPTIONS))
    local of_sandbox = require "sapanywhere.sandbox.carrier.options"
    for _, name in ipairs { "start", "restart", "seed", "notification" } do
      expect("sandbox." .. name, of_sandbox[name])
    end
  end)

  it("list only words that are taken", function()
    local words = 0
    for class, found in pairs(classes) do
      for name, rest in pairs(class:find("^sapanywhere%.options%.[%w_]+$") and found.fields or {}) do
        local option = options.by_name[name]
        for word in rest:match("^(%S+)"):gmatch('"([^"]+)"') do
          local problems = {}
          words = words + 1
          option.check(word, name, problems)
          assert.same({}, problems, class .. " " .. name)
        end
      end
    end
    assert.truthy(words > 10)
  end)

  it("of retry and tls are taken", function()
    for class, name in pairs { Retry = "retry", Tls = "tls" } do
      local given, problems = {}, {}
      for field in pairs(classes["sapanywhere." .. class].fields) do given[field] = name == "retry" and 1 or "1.2" end
      options.by_name[name].check(given, name, problems)
      assert.same({}, problems)
    end
  end)
end)

describe("what a call tells", function()
  it("is in the types", function()
    local service = assert(sandbox.start {})
    local seen = { Event = {}, Meta = {}, Error = {} }
    local function note(class, value)
      for name in pairs(value or {}) do seen[class][name] = true end
    end
    local client = assert(sapanywhere.new {
      base_url = service.base_url, callback_url = "http://x.y/",
      api_key = service.api_key, api_secret = service.api_secret,
      retry = { max = 1, base = 0.01 }, on_event = function(event) note("Event", event) end,
    })
    for _, given in ipairs { {}, { base_url = service:url { status = 503 } }, { nam = 1 } } do
      local _, err, meta = client:oauth_url(given)
      note("Error", err)
      note("Meta", meta)
    end
    service:stop()
    for class, names in pairs(seen) do
      assert.truthy(next(names))
      for name in pairs(names) do assert(classes["sapanywhere." .. class].fields[name], class .. " " .. name) end
    end
  end)
end)
