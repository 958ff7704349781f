-- README.md is true: every block of code in it runs, its tables are those of the code, what it names exists.
--
-- A Lua block runs by itself. What it has not made before it uses is made for it: `sapanywhere`, and with a
-- fresh sandbox `sandbox`, `client`, `auth`, `grant` and the like (see MADE). What it prints is what its
-- comments `-->` say. A word behind "lua" is the library that it needs; a block that begins with
-- `-- name.lua` is a module for the block of nginx's configuration.

local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local errors = require "sapanywhere.errors"
local kept = require "support.kept"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local ports = require "sapanywhere.sandbox.carrier.ports"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"
local system = require "sapanywhere.sandbox.carrier.system"

local README = assert(io.open("README.md")):read("*a")

-- Reading

local function read_blocks()
  local blocks, block, number = {}, nil, 0
  for line in README:gmatch("([^\n]*)\n") do
    number = number + 1
    local language, word = line:match("^```(%w*) ?(%w*)$")
    if language and not block then
      block = { language = language, word = word, line = number, lines = {} }
    elseif language then
      block.text = table.concat(block.lines, "\n") .. "\n"
      block.module = block.text:match("^%-%- (%w+)%.lua\n")
      blocks[#blocks + 1], block = block, nil
    elseif block then
      block.lines[#block.lines + 1] = line
    end
  end
  return blocks
end

local blocks = read_blocks()

-- The rows of the table below a heading, as lists of cells.
local function read_table(heading)
  local section, rows = README:match("\n## " .. heading .. "\n(.-)\n## "), {}
  for line in section:gmatch("[^\n]+") do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do cells[#cells + 1] = cell end
    if cells[2] and not cells[1]:find("^%-+$") then rows[#rows + 1] = cells end
  end
  table.remove(rows, 1)
  return rows
end

-- Running

local MADE = {}

function MADE.sandbox() return assert(sandbox.start {}) end

function MADE.client(env)
  local service = env.sandbox
  return assert(sapanywhere.new {
    base_url = service.base_url, api_key = service.api_key, api_secret = service.api_secret,
    callback_url = service.callback_url, user_secret = service.user_secret,
    organization_secret = service.organization_secret,
  })
end

function MADE.auth(env) return assert(env.client:oauth_url {}) end
function MADE.request_uri(env) return assert(env.sandbox:authorize(env.auth.oauthUrl)) end

function MADE.grant(env)
  return assert(sapanywhere.parse_callback(env.request_uri, { state = env.auth.state }))
end

function MADE.state_key() return core.random(32) end
function MADE.session_id() return core.hex(core.random(16)) end

-- The globals of a block, and the list of what it prints.
local function make_environment()
  local printed = {}
  local env = { sapanywhere = sapanywhere }
  function env.print(...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
    printed[#printed + 1] = table.concat(parts, "  ")
  end
  return setmetatable(env, {
    __index = function(_, name)
      if not MADE[name] then return _G[name] end
      local value = MADE[name](env)
      rawset(env, name, value)
      return value
    end,
  }), printed
end

local function load_block(block, env)
  local name = "=README.md:" .. block.line
  if setfenv then return setfenv(assert(loadstring(block.text, name)), env) end
  return assert(load(block.text, name, "t", env))
end

local function expected_of(block)
  local expected = {}
  for line in block.text:gmatch("%-%-> ([^\n]*)") do expected[#expected + 1] = line end
  return expected
end

local function run(block)
  local env, printed = make_environment()
  local ok, err = pcall(load_block(block, env))
  local service = rawget(env, "sandbox")
  if service then service:stop() end
  if not ok then error(tostring(err), 0) end
  assert.same(expected_of(block), printed)
end

local function has_library(word)
  return word == "" or (pcall(kept, word))
end

describe("README.md", function()
  it("has blocks", function() assert.is_true(#blocks > 15) end)

  for _, block in ipairs(blocks) do
    if block.language == "lua" and not block.module and block.word ~= "redis" and has_library(block.word) then
      it("runs the block of line " .. block.line, function() run(block) end)
    end
  end

  it("has no Lua block that nobody runs", function()
    local run_by = { [""] = true, cqueues = true, copas = true, luv = true, redis = true }
    for _, block in ipairs(blocks) do
      assert(({ lua = true, nginx = true, sh = true })[block.language], "line " .. block.line)
      assert(run_by[block.word], "line " .. block.line)
    end
  end)
end)

-- nginx's Lua is LuaJIT.
describe("README.md in nginx", function()
  if not rawget(_G, "jit") then return end

  local function find(language, key, value)
    for _, block in ipairs(blocks) do
      if block.language == language and (not key or block[key] == value) then return block end
    end
  end

  local function core_path()
    for template in package.cpath:gmatch("[^;]+") do
      local path = system.quote((template:gsub("%?", "sapanywhere/core")))
      local found = system.output("test -f " .. path .. " && realpath " .. path)
      if found ~= "" then return (found:gsub("sapanywhere/core%.so\n$", "?.so")) end
    end
  end

  local function quote(value)
    if type(value) == "string" then return ("%q"):format(value) end
    local parts = {}
    for name, entry in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(name, quote(entry)) end
    return "{ " .. table.concat(parts, ", ") .. " }"
  end

  local function curl(arguments)
    local text = system.output("curl -s -m 20 -i " .. arguments)
    local location, body = text:match("\nLocation: ([^\r\n]+)"), text:match("\r\n\r\n(.*)$")
    return tonumber(text:match("^HTTP/%S+ (%d+)")), location, body
  end

  local service, dir

  setup(function()
    service = assert(sandbox.start {})
    dir = system.output("mktemp -d"):gsub("\n", "")
  end)

  teardown(function()
    service:stop()
    os.execute("rm -rf " .. system.quote(dir))
  end)

  -- Takes all room in the dictionary that the example notes states in.
  local FILL = [[location = /fill { content_by_lua_block {
    local states, count = ngx.shared.states, 0
    while states:safe_add(("%032d"):format(count), true, 600) do count = count + 1 end
    ngx.say(count)
  } }]]

  it("connects a shop, once, for the session that began it", function()
    local port = ports.pick({ "http" }).http
    local origin = "http://127.0.0.1:" .. port
    system.write_file(dir .. "/shop.lua", find("lua", "module", "shop").text)
    system.write_file(dir .. "/secrets.lua", "return " .. quote {
      state_key = core.hex(core.random(32)),
      client = {
        base_url = service.base_url, api_key = service.api_key, api_secret = service.api_secret,
        callback_url = origin .. "/auth", user_secret = service.user_secret,
        organization_secret = service.organization_secret,
      },
    })
    local host = assert(sandbox.start { log = false, nginx = {
      http = find("nginx").text:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port),
      lua_package_path = dir .. "/?.lua", lua_package_cpath = core_path(), server = FILL,
    } })
    finally(function() host:stop() end)

    local status, consent = curl("-b session=mine " .. origin .. "/connect")
    assert.equal(302, status, host:error_log())
    local callback = assert(service:authorize(consent))
    assert.equal(400, (curl("-b session=yours " .. system.quote(callback))))
    local created, _, said = curl("-b session=mine " .. system.quote(callback))
    assert.equal("connected: 1001\n", said, host:error_log())
    assert.equal(200, created)
    assert.equal(400, (curl("-b session=mine " .. system.quote(callback))))
    assert.equal(403, (curl("-b session=mine " .. system.quote(assert(service:authorize(
      select(2, curl("-b session=mine " .. origin .. "/connect")), "deny"))))))
    assert.equal(502, (curl(origin .. "/connect")))

    _, consent = curl("-b session=mine " .. origin .. "/connect")
    curl(host.base_url:match("^http://[^/]+") .. "/fill")
    assert.equal(503, (curl("-b session=mine " .. system.quote(assert(service:authorize(consent))))))
    assert.truthy(host:error_log():find("whether the state has been used is not known", 1, true), host:error_log())
    local begun = 0
    for _ = 1, 20 do
      if curl("-b session=mine " .. origin .. "/connect") == 302 then begun = begun + 1 end
    end
    assert.truthy(begun < 11, begun)
  end)

  if not os.execute("command -v redis-server >/dev/null 2>&1") then return end

  -- Ends with its pipe, however this program ends.
  local function start_redis()
    local command = "cd %s && redis-server --port 0 --unixsocket %s/redis --save '' >/dev/null 2>&1 & "
      .. "cat >/dev/null; kill $!; wait"
    local pipe = assert(io.popen(command:format(system.quote(dir), dir), "w"))
    system.output(("for i in $(seq 500); do test -S %s/redis && break; sleep 0.02; done"):format(dir))
    return pipe
  end

  it("notes a used state in Redis", function()
    local redis = start_redis()
    local address = ('"unix:%s/redis"'):format(dir)
    local text = find("lua", "word", "redis").text:gsub('"127%.0%.0%.1", 6379', address)
    system.write_file(dir .. "/twice.lua", [[
      if not pcall(require, "resty.redis") then
        package.loaded["resty.redis"] = require "nginx.redis"
      end
      local sapanywhere, state_key = require "sapanywhere", ("k"):rep(32)
      ]] .. text .. [[
      local state = assert(sealer:issue { bind = "b" })
      local first, problem = sealer:verify(state, { bind = "b" })
      local again, err = sealer:verify(state, { bind = "b" })
      return tostring(first or problem) .. " " .. tostring(again or err.reason)
    ]])
    local host = assert(sandbox.start { log = false, nginx = {
      lua_package_path = dir .. "/?.lua", lua_package_cpath = core_path(),
      server = ("location = /twice { content_by_lua_block { ngx.print(%s()) } }"):format(
        ("loadfile('%s/twice.lua')"):format(dir)),
    } })
    finally(function()
      host:stop()
      redis:close()
    end)
    local _, _, said = curl(host.base_url:match("^http://[^/]+") .. "/twice")
    assert.equal("true replayed", said, host:error_log())
  end)
end)

describe("README.md's tables", function()
  it("are the options of the two first calls, where each goes and its default", function()
    local named = {}
    for _, cells in ipairs(read_table("Options")) do
      local name = cells[1]:match("^`([%w_]+)`$")
      local option = assert(options.by_name[name], name)
      named[name] = true
      for i, call in ipairs { "oauth_url", "create_instance" } do
        local row = prepare.ready(endpoints[call], options)
        assert.equal(row.known[name] ~= nil, cells[2 + i] ~= "–", name)
      end
      local default = option.default
      if type(default) == "string" and name ~= "user_agent" then
        assert.equal("`" .. default .. "`", cells[2])
      elseif type(default) == "number" or type(default) == "boolean" then
        assert.equal(tostring(default), cells[2])
      end
    end
    for _, call in ipairs { "oauth_url", "create_instance" } do
      for name in pairs(endpoints[call].known) do assert(named[name], "no row for " .. name) end
    end
    local retry = options.RETRY_DEFAULT
    local shown = ("{ max = %d, base = %s, cap = %d }"):format(retry.max, retry.base, retry.cap)
    assert.truthy(README:find(shown, 1, true))
  end)

  it("are the kinds of errors", function()
    local named, known = {}, {}
    for i, cells in ipairs(read_table("Errors")) do
      named[i] = cells[1]:match("^`([%w_]+)`$")
      assert.equal(5, #cells, cells[1])
    end
    for i, kind in ipairs(errors.KINDS) do known[i] = kind end
    table.sort(named)
    table.sort(known)
    assert.same(known, named)
  end)
end)

describe("README.md's references", function()
  local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
  end

  -- A heading's name in a link: small letters, spaces as hyphens, no punctuation.
  local function anchors()
    local found = {}
    for heading in README:gmatch("\n##+ ([^\n]+)") do
      found[heading:lower():gsub("[^%w%- ]", ""):gsub(" ", "-")] = true
    end
    return found
  end

  it("are to headings and files that are there", function()
    local known = anchors()
    for target in README:gmatch("%]%(([^)]+)%)") do
      local anchor = target:match("^#(.+)$")
      assert(anchor and known[anchor] or not anchor and exists(target), target)
    end
    for path in README:gmatch("`([%w_.]+/[%w_./-]+)`") do
      if path ~= "build/doc" and not path:find("^sapanywhere%-lua") then assert(exists(path), path) end
    end
  end)

  it("are to targets of the Makefile", function()
    local makefile = assert(io.open("Makefile")):read("*a")
    for _, pattern in ipairs { "`make ([%l-]+)", "\nmake ([%l-]+)" } do
      for target in README:gmatch(pattern) do
        assert(makefile:find("\n" .. target .. ":", 1, true), target)
      end
    end
  end)
end)
