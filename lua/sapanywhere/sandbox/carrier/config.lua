--- The text of the nginx configuration that carries the service.
-- @module sapanywhere.sandbox.config

local config = {}

local template = [[
${main}
${load}
${user}
daemon off;
master_process on;
worker_processes ${workers};
worker_rlimit_nofile 16384;
worker_shutdown_timeout 1s;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  default_type "";
  server_tokens off;
${temp}
  lua_package_path "${lua_path};;";
  lua_package_cpath "${lua_cpath};;";
  client_max_body_size 7g;
  client_body_buffer_size 10m;
  large_client_header_buffers 8 64k;
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  http2_max_concurrent_streams 2048;
  lingering_close off;
  gzip on;
  gzip_min_length 20;
  gzip_types application/json;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;
${http}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    server_name localhost;
    location / { ${serve} }
    location = /sandbox/deliver {
      lua_socket_log_errors off;
      content_by_lua_block { require("sapanywhere.sandbox.carrier.handler").deliver() }
    }
${server}
  }
${tls_servers}
}
]]

local tls_template = [[
  server {
    listen 127.0.0.1:${port} ssl ${listen_more}backlog=4096;
    ${http2}
    server_name localhost;
    ssl_certificate ${certificate}.pem;
    ssl_certificate_key leaf.key;
    ${more}
    location / { ${serve} }
${server}
  }
]]

-- A client that does not go on, or a receiver that is not there, is nothing that nginx has to report.
local serve = [[lua_socket_log_errors off;
      content_by_lua_block { require("sapanywhere.sandbox.carrier.handler").serve() }]]

--- The TLS listeners: a name, the certificate each shows, and what else is said of it.
config.tls_listeners = {
  { name = "tls", certificate = "localhost" },
  { name = "wrong_name", certificate = "wrong_name" },
  { name = "expired", certificate = "expired" },
  { name = "self_signed", certificate = "self_signed" },
  { name = "tls11", certificate = "localhost",
    more = "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT@SECLEVEL=0; ssl_session_cache off;" },
  { name = "client_certificate", certificate = "localhost",
    more = "ssl_client_certificate ca.pem; ssl_verify_client on;" },
}

local function fill(text, values)
  return (text:gsub("%${([%w_]+)}", function(name) return tostring(values[name] or "") end))
end

local function write_tls_servers(settings)
  local servers = {}
  for _, listener in ipairs(config.tls_listeners) do
    local told = settings.http2 and not settings.has_http2_directive
    table.insert(servers, fill(tls_template, {
      listen_more = told and "http2 " or "",
      http2 = settings.http2 and settings.has_http2_directive and "http2 on;" or "",
      serve = serve, port = settings.ports[listener.name], certificate = listener.certificate, more = listener.more,
      server = listener.name == "tls" and settings.server or "",
    }))
  end
  return table.concat(servers)
end

local function write_temp_paths(kinds)
  local lines = { "  client_body_temp_path temp/body;" }
  for _, kind in ipairs(kinds) do
    table.insert(lines, ("  %s_temp_path temp/%s;"):format(kind, kind))
  end
  return table.concat(lines, "\n")
end

--- Writes the configuration. Every path in it is relative to the prefix, except the modules' and Lua's.
-- @tparam table settings `ports` (a map from `"plain"` and the listeners' names), `modules` (paths to load),
-- `temp_kinds` (the nginx modules that have temporary files), `http2` and `has_http2_directive`, `user` (as
-- nginx's directive has it; left out where the program is not root), `workers`, `lua_path`, `lua_cpath`, and
-- text for `main`, `http` and `server`
-- @treturn string
function config.text(settings)
  local load = {}
  for _, path in ipairs(settings.modules) do table.insert(load, ('load_module "%s";'):format(path)) end
  return fill(template, {
    main = settings.main, http = settings.http, server = settings.server,
    load = table.concat(load, "\n"), user = settings.user and ("user %s;"):format(settings.user) or "",
    workers = ("%d"):format(settings.workers), serve = serve, port = settings.ports.plain,
    lua_path = settings.lua_path, lua_cpath = settings.lua_cpath,
    temp = write_temp_paths(settings.temp_kinds), tls_servers = write_tls_servers(settings),
  })
end

return config
