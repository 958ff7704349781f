-- nginx's Lua is LuaJIT: these run once, with LuaJIT's core.
if not rawget(_G, "jit") then return end

local contract = require "support.contract"
local get = require "support.get"
local ports = require "sapanywhere.sandbox.carrier.ports"
local sandbox = require "sapanywhere.sandbox"

local function quote(value)
  if type(value) == "string" then return ("%q"):format(value) end
  local parts = {}
  for name, entry in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(name, quote(entry)) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function here()
  local pipe = assert(io.popen("pwd -P"))
  local dir = pipe:read("*l")
  pipe:close()
  return dir
end

local function core_directory()
  return (package.searchpath or function(name, path) -- luacheck: ignore 431
    for template in path:gmatch("[^;]+") do
      local file = template:gsub("%?", (name:gsub("%.", "/")))
      local handle = io.open(file)
      if handle then handle:close() return file end
    end
  end)("sapanywhere.core", package.cpath):gsub("sapanywhere/core%.so$", "")
end

local function absolute(path)
  return path:sub(1, 1) == "/" and path or here() .. "/" .. path
end

-- An nginx of its own, with the library in it, whose locations are text.
local function start_host(options)
  options.lua_package_path = here() .. "/lua/?.lua;" .. here() .. "/spec/?.lua"
  options.lua_package_cpath = absolute(core_directory()) .. "?.so"
  local host = assert(sandbox.start { nginx = options, workers = options.workers, log = false })
  options.workers = nil
  return host
end

local function origin(host)
  return (host.base_url:match("^(http://[^/]+)"))
end

describe("nginx", function()
  local service, host
  local tls_port = ports.pick({ "tls" }).tls

  local function location(path, directive, code)
    return ("location = %s { %s { %s } }\n"):format(path, directive, code)
  end

  setup(function()
    service = assert(sandbox.start {})
    local run = ('require("support.hosts.nginx").run(%s, tonumber(ngx.var.arg_case), '
      .. 'ngx.unescape_uri(ngx.var.arg_callback or ""))'):format(quote(contract.describe(service)))
    local in_timer = [[
      local semaphore = require("ngx.semaphore").new()
      local case, callback, said = tonumber(ngx.var.arg_case), ngx.unescape_uri(ngx.var.arg_callback or ""), nil
      assert(ngx.timer.at(0, function()
        said = require("support.hosts.nginx").run(]] .. quote(contract.describe(service)) .. [[, case, callback)
        semaphore:post(1)
      end))
      semaphore:wait(30)
      ngx.say(said)
    ]]
    local one_call = ([[
      local s = %s
      local result, err = require("sapanywhere").oauth_url {
        base_url = s.base_url, api_key = s.api_key, api_secret = s.api_secret, callback_url = s.callback_url,
      }
    ]]):format(quote(contract.describe(service)))
    local keep = 'ngx.shared.seen:set("%s", result and "ok" or tostring(err))'
    -- The memory of another request's coroutine may be gone: only `all` asks for the status of its own.
    local never_asked = [[
      local status = coroutine.status
      function coroutine.status(thread)
        local file = debug.getinfo(2, "S").source
        if file:find("sapanywhere/", 1, true) and not file:find("scheduler.lua", 1, true) then
          error("a coroutine was asked")
        end
        return status(thread)
      end
    ]]
    host = start_host {
      http = ([[
        lua_shared_dict seen 1m;
        lua_max_running_timers 3;
        init_by_lua_block { ]] .. never_asked .. [[ %s; seen_in_init = result and "ok" or tostring(err) }
        init_worker_by_lua_block { %s; %s }
        server {
          listen 127.0.0.1:%d ssl;
          ssl_certificate localhost.pem;
          ssl_certificate_key leaf.key;
          ssl_certificate_by_lua_block { %s; %s }
          location / { return 204; }
        }
      ]]):format(one_call, one_call, keep:format("init_worker"), tls_port, one_call, keep:format("ssl_cert")),
      server = table.concat {
        location("/content", "content_by_lua_block", "ngx.say(" .. run .. ")"),
        location("/access", "access_by_lua_block", "ngx.say(" .. run .. ") ngx.exit(200)"),
        location("/rewrite", "rewrite_by_lua_block", "ngx.say(" .. run .. ") ngx.exit(200)"),
        location("/timer", "content_by_lua_block", in_timer),
        location("/fresh", "lua_code_cache off; content_by_lua_block", "ngx.say(" .. run .. ")"),
        location("/seen", "content_by_lua_block", 'ngx.say(ngx.shared.seen:get(ngx.var.arg_name))'),
        location("/init", "content_by_lua_block", "ngx.say(seen_in_init)"),
        ("location = /late { content_by_lua_block { ngx.say(1) }\n header_filter_by_lua_block { %s; %s }\n"
          .. "body_filter_by_lua_block { %s; %s }\n log_by_lua_block { %s; %s } }\n"):format(
          one_call, keep:format("header_filter"), one_call, keep:format("body_filter"), one_call, keep:format("log")),
        ("location = /set { set_by_lua_block $x { %s; %s; return 1 } content_by_lua_block { ngx.say(1) } }\n"):format(
          one_call, keep:format("set")),
        location("/all", "content_by_lua_block", ([[
          local s = %s
          local results, errors = require("sapanywhere").all {
            items = { 1, 2, 3, 4, 5, 6, 7, 8 },
            worker = function()
              return require("sapanywhere").oauth_url {
                wait = ngx.var.arg_wait, callback_url = s.callback_url,
                base_url = s.origin .. "/~delay=0.2/elements/api-v2", api_key = s.api_key, api_secret = s.api_secret,
              }
            end,
          }
          for i = 1, 8 do if not results[i] then return ngx.say(tostring(errors[i])) end end
          ngx.say("ok")
        ]]):format(quote(contract.describe(service)))),
        location("/slow", "content_by_lua_block", (one_call:gsub("base_url = s.base_url",
          'base_url = s.origin .. "/~delay=1/elements/api-v2"')) .. ' ngx.say(result and "ok" or tostring(err))'),
        location("/short", "content_by_lua_block", (one_call:gsub("base_url = s.base_url",
          'retry = { base = 0.0001 }, base_url = s.origin .. "/~status=503;fail=1;run=short/elements/api-v2"'))
          .. ' ngx.say(result and "ok" or tostring(err))'),
        location("/yields", "content_by_lua_block", ([[
          local answered = false
          local _, errors = require("sapanywhere").all {
            function()
              %s
              answered = true
              return result, err
            end,
            function()
              local ending = ngx.now() + 20
              while not answered and ngx.now() < ending do coroutine.yield() end
            end,
          }
          ngx.say(answered and not errors[1] and "ok" or tostring(errors[1]))
        ]]):format((one_call:gsub("base_url = s.base_url",
          'base_url = s.origin .. "/~delay=0.1/elements/api-v2"')))),
        location("/only_yields", "content_by_lua_block", [[
          local now, is_set = require("sapanywhere.core").now, false
          ngx.thread.spawn(function()
            ngx.sleep(0.05)
            is_set = true
          end)
          local ending = now() + 5
          require("sapanywhere").all {
            function()
              while not is_set and now() < ending do coroutine.yield() end
            end,
          }
          ngx.say(is_set and "ok" or "nothing else ran")
        ]]),
        -- A turn whose time passes before the loop comes to what ends it.
        location("/turns", "content_by_lua_block", [[
          local now, host = require("sapanywhere.core").now, require("sapanywhere.wait.nginx").host
          local function turn(look)
            look:note(2)
            host.wait(nil, 1, look)
          end
          local look = host.pace.look()
          ngx.thread.spawn(turn, look)
          local busy = now() + 0.02
          while now() < busy do end
          ngx.sleep(0.02)
          local turns = 0
          ngx.thread.spawn(function()
            turn(look)
            turns = 1
            turn(look)
            turns = 2
          end)
          local before = turns
          ngx.sleep(0.02)
          ngx.say(before == 0 and turns == 2 and "ok" or before .. " turns at once, then " .. turns)
        ]]),
        -- A light thread with a call is killed, and its request ends; `what` says when.
        location("/kill", "content_by_lua_block", ([[
          local s, arg = %s, ngx.req.get_uri_args()
          local thread = ngx.thread.spawn(function()
            require("sapanywhere").oauth_url {
              base_url = s.origin .. "/~delay=" .. arg.delay .. "/elements/api-v2",
              api_key = s.api_key, api_secret = s.api_secret, callback_url = s.callback_url,
            }
          end)
          ngx.sleep(0.05)
          if arg.exit then return ngx.exit(200) end
          ngx.thread.kill(thread)
        ]]):format(quote(contract.describe(service)))),
        -- A creation whose light thread is killed while it waits for the only connection; beside the call that has
        -- this, it follows, and where that was killed as well, it leads.
        location("/kill_creation", "content_by_lua_block", ([[
          local s, arg = %s, ngx.req.get_uri_args()
          local client = assert(require("sapanywhere").new {
            base_url = s.base_url, max_connections = 1, api_key = s.api_key, api_secret = s.api_secret,
            callback_url = s.callback_url, user_secret = s.user_secret, organization_secret = s.organization_secret,
          })
          local busy = ngx.thread.spawn(function()
            client:oauth_url { base_url = s.origin .. "/~delay=0.3/elements/api-v2" }
          end)
          ngx.sleep(0.05)
          if arg.leads then ngx.thread.kill(busy) end
          ngx.thread.kill(ngx.thread.spawn(function()
            client:create_instance { name = arg.name, code = arg.code }
          end))
          for _ = 1, 3 do
            assert(client:oauth_url { max_connections = 2 })
            ngx.sleep(0.2)
          end
          ngx.say("ok")
        ]]):format(quote(contract.describe(service)))),
        location("/within_c", "content_by_lua_block", ([[
          local said
          ("x"):gsub("x", function()
            %s
            said = result and "ok" or err.kind .. ": " .. err.message
          end)
          ngx.sleep(0.01)
          ngx.say(said)
        ]]):format(one_call)),
        -- As many timers as nginx runs, each with calls, while a page makes calls too.
        location("/timers", "content_by_lua_block", ([[
          local s, semaphore = %s, require("ngx.semaphore").new()
          local function ask()
            for _ = 1, 20 do
              assert(require("sapanywhere").oauth_url {
                base_url = s.base_url, api_key = s.api_key, api_secret = s.api_secret, callback_url = s.callback_url,
              })
            end
            semaphore:post(1)
          end
          for _ = 1, 3 do assert(ngx.timer.at(0, ask)) end
          ngx.thread.spawn(ask)
          local is_ok = true
          for _ = 1, 4 do is_ok = is_ok and semaphore:wait(20) end
          ngx.say(is_ok and "ok" or "not all came through")
        ]]):format(quote(contract.describe(service)))),
        "lua_check_client_abort on;\n",
      },
    }
  end)

  teardown(function()
    if host then host:stop() end
    if service then service:stop() end
  end)

  local function run(path, number)
    local callback = assert(service:authorize { state = "contract-state" })
    local encoded = callback:gsub("[^%w]", function(char) return ("%%%02X"):format(char:byte()) end)
    return get(origin(host), ("%s?case=%d&callback=%s"):format(path, number, encoded))
  end

  for number, case in ipairs(contract.cases) do
    it(case[1], function()
      local status, said = run("/content", number)
      assert.equal(200, status)
      assert.equal("ok\n", said)
    end)
  end

  for _, path in ipairs { "/access", "/rewrite", "/timer", "/fresh" } do
    for _, name in ipairs {
      "walks the journey", "waits for a slow answer", "makes 200 calls at once", "makes every call",
      "lets others run while it waits, in every call",
    } do
      it(name .. " in " .. path, function()
        local _, said = run(path, contract.number(name))
        assert.equal("ok\n", said)
      end)
    end
  end

  it("runs all inside one request while others run all too", function()
    local waits = {}
    for i = 1, 6 do
      waits[i] = ("curl -s -m 10 '%s/all?wait=%s' & "):format(origin(host), i % 2 == 0 and "nginx" or "auto")
    end
    local pipe = assert(io.popen(table.concat(waits) .. "wait"))
    assert.equal(("ok\n"):rep(6), pipe:read("*a"))
    pipe:close()
  end)

  for page, what in pairs {
    ["/short"] = "after a pause shorter than nginx can measure",
    ["/yields"] = "with a call while a function of all yields again and again",
    ["/only_yields"] = "with everything else while a function of all only yields",
    ["/turns"] = "with everything else in each turn",
  } do
    it("goes on " .. what, function()
      local _, said = get(origin(host), page)
      assert.equal("ok\n", said)
    end)
  end

  it("may block while it starts, and forgets in the worker what it opened before", function()
    local _, init = get(origin(host), "/init")
    assert.equal("ok\n", init)
    local _, worker = get(origin(host), "/seen?name=init_worker")
    assert.equal("ok\n", worker)
  end)

  it("works while a certificate is chosen", function()
    os.execute(("curl -s --cacert %s https://localhost:%d/"):format(host.ca_file, tls_port))
    local _, said = get(origin(host), "/seen?name=ssl_cert")
    assert.equal("ok\n", said)
  end)

  it("says where a phase cannot wait", function()
    get(origin(host), "/late")
    get(origin(host), "/set")
    for _, phase in ipairs { "header_filter", "body_filter", "log", "set" } do
      local _, said = get(origin(host), "/seen?name=" .. phase)
      assert.truthy(said:find("wrong_phase", 1, true), phase .. ": " .. said)
      assert.truthy(said:find(phase, 1, true), said)
      assert.truthy(said:find("timer", 1, true), said)
    end
  end)

  it("goes on when the request that steps for all is aborted", function()
    local slow = origin(host) .. "/slow"
    -- The first one leads, and its client goes away; the second must still get its answer.
    os.execute(("curl -s -m 0.3 -o /dev/null %s & sleep 0.1; curl -s -m 10 -o %s.out %s; wait"):format(
      slow, host.dir, slow))
    local handle = assert(io.open(host.dir .. ".out"))
    local said = handle:read("*a")
    handle:close()
    os.remove(host.dir .. ".out")
    assert.equal("ok\n", said)
  end)

  -- Asks for pages at the same time, each after so many seconds; returns what each said.
  local function together(pages)
    local commands = {}
    for i, page in ipairs(pages) do
      commands[i] = ("{ sleep %g; curl -s -m 10 '%s%s'; } >%s.%d & "):format(
        page[1], origin(host), page[2], host.dir, i)
    end
    os.execute(table.concat(commands) .. "wait")
    local said = {}
    for i = 1, #pages do
      local path = ("%s.%d"):format(host.dir, i)
      local file = assert(io.open(path))
      said[i] = file:read("*a")
      file:close()
      os.remove(path)
    end
    return said
  end

  for _, how in ipairs { "", "&exit=1" } do
    it("goes on when a light thread with a call is killed, whether it followed or led" .. how, function()
      for _ = 1, 3 do
        local said = together {
          { 0, "/slow" }, { 0.1, "/kill?delay=3" .. how }, { 0.2, "/kill?delay=0.3" .. how }, { 0.3, "/slow" },
        }
        assert.same({ "ok\n", "", "", "ok\n" }, said)
        said = together { { 0, "/kill?delay=3" .. how }, { 0.02, "/slow" }, { 0.03, "/slow" }, { 0.2, "/slow" } }
        assert.same({ "", "ok\n", "ok\n", "ok\n" }, said)
      end
    end)
  end

  for _, position in ipairs { "leads", "follows" } do
    it("sends no creation whose light thread was killed before anything of it has left: it " .. position, function()
      local names = {}
      for i = 1, 3 do
        names[i] = ("killed-%s-%d"):format(position, i)
        local code = service:authorize {}:match("[?&]code=([^&]+)")
        local _, said = get(origin(host), ("/kill_creation?name=%s&code=%s&%s=1"):format(names[i], code, position))
        assert.equal("ok\n", said)
      end
      for _, instance in ipairs(service:instances()) do
        for _, name in ipairs(names) do assert.not_equal(name, instance.name) end
      end
    end)
  end

  it("says where a function that C calls cannot wait", function()
    local _, said = get(origin(host), "/within_c")
    assert.matches("^wrong_phase: .*gsub", said)
  end)

  it("never takes the last of the application's timers", function()
    for _ = 1, 3 do
      local _, said = get(origin(host), "/timers")
      assert.equal("ok\n", said)
    end
  end)

  it("leaves nothing in nginx's error log", function()
    local log = host:error_log()
    for line in log:gmatch("[^\n]+") do
      if not line:find("client prematurely closed", 1, true) and not line:find("lua_code_cache is off", 1, true) then
        error(line, 0)
      end
    end
  end)
end)
