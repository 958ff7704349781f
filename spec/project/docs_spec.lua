-- The reference that `make doc` makes: without a warning, and with an entry for every public name.

local sapanywhere = require "sapanywhere"
local sandbox = require "sapanywhere.sandbox"
local system = require "sapanywhere.sandbox.carrier.system"

-- The public names of a table or of an object's methods.
local function names_of(value)
  local names = {}
  for name in pairs(value) do
    if type(name) == "string" and not name:find("^__") then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

describe("the reference", function()
  local dir

  setup(function() dir = system.output("mktemp -d"):gsub("\n", "") end)
  teardown(function() os.execute("rm -rf '" .. dir .. "'") end)

  it("is made without a warning", function()
    local ldoc = "ldoc --quiet --fatalwarnings -c docs/config.ld -d %s . 2>&1; echo $?"
    local said = system.output(ldoc:format(dir)):gsub("^reading configuration[^\n]*\nchanging[^\n]*\n", "")
    assert.equal("0\n", said)
  end)

  local function entries_of(page)
    local found, text = {}, system.read_file(dir .. "/" .. page .. ".html")
    for name in text:gmatch('<a name = "([^"]+)"></a>') do found[name:match("[^:.]+$")] = true end
    return found
  end

  local function expect_entries(page, names)
    local entries = entries_of(page)
    assert.truthy(names[1])
    for _, name in ipairs(names) do assert(entries[name], page .. " has no entry for " .. name) end
  end

  it("has every name of the module", function()
    expect_entries("modules/sapanywhere", names_of(sapanywhere))
  end)

  it("has every method of a client: its own, or under the module's name for it", function()
    local client = assert(sapanywhere.new {})
    for _, name in ipairs(names_of(getmetatable(client).__index)) do
      expect_entries(sapanywhere[name] and "modules/sapanywhere" or "classes/sapanywhere.client", { name })
    end
    client:close()
  end)

  it("has every method of an instance and of a resource", function()
    local shop = assert(sapanywhere.instance { user_secret = "u", token = "t" })
    expect_entries("classes/sapanywhere.instance", names_of(getmetatable(shop).__index))
    expect_entries("classes/sapanywhere.instance", names_of(getmetatable(shop.orders).__index))
  end)

  it("has every method of a sealer", function()
    local sealer = assert(sapanywhere.state { key = ("k"):rep(32) })
    expect_entries("modules/sapanywhere.state", names_of(getmetatable(sealer).__index))
  end)

  it("has every method of a reader of notifications", function()
    local reader = assert(sapanywhere.webhook { key = "k" })
    expect_entries("modules/sapanywhere.webhook", names_of(getmetatable(reader).__index))
  end)

  it("has both stores, and every method of theirs", function()
    expect_entries("modules/sapanywhere.store", { "file", "redis" })
    local store = assert(sapanywhere.store.file { path = "shops.json" })
    expect_entries("classes/sapanywhere.store.methods", names_of(getmetatable(store).__index))
  end)

  it("has every function of the sandbox, every method and every field that is for users", function()
    expect_entries("modules/sapanywhere.sandbox", names_of(sandbox))
    local service = assert(sandbox.start {})
    expect_entries("modules/sapanywhere.sandbox", names_of(getmetatable(service).__index))
    local page = system.read_file(dir .. "/modules/sapanywhere.sandbox.html")
    for _, name in ipairs {
      "base_url", "tls_base_url", "ca_file", "api_key", "api_secret", "user_secret", "organization_secret",
      "callback_url", "tls_faults", "refused_url",
    } do
      assert.truthy(service[name])
      assert(page:find(name, 1, true), name)
    end
    for name in pairs(service.tls_faults) do assert(page:find(name, 1, true), name) end
    service:stop()
  end)
end)
