-- What is written in several places of a release agrees.

local system = require "sapanywhere.sandbox.carrier.system"
local version = require "sapanywhere.version"
local child = require "support.child"

local function lines_of(command)
  local lines = {}
  for line in system.output(command):gmatch("[^\n]+") do lines[#lines + 1] = line end
  table.sort(lines)
  return lines
end

local function load_rockspec(path)
  local rockspec, text = {}, system.read_file(path)
  local chunk
  if setfenv then
    chunk = setfenv(assert(loadstring(text, path)), rockspec)
  else
    chunk = assert(load(text, path, "t", rockspec))
  end
  chunk()
  return rockspec
end

local function find_core()
  for template in package.cpath:gmatch("[^;]+") do
    local path = template:gsub("?", "sapanywhere/core")
    local file = io.open(path)
    if file then
      file:close()
      return path
    end
  end
end

describe("the release", function()
  local rockspec = load_rockspec("rockspec/sapanywhere-" .. version .. "-1.rockspec")

  it("has one version", function()
    assert.equal(version, require "sapanywhere"._VERSION)
    assert.equal(version .. "-1", rockspec.version)
    assert.equal("sapanywhere-" .. version, rockspec.source.dir)
    assert.matches("sapanywhere-" .. version .. ".tar.gz", rockspec.source.url, 1, true)
    assert.equal(version, system.read_file("CHANGELOG.md"):match("\n## (%d+%.%d+%.%d+)"))
    assert.equal(1, #lines_of("ls rockspec"))
  end)

  it("has nothing but Lua files in lua/", function()
    assert.same({}, lines_of("find lua -type f -not -name '*.lua'"))
  end)

  it("is installed whole by make", function()
    local root = system.output("mktemp -d"):gsub("\n", "")
    local log = system.output("make install PREFIX=/usr DESTDIR=" .. root .. " 2>&1")
    local expected = {
      "bin/sapanywhere", "lib/lua/sapanywhere/core.so", "share/bash-completion/completions/sapanywhere",
      "share/man/man1/sapanywhere.1", "share/zsh/site-functions/_sapanywhere",
    }
    for _, path in ipairs(lines_of("find lua -type f")) do expected[#expected + 1] = "share/" .. path end
    for _, path in ipairs(lines_of("find types -type f")) do expected[#expected + 1] = "share/sapanywhere/" .. path end
    table.sort(expected)
    local installed = lines_of("cd " .. root .. "/usr && find * -type f | sed 's#/lua/5.[1-5]/#/lua/#'")
    os.execute("rm -rf " .. root)
    assert.same(expected, installed, log)
  end)

  it("shows nothing of the core but its opener", function()
    local visible = lines_of("nm -D --defined-only " .. find_core() .. " | sed 's/.* //' | grep -v ^__")
    assert.same({ "luaopen_sapanywhere_core" }, visible)
  end)
end)

it("the core is bound at once, and what that wrote is made read-only", function()
  local segments = system.output("readelf -lW " .. find_core() .. " && readelf -dW " .. find_core())
  assert.truthy(segments:find("GNU_RELRO", 1, true) and segments:find("BIND_NOW", 1, true), segments)
end)

describe("make env", function()
  -- What make says where only these path variables are set.
  local function env(variables)
    return lines_of("env -u LUA_PATH -u LUA_CPATH " .. (variables or "") .. " make -s env LUA=lua5.4 2>&1")
  end

  it("prints two exports and nothing else", function()
    local lines = env()
    assert.equal(2, #lines)
    assert.matches("^export LUA_CPATH='/.+/build/[^;]+/%?%.so;;'$", lines[1])
    assert.matches("^export LUA_PATH='/.+/lua/%?%.lua;;'$", lines[2])
  end)

  for given, expected in pairs {
    ["LUA_PATH='/my rocks/?.lua;;'"] = "^export LUA_PATH='/.+/lua/%?%.lua;/my rocks/%?%.lua;;'$",
    ["LUA_PATH='/my/$HOME.lua'"] = "^export LUA_PATH='/.+/lua/%?%.lua;/my/%$HOME%.lua'$",
    ["LUA_PATH_5_4=';;'"] = "^export LUA_PATH_5_4='/.+/lua/%?%.lua;;'$",
    ["LUA_PATH_5_4='/a/?.lua;;' LUA_PATH=/b"] = "^export LUA_PATH_5_4='/.+/lua/%?%.lua;/a/%?%.lua;;'$",
    ["LUA_PATH_5_3='/a/?.lua;;'"] = "^export LUA_PATH='/.+/lua/%?%.lua;;'$",
  } do
    it("says the variable that counts, and keeps what it held: " .. given, function()
      assert.matches(expected, env(given)[2])
    end)
  end

  it("lets a script run from anywhere", function()
    local run = [[eval "$(make -s env)"; cd / && %s -e 'print((require "sapanywhere.version"))' 2>&1]]
    assert.equal(version .. "\n", system.output(run:format(child.interpreter())))
  end)
end)
