--- The service that is called: the project's own sandbox, with addresses beside it that answer at once, or
-- late, and always the same. Its own behaviour, in Lua, would cost more than the clients that are measured
-- here.

local ports = require "sapanywhere.sandbox.carrier.ports"
local rows = require "sapanywhere.sandbox.service.rows"
local sandbox = require "sapanywhere.sandbox"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- The documented answer with the state of the request, as nginx knows it.
local function with_state(text)
  local made, count = text:gsub("&state=sapanywhere&", "&state=$arg_state&")
  assert(count == 1, "the answer to oauth_url has no state")
  return made
end

-- The documented answers, as nginx gives any fixed text; only the state is the request's, for clients look for it. Not
-- compressed: the floor does not ask for it.
local quick = [[
    location = /quick/elements/sapanywhere/oauth/url {
      default_type application/json; gzip off; return 200 ${oauth_url};
    }
    location = /quick/hubs/ecommerce/customers {
      default_type application/json; gzip off; alias answers/customers;
    }
    location = /pages/hubs/ecommerce/customers {
      default_type application/json; gzip off;
      content_by_lua_block {
        local page = tonumber(ngx.var.arg_nextPage or 1)
        if page < 100 then ngx.header["Elements-Next-Page-Token"] = tostring(page + 1) end
        ngx.exec("/quick/hubs/ecommerce/customers")
      }
    }
    location = /quick/hubs/ecommerce/bulk/1/customers { default_type text/csv; gzip off; alias answers/bulk; }
    location = /quick/instances { default_type application/json; gzip off; return 200 ${instance}; }
]]

-- The same with the header lines that gateways like to add.
local dressed = [[
    location = /dressed/instances {
      default_type application/json; gzip off;
      add_header Access-Control-Allow-Origin "*";
      add_header X-Frame-Options SAMEORIGIN;
      add_header X-Content-Type-Options nosniff;
      add_header Elements-Request-Id 5a1f3c9e4b0d7c2a6e8f1b3d;
      add_header Set-Cookie "session=8b1e6f0c2d9a4753; Path=/; HttpOnly";
      return 200 ${instance};
    }
]]

-- The same, later: after a time between two limits.
local late = [[
    location ~ ^/late/(?<least>[0-9.]+)-(?<most>[0-9.]+)/ {
      default_type application/json; gzip off;
      content_by_lua_block {
        local least, most = tonumber(ngx.var.least), tonumber(ngx.var.most)
        ngx.sleep(least + (most - least) * math.random())
        local text = ngx.var.uri:find("/instances$") and ${lua_instance} or ${lua_oauth_url}
        ngx.header.content_length = #text
        ngx.print(text)
      }
    }
]]

-- Answers of a given size, from files.
local sized = [[
    location ~ ^/size/(?<size>[0-9]+)/ { default_type application/json; gzip off; alias answers/$size; }
]]

-- HTTP/1.1 only, with kept connections and with none kept.
local tls = [[
  server {
    listen 127.0.0.1:${kept} ssl backlog=4096;
    ssl_certificate localhost.pem;
    ssl_certificate_key leaf.key;
${quick}${late}
  }
  server {
    listen 127.0.0.1:${closing} ssl backlog=4096;
    keepalive_timeout 0;
    ssl_certificate localhost.pem;
    ssl_certificate_key leaf.key;
${quick}
  }
]]

local function fill(text, values)
  return (text:gsub("%${([%w_]+)}", function(name) return values[name] end))
end

-- An answer to oauth_url with a list that makes it as long as wanted.
local function answer_of(size)
  local parts, length = {}, 0
  local head = '{"oauthUrl":"https://app1-us.sapanywhere.com/sbo/oauth2/authorize","element":"sapanywhere",'
    .. '"list":['
  while length < size - #head - 100 do
    local entry = '{"id":%d,"name":"sapanywhere.hooks.%d","active":true,"ratio":0.%d,"none":null}'
    parts[#parts + 1] = entry:format(#parts + 1000, #parts, #parts % 90 + 10)
    length = length + #parts[#parts] + 1
  end
  local text = head .. table.concat(parts, ",") .. "]"
  return text .. (" "):rep(size - #text - 1) .. "}"
end

-- What an instance answers that has 100 customers: some 30 KB.
local function customers()
  local list = {}
  for id = 1, 100 do list[id] = rows.make({ seed = 1 }, "customers", id) end
  return "[" .. table.concat(list, ",") .. "]"
end

local function late_url(origin, least, most)
  return ("%s/late/%s-%s"):format(origin, least, most or least)
end

local SIZES = { 1, 4, 16, 64, 256, 1024 }

--- Starts it.
-- @treturn table base URLs (`quick`, `tls_quick` …; `late(seconds)` …; `size(kib)`), `ca_file`,
-- `port`, `stop()`
local function start()
  local own = ports.pick { "kept", "closing" }
  local texts = {
    oauth_url = read "spec/fixtures/oauth_url.json", instance = read "spec/fixtures/instance.json",
  }
  local values = {
    oauth_url = quoted(with_state(texts.oauth_url)), instance = quoted(texts.instance),
    lua_oauth_url = ("%q"):format(texts.oauth_url), lua_instance = ("%q"):format(texts.instance),
    kept = own.kept, closing = own.closing,
  }
  values.quick, values.late = fill(quick, values), fill(late, values)
  local started = assert(sandbox.start {
    log = false, nginx = { server = values.quick .. fill(dressed, values) .. values.late .. sized,
      http = fill(tls, values) },
  })
  assert(os.execute("mkdir " .. started.dir .. "/answers"))
  for _, size in ipairs(SIZES) do write(started.dir .. "/answers/" .. size, answer_of(size * 1024)) end
  write(started.dir .. "/answers/customers", customers())
  local plain_origin = started.base_url:match("^%a+://[^/]+")
  local tls_origin = started.tls_base_url:match("^%a+://[^/]+")
  return {
    sandbox = started, dir = started.dir, ca_file = started.ca_file, port = plain_origin:match("%d+$"),
    quick = plain_origin .. "/quick", dressed = plain_origin .. "/dressed", pages = plain_origin .. "/pages",
    h2_quick = tls_origin .. "/quick",
    tls_quick = ("https://localhost:%d/quick"):format(own.kept),
    tls_late = function(least, most) return late_url("https://localhost:" .. own.kept, least, most) end,
    closing = ("https://localhost:%d/quick"):format(own.closing),
    late = function(least, most) return late_url(plain_origin, least, most) end,
    h2_late = function(least, most) return late_url(tls_origin, least, most) end,
    sizes = SIZES, size = function(size) return ("%s/size/%d"):format(plain_origin, size) end,
    stop = function() started:stop() end,
  }
end

return { start = start }
