-- The site that `make doc` makes: an entry for every public name, a row for every option, and no dead link.

local endpoints = require "sapanywhere.api.rows"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local sapanywhere = require "sapanywhere"
local sandbox = require "sapanywhere.sandbox"
local system = require "sapanywhere.sandbox.carrier.system"
local child = require "support.child"

-- The public names of a table or of an object's methods.
local function names_of(value)
  local names = {}
  for name in pairs(value) do
    if type(name) == "string" and (name == "_VERSION" or not name:find("^_")) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

describe("the site", function()
  local dir, said
  local pages = {}

  setup(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    said = system.output(("LUA_PATH='lua/?.lua;packaging/?.lua;;' %s packaging/make_site.lua %s 2>&1")
      :format(child.interpreter(), dir))
    for name in system.output("cd " .. dir .. " && ls *.html"):gmatch("[^\n]+") do
      pages[name] = system.read_file(dir .. "/" .. name)
    end
  end)
  teardown(function() os.execute("rm -rf '" .. dir .. "'") end)

  it("is made without a word", function() assert.equal("", said) end)

  local function expect_entries(chapter, names)
    local page = assert(pages["reference-" .. chapter .. ".html"], chapter)
    assert.truthy(names[1])
    for _, name in ipairs(names) do
      assert(page:find('<h2 id="' .. name .. '">', 1, true), chapter .. " has no entry for " .. name)
    end
  end

  it("has every name of the module, and the three tables", function()
    local names = names_of(sapanywhere)
    for i = #names, 1, -1 do
      if endpoints[names[i]] or names[i] == "each_instance" then table.remove(names, i) end
    end
    expect_entries("sapanywhere", names)
    expect_entries("sapanywhere", { "error", "meta", "event" })
  end)

  it("has every method of every object", function()
    local client = assert(sapanywhere.new {})
    local shop = assert(sapanywhere.instance { user_secret = "u", token = "t" })
    local objects = {
      client = client, instance = shop, resource = shop.orders,
      state = assert(sapanywhere.state { key = ("k"):rep(32) }), webhook = assert(sapanywhere.webhook { key = "k" }),
      store = assert(sapanywhere.store.file { path = "shops.json" }),
    }
    for chapter, object in pairs(objects) do expect_entries(chapter, names_of(getmetatable(object).__index)) end
    expect_entries("store", { "file", "redis" })
    expect_entries("private", names_of(require "sapanywhere.private"))
    expect_entries("terminal", names_of(require "sapanywhere.terminal"))
    client:close()
  end)

  it("has every function of the sandbox, every method and every field that is for users", function()
    local service = assert(sandbox.start {})
    expect_entries("sandbox", names_of(sandbox))
    expect_entries("sandbox", names_of(getmetatable(service).__index))
    for name in pairs(service.tls_faults) do assert(pages["reference-sandbox.html"]:find(name, 1, true), name) end
    service:stop()
  end)

  it("has a row for each option of each call, but for those of any call", function()
    for _, row in ipairs(endpoints.list) do
      local page = pages["reference-" .. (row.of or "client") .. ".html"]
      local head = '<h2 id="' .. row.name .. '">'
      local entry = assert(page:match(head .. "(.-)<h2 ") or page:match(head .. "(.*)$"))
      for name in pairs(prepare.ready(row, options).known) do
        if not options.by_name[name].client then
          assert(entry:find("<td><code>" .. name .. "</code></td>", 1, true), row.title .. " " .. name)
        end
      end
      assert(entry:find(row.path:gsub("[{}]", "%0"), 1, true), row.title .. " does not say its request")
      assert(entry:find("<strong>Errors:</strong>", 1, true), row.title)
    end
  end)

  -- Each block of the pages' programs is run by pages_spec.lua.
  it("has an example of every function, from a guide", function()
    local without = {}
    for name, text in pairs(pages) do
      if name:find("^reference%-") then
        for head, entry in text:gsub('<h2 id="', "\1%0"):gmatch("<h2 id=[^>]*>([^\1]-)</h2>([^\1]*)") do
          if head:find("[({]") and not entry:find("<pre", 1, true) then without[#without + 1] = head end
        end
      end
    end
    assert.same({}, without)
  end)

  it("has no dead link", function()
    local dead = {}
    local function is_there(file) return system.output(("test -e %s/%s; echo $?"):format(dir, file)) == "0\n" end
    for name, text in pairs(pages) do
      for href in text:gmatch('<a [^>]*href="([^"]*)"') do
        local page, id = href:match("^([^#]*)#?(.*)$")
        page = page == "" and name or page
        local target = pages[page]
        if href:find("%.png$") then
          if not is_there(href) then dead[#dead + 1] = name .. " → " .. href end
        elseif not href:find("^https?:") then
          local has_place = target and (id == "" or target:find('id="' .. id .. '"', 1, true))
          if not has_place then dead[#dead + 1] = name .. " → " .. href end
        end
      end
      for src in text:gmatch('<img src="([^"]*)"') do
        if not is_there(src) then dead[#dead + 1] = src end
      end
    end
    table.sort(dead)
    assert.same({}, dead)
  end)

  it("leaves no sign of Markdown or of LDoc in what is read", function()
    for name, text in pairs(pages) do
      local prose = text:gsub("<pre.-</pre>", ""):gsub("<code>.-</code>", "")
      for _, sign in ipairs { "@{", "```", "@tparam", "\n|", "](" } do
        assert(not prose:find(sign, 1, true), name .. " shows " .. sign)
      end
    end
  end)
end)
