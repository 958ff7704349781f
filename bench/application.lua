--- An application in nginx whose pages call the service in several ways. It is carried by a second sandbox,
-- which knows how to start an nginx with Lua on this machine.

local sandbox = require "sapanywhere.sandbox"

local http = [[
  upstream service { server 127.0.0.1:${port}; keepalive 128; }
  init_by_lua_block {
    sapanywhere = require "sapanywhere"
    values = {
      api_key = "key-0123456789abcdef", api_secret = "0123456789abcdef0123456789abcdef",
      callback_url = "https://www.mycoolapp.com/auth", code = "0123456789abcdef0123456789abcdef",
      name = "my shop", tags = { "eu" },
    }
    function client_of(base_url)
      return assert(sapanywhere.new {
        base_url = base_url, user_secret = "0123456789abcdef0123456789abcdef",
        organization_secret = "0123456789abcdef0123456789abcdef",
      })
    end
    quick, late, long = client_of "${quick}", client_of "${late}", client_of "${long}"
    spread = client_of "${spread}"
    function answer(client)
      local instance = assert(client:create_instance(values))
      say(instance.token)
    end
    function say(text)
      ngx.header.content_length = #text
      ngx.print(text)
    end
    cjson = require "cjson"
    request = require "request"
    function captured(prefix)
      local made = request.create_instance {
        api_key = values.api_key, api_secret = values.api_secret, callback_url = values.callback_url,
        code = values.code, name = values.name, tags = values.tags,
        user_secret = "0123456789abcdef0123456789abcdef",
        organization_secret = "0123456789abcdef0123456789abcdef",
      }
      made.headers["content-length"] = nil -- capture's own
      for name, value in pairs(made.headers) do ngx.req.set_header(name, value) end
      local told = { method = ngx.HTTP_POST, body = made.body }
      local got = ngx.location.capture(prefix .. made.path, told)
      if got.status ~= 200 then error("the answer's status is " .. got.status) end
      say(cjson.decode(got.body).token)
    end
    function blocking(base_url)
      local luasocket = dofile "${here}/bench/peers/luasocket.lua"
      local call = luasocket.open {
        call = "create_instance", base_url = base_url, values = {
          api_key = values.api_key, api_secret = values.api_secret, callback_url = values.callback_url,
          code = values.code, name = values.name, tags = values.tags,
          user_secret = "0123456789abcdef0123456789abcdef",
          organization_secret = "0123456789abcdef0123456789abcdef",
        },
      }
      say(call().token)
    end
  }
]]

local server = [[
    location = /quick { content_by_lua_block { answer(quick) } }
    location = /late { content_by_lua_block { answer(late) } }
    location = /spread { content_by_lua_block { answer(spread) } }
    location = /long { content_by_lua_block { answer(long) } }
    location = /quick/capture { content_by_lua_block { captured "/to/quick" } }
    location = /late/capture { content_by_lua_block { captured "/to/late/0.1-0.1" } }
    location = /spread/capture { content_by_lua_block { captured "/to/late/0.05-0.15" } }
    location = /late/blocking { content_by_lua_block { blocking "${late}" } }
    location /to/ {
      internal;
      proxy_pass http://service/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffers 8 16k;
    }
    location = /neighbour { content_by_lua_block { say "ok" } }
    location = /worker { content_by_lua_block { say(tostring(ngx.worker.pid())) } }
]]

--- Starts it.
-- @treturn table `port`, `pid` (of its one worker), `stop()`, `error_log()`
return function(rig, service, long)
  local here = rig.must("pwd"):match("[^\n]+")
  local values = {
    port = service.port, here = here,
    quick = service.quick, late = service.late "0.1", long = service.late(long),
    spread = service.late("0.05", "0.15"),
  }
  local function fill(text)
    return (text:gsub("%${(%w+)}", values))
  end
  local started = assert(sandbox.start { log = false, nginx = {
    http = fill(http), server = fill(server),
    lua_package_path = here .. "/bench/?.lua", lua_package_cpath = here .. "/build/luajit/?.so;;",
  } })
  local origin = started.base_url:match("^%a+://[^/]+")
  local pid = rig.must("curl -s " .. origin .. "/worker"):match("%d+")
  return {
    origin = origin, port = origin:match("%d+$"), pid = pid, stop = function() started:stop() end,
    error_log = function() return started:error_log() end,
  }
end
